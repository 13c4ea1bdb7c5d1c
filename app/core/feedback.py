"""A verdict of a person on a suggested phrase, read once at the border."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import orjson

from app.core import fields
from app.core.fields import FieldError

RESERVED: Final = "reply:"
"""How the ids of verdicts begin that replies in the journal gave; nobody else may use it."""


class Judged(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said of a phrase for a buyer's message: for the one with the id `message`, or with the words `text`.

    One of both is None. `at` is None where the sender leaves it to us.
    """

    id: str
    phrase_id: str
    judged: Judged
    message: str | None
    text: str | None
    by: str
    at: datetime | None

    @property
    def about(self) -> str:
        """Names the buyer's message; words alone are a message of their own."""
        return self.message if self.message is not None else f"feedback:{self.id}"

    @property
    def digest(self) -> str:
        """A hash of what is said. When it was said is no part of it: a sender who leaves it out may send it again."""
        said = [self.phrase_id, self.judged.value, self.message, self.text, self.by]
        return hashlib.sha256(orjson.dumps(said)).hexdigest()


def parse_feedback(raw: object) -> Feedback:
    """Read one JSON object as a verdict. Raises `FieldError`, with `not_an_object` or `reserved_id` besides its own reasons."""
    if not isinstance(raw, Mapping):
        raise FieldError(
            "not_an_object", None, "一条反馈必须是一个 JSON 对象 / a verdict must be a JSON object"
        )
    name = fields.text(raw, "id", required=True, limit=fields.MAX_ID_LENGTH)
    phrase_id = fields.text(raw, "phrase_id", required=True, limit=fields.MAX_ID_LENGTH)
    judged = fields.choice(raw, "verdict", Judged, "unknown_value", required=True)
    assert name is not None
    assert phrase_id is not None
    assert judged is not None
    if name.startswith(RESERVED):
        raise FieldError(
            "reserved_id", "id", f"以 {RESERVED} 开头的 id 留给系统自己用，请换一个 / this id is reserved"
        )
    message = fields.text(raw, "message", limit=fields.MAX_ID_LENGTH)
    text = fields.text(raw, "text", limit=fields.MAX_TEXT_LENGTH)
    if (message is None) == (text is None):
        raise FieldError(
            "missing_field" if message is None else "ambiguous",
            "message",
            "买家那句话用 message（消息 id）或 text（原话）给出，二者取一 / give either message or text",
        )
    return Feedback(
        id=name,
        phrase_id=phrase_id,
        judged=judged,
        message=message,
        text=text,
        by=fields.text(raw, "by", limit=fields.MAX_ID_LENGTH) or "",
        at=fields.moment(raw, "at"),
    )
