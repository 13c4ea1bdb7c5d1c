"""One click on a finding of care, and the click that takes it back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session as Database

from app.db.tables import PhraseChangeRow
from app.usecases.bank_care import undo_change
from app.usecases.bank_findings import act_on_bank
from app.usecases.phrase_history import Author, read_changes
from app.usecases.shops import Shop
from lint import Linter
from phrasebank.care import Action
from phrasebank.care.actions import Changes


def click(
    db: Database, linter: Linter, shop: Shop, action: Action, author: Author
) -> tuple[Changes, tuple[str, ...]]:
    """Carry out an action; what it came to, and the ids of the changes, the last first. Raises as `act_on_bank` does."""
    changes = act_on_bank(db, linter, shop, [action], author, dry_run=False)
    count = len(changes.stored) + len(changes.removed)
    # In the same transaction, which holds the shop's row: the newest changes are these.
    return changes, tuple(row.id for row in read_changes(db, shop.id, limit=count)) if count else ()


def take_back(db: Database, linter: Linter, shop_id: str, change_ids: Sequence[str], author: Author) -> int:
    """Undo the changes of one click, the last first; how many there were.

    Raises `ChangedSinceError` where one cannot be taken back alone, and `PhraseError`; then none must be.
    """
    undone = 0
    for change_id in change_ids:
        change = db.get(PhraseChangeRow, (shop_id, change_id))
        if change is not None:
            undo_change(db, linter, shop_id, change.phrase_id, change, author)
            undone += 1
    return undone
