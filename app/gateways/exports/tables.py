"""The cells of a downloaded table: delimited text in any usual encoding, or a workbook."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import openpyxl
from openpyxl.utils import get_column_letter

from phrasebank.formats import FormatError, decoded

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_UNPACKED: Final = 512 * 1024 * 1024
MAX_PACKED_RATIO: Final = 200
MAX_ENTRIES: Final = 2_000
MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 500


class ExportError(ValueError):
    """A file that cannot be read as an export at all; the message says why and what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: rows as (number from 1, cell texts). `name` is None for delimited text.

    Numbers are in plain decimal notation, those that the sheet shows as percent end in "%", dates read 2024-03-05.
    """

    name: str | None
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheets(content: bytes) -> list[Sheet]:
    """The tables of a csv, tab-separated or xlsx file, told apart by their content. Raises `ExportError`."""
    if len(content) > MAX_BYTES:
        raise ExportError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请只导出需要的日期")
    if content.startswith(b"PK\x03\x04"):
        return _workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ExportError("这是旧版 .xls（或加密的）工作簿，请用 Excel 另存为 .xlsx")
    try:
        text = decoded(content)
    except FormatError as error:
        raise ExportError(str(error)) from None
    if text.lstrip()[:1] == "<":
        raise ExportError("这是网页或 XML，不是表格；请用 Excel 打开后另存为 .xlsx")
    return [Sheet(None, tuple(_delimited(text)))]


def _delimited(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text[:20_000]))
    # A row may span lines; people look for the line that their program shows, which is that of its start.
    line = 1
    try:
        for number, cells in enumerate(reader, start=1):
            _limit(number, len(cells))
            yield line, tuple(_unguarded(cell) for cell in cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ExportError(f"第 {reader.line_num} 行不是有效的 CSV：{error}") from None


def _delimiter(head: str) -> str:
    """A tab wherever there is about one a line: beside it commas divide thousands. Else the most frequent."""
    lines = [line for line in head.splitlines() if line.strip()]
    if lines and sum("\t" in line for line in lines) * 2 > len(lines):
        return "\t"
    return max(",;\t", key=head.count)


def _unguarded(cell: str) -> str:
    """Consoles write ="00123" or a leading tab or quote so that Excel keeps a text as it is."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1].strip()
    return cell.removeprefix("'")


def _workbook(content: bytes) -> list[Sheet]:
    _refuse_bombs(content)
    try:
        # Values are what Excel last computed; a formula that was never computed must not read as an empty cell.
        with (
            closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)) as values,
            closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True)) as formulas,
        ):
            return [
                Sheet(sheet.title, tuple(_sheet_rows(sheet, formulas[sheet.title])))
                for sheet in values.worksheets
            ]
    except ExportError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise ExportError(f"工作簿读不了，请用 Excel 打开另存一次：{error}") from None


def _refuse_bombs(content: bytes) -> None:
    """A small archive may claim to hold a giant one: look at its list of contents first."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise ExportError("不是有效的 .xlsx 文件，请用 Excel 打开另存一次") from None
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > min(
        MAX_UNPACKED, MAX_PACKED_RATIO * max(len(content), 10_000)
    ):
        raise ExportError("压缩包展开后过大，拒绝读取")


def _sheet_rows(values: Any, formulas: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    for sheet in (values, formulas):
        sheet.reset_dimensions()
    pairs = zip(values.iter_rows(max_col=MAX_COLUMNS), formulas.iter_rows(max_col=MAX_COLUMNS), strict=True)
    for number, (row, written) in enumerate(pairs, start=1):
        _limit(number, len(row))
        yield number, tuple(_cell_text(cell, source) for cell, source in zip(row, written, strict=True))


def _limit(rows: int, columns: int) -> None:
    if rows > MAX_ROWS:
        raise ExportError(f"超过 {MAX_ROWS} 行，请按月导出")
    if columns > MAX_COLUMNS:
        raise ExportError(f"超过 {MAX_COLUMNS} 列，这不像平台的导出表")


def _cell_text(cell: Any, source: Any) -> str:
    value = cell.value
    if value is None:
        return str(source.value) if source.data_type == "f" else ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        if "%" in (cell.number_format or ""):
            return f"{number * 100:f}%"
        return f"{number:f}".removesuffix(".0")
    return str(value).strip()


def cell_name(sheet: Sheet, row: int, column: int) -> str:
    """Where a cell is, for people: 工作表「…」B7, or 第 7 行第 2 列 of delimited text. `column` counts from 0."""
    if sheet.name is None:
        return f"第 {row} 行第 {column + 1} 列"
    return f"工作表「{sheet.name}」{get_column_letter(column + 1)}{row}"


def row_name(sheet: Sheet, row: int) -> str:
    return f"第 {row} 行" if sheet.name is None else f"工作表「{sheet.name}」第 {row} 行"
