"""Cut a file into the texts that would go out, each with the place where it stands.

Pure: takes the file's name and bytes. In tables and data files the columns and keys of a phrase bank that are not
sent to anybody (`examples` are the buyer's words, `keywords`, `id` …) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lint.document import UnreadableError
from lint.read_json import read_json, read_json_lines
from lint.read_lines import read_markdown, read_text
from lint.read_tables import read_comma, read_tab, read_workbook
from lint.read_toml import read_toml
from lint.read_yaml import read_yaml
from lint.unit import Contents, Unit

__all__ = ["READERS", "Contents", "Unit", "UnreadableError", "read_file", "standard_input_unit"]

READERS: Final[dict[str, Callable[[bytes], Contents]]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".csv": read_comma,
    ".tsv": read_tab,
    ".xlsx": read_workbook,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": read_toml,
}


def read_file(name: str, data: bytes) -> Contents:
    """The texts of a file, in order. A name with an unknown ending is read as plain text. Raises UnreadableError."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    return READERS.get(ending, read_text)(data)


_LETTER: Final = re.compile(r"\\[n\\]|.", re.DOTALL)


def standard_input_unit(line: str, number: int) -> Unit:
    r"""A line of standard input as a text: `\n` is a line break, `\\` a backslash, anything else as it is."""
    if "\\" not in line:
        return Unit(line, number, 1)
    letters: list[str] = []
    origin: list[int] = []
    for found in _LETTER.finditer(line):
        mark = found.group()
        letters.append("\n" if mark == "\\n" else mark[-1])
        origin.append(found.start())
    return Unit("".join(letters), number, 1, origin=[*origin, len(line)])
