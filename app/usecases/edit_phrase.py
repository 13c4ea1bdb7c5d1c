"""One phrase changed by a person who saw it as it was a while ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session as Database

from app.usecases.bank_care import save_phrase
from app.usecases.phrase_history import Author, phrases_by_id, read_changes
from lint import Linter
from phrasebank import Phrase


class ChangedMeanwhileError(Exception):
    """The phrase is no longer what the editor saw; `now_is` is how it stands, None where it is gone.

    `by` is who changed it last, empty if the history does not tell.
    """

    def __init__(self, now_is: Phrase | None, by: str) -> None:
        super().__init__("somebody else changed the phrase meanwhile")
        self.now_is = now_is
        self.by = by


def save_edited(
    db: Database,
    linter: Linter,
    shop_id: str,
    base: Mapping[str, Any] | None,
    record: Mapping[str, Any],
    author: Author,
) -> Phrase:
    """Store `record`, if the phrase still stands as `base` says; None where there was none.

    A record with an empty id gets a new one. Raises `ChangedMeanwhileError`, and `PhraseError` as `save_phrase` does.
    """
    body = dict(record)
    if phrase_id := str(body.get("id") or ""):
        current = read_phrase(db, shop_id, phrase_id)
        if (current.to_json() if current is not None else None) != base:
            last = read_changes(db, shop_id, phrase_id=phrase_id, limit=1)
            raise ChangedMeanwhileError(current, last[0].by if last else "")
    else:
        body.pop("id", None)
    return save_phrase(db, linter, shop_id, body, author)


def read_phrase(db: Database, shop_id: str, phrase_id: str) -> Phrase | None:
    """The phrase with this id."""
    return phrases_by_id(db, shop_id, [phrase_id]).get(phrase_id)
