"""A look into the archive that a workbook is, before it is opened: what must be refused, and what its reader does not tell."""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from openpyxl.utils import range_boundaries

from phrasebank.files.limits import MAX_ENTRIES, MAX_PACKED_RATIO, MAX_UNPACKED
from phrasebank.files.remarks import FormatError

MAX_MERGES: Final = 50_000
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ >/]")
_IMPOSSIBLE_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^>]{0,200}?\br=[\"'](\d{8,30})[\"']")
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell ref=[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']")
_DECLARED: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CHUNK: Final = 1 << 20
_HEAD: Final = 4_096
_OVERLAP: Final = 256
"""Bytes that are looked at again with the next chunk; more than any of the patterns needs."""

Merges = dict[int, dict[int, int]]
"""By first row, the columns whose cell there is merged with those below it, and the last row of each; all from 1."""


@dataclass(slots=True)
class Glance:
    """Whether a formula stands in any sheet, and by the name of a sheet's file which of its cells are merged downwards."""

    calculates: bool = False
    merges: dict[str, Merges] = field(default_factory=dict)


def glance_into(content: bytes) -> Glance:
    """Look through a workbook. Raises `FormatError` for what is none, claims to be a giant, or holds what none should."""
    glance = Glance()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _refuse_others(entries, len(content))
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    _refuse_declarations(archive, entry)
                if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                    _look_through(archive, entry, glance)
    except FormatError:
        raise
    except Exception:  # zipfile and zlib raise what they raise for a damaged archive
        raise FormatError("不是有效的 .xlsx 文件，可能没有下载完；请重新导出") from None
    return glance


def _refuse_others(entries: Sequence[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > min(MAX_UNPACKED, MAX_PACKED_RATIO * max(packed, 10_000)):
        raise FormatError("压缩包展开后过大，拒绝读取")
    if not any(entry.filename.startswith("xl/") for entry in entries):
        raise FormatError("这个压缩包不是 .xlsx 工作簿；请先解压，或用 Excel 另存为 .xlsx")


def _refuse_declarations(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    # The parser refuses them too, wherever they stand and in whatever encoding; here the file can be named.
    with archive.open(entry) as part:
        if _DECLARED.search(part.read(_HEAD)):
            raise FormatError(f"工作簿的 {entry.filename} 里声明了 XML 实体，拒绝读取；请用 Excel 另存一次")


def _look_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, glance: Glance) -> None:
    before = b""
    merges: Merges = defaultdict(dict)
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            text = before + chunk
            glance.calculates = glance.calculates or _FORMULA.search(text) is not None
            if row := _IMPOSSIBLE_ROW.search(text):
                # The reader would fill up all the rows before it.
                raise FormatError(f"{entry.filename} 第 {int(row[1])} 行超出工作簿的末行，文件已损坏")
            for found in _MERGED.finditer(text):
                column, first, last_column, last = range_boundaries(found[1].decode())
                if column == last_column and first is not None and last is not None and column is not None:
                    merges[first][column] = last
            if len(merges) > MAX_MERGES:
                raise FormatError(f"{entry.filename} 有超过 {MAX_MERGES} 处合并单元格；请取消合并再导入")
            before = chunk[-_OVERLAP:]
    if merges:
        glance.merges[entry.filename] = merges
