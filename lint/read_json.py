"""JSON and JSON Lines: every string value under no key that is unsent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from lint.columns import is_silencing, is_unsent
from lint.document import Document, UnreadableError, decode
from lint.unit import Contents, Unit, unit_of

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')
_ESCAPED: Final = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\\]", re.DOTALL)


@dataclass(slots=True)
class _Level:
    """An open object or array: under which key, how many units came before it, what asks for silence in it."""

    key: str | None
    before: int
    asking: list[Unit] = field(default_factory=list)


def read_json(data: bytes) -> Contents:
    document = decode(data)
    _valid(document.text, 0)
    contents = Contents(document=document)
    _strings(contents, document, 0, len(document.text))
    return contents


def read_json_lines(data: bytes) -> Contents:
    document = decode(data)
    contents = Contents(document=document)
    at = 0
    for number, line in enumerate(document.text.split("\n"), start=1):
        if line.strip():
            _valid(line, number)
            _strings(contents, document, at, at + len(line))
        at += len(line) + 1
    return contents


def _valid(text: str, number: int) -> None:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(
            f"第 {number or error.lineno} 行不是合法的 JSON：{error.msg}，请检查引号、逗号和括号 / not JSON"
        ) from error


def _strings(contents: Contents, document: Document, start: int, end: int) -> None:
    levels = [_Level(None, len(contents.units))]
    key: str | None = None
    held: re.Match[str] | None = None

    def value(token: re.Match[str]) -> None:
        unit = _unit(document, token.start(), token.end())
        if is_silencing(key):
            levels[-1].asking.append(unit)
        elif is_silencing(levels[-1].key):
            levels[-2].asking.append(unit)
        elif unit.text.strip() and not is_unsent((*(level.key for level in levels), key)):
            contents.units.append(unit)

    for token in _TOKEN.finditer(document.text, start, end):
        mark = token.group()
        if mark[0] == '"':
            held = token
        elif mark == ":" and held is not None:
            key, held = orjson.loads(held.group()), None
        else:
            if held is not None:
                value(held)
                held = None
            if mark in "{[":
                levels.append(_Level(key, len(contents.units)))
            elif mark in "}]" and len(levels) > 1:
                closed = levels.pop()
                for unit in closed.asking:
                    contents.remarks_in(unit, range(closed.before, len(contents.units)))
            key = None
    if held is not None:
        value(held)


def _unit(document: Document, start: int, end: int) -> Unit:
    """The string literal, quotes included, that stands there."""
    raw = document.text[start + 1 : end - 1]
    if "\\" not in raw:
        return unit_of(document, raw, range(start + 1, end), start, end)
    text = orjson.loads(document.text[start:end])
    origin: Sequence[int] = [
        *(start + 1 + found.start() for found in _ESCAPED.finditer(raw)),
        end - 1,
    ]
    assert len(origin) == len(text) + 1
    return unit_of(document, text, origin, start, end)
