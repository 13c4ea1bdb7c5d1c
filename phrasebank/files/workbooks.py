"""Workbooks (.xlsx). Nothing in them is evaluated, and none is unpacked before its list of contents was looked at."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any, Final

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.cell import WriteOnlyCell

from phrasebank.columns import ColumnNames
from phrasebank.files.archives import Glance, Merges, glance_into
from phrasebank.files.delimited import guarded
from phrasebank.files.limits import (
    CELL_LENGTH,
    HEADER_WITHIN,
    LAST_SHEET_ROW,
    MAX_COLUMNS,
)
from phrasebank.files.remarks import FormatError, Place, Remarks, Row
from phrasebank.files.tables import Cells, Unreliable, no_header, table_records

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""What XML cannot hold or changes, and what would read as an escape: written as `_x000D_`, as Excel does."""
_SURE_DIGITS: Final = 10**15


def workbook_records(content: bytes, names: ColumnNames, remarks: Remarks) -> Iterator[Row]:
    """The records of all sheets that have a header; a sheet without one is noted. Raises `FormatError`."""
    glance = glance_into(content)
    try:
        with closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True)) as book:
            if glance.calculates:
                values = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
                with closing(values):
                    yield from _sheets(book, values, glance, names, remarks)
            else:
                yield from _sheets(book, None, glance, names, remarks)
    except FormatError:
        raise
    except DefusedXmlException:
        raise FormatError("工作簿里有 XML 实体或外部引用，拒绝读取") from None
    except Exception as error:  # openpyxl raises whatever its parsers raise
        said = " ".join(str(error).split())
        raise FormatError(f"工作簿读不了，请用 Excel 打开另存一次：{said}") from None


def _sheets(book: Any, values: Any, glance: Glance, names: ColumnNames, remarks: Remarks) -> Iterator[Row]:
    without: list[tuple[str, list[Cells]]] = []
    read = 0
    for sheet in book.worksheets:
        rows = _rows(sheet, None if values is None else values[sheet.title], remarks)
        # The reader knows a sheet's file and not its merged cells.
        if merges := glance.merges.get(sheet._worksheet_path):
            rows = _filled(rows, merges, remarks)
        head = list(islice(rows, HEADER_WITHIN))
        records = table_records(chain(head, rows), names, remarks)
        if records is not None:
            read += 1
            yield from records
        elif any(cell.strip() for _, cells in head for cell in cells):
            without.append((sheet.title, head))
    if not read:
        raise no_header([cells for _, cells in without[0][1]] if without else [])
    for title, head in without:
        remarks.note(Place(head[0][0].row, title), "", "这张工作表没有表头，没有读")


def _filled(rows: Iterable[Cells], merges: Merges, remarks: Remarks) -> Iterator[Cells]:
    """The rows with the value of a cell in all the cells below that are merged with it, as people read it."""
    held: dict[int, tuple[int, str]] = {}
    for place, texts in rows:
        held = {column: kept for column, kept in held.items() if place.row <= kept[0]}
        for column, (_, text) in held.items():
            if text and not (texts[column - 1 : column] or [""])[0] and any(texts):
                texts.extend([""] * (column - len(texts)))
                texts[column - 1] = text
                remarks.note(place, "", f"合并单元格里的「{text[:20]}」在每一行都算")
        for column, last in merges.get(place.row, {}).items():
            if column <= len(texts):
                held[column] = (last, texts[column - 1])
        yield place, texts


def _rows(sheet: Any, calculated: Any, remarks: Remarks) -> Iterator[Cells]:
    sheet.reset_dimensions()
    if calculated is None:
        for number, cells in enumerate(_bounded(sheet), start=1):
            place = Place(number, sheet.title)
            yield place, _texts(cells, cells, place, remarks)
        return
    calculated.reset_dimensions()
    pairs = zip(_bounded(sheet), _bounded(calculated), strict=True)
    for number, (written, shown) in enumerate(pairs, start=1):
        place = Place(number, sheet.title)
        yield place, _texts(written, shown, place, remarks)


def _bounded(sheet: Any) -> Iterator[Sequence[Any]]:
    # A row may claim any number, and the rows before it are filled up.
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > LAST_SHEET_ROW:
            raise FormatError(f"{Place(number, sheet.title)}超出工作簿的末行，文件已损坏")
        if len(cells) > MAX_COLUMNS and any(cell.value is not None for cell in cells[MAX_COLUMNS:]):
            raise FormatError(f"{Place(number, sheet.title)}超过 {MAX_COLUMNS} 列，这不像话术表")
        yield cells[:MAX_COLUMNS]


def _texts(written: Sequence[Any], shown: Sequence[Any], place: Place, remarks: Remarks) -> list[str]:
    """The texts of a row; `Unreliable` ones if a cell has no value that could be relied on."""
    texts = []
    reason = ""
    for formula, cell in zip(written, shown, strict=True):
        if formula.data_type == "f":
            if cell is formula or cell.value is None:
                reason = reason or f"{formula.coordinate} 是公式，请粘贴为数值"
                texts.append("")
                continue
            remarks.note(place, "", f"{formula.coordinate} 是公式，取了表里存着的结果")
        if cell.data_type == "e":
            reason = reason or f"{cell.coordinate} 是错误值 {cell.value}"
        if isinstance(cell.value, int | float) and abs(cell.value) >= _SURE_DIGITS:
            remarks.note(
                place,
                "",
                f"{cell.coordinate} 是超过 15 位的数字，Excel 可能已改掉末几位；请把这一列设为文本再填",
            )
        texts.append(_text(cell.value))
    return Unreliable(texts, reason) if reason else texts


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def write_workbook(rows: Iterable[Sequence[str]]) -> bytes:
    """The table as a workbook of one sheet. Every cell is text. Raises `FormatError` for a text that no cell can hold."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("话术")
    sheet.freeze_panes = "A2"
    for number, cells in enumerate(rows, start=1):
        sheet.append([_text_cell(sheet, text, number) for text in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text_cell(sheet: Any, text: str, number: int) -> Any:
    if not text:
        return None
    written = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    if len(written.encode("utf-16-le")) // 2 > CELL_LENGTH:
        raise FormatError(f"第 {number} 行有一格超过 {CELL_LENGTH} 字，xlsx 放不下")
    cell = WriteOnlyCell(sheet, value=written)
    cell.data_type = "s"  # never a formula
    if guarded(text) != text:
        cell.quotePrefix = True  # nor when somebody edits the cell
    return cell
