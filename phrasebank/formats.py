"""Phrase bank files: csv, xlsx, json, jsonl, yaml and toml, read and written.

Nothing is lost in silence. A row that is no phrase is a `Problem` with its number; a row that was not taken just as it stands
is a note; a file that is no phrase bank is a `FormatError`. Columns that we do not know stay with their phrase. The formats
themselves are in `phrasebank.files`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from phrasebank.columns import ColumnNames, MappingError
from phrasebank.files import delimited, tables, trees
from phrasebank.files.decoding import decoded
from phrasebank.files.limits import MAX_BYTES
from phrasebank.files.remarks import FormatError, NoHeaderError, Place, Problem, Remarks, Row
from phrasebank.files.sniffing import kind_of
from phrasebank.files.trees import load_yaml
from phrasebank.files.values import JSON_MARK, marked_record, plain_record
from phrasebank.merging import combined, scope_of
from phrasebank.phrase import COLUMNS, DEFAULTS, Phrase, PhraseError, derived_id

__all__ = [
    "MAX_BYTES",
    "WRITTEN",
    "FormatError",
    "NoHeaderError",
    "Place",
    "Problem",
    "ReadResult",
    "decoded",
    "load_yaml",
    "parse_bank",
    "read_bank",
    "render_bank",
    "write_bank",
]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The phrases of a file and where each stands, the rows that are none, and what else there is to say of its rows.

    `unsaid` has for each phrase the columns that were left to their default. `headers` are the file's own names of columns,
    each with ours, or "" where it is an unknown one.
    """

    phrases: tuple[Phrase, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()
    places: tuple[Place, ...] = ()
    unsaid: tuple[frozenset[str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def read_bank(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    on_row: Callable[[int], None] | None = None,
) -> ReadResult:
    """Read a phrase bank file. Raises OSError if it cannot be opened and `FormatError` if it is no phrase bank.

    `columns` and `on_row` are those of `parse_bank`.
    """
    file = Path(path)
    with file.open("rb") as stream:
        # One byte more than allowed tells that there is more, and a pipe has no size to ask for.
        content = stream.read(MAX_BYTES + 1)
    return parse_bank(content, file.name, columns=columns, on_row=on_row)


def parse_bank(
    content: bytes,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    on_row: Callable[[int], None] | None = None,
) -> ReadResult:
    """The same for bytes that came under a file `name`; its extension matters only where the content leaves it open.

    `columns` says what headers of this file mean: a header to one of our columns, or to "" if it is to stay an unknown
    one. `on_row` is called with the number of each row as it is read.
    """
    if len(content) > MAX_BYTES:
        raise FormatError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分成几个文件")
    try:
        names = ColumnNames(columns)
    except MappingError as error:
        raise FormatError(str(error)) from None
    remarks = Remarks(on_row) if on_row is not None else Remarks()
    phrases, places, unsaid = _phrases(_rows(content, Path(name).suffix.lower(), names, remarks), remarks)
    if not phrases and not remarks.problems:
        raise FormatError("文件里没有话术")
    if unused := names.unused():
        raise FormatError(f"文件里没有列「{'」「'.join(unused)}」，请核对 --column 里的列名")
    return ReadResult(
        phrases, _in_order(remarks.problems), _in_order(remarks.notes), places, unsaid, names.met()
    )


def write_bank(
    path: str | os.PathLike[str],
    phrases: Iterable[Phrase],
    *,
    encoding: str = "utf-8-sig",
    delimiter: str | None = None,
) -> None:
    """Write a phrase bank file, of the kind that its extension names; an existing file is replaced only by a whole one.

    What looks like a formula is written as text. Raises `FormatError` for an extension that we do not write, or a text that
    the format cannot hold, and OSError if it cannot be written. `encoding` and `delimiter` are those of `render_bank`.
    """
    file = Path(path)
    kind = file.suffix.lower().removeprefix(".")
    if kind not in WRITTEN:
        raise FormatError(f"不支持写出 {file.suffix or '没有扩展名的文件'}，可用：.{'、.'.join(WRITTEN)}")
    content = render_bank(phrases, kind, encoding=encoding, delimiter=delimiter)
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def render_bank(
    phrases: Iterable[Phrase], kind: str, *, encoding: str = "utf-8-sig", delimiter: str | None = None
) -> bytes:
    """The bytes of a phrase bank file of a `kind` in `WRITTEN`. Raises `FormatError` for a text that it cannot hold.

    For csv and tsv: `encoding` is utf-8-sig, utf-8 or gb18030; `delimiter` a comma (csv), a tab (tsv) or a semicolon. The
    other kinds are UTF-8.
    """
    records = [phrase.to_json() for phrase in phrases]
    if kind in ("csv", "tsv"):
        if encoding not in delimited.ENCODINGS:
            raise FormatError(f"编码只能是 {'、'.join(delimited.ENCODINGS)}，不是 {encoding}")
        delimiter = delimiter or ("," if kind == "csv" else "\t")
        if delimiter not in delimited.DELIMITERS:
            raise FormatError("分隔符只能是逗号、制表符或分号")
        return delimited.write_delimited(tables.table_of(records), encoding, delimiter)
    return WRITTEN[kind](records)


def _in_order(remarks: Sequence[Problem]) -> tuple[Problem, ...]:
    sheets = {sheet: place for place, sheet in enumerate(dict.fromkeys(said.sheet for said in remarks))}
    return tuple(sorted(remarks, key=lambda said: (sheets[said.sheet], said.row)))


# Reading


def _rows(content: bytes, suffix: str, names: ColumnNames, remarks: Remarks) -> Iterator[Row]:
    if content.startswith(b"PK\x03\x04"):
        # Imported here because it takes long, and most processes read no workbook.
        from phrasebank.files import workbooks

        return workbooks.workbook_records(content, names, remarks)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError("这是旧版 .xls（或加密的）工作簿，请另存为 .xlsx")
    text = decoded(content)
    kind = kind_of(text, suffix, names)
    if kind == "jsonl":
        return trees.line_records(text, names, remarks)
    if kind != "table":
        load = {"json": trees.load_json, "yaml": load_yaml, "toml": trees.load_toml}[kind]
        return trees.document_records(load(text), names, remarks, lone=kind == "json")
    delimiter = delimited.best_delimiter(text, names) or ","
    records = tables.table_records(delimited.delimited_rows(text, delimiter), names, remarks)
    if records is None:
        if suffix in (".xlsx", ".xlsm"):
            raise FormatError("不是有效的 .xlsx 文件，请用 Excel 重新导出")
        head = [cells for (_, cells), _ in zip(delimited.delimited_rows(text, ","), range(10), strict=False)]
        raise tables.no_header(head)
    return records


def _phrases(
    rows: Iterable[Row], remarks: Remarks
) -> tuple[tuple[Phrase, ...], tuple[Place, ...], tuple[frozenset[str], ...]]:
    """The phrases of the rows, where each stands, and what it left unsaid. Rows without an id that say the same in the same category are one phrase."""
    phrases: list[Phrase] = []
    places: list[Place] = []
    unsaid: list[frozenset[str]] = []
    seen: dict[str, int] = {}
    for place, came in rows:
        try:
            record = plain_record(came)
            phrase = Phrase.from_json(record)
        except PhraseError as error:
            remarks.refuse(place, error.column, error.reason)
            continue
        if not str(record.get("id") or "").strip() and (scope := scope_of(phrase)):
            phrase = replace(phrase, id=derived_id(f"{phrase.category}\x1f{scope}", phrase.text))
        first = seen.setdefault(phrase.id, len(phrases))
        if first == len(phrases):
            phrases.append(phrase)
            places.append(place)
            unsaid.append(_unsaid(record))
            continue
        other = phrases[first]
        if _named_by(other) != _named_by(phrase):
            remarks.refuse(place, "id", f"编号 {phrase.id} 与{places[first]}相同")
            continue
        phrases[first], differences = combined(other, phrase, unsaid=_unsaid(record))
        taken = [difference.column for difference in differences if difference.taken]
        if not differences:
            remarks.refuse(place, "text", f"与{places[first]}重复")
        elif taken:
            remarks.note(place, "", f"与{places[first]}是同一条话术，{'、'.join(taken)} 并入了那一条")
        for difference in differences:
            if not difference.taken:
                told = f"与{places[first]}是同一条话术，那里是「{difference.before}」，这里的「{difference.after}」没有采用"
                remarks.note(place, difference.column, told)
    return tuple(phrases), tuple(places), tuple(unsaid)


def _unsaid(record: Mapping[str, Any]) -> frozenset[str]:
    """The columns with a default of which the record says nothing."""
    return frozenset(
        column for column in DEFAULTS if record.get(column) is None or not str(record[column]).strip()
    )


def _named_by(phrase: Phrase) -> tuple[str, ...]:
    """What rows of one id must have in common to be one phrase."""
    return phrase.category, phrase.text, phrase.owner, scope_of(phrase)


# Writing


def _escaping(
    write: Callable[[Sequence[Mapping[str, Any]]], bytes],
) -> Callable[[Sequence[Mapping[str, Any]]], bytes]:
    """A column that is itself named like a marked one must not be read as one."""

    def escaped(records: Sequence[Mapping[str, Any]]) -> bytes:
        return write(
            [
                marked_record(
                    record,
                    frozenset(key for key in record if key not in COLUMNS and key.startswith(JSON_MARK)),
                )
                for record in records
            ]
        )

    return escaped


def _as_table(records: Sequence[Mapping[str, Any]]) -> bytes:
    return delimited.write_delimited(tables.table_of(records), "utf-8-sig", ",")


def _as_workbook(records: Sequence[Mapping[str, Any]]) -> bytes:
    from phrasebank.files import workbooks

    return workbooks.write_workbook(tables.table_of(records))


WRITTEN: Final[dict[str, Callable[[Sequence[Mapping[str, Any]]], bytes]]] = {
    "jsonl": _escaping(trees.write_json_lines),
    "json": _escaping(trees.write_json),
    "csv": _as_table,
    "tsv": _as_table,
    "xlsx": _as_workbook,
    "yaml": _escaping(trees.write_yaml),
    "yml": _escaping(trees.write_yaml),
    "toml": trees.write_toml,
}
"""The kinds of file that we write, and what writes them."""
