"""Tables: where the header is, and the records below it; and records as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from phrasebank.columns import ColumnNames, cell_of, header_name
from phrasebank.files.limits import HEADER_WITHIN, MAX_ROWS
from phrasebank.files.remarks import FormatError, NoHeaderError, Place, Remarks, Row
from phrasebank.files.shapes import is_transfer_list, translator_of
from phrasebank.files.values import marked_name, marked_record
from phrasebank.phrase import COLUMNS, LIST_COLUMNS, PhraseError

Cells = tuple[Place, list[str]]


class Unreliable(list[str]):
    """The cells of a row one of which has no value that could be relied on: `reason` says which, and why."""

    def __init__(self, cells: Iterable[str], reason: str) -> None:
        super().__init__(cells)
        self.reason = reason


def header_in(head: Sequence[Sequence[str]], names: ColumnNames) -> tuple[int, int]:
    """Which of the first rows is the header, and how many columns it names; (0, 0) if none is one.

    It is the row that names most columns, the first of such, if it names the text or is that of a list without texts.
    """
    worths = [_worth(cells, head, names) for cells in head]
    best = max(worths, default=0)
    return (worths.index(best), best) if best else (0, 0)


def _worth(cells: Sequence[str], head: Sequence[Sequence[str]], names: ColumnNames) -> int:
    known = names.known_in(cells)
    if not known:
        return 0
    if "text" not in known:
        return len(known) if is_transfer_list({header_name(cell) for cell in cells}) else 0
    # A kind of reply may be called 文本 or text: a value that comes again below it is no header.
    texts = [place for place, cell in enumerate(cells) if names.column_of(cell) == "text"]
    if known == {"text"} and all(
        any(other != cells and other[place : place + 1] == cells[place : place + 1] for other in head)
        for place in texts
    ):
        return 0
    return len(known)


def table_records(rows: Iterable[Cells], names: ColumnNames, remarks: Remarks) -> Iterator[Row] | None:
    """The records of a table, one for each row below its header; None if it has none."""
    stream = iter(rows)
    head = list(islice(stream, HEADER_WITHIN))
    found, worth = header_in([cells for _, cells in head], names)
    if not worth:
        return None
    return _below(head[found][1], chain(head[found + 1 :], stream), names, remarks)


def no_header(head: Sequence[Sequence[str]]) -> NoHeaderError:
    """What to say of a table without a header, given its first rows."""
    widest = max(head, key=lambda cells: sum(bool(cell.strip()) for cell in cells), default=())
    seen = "、".join(f"「{' '.join(cell.split())[:20]}」" for cell in widest[:12] if cell.strip())
    hint = (
        f"看到的是 {seen}；哪一列是内容，可用 --column '列名=text' 指明（接口用 column 参数）"
        if seen
        else "文件是空的"
    )
    message = f"没有找到表头：至少要有一列叫「内容」或 text。{hint}"
    return NoHeaderError(message, [cell.strip() for cell in widest if cell.strip()])


def _below(
    headers: Sequence[str], rows: Iterable[Cells], names: ColumnNames, remarks: Remarks
) -> Iterator[Row]:
    columns = [column or f"第 {place} 列" for place, column in enumerate(names.columns_of(headers), start=1)]
    translate = translator_of({header_name(header) for header in headers}, columns)
    taken = 0
    for place, cells in rows:
        if isinstance(cells, Unreliable):
            remarks.refuse(place, "", cells.reason)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if cells == headers:
            remarks.note(place, "", "表头又出现一次，跳过了")
            continue
        taken += 1
        if taken > MAX_ROWS:
            raise FormatError(f"超过 {MAX_ROWS} 行，请分成几个文件")
        remarks.on_row(taken)
        beyond = sum(1 for cell in cells[len(columns) :] if cell.strip())
        if beyond:
            remarks.refuse(place, "", f"比表头多出 {beyond} 个单元格；内容里有分隔符时要用引号括起来")
            continue
        record = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
        try:
            yield place, translate(record, place, remarks)
        except PhraseError as error:
            remarks.refuse(place, error.column, error.reason)


def table_of(records: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """The header and the rows of a table that `table_records` reads back the same.

    Unknown columns follow ours; where such a column holds more than texts, its cells are JSON and its header says so.
    """
    extra = dict.fromkeys(key for record in records for key in record if key not in COLUMNS)
    marked = frozenset(
        key for key in extra if _is_marked(key, (record[key] for record in records if key in record))
    )
    columns = [*COLUMNS, *(marked_name(key) if key in marked else key for key in extra)]
    yield columns
    for record in records:
        values = marked_record(record, marked)
        yield [
            cell_of(column, values.get(column, () if column in LIST_COLUMNS else "")) for column in columns
        ]


def _is_marked(key: str, values: Iterable[Any]) -> bool:
    return (
        marked_name(key) != f"json:{key}"
        or key.startswith("json:")
        or _reads_as_column(key)
        or any(not isinstance(value, str) or value == "" for value in values)
    )


def _reads_as_column(key: str) -> bool:
    """Whether the header would be taken for one of ours when it stands beside ours: only its exact names would."""
    return header_name(key) in COLUMNS or key.startswith("第 ")
