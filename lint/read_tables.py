"""Tables: delimited text and workbooks. Of a table with a known header only the columns that are sent are read."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from lint.columns import columns
from lint.document import Document, UnreadableError, decode
from lint.unit import Contents, Unit, unit_of


def _cells(document: Document, delimiter: str) -> Iterator[list[Unit]]:
    """Rows of delimited text (RFC 4180), each cell with the offsets of its characters."""
    text = document.text
    row: list[Unit] = []
    at, size = 0, len(text)
    while at <= size:
        first = at
        letters: list[str] = []
        origin: list[int] = []
        quoted = at < size and text[at] == '"'
        if quoted:
            at += 1
            while True:
                end = text.find('"', at)
                end = size if end < 0 else end
                letters.append(text[at:end])
                origin.extend(range(at, end))
                if text[end + 1 : end + 2] == '"' and end < size:
                    letters.append('"')
                    origin.append(end)
                    at = end + 2
                    continue
                closed, at = end, min(end + 1, size)
                break
        end = min(
            (stop for stop in (text.find(delimiter, at), text.find("\n", at)) if stop >= 0), default=size
        )
        last = end - 1 if end > at and text[end - 1] == "\r" else end
        letters.append(text[at:last])
        if quoted:
            origin.extend(range(at, last))
            # What ends a quoted cell is its quote, unless something follows that.
            origin.append(last if last > at else closed)
        value = "".join(letters)
        row.append(unit_of(document, value, origin if quoted else range(first, last + 1), first, end))
        at = end + 1
        if end >= size or text[end] == "\n":
            if any(cell.text for cell in row):
                yield row
            row = []
            if end >= size:
                return


def read_delimited(data: bytes, delimiter: str) -> Contents:
    document = decode(data)
    contents = Contents(document=document)
    if delimiter == ",":
        first = document.text.split("\n", 1)[0]
        delimiter = max(",\t;", key=first.count) if any(mark in first for mark in ",\t;") else ","
    _read_rows(contents, _cells(document, delimiter))
    return contents


def read_comma(data: bytes) -> Contents:
    return read_delimited(data, ",")


def read_tab(data: bytes) -> Contents:
    return read_delimited(data, "\t")


def _read_rows(contents: Contents, rows: Iterable[Sequence[Unit | None]]) -> None:
    chosen: tuple[list[int], list[int]] | None = None
    for number, row in enumerate(rows):
        if number == 0:
            chosen = columns([cell.text if cell else "" for cell in row])
            if chosen is not None:
                continue
        sent: Sequence[int] = range(len(row)) if chosen is None else chosen[0]
        before = len(contents.units)
        for index in sent:
            cell = row[index] if index < len(row) else None
            if cell is not None and cell.text.strip():
                contents.units.append(cell)
        for index in chosen[1] if chosen else ():
            cell = row[index] if index < len(row) else None
            if cell is not None and cell.text.strip():
                contents.remarks_in(cell, range(before, len(contents.units)))


def read_workbook(data: bytes) -> Contents:
    import openpyxl

    contents = Contents()
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise UnreadableError(
            "不是可读的 xlsx 工作簿，请用 Excel 另存一次 / not a readable workbook"
        ) from error
    try:
        for sheet in book.worksheets:
            title = sheet.title
            _read_rows(
                contents,
                (
                    [
                        Unit(cell.value, sheet=title, cell=cell.coordinate)
                        if isinstance(cell.value, str)
                        else None
                        for cell in row
                    ]
                    for row in sheet.iter_rows()
                ),
            )
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError("工作簿里有读不了的工作表，请用 Excel 另存一次 / a broken worksheet") from error
    finally:
        book.close()
    return contents
