"""A phrase: one reply that the shop gives, with what tells when it fits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from phrasebank.validity import APPROVED, State, day_of, state_of

LIST_COLUMNS: Final = (
    "keywords",
    "not_keywords",
    "examples",
    "platforms",
    "variants",
    "not_examples",
    "items",
    "images",
)
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
    "not_examples",
    "items",
    "images",
    "valid_from",
    "valid_until",
    "state",
)
"""The columns of a phrase bank file, in the order in which they are written (DESIGN 3.2)."""

TEAM: Final = "team"
"""The owner of what everybody may use; any other owner is the id of the one agent whose own phrase it is."""
DEFAULTS: Final[Mapping[str, str]] = {"owner": TEAM, "state": APPROVED}
"""Columns in which nothing means something, and what."""
_TEAM_NAMES: Final = frozenset({"", TEAM, "团队", "公共", "全店"})


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
    one of `not_keywords` occurs; `not_examples` are messages that look alike and that it does not answer. An empty
    `platforms` means all of them, an empty `items` all items (商品) of the shop. `owner` is "team", or the id of the agent
    whose own phrase it is. `images` are addresses or file names of what is sent along. `valid_from` and `valid_until` are
    ISO dates, both inclusive, and "" leaves that end open. Only an approved phrase is offered or sent. `extra` holds the
    columns that we do not know.
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
    owner: str = TEAM
    variants: tuple[str, ...] = ()
    not_examples: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    valid_from: str = ""
    valid_until: str = ""
    state: State = APPROVED
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Phrase:
        """The phrase of one record of a phrase bank file. Raises `PhraseError` naming the column at fault."""
        text = _text(record, "text")
        if not text.strip():
            raise PhraseError("text", "内容是空的")
        category = _text(record, "category").strip()
        valid_from, valid_until = _day(record, "valid_from"), _day(record, "valid_until", last=True)
        if valid_from and valid_until and valid_from > valid_until:
            raise PhraseError("valid_until", f"失效日期 {valid_until} 早于生效日期 {valid_from}")
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
            owner=_owner(record),
            variants=_texts(record, "variants"),
            not_examples=_texts(record, "not_examples"),
            items=_items(record),
            images=_texts(record, "images"),
            valid_from=valid_from,
            valid_until=valid_until,
            state=_state(record),
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


def _owner(record: Mapping[str, Any]) -> str:
    owner = _text(record, "owner").strip()
    return TEAM if owner.lower() in _TEAM_NAMES else owner


def _items(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Item ids; one alone may be a number."""
    value = record.get("items")
    lone = isinstance(value, int | float) and not isinstance(value, bool)
    return tuple(dict.fromkeys(_texts({"items": [value]} if lone else record, "items")))


def _day(record: Mapping[str, Any], column: str, *, last: bool = False) -> str:
    text = _text(record, column)
    try:
        return day_of(text, last=last)
    except ValueError as error:
        raise PhraseError(column, str(error)) from None


def _state(record: Mapping[str, Any]) -> State:
    try:
        return state_of(record.get("state"))
    except ValueError as error:
        raise PhraseError("state", str(error)) from None
