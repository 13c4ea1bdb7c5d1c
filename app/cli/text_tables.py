"""Tables on a terminal, where a Chinese character is two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def aligned(rows: Sequence[Sequence[str]], *, left: int) -> Iterator[str]:
    """The rows as lines; the first `left` columns are flush left, the others flush right."""
    widths = [max(width(row[index]) for row in rows) for index in range(len(rows[0]))]
    for row in rows:
        cells = []
        for index, (cell, wide) in enumerate(zip(row, widths, strict=True)):
            space = " " * (wide - width(cell))
            cells.append(cell + space if index < left else space + cell)
        yield "  ".join(cells).rstrip()
