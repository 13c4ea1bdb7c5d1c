"""Cut a file into the texts that would go out, each with the place where it stands.

Pure: takes the file's name and bytes. In tables and data files the columns and keys of a phrase bank that are not
sent to anybody (`examples` are the buyer's words, `keywords`, `id` …) are left out.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
import yaml


class UnreadableError(ValueError):
    """A file that is not what its name says; `str()` tells what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One text. `line` and `column` (code points) count from 1; a worksheet has `sheet` and `cell` instead."""

    text: str
    line: int | None = None
    column: int | None = None
    sheet: str | None = None
    cell: str | None = None

    def place(self) -> dict[str, Any]:
        """The keys of the command-line contract that say where the text stands."""
        if self.cell is not None:
            return {"sheet": self.sheet, "cell": self.cell}
        return {"line": self.line, "column": self.column}


# Columns and keys whose content is sent to the buyer, and those that are not.
_SENT: Final = {
    "text", "title", "variants", "content", "reply", "answer", "message", "template", "body",
    "话术", "话术内容", "内容", "回复", "回复内容", "快捷短语", "快捷回复", "短语", "答案", "文案", "标题", "模板", "正文", "客服话术",
}  # fmt: skip
_UNSENT: Final = {
    "id", "category", "order", "keywords", "not_keywords", "examples", "code", "platforms", "owner",
    "分类", "类目", "一级分类", "二级分类", "分组", "编码", "快捷编码", "排序", "关键词", "排除词", "例句", "买家问法", "平台", "归属", "编号",
}  # fmt: skip


def decode(data: bytes) -> str:
    """Text of a file in UTF-8 (with or without a mark), UTF-16 with a mark, or else GB 18030."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnreadableError("编码既不是 UTF-8 也不是 GB 18030，请另存为 UTF-8") from error


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        yield number, line.removesuffix("\r")


def _from_text(data: bytes) -> Iterator[Unit]:
    for number, line in _lines(decode(data)):
        if line.strip():
            yield Unit(line, number, 1)


_MARKUP: Final = re.compile(r"\s*(?:#{1,6}\s+|>\s?|[-*+]\s+(?:\[[ xX]\]\s+)?|\d{1,9}[.)]\s+)*")


def _from_markdown(data: bytes) -> Iterator[Unit]:
    """Lines of prose without their markers; code blocks, front matter, comments and table rules are left out."""
    fence: str | None = None
    front = False
    for number, line in _lines(decode(data)):
        bare = line.strip()
        if number == 1 and bare == "---":
            front = True
            continue
        if front:
            front = bare not in ("---", "...")
            continue
        opener = re.match(r"(`{3,}|~{3,})", bare)
        if fence is not None:
            if opener and bare.startswith(fence):
                fence = None
            continue
        if opener:
            fence = opener.group(1)
            continue
        if not bare or re.fullmatch(r"[|:\-\s=*_]+", bare) or bare.startswith("<!--"):
            continue
        if bare.startswith("|"):
            for cell in re.finditer(r"[^|]+", line):
                if cell.group().strip():
                    lead = len(cell.group()) - len(cell.group().lstrip())
                    yield Unit(cell.group().strip(), number, cell.start() + lead + 1)
            continue
        marker = _MARKUP.match(line)
        start = marker.end() if marker else 0
        if line[start:].strip():
            yield Unit(line[start:].rstrip(), number, start + 1)


def _cells(text: str, delimiter: str) -> Iterator[list[Unit]]:
    """Rows of delimited text (RFC 4180), each cell with the line and column where its content starts."""
    row: list[Unit] = []
    at, line, line_start = 0, 1, 0
    size = len(text)
    while at <= size:
        quoted = at < size and text[at] == '"'
        start = at + 1 if quoted else at
        start_line, start_column = line, start - line_start + 1
        if quoted:
            parts: list[str] = []
            at = start
            while True:
                end = text.find('"', at)
                if end < 0:
                    end = size
                parts.append(text[at:end])
                if text[end + 1 : end + 2] == '"' and end < size:
                    parts.append('"')
                    at = end + 2
                    continue
                at = min(end + 1, size)
                break
            value = "".join(parts)
            newline = text.rfind("\n", start, at)
            if newline >= 0:
                line += text.count("\n", start, at)
                line_start = newline + 1
        else:
            value = ""
        stops = [stop for stop in (text.find(delimiter, at), text.find("\n", at)) if stop >= 0]
        end = min(stops, default=size)
        value += text[at:end].rstrip("\r") if not quoted else ""
        row.append(Unit(value, start_line, start_column))
        at = end + 1
        if end >= size or text[end] == "\n":
            if any(cell.text for cell in row):
                yield row
            row = []
            line += 1
            line_start = at
            if end >= size:
                return


def _sent_columns(header: list[str]) -> list[int] | None:
    """Indices of the columns that are sent, or None if the row is no header."""
    names = [name.strip().lower() for name in header]
    sent = [index for index, name in enumerate(names) if name in _SENT]
    if sent:
        return sent
    if any(name in _UNSENT for name in names):
        return [index for index, name in enumerate(names) if name and name not in _UNSENT]
    return None


