"""TOML: every string value under no key that is unsent, with the place of every letter.

`tomllib` says whether a file is TOML but not where its values stand, so a small scanner walks over the valid text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lint.columns import is_silencing, is_unsent
from lint.document import Document, UnreadableError, decode
from lint.unit import HASH_REMARK, Contents, Unit, unit_of

_BLANK: Final = re.compile(r"[ \t]*")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_OTHER: Final = re.compile(r"[^,\]}\r\n#]*")
_ESCAPES: Final = {
    "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\",
}  # fmt: skip
_CODED: Final = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class Literal:
    """A string value: the keys above it, its letters, and their offsets with one more for the end."""

    keys: tuple[str, ...]
    text: str
    origin: list[int]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, from its `#` to the end of the line."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class KeyAt:
    """A key of a table, with its full path, at its offset."""

    keys: tuple[str, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Border:
    """Where a table begins (`opens`) or ends."""

    opens: bool


Event = Literal | Comment | KeyAt | Border


def scan(text: str) -> Iterator[Event]:
    """Walk over valid TOML."""
    return _Scanner(text).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def document(self) -> Iterator[Event]:
        table: tuple[str, ...] = ()
        yield Border(True)
        while True:
            yield from self._gap()
            if self.at >= len(self.text):
                break
            if self.text[self.at] == "[":
                first = self.at
                brackets = 2 if self.text.startswith("[[", self.at) else 1
                self.at += brackets
                table = self._keys()
                self.at += brackets
                yield Border(False)
                yield Border(True)
                yield KeyAt(table, first)
            else:
                yield from self._pair(table)
        yield Border(False)

    def _gap(self) -> Iterator[Comment]:
        """Blanks, line ends and comments."""
        while True:
            self._skip(_SPACE)
            if not self.text.startswith("#", self.at):
                return
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            yield Comment(self.at, end)
            self.at = end

    def _skip(self, what: re.Pattern[str]) -> str:
        found = what.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found.group()

    def _keys(self) -> tuple[str, ...]:
        """A dotted key; afterwards the scanner stands behind it and the blanks that follow."""
        names = []
        while True:
            self._skip(_BLANK)
            if self.text[self.at] in "\"'":
                names.append(self._string(()).text)
            else:
                names.append(self._skip(_BARE))
            self._skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(names)
            self.at += 1

    def _pair(self, table: tuple[str, ...]) -> Iterator[Event]:
        first = self.at
        keys = (*table, *self._keys())
        yield KeyAt(keys, first)
        self.at += 1  # =
        self._skip(_BLANK)
        yield from self._value(keys)

    def _value(self, keys: tuple[str, ...]) -> Iterator[Event]:
        mark = self.text[self.at]
        if mark in "\"'":
            yield self._string(keys)
        elif mark in "[{":
            closing = "]" if mark == "[" else "}"
            self.at += 1
            if mark == "{":
                yield Border(True)
            yield from self._gap()
            while not self.text.startswith(closing, self.at):
                yield from self._value(keys) if mark == "[" else self._pair(keys)
                yield from self._gap()
                if self.text.startswith(",", self.at):
                    self.at += 1
                    yield from self._gap()
            self.at += 1
            if mark == "{":
                yield Border(False)
        else:
            self._skip(_OTHER)

    def _string(self, keys: tuple[str, ...]) -> Literal:
        text, first = self.text, self.at
        quote = text[first]
        long = text.startswith(quote * 3, first)
        at = first + (3 if long else 1)
        if long:
            at += 2 if text.startswith("\r\n", at) else text.startswith("\n", at)
        letters: list[str] = []
        origin: list[int] = []
        while not text.startswith(quote * 3 if long else quote, at):
            char, wide = text[at], 1
            if char == "\\" and quote == '"':
                kind = text[at + 1]
                if kind in _CODED:
                    wide = 2 + _CODED[kind]
                    char = chr(int(text[at + 2 : at + wide], 16))
                elif kind in " \t\r\n":  # the line goes on
                    at += 1
                    while text[at] in " \t\r\n":
                        at += 1
                    continue
                else:
                    char, wide = _ESCAPES.get(kind, kind), 2
            elif text.startswith("\r\n", at):
                char, wide = "\n", 2
            letters.append(char)
            origin.append(at)
            at += wide
        # Up to two quotes may stand right before the three that close a long string.
        while long and text.startswith(quote, at + 3):
            letters.append(quote)
            origin.append(at)
            at += 1
        self.at = at + (3 if long else 1)
        return Literal(keys, "".join(letters), [*origin, at], first, self.at)


@dataclass(slots=True)
class _Table:
    before: int
    asking: list[Unit] = field(default_factory=list)


def read_toml(data: bytes) -> Contents:
    document = decode(data)
    try:
        tomllib.loads(document.text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"不是合法的 TOML：{error}；请检查引号和等号 / not TOML") from error
    except RecursionError as error:
        raise UnreadableError("TOML 套得太深 / nested too deeply") from error
    contents = Contents(document=document)
    tables: list[_Table] = []
    for event in scan(document.text):
        if isinstance(event, Border):
            if event.opens:
                tables.append(_Table(len(contents.units)))
            else:
                closed = tables.pop()
                for asking in closed.asking:
                    contents.remarks_in(asking, range(closed.before, len(contents.units)))
        elif isinstance(event, Comment):
            _comment(contents, document, event)
        elif isinstance(event, Literal):
            unit = unit_of(document, event.text, event.origin, event.first, event.last)
            if is_silencing(event.keys[-1]):
                tables[-1].asking.append(unit)
            elif event.text.strip() and not is_unsent(event.keys):
                contents.units.append(unit)
    return contents


def _comment(contents: Contents, document: Document, comment: Comment) -> None:
    said = document.text[comment.first : comment.last].removesuffix("\r")
    found = HASH_REMARK.search(said)
    if found:
        line_start = document.text.rfind("\n", 0, comment.first) + 1
        alone = not document.text[line_start : comment.first].strip()
        contents.remark(
            document, found.group(1), comment.first + found.start(1), "above" if alone else "beside"
        )
