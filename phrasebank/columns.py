"""The names that columns have in the files people bring, and how a cell holds a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from phrasebank.folding import levelled
from phrasebank.phrase import COLUMNS, LIST_COLUMNS

_SYNONYMS: Final[dict[str, str]] = {
    "id": "id|编号|话术编号|phrase_id|phraseid",
    "text": "text|内容|回复内容|话术|话术内容|快捷短语|短语|短语内容|回复|答案|回答|关键词内容|替换内容|自动回复内容|话术文本|回复话术|回复文案|文本|正文"
    "|快捷回复|模板内容|消息内容|content|body|reply|answer|コンテンツ|내용",
    "category": "category|分组|分类|类别|组|分组名称|分类名称|话术分组|group|groups|目录|文件夹|folder|intent|类型|type|types|タイプ|유형",
    "order": "order|排序|顺序|序号|sort",
    "title": "title|标题|名称|主题|name|subject",
    "keywords": "keywords|关键词|匹配关键词|关键字|触发词|触发关键词|keyword|标签|tags|tag|タグ|태그",
    "not_keywords": "not_keywords|排除词|排除关键词|不含关键词|否定词|exclude",
    "examples": "examples|例句|例问|问法|相似问|相似问法|相似问题|问题|买家问题|用户问题|标准问|标准问题|question|questions|query",
    "code": "code|快捷编码|编码|快捷码|短码|快捷键|shortcut",
    "platforms": "platforms|平台|适用平台|platform",
    "owner": "owner|归属|所有者",
    "variants": "variants|变体|备选|备选话术|其他说法",
    "not_examples": "not_examples|反例|不适用的问法|不回答的问法",
    "items": "items|商品id|适用商品|商品编号|宝贝id|item_id|item_ids|item|product_id|sku",
    "images": "images|图片|图片名|图片地址|图片链接|图片url|配图|image|image_url|picture",
    "valid_from": "valid_from|生效日期|开始日期|生效时间|有效期起",
    "valid_until": "valid_until|失效日期|结束日期|截止日期|到期日期|失效时间|有效期止",
    "state": "state|状态|话术状态|审核状态|启用状态|是否启用|启用|enabled",
}
"""For each column its names, the more telling first: of two headers that mean the same, the more telling one has the column."""

_SPLIT: Final = re.compile(r"[|\n]")
_SPLIT_WORDS: Final = re.compile(r"[|\n,，、;；]")
_WORD_COLUMNS: Final = frozenset({"keywords", "not_keywords", "platforms", "items"})
"""Lists of words; the others are lists of sentences and addresses, in which a comma is a comma."""
_NOTE: Final = re.compile(r"\(.*?\)|[*:\s]")


@lru_cache(maxsize=4_096)
def header_name(header: str) -> str:
    """A header in simplified script without case, spaces, stars and notes in brackets: `內容（必填）` is `内容`."""
    return _NOTE.sub("", levelled(header))


_RANKED: Final[dict[str, tuple[str, int]]] = {
    header_name(name): (column, rank)
    for column, names in _SYNONYMS.items()
    for rank, name in enumerate(names.split("|"))
}


class MappingError(ValueError):
    """A mapping of columns that cannot be; the message says why, in Chinese."""


def mapping_of(pairs: Iterable[str]) -> dict[str, str]:
    """The mapping that `NAME=column` pairs give. Raises `MappingError` for one that is none, or a name that stands twice."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, sign, column = pair.rpartition("=")
        if not sign or not name.strip():
            raise MappingError(f"「{pair}」应写成 列名=字段，例如 应答语=text")
        if header_name(name) in map(header_name, mapping):
            raise MappingError(f"列「{name}」给了两次")
        mapping[name.strip()] = column.strip()
    return mapping


class ColumnNames:
    """What the headers of one file mean: the names that everybody uses, and the `mapping` that came with this file.

    `mapping` is from a header to one of our columns; to "" if the header is to stay an unknown column.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._mapping: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._found: dict[tuple[str, ...], list[str]] = {}
        for name, column in (mapping or {}).items():
            if column and column not in COLUMNS:
                raise MappingError(
                    f"「{name}={column}」不行：没有 {column} 这一列，可用：{'、'.join(COLUMNS)}"
                )
            self._mapping[header_name(name)] = column
            self._given[header_name(name)] = name

    def column_of(self, header: str) -> str | None:
        """The column that a header means, if it stood alone; None for an unknown one."""
        return self._ranked(header)[0]

    def known_in(self, headers: Sequence[str]) -> set[str]:
        """The columns that these headers name."""
        return {column for header in headers if (column := self.column_of(header)) is not None}

    def columns_of(self, headers: Sequence[str]) -> list[str]:
        """The column that each header stands for; an unknown header stands for itself, an empty one for ''.

        Of two headers that mean the same column the more telling has it, else the first; the other stands for itself. No
        two headers get the same name.
        """
        key = tuple(headers)
        if key not in self._found:
            if len(self._found) > 1_000:  # records of a list may each have keys of their own
                self._found.clear()
            self._found[key] = self._decided(key)
        return self._found[key]

    def renamed(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record of JSON, YAML or TOML with its keys named as our columns; unknown keys stay just as they are."""
        keys = [str(key) for key in record]
        return {
            column if column in COLUMNS or key in COLUMNS else key: value
            for key, column, value in zip(keys, self.columns_of(keys), record.values(), strict=True)
        }

    def unused(self) -> list[str]:
        """The names of the mapping that no header of the file bore."""
        met = {header_name(header) for headers in self._found for header in headers}
        return [given for name, given in self._given.items() if name not in met]

    def met(self) -> dict[str, str]:
        """The headers that the file bore, each with our column that it stands for, or "" where it is an unknown one."""
        return {
            header: column if column in COLUMNS else ""
            for headers, columns in self._found.items()
            for header, column in zip(headers, columns, strict=True)
            if header.strip()
        }

    def _ranked(self, header: str) -> tuple[str | None, int]:
        name = header_name(header)
        if name in self._mapping:
            return self._mapping[name] or None, -1
        return _RANKED.get(name, (None, 0))

    def _decided(self, headers: Sequence[str]) -> list[str]:
        ranked = [self._ranked(header) for header in headers]
        holders: dict[str, int] = {}
        for place, (column, rank) in enumerate(ranked):
            if column is not None and (column not in holders or rank < ranked[holders[column]][1]):
                holders[column] = place
        taken = set(COLUMNS)
        columns: list[str] = []
        for place, (header, (column, _)) in enumerate(zip(headers, ranked, strict=True)):
            if column is not None and holders[column] == place:
                columns.append(column)
                continue
            name = unique = header.strip()
            number = 2
            while unique in taken:
                unique = f"{name} {number}"
                number += 1
            if unique:
                taken.add(unique)
            columns.append(unique)
        return columns


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


def with_lists(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the lists that were written as one text taken apart."""
    return {
        column: listed(column, value) if column in LIST_COLUMNS and isinstance(value, str) else value
        for column, value in record.items()
    }


def cell_of(column: str, value: Any) -> str:
    """A value as the text of a cell, such that `listed` gives a list back."""
    if column in LIST_COLUMNS:
        texts = list(value)
        plain = "|".join(texts)
        return plain if listed(column, plain) == texts else orjson.dumps(texts).decode()
    return value if isinstance(value, str) else str(value)
