"""Which format a text is in, told by what it holds. Its name is asked only where the content leaves it open."""

from __future__ import annotations

import re
from typing import Final, Literal

from phrasebank.columns import ColumnNames
from phrasebank.files.delimited import best_delimiter
from phrasebank.files.remarks import FormatError
from phrasebank.files.trees import load_json

Kind = Literal["json", "jsonl", "yaml", "toml", "table"]

_BY_NAME: Final[dict[str, Kind]] = {
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml",
    ".csv": "table", ".tsv": "table", ".txt": "table",
}  # fmt: skip
_TOML_TABLE: Final = re.compile(r"\[{1,2}[\w.\-\" ]+\]{1,2}\s*(#.*)?")
_TOML_PAIR: Final = re.compile(r"(?:[A-Za-z0-9_.-]+|\"[^\"]*\"|'[^']*')\s*=")
_YAML_ENTRY: Final = re.compile(
    r"---(\s|$)|%YAML|-(\s|$)|[^\s,;\t\"'|&*!>{\[][^,;\t]*?:(\s|$)|\"[^\"]*\":(\s|$)"
)
_YAML_RECORD: Final = re.compile(r"- [A-Za-z_]+:(\s|$)")
"""How a list of records begins, ours among them. No table does, though a line of it (`text: ()`) may read like a header."""
_MARKUP: Final = re.compile(r"<(?:!doctype|\?xml|html|table|meta|head|body|!--)", re.IGNORECASE)


def kind_of(text: str, suffix: str, names: ColumnNames) -> Kind:
    """The format of `text`, whose file is named with `suffix` (lower case, with its dot). Raises `FormatError` for none."""
    if not text.strip():
        raise FormatError("文件是空的")
    start = text.lstrip()
    if _MARKUP.match(start):
        raise FormatError("这是网页或 XML，不是话术表；请用 Excel 打开后另存为 .xlsx")
    named = _BY_NAME.get(suffix)
    first = _first_line(start)
    if first[:1] == "{":
        return _json_or_lines(start, named)
    if first[:1] == "[":
        if _TOML_TABLE.fullmatch(first) and not _is_json(start):
            return "toml"
        return named if named in ("yaml", "table") and not _is_json(start) else "json"
    entry = _YAML_ENTRY.match(first) if named == "yaml" else _YAML_RECORD.match(first)
    if best_delimiter(text, names) is not None and not entry:
        return "table"
    if _TOML_PAIR.match(first):
        return "toml"
    if _YAML_ENTRY.match(first):
        return "yaml"
    return named or "table"


def _json_or_lines(start: str, named: Kind | None) -> Kind:
    """An object, or one a line. A first line that is an object on its own has another below it only in JSON Lines."""
    if named in ("yaml", "table") and not _is_json(_first_line(start)) and not _is_json(start):
        return named
    lines = [line for line in start.split("\n", 20)[:20] if line.strip()]
    if len(lines) == 1:
        return "json" if named != "jsonl" else "jsonl"
    if named == "jsonl" and not _is_json(start):
        return "jsonl"
    # Of the first lines one may be broken; a document spread over lines has none that is an object to itself at its margin.
    whole = sum(line.startswith("{") and line.rstrip().endswith("}") for line in lines)
    return "jsonl" if whole * 2 > len(lines) else "json"


def _is_json(text: str) -> bool:
    try:
        load_json(text)
    except FormatError:
        return False
    return True


def _first_line(text: str) -> str:
    """The first line that is no comment and not blank."""
    for line in text.split("\n", 200)[:200]:
        if line.strip() and not line.lstrip().startswith("#"):
            return line.strip()
    return ""
