"""Tables for Excel, as bytes: csv that it reads as UTF-8, or xlsx; no cell of which can act as a formula.

What looks like a formula is what phrase bank files say (`phrasebank.files.delimited`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from phrasebank.files.delimited import guarded

Value = str | int | Fraction | None
"""A text, a whole number, a rate (shown in percent), or nothing."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no workbook may hold."""
_CELL_LENGTH: Final = 32_767
_COLUMN_WIDTH: Final = 18


def as_csv(_title: str, headers: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    # With the mark at its head, Excel takes the file for UTF-8.
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([_csv_text(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def _csv_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(_shown(value))
    return percent(value) if isinstance(value, Fraction) else str(value)


def percent(rate: Fraction) -> str:
    """A rate with two places, for people: 83.33%."""
    return f"{float(rate):.2%}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook. `widths` are those of its first columns, in characters."""

    title: str
    headers: Sequence[str]
    rows: Iterable[Sequence[Value]]
    widths: Sequence[int] = ()


def as_workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    return as_workbook_of([Sheet(title, headers, rows)])


def as_workbook_of(sheets: Iterable[Sheet]) -> bytes:
    """A workbook of several sheets, each with its headers frozen."""
    # Imported here because it takes long, and most calls write no workbook.
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    for each in sheets:
        sheet: Any = book.create_sheet(each.title)
        sheet.freeze_panes = "A2"
        for index in range(1, len(each.headers) + 1):
            width = each.widths[index - 1] if index <= len(each.widths) else _COLUMN_WIDTH
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.append([_workbook_cell(sheet, header, bold=True) for header in each.headers])
        for row in each.rows:
            sheet.append([_workbook_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _workbook_cell(sheet: Any, value: Value, *, bold: bool = False) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=_shown(value)[:_CELL_LENGTH])
        cell.data_type = "s"  # never a formula
    elif isinstance(value, Fraction):
        cell = WriteOnlyCell(sheet, value=float(value))
        cell.number_format = "0.00%"
    else:
        cell = WriteOnlyCell(sheet, value=value)
    if bold:
        cell.font = Font(bold=True)
    return cell


def _shown(text: str) -> str:
    """The text with control characters spelled out, so that none is lost."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


WRITERS: Final[dict[str, Callable[[str, Sequence[str], Iterable[Sequence[Value]]], bytes]]] = {
    ".csv": as_csv,
    ".xlsx": as_workbook,
}
"""What makes a table of a kind: called with its title, its headers and its rows."""
