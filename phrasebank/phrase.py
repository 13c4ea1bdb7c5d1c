"""A phrase: one reply that the shop gives, with what tells when it fits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LIST_COLUMNS: Final = ("keywords", "not_keywords", "examples", "platforms", "variants")
"""Columns whose value is a list of texts."""
COLUMNS: Final = (
    "id",
    "category",
    "order",
    "title",
    "text",
    "keywords",
    "not_keywords",
    "examples",
    "code",
    "platforms",
    "owner",
    "variants",
)
"""The columns of a phrase bank file, in the order in which they are written (DESIGN 3.2)."""


class PhraseError(ValueError):
    """A row that is no phrase: `column` is at fault, `reason` says why, in Chinese."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}：{reason}")
        self.column = column
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Phrase:
    """One reply. `text` may hold variables (`{buyer}`); `examples` are buyer messages that it answers.

    A keyword is met where it occurs in the buyer's message; `A&B` is met where both occur. A phrase is not offered where
    one of `not_keywords` occurs. An empty `platforms` means all of them. `extra` holds the columns that we do not know.
    """

    id: str
    text: str
    category: str = ""
    order: int = 0
    title: str = ""
    keywords: tuple[str, ...] = ()
    not_keywords: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    code: str = ""
    platforms: tuple[str, ...] = ()
    owner: str = "team"
    variants: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Phrase:
        """The phrase of one record of a phrase bank file. Raises `PhraseError` naming the column at fault."""
        text = _text(record, "text")
        if not text.strip():
            raise PhraseError("text", "内容是空的")
        category = _text(record, "category").strip()
        return cls(
            id=_text(record, "id").strip() or derived_id(category, text),
            text=text,
            category=category,
            order=_order(record.get("order")),
            title=_text(record, "title").strip(),
            keywords=_texts(record, "keywords"),
            not_keywords=_texts(record, "not_keywords"),
            examples=_texts(record, "examples"),
            code=_text(record, "code").strip(),
            platforms=_texts(record, "platforms"),
            owner=_text(record, "owner").strip() or "team",
            variants=_texts(record, "variants"),
            extra={str(key): value for key, value in record.items() if key not in COLUMNS},
        )

    def to_json(self) -> dict[str, Any]:
        """The record of this phrase: every known column in order, then the unknown ones as they came."""
        record: dict[str, Any] = {}
        for column in COLUMNS:
            value = getattr(self, column)
            record[column] = list(value) if column in LIST_COLUMNS else value
        return {**record, **self.extra}


def derived_id(category: str, text: str) -> str:
    """The id of a phrase that came without one: the same category and text always give the same id."""
    digest = hashlib.blake2b(f"{category}\x1f{text}".encode(), digest_size=6).hexdigest()
    return f"p-{digest}"


def _text(record: Mapping[str, Any], column: str) -> str:
    value = record.get(column)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PhraseError(column, f"应为文字，现在是 {type(value).__name__}")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _texts(record: Mapping[str, Any], column: str) -> tuple[str, ...]:
    value = record.get(column)
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        raise PhraseError(column, f"应为文字列表，现在是 {type(value).__name__}")
    texts = (_text({column: item}, column) for item in value)
    return tuple(text for text in texts if text.strip())


def _order(value: Any) -> int:
    if value is None or value == "":
        return 0
    if isinstance(value, bool):
        raise PhraseError("order", "应为整数")
    try:
        number = float(value)
        whole = int(number)
    except (TypeError, ValueError, OverflowError):
        raise PhraseError("order", f"应为整数，现在是 {str(value)[:40]!r}") from None
    if whole != number:
        raise PhraseError("order", f"应为整数，现在是 {str(value)[:40]!r}")
    return whole
