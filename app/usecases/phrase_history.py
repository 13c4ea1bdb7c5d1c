"""What was changed in the shop's phrases, by whom and why: every change of the bank passes here and leaves a record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlmodel import Session as Database
from sqlmodel import col, delete, select

from app.db.tables import PhraseChangeRow, PhraseRow, ShopRow
from app.db.upserts import insert_new, upsert
from app.usecases.lessons import respect
from app.usecases.shops import UnknownShopError
from app.usecases.uncommitted import note_uncommitted
from phrasebank import Phrase
from phrasebank.changes import columns_changed

Action = Literal["added", "changed", "removed", "restored", "imported", "learned", "unlearned"]
LEARNING = frozenset({"learned", "unlearned"})
"""Actions of the machine; all others are people's."""
ROWS_AT_ONCE = 500
"""Rows that one statement asks for: databases bound the number of its parameters."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a change, when, and why if they say so."""

    name: str
    at: datetime
    why: str = ""


def change_phrases(
    db: Database,
    shop_id: str,
    author: Author,
    *,
    saved: Iterable[Phrase] = (),
    removed_ids: Collection[str] = (),
    action: Action | None = None,
) -> list[str]:
    """Save and remove phrases, and record what that changed; the ids of the changes, in the order of the phrases.

    A phrase that stands already just as it is to be saved, or that is not there to be removed, is no change. Without an
    `action` a change is added, changed or removed, as it turns out. Raises `UnknownShopError`.
    """
    # Locked before anything is read, so that what was before is what was before, and ids stand in the order of changes.
    shop = db.get(ShopRow, shop_id, with_for_update=True)
    if shop is None:
        raise UnknownShopError(f"没有店铺 {shop_id} / unknown shop")
    wanted: dict[str, Phrase | None] = {phrase.id: phrase for phrase in saved}
    wanted |= dict.fromkeys(removed_ids)
    before = phrases_by_id(db, shop_id, list(wanted))
    changed = {key: phrase for key, phrase in wanted.items() if before.get(key) != phrase}
    if not changed:
        return []
    shop.bank_version += 1
    db.add(shop)
    note_uncommitted(db, shop_id)
    if action not in LEARNING:
        respect(db, shop_id, changed)
    kept = [phrase for phrase in changed.values() if phrase is not None]
    upsert(
        db,
        PhraseRow,
        [
            {"shop_id": shop_id, "id": phrase.id, "body": phrase.to_json(), "updated_at": author.at}
            for phrase in kept
        ],
    )
    for some in _some_at_once(key for key, phrase in changed.items() if phrase is None):
        db.exec(delete(PhraseRow).where(col(PhraseRow.shop_id) == shop_id, col(PhraseRow.id).in_(some)))
    rows = [
        {
            "shop_id": shop_id,
            "id": f"{shop.bank_version:010d}-{place:07d}",
            "phrase_id": key,
            "at": author.at,
            "by": author.name,
            "action": action or _action(before.get(key), phrase),
            "why": author.why,
            "before": _json(before.get(key)),
            "after": _json(phrase),
        }
        for place, (key, phrase) in enumerate(changed.items())
    ]
    insert_new(db, PhraseChangeRow, rows)
    return [str(row["id"]) for row in rows]


def phrases_by_id(db: Database, shop_id: str, phrase_ids: Sequence[str]) -> dict[str, Phrase]:
    """Those of the shop's phrases that have one of these ids."""
    found: dict[str, Phrase] = {}
    for some in _some_at_once(phrase_ids):
        rows = select(PhraseRow.body).where(PhraseRow.shop_id == shop_id, col(PhraseRow.id).in_(some))
        found |= {phrase.id: phrase for phrase in map(Phrase.from_json, db.exec(rows))}
    return found


def read_changes(
    db: Database,
    shop_id: str,
    *,
    phrase_id: str | None = None,
    older_than: str | None = None,
    limit: int = 50,
) -> list[PhraseChangeRow]:
    """The newest changes of the shop's phrases, or of one, the newest first."""
    query = select(PhraseChangeRow).where(PhraseChangeRow.shop_id == shop_id)
    if phrase_id is not None:
        query = query.where(PhraseChangeRow.phrase_id == phrase_id)
    if older_than is not None:
        query = query.where(PhraseChangeRow.id < older_than)
    return list(db.exec(query.order_by(col(PhraseChangeRow.id).desc()).limit(limit)))


def read_change(db: Database, shop_id: str, phrase_id: str, change_id: str) -> PhraseChangeRow | None:
    """One change of a phrase; None if there is no such."""
    row = db.get(PhraseChangeRow, (shop_id, change_id))
    return row if row is not None and row.phrase_id == phrase_id else None


def change_json(row: PhraseChangeRow) -> dict[str, Any]:
    """A change as others see it; `columns` are those in which before and after differ."""
    return {
        "id": row.id,
        "phrase_id": row.phrase_id,
        "at": row.at.isoformat(),
        "by": row.by,
        "action": row.action,
        "why": row.why,
        "columns": list(columns_changed(row.before, row.after)),
        "before": row.before,
        "after": row.after,
    }


def _json(phrase: Phrase | None) -> Mapping[str, Any] | None:
    return None if phrase is None else phrase.to_json()


def _action(before: Phrase | None, after: Phrase | None) -> Action:
    if after is None:
        return "removed"
    return "added" if before is None else "changed"


def _some_at_once(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some
