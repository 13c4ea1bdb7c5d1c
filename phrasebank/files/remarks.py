"""What is said about the rows of a file: where they stand, what is wrong with them, what was understood how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MAX_REMARKS: Final = 10_000
"""Remarks that are kept of each sort: a file that is wrong in every row is not worth more memory than that."""


class FormatError(ValueError):
    """A file that cannot be read as a phrase bank at all, or not written; the message says why, in Chinese."""


class NoHeaderError(FormatError):
    """A table in which no column is known to hold the texts; `headers` are the cells of what looks most like its header."""

    def __init__(self, message: str, headers: Sequence[str]) -> None:
        super().__init__(message)
        self.headers = tuple(headers)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its number as its program shows it (from 1), the sheet of a workbook, the line of a text file.

    `unit` is 行 for rows of a table and lines, 条 for entries of a list.
    """

    row: int
    sheet: str = ""
    unit: str = "行"
    line: int = 0

    def __str__(self) -> str:
        sheet = f"工作表「{self.sheet}」" if self.sheet else ""
        line = f"（文件第 {self.line} 行）" if self.line and self.line != self.row else ""
        return f"{sheet}第 {self.row} {self.unit}{line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is said of one row: its number as its program shows it (from 1), the column if one is at fault, and why."""

    row: int
    column: str
    reason: str
    sheet: str = ""
    unit: str = "行"
    line: int = 0

    @property
    def place(self) -> Place:
        return Place(self.row, self.sheet, self.unit, self.line)

    def to_json(self) -> dict[str, Any]:
        """The problem as machines read it; `sheet` and `line` only where there are such."""
        record: dict[str, Any] = {"row": self.row, "column": self.column, "reason": self.reason}
        if self.sheet:
            record["sheet"] = self.sheet
        if self.line:
            record["line"] = self.line
        return record


@dataclass(slots=True)
class Remarks:
    """Gathers what a reader has to say. `on_row` is called with the number of each row read, for a sign of life."""

    on_row: Callable[[int], None] = lambda _number: None
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def refuse(self, place: Place, column: str, reason: str) -> None:
        """The row is not taken."""
        _keep(self.problems, place, column, reason)

    def note(self, place: Place, column: str, reason: str) -> None:
        """The row is taken, but not just as it stands there."""
        _keep(self.notes, place, column, reason)


def _keep(remarks: list[Problem], place: Place, column: str, reason: str) -> None:
    if len(remarks) >= MAX_REMARKS:
        raise FormatError(f"{place}之前已有 {MAX_REMARKS} 处要说明，这不像话术库；请先检查表头和分隔符")
    remarks.append(Problem(place.row, column, reason, place.sheet, place.unit, place.line))


Row = tuple[Place, Mapping[str, Any]]
"""A row of a file: where it stands, and its values under the names of our columns."""
