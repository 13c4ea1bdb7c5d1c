"""Forms with rows: fields named `day.0.date`, and the places in a document that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.core.faults import Fault

Fields = Mapping[str, Sequence[str]]
Row = dict[str, str]
"""The texts of a row's fields; under `n` its number in the form."""
SEPARATOR: Final = re.compile(r"[\s,，、;；]+")
NUMBER: Final = "n"


@dataclass(slots=True)
class Reading:
    """What a form says. `places` tell which field a place of the document came from; `faults` are by field."""

    document: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def take(self, found: Iterable[Fault]) -> None:
        """Put the document's faults beside their fields; one whose place has none goes to the whole form, under ""."""
        for fault in found:
            self.faults.setdefault(self._field_of(fault.where), fault.message)

    def _field_of(self, where: str) -> str:
        known = [
            place for place in self.places if where == place or where.startswith((f"{place}.", f"{place}["))
        ]
        return self.places[max(known, key=len)] if known else ""


def text_of(fields: Fields, name: str) -> str:
    """The first value of a field without space around it, line breaks as Unix has them."""
    return next(iter(fields.get(name, ())), "").replace("\r\n", "\n").strip()


def rows_of(fields: Fields, kind: str, columns: Sequence[str]) -> list[Row]:
    """The rows of a kind in which anything is written, in the order of their numbers."""
    pattern = re.compile(rf"{re.escape(kind)}\.(\d{{1,6}})\.({'|'.join(map(re.escape, columns))})", re.ASCII)
    found: dict[int, Row] = {}
    for name in fields:
        if (match := pattern.fullmatch(name)) is not None:
            found.setdefault(int(match[1]), {})[match[2]] = text_of(fields, name)
    return [
        {column: row.get(column, "") for column in columns} | {NUMBER: str(number)}
        for number, row in sorted(found.items())
        if any(row.values())
    ]


def numbered(rows: Iterable[Mapping[str, str]]) -> list[Row]:
    """Rows as a form shows them at first."""
    return [dict(row) | {NUMBER: str(number)} for number, row in enumerate(rows)]


def with_spare(rows: Sequence[Row], columns: Sequence[str], spare: int = 1) -> list[Row]:
    """The rows and some empty ones after them, to be written in."""
    first = max((int(row[NUMBER]) for row in rows), default=-1) + 1
    return [
        *rows,
        *(dict.fromkeys(columns, "") | {NUMBER: str(first + more)} for more in range(spare)),
    ]


def names_in(text: str) -> list[str]:
    """Names written one after the other, with 、 or commas or on lines of their own."""
    return [name for part in re.split(r"[\n,，、;；]+", text) if (name := part.strip())]


def number_in(text: str) -> Any:
    """The whole number, None for nothing, and the text itself if it is no number."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text
