"""The names that columns have in the files people bring, and how a cell holds a list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from phrasebank.phrase import LIST_COLUMNS

_SYNONYMS: Final[dict[str, str]] = {
    "id": "id|编号|话术编号|phrase_id",
    "text": "text|内容|回复内容|话术|话术内容|快捷短语|短语|短语内容|回复|答案|回答|关键词内容|替换内容|自动回复内容|文本|正文|content|body|reply|answer",
    "category": "category|分组|分类|类别|组|分组名称|分类名称|话术分组|类型|group|groups|目录|文件夹|folder",
    "order": "order|排序|顺序|sort",
    "title": "title|标题|名称|主题|name|subject",
    "keywords": "keywords|关键词|匹配关键词|关键字|触发词|触发关键词|标签|tags|keyword",
    "not_keywords": "not_keywords|排除词|排除关键词|不含关键词|否定词|exclude",
    "examples": "examples|例句|例问|问法|相似问|相似问法|相似问题|问题|买家问题|用户问题|标准问|标准问题|question|questions|query",
    "code": "code|快捷编码|编码|快捷码|短码|快捷键|shortcut",
    "platforms": "platforms|平台|适用平台|platform",
    "owner": "owner|归属|所有者",
    "variants": "variants|变体|备选|备选话术|其他说法",
}
COLUMN_OF: Final = {name: column for column, names in _SYNONYMS.items() for name in names.split("|")}
"""The column meant by a header, once it went through `header_name`."""

_SPLIT: Final = re.compile(r"[|\n]")
_SPLIT_WORDS: Final = re.compile(r"[|\n,，、;；]")
_WORD_COLUMNS: Final = frozenset({"keywords", "not_keywords", "platforms"})
"""Lists of words; the others are lists of sentences, in which a comma is a comma."""
_NOTE: Final = re.compile(r"[（(].*?[)）]|[*＊:：\s]")


def header_name(header: object) -> str:
    """A header without case, spaces, stars and notes in brackets: `内容（必填）` is `内容`."""
    return _NOTE.sub("", str(header if header is not None else "")).lower()


def columns_of(headers: Sequence[object]) -> list[str]:
    """The column that each header stands for; an unknown header stands for itself, an empty one for ''.

    If two headers mean the same column, the first has it and the second stands for itself.
    """
    columns: list[str] = []
    for header in headers:
        column = COLUMN_OF.get(header_name(header))
        if column is None or column in columns:
            column = str(header).strip() if header is not None else ""
        columns.append(column)
    return columns


def renamed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of JSON, YAML or TOML with its keys named as our columns."""
    return dict(zip(columns_of(list(record)), record.values(), strict=True))


def listed(column: str, cell: str) -> list[str]:
    """The list in a cell: a JSON array, or texts divided by `|` or line breaks; words also by commas."""
    if cell.lstrip().startswith("["):
        try:
            value = orjson.loads(cell)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, list):
            return [item if isinstance(item, str) else orjson.dumps(item).decode() for item in value]
    pieces = (_SPLIT_WORDS if column in _WORD_COLUMNS else _SPLIT).split(cell)
    return [piece.strip() for piece in pieces if piece.strip()]


def cell_of(column: str, value: Any) -> str:
    """A value as the text of a cell, such that `listed` and `from_cells` give it back."""
    if column in LIST_COLUMNS:
        texts = list(value)
        plain = "|".join(texts)
        return plain if listed(column, plain) == texts else orjson.dumps(texts).decode()
    if isinstance(value, str):
        return value
    return str(value) if column == "order" else orjson.dumps(value).decode()


def from_cells(columns: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """The record of a row of cells. Empty cells, and cells without a header, are left out."""
    record: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        if not column or not cell:
            continue
        record[column] = listed(column, cell) if column in LIST_COLUMNS else cell
    return record