def _from_delimited(data: bytes, delimiter: str) -> Iterator[Unit]:
    text = decode(data)
    if delimiter == ",":
        first = text.split("\n", 1)[0]
        delimiter = max(",\t;", key=first.count) if any(mark in first for mark in ",\t;") else ","
    columns: list[int] | None = None
    for index, row in enumerate(_cells(text, delimiter)):
        if index == 0:
            columns = _sent_columns([cell.text for cell in row])
            if columns is not None:
                continue
        for position, cell in enumerate(row):
            if cell.text.strip() and (columns is None or position in columns):
                yield cell


def _from_workbook(data: bytes) -> Iterator[Unit]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise UnreadableError("不是可读的 xlsx 工作簿，请用 Excel 另存一次") from error
    try:
        for sheet in book.worksheets:
            columns: list[int] | None = None
            for number, row in enumerate(sheet.iter_rows(), start=1):
                if number == 1:
                    columns = _sent_columns(["" if c.value is None else str(c.value) for c in row])
                    if columns is not None:
                        continue
                for position, cell in enumerate(row):
                    if (
                        isinstance(cell.value, str)
                        and cell.value.strip()
                        and (columns is None or position in columns)
                    ):
                        yield Unit(cell.value, sheet=sheet.title, cell=cell.coordinate)
    finally:
        book.close()


_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')


def _from_json(data: bytes) -> Iterator[Unit]:
    text = decode(data)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(f"第 {error.lineno} 行不是合法的 JSON：{error.msg}") from error
    yield from _json_strings(text, 1)


def _from_jsonl(data: bytes) -> Iterator[Unit]:
    for number, line in _lines(decode(data)):
        if not line.strip():
            continue
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UnreadableError(f"第 {number} 行不是合法的 JSON：{error.msg}") from error
        yield from _json_strings(line, number)


def _json_strings(text: str, first_line: int) -> Iterator[Unit]:
    """Every string value of a valid JSON text that stands under no unsent key."""
    keys: list[str | None] = []
    key: str | None = None
    held: re.Match[str] | None = None

    def value(token: re.Match[str]) -> Iterator[Unit]:
        if not any(name in _UNSENT for name in (*keys, key) if name is not None):
            decoded = orjson.loads(token.group())
            if decoded.strip():
                newline = text.rfind("\n", 0, token.start())
                yield Unit(
                    decoded,
                    first_line + text.count("\n", 0, token.start()),
                    token.start() + 1 - newline if newline >= 0 else token.start() + 2,
                )

    for token in _JSON_TOKEN.finditer(text):
        mark = token.group()
        if mark[0] == '"':
            held = token
        elif mark == ":" and held is not None:
            key, held = orjson.loads(held.group()).lower(), None
        else:
            if held is not None:
                yield from value(held)
                held = None
            if mark in "{[":
                keys.append(key)
                key = None
            elif mark in "}]" and keys:
                keys.pop()
                key = None
            else:
                key = None
    if held is not None:
        yield from value(held)


def _from_yaml(data: bytes) -> Iterator[Unit]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for document in yaml.compose_all(decode(data), Loader=loader):
            if document is not None:
                yield from _yaml_strings(document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableError(f"第 {mark.line + 1 if mark else 1} 行不是合法的 YAML") from error


def _yaml_strings(root: Any) -> Iterator[Unit]:
    stack: list[Any] = [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:  # an alias: already read at its anchor
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            stack.extend(
                value
                for name, value in reversed(node.value)
                if not (isinstance(name, yaml.ScalarNode) and name.value.lower() in _UNSENT)
            )
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(reversed(node.value))
        elif node.tag == "tag:yaml.org,2002:str" and node.value.strip():
            shift = 1 if node.style in ('"', "'") else 0
            yield Unit(node.value, node.start_mark.line + 1, node.start_mark.column + 1 + shift)


def _from_toml(data: bytes) -> Iterator[Unit]:
    text = decode(data)
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"不是合法的 TOML：{error}") from error
    at = 0
    for value in _toml_strings(root):
        # The parser gives no places, but values come in the order of the file.
        first = value.lstrip("\n").split("\n", 1)[0]
        found = text.find(first, at)
        if found < 0:
            found = text.find(first)
        if found >= 0:
            at = found + len(first)
        start = max(found, 0)
        yield Unit(value, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))


def _toml_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name.lower() not in _UNSENT:
                yield from _toml_strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _toml_strings(item)


READERS: Final[dict[str, Callable[[bytes], Iterator[Unit]]]] = {
    ".txt": _from_text,
    ".md": _from_markdown,
    ".markdown": _from_markdown,
    ".csv": lambda data: _from_delimited(data, ","),
    ".tsv": lambda data: _from_delimited(data, "\t"),
    ".xlsx": _from_workbook,
    ".json": _from_json,
    ".jsonl": _from_jsonl,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
    ".toml": _from_toml,
}


def read_units(name: str, data: bytes) -> Iterator[Unit]:
    """The texts of a file, in order. A name with an unknown ending is read as plain text. Raises UnreadableError."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    yield from READERS.get(ending, _from_text)(data)


def unescape(line: str) -> str:
    r"""A line of standard input as its text: `\n` is a line break, `\\` a backslash, anything else as it is."""
    return re.sub(r"\\([n\\])", lambda found: "\n" if found.group(1) == "n" else "\\", line)
