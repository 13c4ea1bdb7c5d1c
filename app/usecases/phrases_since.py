"""What became of a shop's phrases since a version of its bank, without reading the others."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from app.db.tables import PhraseChangeRow
from app.usecases.phrase_history import phrases_by_id
from phrasebank import Phrase


def phrases_since(
    db: Session, shop_id: str, known_version: int, version: int
) -> Mapping[str, Phrase | None] | None:
    """The phrases that changed after `known_version`, by id, as they stand now; None where one was removed.

    None instead of a mapping if the records of changes do not say so for every version up to `version`.
    """
    if known_version >= version:
        return None
    # Ids of changes begin with the version that they led to (`change_phrases`).
    query = select(PhraseChangeRow.id, PhraseChangeRow.phrase_id).where(
        PhraseChangeRow.shop_id == shop_id, col(PhraseChangeRow.id) >= f"{known_version + 1:010d}"
    )
    rows = db.exec(query).all()
    recorded = {int(change_id.partition("-")[0]) for change_id, _ in rows}
    if not recorded.issuperset(range(known_version + 1, version + 1)):
        return None
    changed = list(dict.fromkeys(phrase_id for _, phrase_id in rows))
    return dict.fromkeys(changed) | phrases_by_id(db, shop_id, changed)
