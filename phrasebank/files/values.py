"""Values as a record may hold them, so that every format can give them back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson

from phrasebank.files.limits import MAX_DEPTH
from phrasebank.phrase import COLUMNS, PhraseError

JSON_MARK: Final = "json:"
"""Before the name of an unknown column where its cells hold JSON, since its values are more than texts."""
_EXACT: Final = 2**63


def plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record in texts, numbers, truth values, lists and objects. A null at its top is no value, and left out.

    Raises `PhraseError` for what none of our formats can hold.
    """
    plain: dict[str, Any] = {}
    for key, value in record.items():
        name, held = _unmarked(str(key), value)
        if held is not None:
            plain[_plain(name, name, 0)] = _plain(name, held, 0)
    return plain


def marked_record(record: Mapping[str, Any], marked: frozenset[str]) -> dict[str, Any]:
    """The record with the values of `marked` columns as JSON, under marked names."""
    if not marked:
        return dict(record)
    return {
        (marked_name(key) if key in marked else key): (
            orjson.dumps(value).decode() if key in marked else value
        )
        for key, value in record.items()
    }


def marked_name(name: str) -> str:
    """The marked name of a column; one that a header cell would not keep as it is, is written as JSON too."""
    as_it_is = name and name == name.strip() and not name.startswith('"') and "\n" not in name
    return JSON_MARK + (name if as_it_is else orjson.dumps(name).decode())


def _unmarked(key: str, value: Any) -> tuple[str, Any]:
    if not key.startswith(JSON_MARK) or not isinstance(value, str):
        return key, value
    name = key.removeprefix(JSON_MARK)
    try:
        if name.startswith('"'):
            name = str(orjson.loads(name))
        held = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise PhraseError(key, f"这一列应为 JSON：{error.msg}") from None
    if name in COLUMNS:
        raise PhraseError(key, f"{name} 不能写成 JSON 列")
    return name, held


def _plain(column: str, value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise PhraseError(column, f"嵌套超过 {MAX_DEPTH} 层")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise PhraseError(column, "有半个字符（孤立的代理码），请重新输入")
        return value
    if isinstance(value, int):
        return value if -_EXACT <= value < _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {
            _plain(column, str(key), depth): _plain(column, item, depth + 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(column, item, depth + 1) for item in value]
    if hasattr(value, "isoformat"):  # a date or time of TOML
        return value.isoformat()
    raise PhraseError(column, f"不支持这种值：{type(value).__name__}")
