"""The texts of a file, each with its place, and the remarks in it that ask the linter to be silent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from lint.document import Document

# What makes a comment ours. The word 秒回 alone would not do: it is common in service texts.
MARK: Final = re.compile(r"miaohui[ \t]*[:：]", re.IGNORECASE)
# A comment that starts with `#`, at the start of a line or after a space.
HASH_REMARK: Final = re.compile(r"(?:^|(?<=[ \t\u3000]))#+[ \t]*miaohui[ \t]*[:：](.*)$", re.IGNORECASE)


def position(text: str, offset: int, line: int, column: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset of a text whose first character stands at `line` and `column`."""
    newline = text.rfind("\n", 0, offset)
    if newline < 0:
        return line, column + offset
    return line + text.count("\n", 0, offset), offset - newline


@dataclass(frozen=True, slots=True)
class Unit:
    """One text. `line` and `column` (code points) count from 1; a worksheet has `sheet` and `cell` instead.

    `origin` gives for each code point of the text, and for its end, the offset in the document where it was written;
    if `exact` is false these are only near. `first` and `last` are the offsets of the whole literal.
    """

    text: str
    line: int | None = None
    column: int | None = None
    sheet: str | None = None
    cell: str | None = None
    document: Document | None = field(default=None, repr=False, compare=False)
    origin: Sequence[int] = field(default=(), repr=False, compare=False)
    exact: bool = field(default=True, repr=False, compare=False)
    first: int = field(default=0, repr=False, compare=False)
    last: int = field(default=0, repr=False, compare=False)

    def place(self) -> dict[str, Any]:
        """The keys of the command-line contract that say where the text stands."""
        if self.cell is not None:
            return {"sheet": self.sheet, "cell": self.cell}
        return {"line": self.line, "column": self.column}

    def spot(self, offset: int, *, end: bool = False) -> tuple[int, int]:
        """Line and column in the file of an offset of the text; with `end`, of the end of what ends there."""
        if self.document is None:
            if self.origin:  # a line of standard input that spells line breaks
                return self.line or 1, self.origin[offset] + 1
            return position(self.text, offset, self.line or 1, self.column or 1)
        return self.document.place(self._written(offset, end=end))

    def lines(self) -> tuple[int, int]:
        """The first and last line of the file that this text takes up."""
        if self.document is None:
            return self.line or 1, self.line or 1
        return self.document.line(self.first), self.document.line(max(self.first, self.last - 1))

    def written_at(self, start: int, end: int) -> int | None:
        """Where `text[start:end]` stands in the document letter by letter, or None where it is not so written."""
        if self.document is None or not self.exact or start >= end:
            return None
        at = self.origin[start]
        together = all(self.origin[start + step] == at + step for step in range(end - start))
        same = self.document.text[at : at + end - start] == self.text[start:end]
        return at if together and same else None

    def _written(self, offset: int, *, end: bool) -> int:
        at = self.origin[offset]
        if end and offset and self.document is not None:
            before = self.origin[offset - 1]
            if "\n" in self.document.text[before + 1 : at]:  # the next character stands on another line
                return before + 1
        return at


def unit_of(
    document: Document, text: str, origin: Sequence[int], first: int, last: int, *, exact: bool = True
) -> Unit:
    """A text of a document; `origin` has one offset more than the text has code points."""
    line, column = document.place(origin[0])
    return Unit(text, line, column, None, None, document, origin, exact, first, last)


def slice_of(document: Document, start: int, end: int) -> Unit:
    """A text that stands in the document as it is."""
    return unit_of(document, document.text[start:end], range(start, end + 1), start, end)


@dataclass(frozen=True, slots=True)
class Remark:
    """A request to be silent, as written. `body` is what follows the mark.

    `beside` a text it speaks of the texts on its line, `above` of the texts on the next line that has any; `within`
    a row or object, of the units of `covers`.
    """

    body: str
    form: Literal["above", "beside", "within"]
    offset: int = 0
    line: int | None = None
    column: int | None = None
    sheet: str | None = None
    cell: str | None = None
    covers: range = range(0)

    def place(self) -> dict[str, Any]:
        """The keys of the command-line contract that say where it stands."""
        if self.cell is not None:
            return {"sheet": self.sheet, "cell": self.cell}
        return {"line": self.line, "column": self.column}


@dataclass(slots=True)
class Contents:
    """What a file holds for the linter."""

    units: list[Unit] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    document: Document | None = None

    def remark(self, document: Document, body: str, offset: int, form: Literal["above", "beside"]) -> None:
        """Note a comment of which `body` stands at `offset`."""
        said = body.strip()
        offset += len(body) - len(body.lstrip())
        line, column = document.place(offset)
        self.remarks.append(Remark(said, form, offset, line, column))

    def remarks_in(self, cell: Unit, covers: range) -> None:
        """Note what a cell or value says, one remark a line, about these units."""
        at = 0
        for body in cell.text.split("\n"):
            if body.strip():
                line, column = (None, None) if cell.cell else cell.spot(at)
                self.remarks.append(
                    Remark(body, "within", cell.first, line, column, cell.sheet, cell.cell, covers)
                )
            at += len(body) + 1
