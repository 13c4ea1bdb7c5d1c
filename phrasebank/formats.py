"""Phrase bank files: csv, xlsx, json, jsonl, yaml and toml, read and written.

Nothing is lost in silence. A row that is no phrase is a `Problem` with its number; a file that is no phrase bank is a
`FormatError`. Columns that we do not know stay with their phrase.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import openpyxl
import orjson
import yaml
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException

from phrasebank.columns import COLUMN_OF, cell_of, columns_of, from_cells, header_name, renamed
from phrasebank.phrase import COLUMNS, LIST_COLUMNS, Phrase, PhraseError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_UNPACKED: Final = 512 * 1024 * 1024
MAX_PACKED_RATIO: Final = 200
MAX_ENTRIES: Final = 2_000
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 200
MAX_DEPTH: Final = 40
HEADER_WITHIN: Final = 10
"""Rows in which the header is looked for; some products put notes above it."""
CELL_LENGTH: Final = 32_767
"""Code points that a cell of a workbook may hold."""

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Row = tuple[int, Mapping[str, Any]]


class FormatError(ValueError):
    """A file that cannot be read as a phrase bank at all; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row: its number as its program shows it (from 1), the column if one is at fault, and why."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The phrases of a file, and the rows that are none."""

    phrases: tuple[Phrase, ...]
    problems: tuple[Problem, ...]


def read_bank(path: str | os.PathLike[str]) -> ReadResult:
    """Read a phrase bank file. Raises OSError if it cannot be opened and `FormatError` if it is no phrase bank."""
    file = Path(path)
    if file.stat().st_size > MAX_BYTES:
        raise FormatError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB")
    return parse_bank(file.read_bytes(), file.name)


def parse_bank(content: bytes, name: str) -> ReadResult:
    """The same for bytes that came under a file `name`; its extension matters only where the content leaves it open."""
    if len(content) > MAX_BYTES:
        raise FormatError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB")
    problems: list[Problem] = []
    rows = _rows(content, Path(name).suffix.lower(), problems)
    phrases: list[Phrase] = []
    seen: dict[str, tuple[int, Phrase]] = {}
    for number, record in rows:
        try:
            phrase = Phrase.from_json(record)
        except PhraseError as error:
            problems.append(Problem(number, error.column, error.reason))
            continue
        if phrase.id in seen:
            first, other = seen[phrase.id]
            same = (other.category, other.text) == (phrase.category, phrase.text)
            reason = f"与第 {first} 行重复" if same else f"编号 {phrase.id} 与第 {first} 行相同"
            problems.append(Problem(number, "text" if same else "id", reason))
            continue
        seen[phrase.id] = (number, phrase)
        phrases.append(phrase)
    if not phrases and not problems:
        raise FormatError("文件里没有话术")
    return ReadResult(tuple(phrases), tuple(sorted(problems, key=lambda problem: problem.row)))


def write_bank(path: str | os.PathLike[str], phrases: Iterable[Phrase]) -> None:
    """Write a phrase bank file, of the kind that its extension names; an existing file is replaced only by a whole one.

    What looks like a formula is written as text. Raises `FormatError` for an extension that we do not write, or a text that
    the format cannot hold, and OSError if it cannot be written.
    """
    file = Path(path)
    render = _WRITERS.get(file.suffix.lower())
    if render is None:
        raise FormatError(f"不支持写出 {file.suffix or '没有扩展名的文件'}，可用：{'、'.join(_WRITERS)}")
    content = render([phrase.to_json() for phrase in phrases])
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


# Reading


def _rows(content: bytes, suffix: str, problems: list[Problem]) -> Iterator[Row]:
    if content.startswith(b"PK\x03\x04"):
        return _tabled(_sheet_rows(content, problems), problems)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError("这是旧版 .xls（或加密的）工作簿，请另存为 .xlsx")
    if suffix == ".xlsx":
        raise FormatError("不是有效的 .xlsx 文件")
    text = decoded(content)
    if suffix in (".yaml", ".yml"):
        return _listed(load_yaml(text))
    if suffix == ".toml":
        return _listed(_load_toml(text))
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(text, problems)
    start = text.lstrip()[:1]
    if suffix == ".json" or (start and start in "[{" and suffix not in (".csv", ".tsv")):
        try:
            return _listed(orjson.loads(text))
        except orjson.JSONDecodeError as error:
            first_line = text.lstrip().split("\n", 1)[0].strip()
            if first_line.startswith("{") and first_line.endswith("}"):
                return _json_lines(text, problems)
            raise FormatError(f"JSON 第 {error.lineno} 行有误：{error.msg}") from None
    return _tabled(_csv_rows(text), problems)


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16 with a mark, in UTF-8 without one, or in GB18030 (GBK)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise FormatError("认不出文字编码，请存为 UTF-8")


