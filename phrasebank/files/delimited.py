"""Delimited text: comma, tab or semicolon between cells, RFC 4180 quotes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from phrasebank.columns import ColumnNames
from phrasebank.files.limits import HEADER_WITHIN, MAX_BYTES, MAX_COLUMNS
from phrasebank.files.remarks import FormatError, Place
from phrasebank.files.tables import Cells, header_in

DELIMITERS: Final = (",", "\t", ";")
ENCODINGS: Final = ("utf-8-sig", "utf-8", "gb18030")
"""What we write; the first is what Excel takes for UTF-8."""

_FORMULA: Final = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")
"""What a spreadsheet may take for a formula. A quote before it is written, and taken away again when it is read, so what
begins with quotes and goes on so is guarded as well."""
_END: Final = "\0"
_HEAD: Final = 20_000


def delimited_rows(text: str, delimiter: str) -> Iterator[Cells]:
    """The rows, numbered as Excel shows them; those that hold a line break span more than one line of the file.

    Raises `FormatError` for a quote that is never closed: all that follows would be one cell.
    """
    csv.field_size_limit(MAX_BYTES)
    # A row of our own behind the last one is only read as such if no quote is open there.
    lines = chain(io.StringIO(text, newline=""), ["" if text.endswith(("\n", "\r")) else "\r\n", _END])
    reader = csv.reader(lines, delimiter=delimiter)
    line = 1
    try:
        for number, cells in enumerate(reader, start=1):
            if cells == [_END]:
                return
            if cells and cells[-1].endswith(_END):
                raise FormatError(f"第 {number} 行（文件第 {line} 行起）的引号没有闭合，其后的内容无法分行")
            if len(cells) > MAX_COLUMNS and any(cell.strip() for cell in cells[MAX_COLUMNS:]):
                raise FormatError(f"第 {number} 行超过 {MAX_COLUMNS} 列，这不像话术表")
            yield Place(number, line=line), [unguarded(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(f"CSV 第 {reader.line_num} 行有误：{error}") from None


def best_delimiter(text: str, names: ColumnNames) -> str | None:
    """The delimiter with which one of the first rows names most columns; None if with none of them a row is a header."""
    worths = {}
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text[:_HEAD], newline=""), delimiter=delimiter)
        try:
            head = list(islice(reader, HEADER_WITHIN))
        except csv.Error:
            continue
        worths[delimiter] = header_in(head, names)[1]
    best = max(worths, key=worths.__getitem__, default=None)
    return best if best is not None and worths[best] else None


def write_delimited(rows: Iterable[Sequence[str]], encoding: str, delimiter: str) -> bytes:
    """The table as bytes. Raises `FormatError` for what the encoding cannot hold."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    for number, cells in enumerate(rows, start=1):
        if any("\0" in cell for cell in cells):
            raise FormatError(f"第 {number} 行有空字符（U+0000），csv 放不下")
        writer.writerow([guarded(cell) for cell in cells])
    content = out.getvalue().encode(encoding)
    if encoding == "gb18030" and not content.isascii() and _reads_as_utf8(content):
        raise FormatError("这些话术写成 GB18030 会被误认作 UTF-8，请改用 utf-8-sig")
    return content


def guarded(cell: str) -> str:
    """The cell with a quote before it, if a spreadsheet could take it for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the quote that `guarded` put there."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def _reads_as_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
