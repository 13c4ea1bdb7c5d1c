"""The fields of a JSON object from outside: each is read once, at the border, or refused by name.

A reader returns a value that needs no second look, or raises `FieldError`, whose `reason` is one of `missing_field`,
`wrong_type`, `unknown_value`, `bad_time`, `too_long`, `bad_text`, or the one its caller gave.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

MAX_ID_LENGTH = 200
"""Code points in an id (event, session, buyer, agent)."""
MAX_TEXT_LENGTH = 20_000
"""Code points in a text; the longest chat message of any platform is far below."""
FIRST_YEAR, LAST_YEAR = 1971, 9990
"""Years that an event may bear: every instant in them exists in every time zone."""
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class FieldError(ValueError):
    """Something from outside that cannot be taken. `reason` is stable, `field` names the place, the message is for people."""

    def __init__(self, reason: str, field_name: str | None, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field_name
        self.message = message


@dataclass(frozen=True, slots=True)
class Refused:
    """One of several things from outside that cannot be taken, by its id where it has one; the rest as in `FieldError`."""

    id: str | None
    reason: str
    message: str
    field: str | None = None


Choice = TypeVar("Choice", bound=StrEnum)


def missing(name: str) -> FieldError:
    """The refusal of what lacks a field."""
    return FieldError("missing_field", name, f"缺少字段 {name} / field {name} is missing")


def text(raw: Mapping[str, Any], name: str, *, required: bool = False, limit: int) -> str | None:
    """A string of at most `limit` code points that any database can keep; None where it is absent."""
    value = raw.get(name)
    if value is None or (required and value == ""):
        if required:
            raise missing(name)
        return None
    if not isinstance(value, str):
        raise FieldError("wrong_type", name, f"字段 {name} 必须是文字 / field {name} must be a string")
    if len(value) > limit:
        raise FieldError(
            "too_long",
            name,
            f"字段 {name} 最多 {limit} 字，实为 {len(value)} 字 / {name} is longer than {limit}",
        )
    if _UNKEEPABLE.search(value):
        raise FieldError(
            "bad_text", name, f"字段 {name} 含有空字符或残缺字符 / {name} holds NUL or a lone surrogate"
        )
    return value


def flag(raw: Mapping[str, Any], name: str) -> bool | None:
    """A boolean; None where it is absent."""
    value = raw.get(name)
    if value is not None and not isinstance(value, bool):
        raise FieldError(
            "wrong_type", name, f"字段 {name} 必须是 true 或 false / field {name} must be a boolean"
        )
    return value


def one_of(raw: Mapping[str, Any], name: str, allowed: frozenset[str]) -> str | None:
    """One of the `allowed` strings; None where it is absent."""
    value = text(raw, name, limit=MAX_ID_LENGTH)
    if value is not None and value not in allowed:
        names = "、".join(sorted(allowed))
        raise FieldError("unknown_value", name, f"字段 {name} 只能是 {names} / {name} must be one of these")
    return value


def choice(
    raw: Mapping[str, Any], name: str, choices: type[Choice], reason: str, *, required: bool = False
) -> Choice | None:
    """A member of `choices` by its value, else a refusal with `reason`; None where it is absent."""
    value = text(raw, name, required=required, limit=MAX_ID_LENGTH)
    if value is None:
        return None
    try:
        return choices(value)
    except ValueError:
        names = "、".join(choices)
        raise FieldError(reason, name, f"字段 {name} 只能是 {names} / {name} must be one of these") from None


def moment(raw: Mapping[str, Any], name: str, *, required: bool = False) -> datetime | None:
    """An aware time, written as RFC 3339 says; None where it is absent."""
    value = text(raw, name, required=required, limit=64)
    if value is None:
        return None
    if not _RFC3339.fullmatch(value):
        raise _bad_time(name)
    try:
        at = datetime.fromisoformat(value.upper().replace(" ", "T"))
    except ValueError:
        raise _bad_time(name) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise _bad_time(name)
    return at


def _bad_time(name: str) -> FieldError:
    return FieldError(
        "bad_time",
        name,
        f"字段 {name} 必须是带时区的时间，例如 2026-11-22T10:00:00+08:00 / {name} must be RFC 3339 with an offset",
    )