def load_yaml(text: str) -> Any:
    """The one document of a YAML text. Raises `FormatError` if it is broken, nested too deeply, or uses aliases.

    Aliases let a small file grow without bound.
    """
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise FormatError(f"YAML 用了别名 *{event.anchor}，请写全")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise FormatError(f"YAML 嵌套超过 {MAX_DEPTH} 层")
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - the safe loader, in C where it is there
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark is not None else ""
        raise FormatError(f"YAML {where}有误：{getattr(error, 'problem', None) or error}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"YAML 有误：{error}") from None


def _load_toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormatError(f"TOML 有误：{error}") from None


def _json_lines(text: str, problems: list[Problem]) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            problems.append(Problem(number, "", f"不是 JSON：{error.msg}"))
            continue
        if not isinstance(record, dict):
            problems.append(Problem(number, "", "应为 JSON 对象"))
            continue
        yield number, renamed(record)


def _listed(document: Any) -> Iterator[Row]:
    """The records of a list, of `{"phrases": [...]}`, or of groups `{"category": …, "phrases": [...]}`, numbered from 1."""
    records = list(_records(document, {}))
    if not records:
        raise FormatError("没有找到话术：应为列表，或含 phrases 列表的对象")
    return iter([(number, record) for number, record in enumerate(records, start=1)])


def _records(document: Any, inherited: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        for item in document:
            if isinstance(item, str):
                yield {**inherited, "text": item}
            elif isinstance(item, dict) and isinstance(item.get("phrases"), list):
                yield from _records(item, inherited)
            else:
                yield (
                    {**inherited, **renamed(item)} if isinstance(item, dict) else {**inherited, "text": item}
                )
    elif isinstance(document, dict) and isinstance(document.get("phrases"), list):
        category = {"category": document["category"]} if document.get("category") else inherited
        yield from _records(document["phrases"], category)


def _tabled(rows: Iterable[tuple[int, Sequence[str]]], problems: list[Problem]) -> Iterator[Row]:
    """The records of a table: the header is the row, among the first ten, with most known names and one for the text."""
    table = [(number, list(cells)) for number, cells in rows]
    best, known = -1, 0
    for position, (_, cells) in enumerate(table[:HEADER_WITHIN]):
        names = {COLUMN_OF.get(header_name(cell)) for cell in cells} - {None}
        if "text" in names and len(names) > known:
            best, known = position, len(names)
    if best < 0:
        raise FormatError("没有找到表头：至少要有一列叫「内容」或 text")
    columns = columns_of(table[best][1])
    for number, cells in table[best + 1 :]:
        if not any(cell.strip() for cell in cells):
            continue
        beyond = [cell for cell in cells[len(columns) :] if cell]
        if beyond:
            problems.append(Problem(number, "", f"比表头多出 {len(beyond)} 个单元格"))
            continue
        yield number, _understood(from_cells(columns, cells), table[best][1])


def _understood(record: dict[str, Any], headers: Sequence[str]) -> dict[str, Any]:
    """懒人客服 writes `[and]` between keywords that must all occur, and `[or]` between wordings of a reply."""
    if "匹配关键词" not in [header_name(header) for header in headers]:
        return record
    if "keywords" in record:
        record["keywords"] = [re.sub(r"\s*\[and\]\s*", "&", keyword) for keyword in record["keywords"]]
    first, *others = (part.strip() for part in str(record.get("text", "")).split("[or]"))
    return {
        **record,
        "text": first,
        **({"variants": [*record.get("variants", ()), *others]} if others else {}),
    }


def _csv_rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    head = text[:4_000]
    delimiter = max(",\t;", key=head.count) if head else ","
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            _within_rows(number)
            yield number, [cell[1:] if _GUARDED.match(cell) else cell for cell in cells]
    except csv.Error as error:
        raise FormatError(f"CSV 第 {reader.line_num} 行有误：{error}") from None


def _sheet_rows(content: bytes, problems: list[Problem]) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows of the first sheet, after a look at the list of contents: a small file may claim to hold a giant one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise FormatError("不是有效的 .xlsx 文件") from None
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > min(
        MAX_UNPACKED, MAX_PACKED_RATIO * max(len(content), 10_000)
    ):
        raise FormatError("压缩包展开后过大，拒绝读取")
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
            _within_rows(number)
            formula = next((cell for cell in cells if cell.data_type == "f"), None)
            if formula is not None:
                problems.append(Problem(number, "", f"{formula.coordinate} 是公式，请粘贴为数值"))
                continue
            yield number, [_cell_text(cell.value) for cell in cells]
    except FormatError:
        raise
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        SyntaxError,
        OSError,
    ) as error:
        # openpyxl raises what its parsers raise; ParseError is a SyntaxError
        raise FormatError(f"工作簿读不了：{error}") from None


def _within_rows(number: int) -> None:
    if number > MAX_ROWS:
        raise FormatError(f"超过 {MAX_ROWS} 行")


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


# Writing


def _as_json_lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def _as_json(records: Sequence[Mapping[str, Any]]) -> bytes:
    return orjson.dumps(list(records), option=orjson.OPT_INDENT_2) + b"\n"


def _as_yaml(records: Sequence[Mapping[str, Any]]) -> bytes:
    text = yaml.dump(list(records), Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=110)
    return str(text).encode()


def _table(records: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    extra = dict.fromkeys(key for record in records for key in record if key not in COLUMNS)
    columns = [*COLUMNS, *extra]
    yield columns
    for record in records:
        yield [
            cell_of(column, record.get(column, () if column in LIST_COLUMNS else "")) for column in columns
        ]


def _as_csv(records: Sequence[Mapping[str, Any]]) -> bytes:
    # With the mark at its head, Excel takes the file for UTF-8.
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for cells in _table(records):
        writer.writerow(["'" + cell if _FORMULA.match(cell) else cell for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _as_workbook(records: Sequence[Mapping[str, Any]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("话术")
    for number, cells in enumerate(_table(records), start=1):
        row = []
        for text in cells:
            if len(text) > CELL_LENGTH:
                raise FormatError(f"第 {number} 行有一格超过 {CELL_LENGTH} 字，xlsx 放不下")
            try:
                cell = WriteOnlyCell(sheet, value=text)
            except IllegalCharacterError:
                raise FormatError(f"第 {number} 行有 xlsx 放不下的控制字符") from None
            cell.data_type = "s"  # never a formula
            row.append(cell)
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_WRITERS: Final = {
    ".jsonl": _as_json_lines,
    ".json": _as_json,
    ".csv": _as_csv,
    ".xlsx": _as_workbook,
    ".yaml": _as_yaml,
    ".yml": _as_yaml,
}
