"""One phrase changed by a person who saw it as it was a while ago."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database

from app.db.tables import PhraseRow
from app.usecases.bank_care import save_phrase
from lint import Linter
from phrasebank import Phrase


class ChangedMeanwhileError(Exception):
    """The phrase is no longer what the editor saw; `now_is` is how it stands, None where it is gone."""

    def __init__(self, now_is: Phrase | None) -> None:
        super().__init__("somebody else changed the phrase meanwhile")
        self.now_is = now_is


def save_edited(
    db: Database,
    linter: Linter,
    shop_id: str,
    base: Mapping[str, Any] | None,
    record: Mapping[str, Any],
    now: datetime,
) -> Phrase:
    """Store `record`, if the phrase still stands as `base` says; None where there was none.

    A record with an empty id gets a new one. Raises `ChangedMeanwhileError`, and `PhraseError` as `save_phrase` does.
    """
    body = dict(record)
    if phrase_id := str(body.get("id") or ""):
        current = read_phrase(db, shop_id, phrase_id)
        if (current.to_json() if current is not None else None) != base:
            raise ChangedMeanwhileError(current)
    else:
        body.pop("id", None)
    return save_phrase(db, linter, shop_id, body, now)


def read_phrase(db: Database, shop_id: str, phrase_id: str) -> Phrase | None:
    """The phrase with this id."""
    row = db.get(PhraseRow, (shop_id, phrase_id))
    return Phrase.from_json(row.body) if row is not None else None
