"""Views of a text that make evasive spellings equal, each with its way back to the original.

*plain*: half width, lower case, simplified, digits of every shape (also 一 and 壹) as ASCII. Nothing is dropped.
*tight*: the plain view without noise (spaces, symbols, punctuation, emoji, zero-width and combining characters).
Digits are read before noise is dropped, so TOP① keeps its number.

Both are one `str.translate` with a table that `tools/build_lint_tables.py` made. The way back is built only when
something was found.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

import orjson


def load_table(name: str) -> dict[str, Any]:
    """A committed JSON table of `lint/tables`."""
    table = orjson.loads(resources.files("lint").joinpath("tables", name).read_bytes())
    assert isinstance(table, dict)
    return table


_RAW: Final = load_table("folding.json")

PLAIN: Final[dict[int, str]] = {
    **{ord(a): b for a, b in zip(_RAW["from"], _RAW["to"], strict=True)},
    **{ord(a): b for a, b in _RAW["expand"].items()},
    # Lone surrogates cannot be written as UTF-8, which the automata need.
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_NOISE: Final = frozenset(
    code
    for low, high in [*_RAW["noise"], [0xD800, 0xF8FF], [0xFFFD, 0xFFFD], [0xE0000, 0xE0FFF]]
    for code in range(low, high + 1)
) | frozenset(map(ord, _RAW["noise_letters"]))
TIGHT: Final[dict[int, str]] = {**PLAIN, **dict.fromkeys(_NOISE, "")}
# Punctuation that ends or joins clauses. A word split by it is suspicious only under stricter conditions.
STRONG_BREAKS: Final = frozenset(_RAW["strong_breaks"])


# For patterns: noise is dropped, but what ends a clause stays, as a comma.
CLAUSES: Final[dict[int, str]] = {**TIGHT, **dict.fromkeys(map(ord, STRONG_BREAKS), ",")}


def is_noise(char: str) -> bool:
    """Whether the tight view drops this character."""
    return ord(char) in _NOISE


@dataclass(slots=True)
class View:
    """A folded text. `span(i, j)` gives the half-open code points of the original that became `text[i:j]`."""

    source: str
    text: str
    table: dict[int, str]
    _origin: Sequence[int] = field(default=(), repr=False)

    @property
    def origin(self) -> Sequence[int]:
        """For each character of the view, the index of the original character that it came from."""
        if not self._origin:
            if self.table is PLAIN and len(self.text) == len(self.source):
                self._origin = range(len(self.source))
            else:
                get = self.table.get
                self._origin = [index for index, char in enumerate(self.source) for _ in get(ord(char), char)]
        return self._origin

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original half-open span of `text[start:end]`, which must not be empty; trailing marks are taken in."""
        first, last = self.origin[start], self.origin[end - 1] + 1
        while last < len(self.source) and _is_attached(self.source[last]):
            last += 1
        return first, last


def _is_attached(char: str) -> bool:
    """Combining marks, variation selectors and keycap frames belong to the character before them."""
    return char > "\u02ff" and (unicodedata.category(char) in {"Mn", "Me"})


def plain(text: str) -> View:
    """The plain view."""
    return View(text, text.translate(PLAIN), PLAIN)


def clauses(text: str) -> View:
    """The tight view with every clause break kept as a comma, for patterns that must not reach over it."""
    return View(text, text.translate(CLAUSES), CLAUSES)


def tight(text: str) -> View:
    """The plain view without noise."""
    return View(text, text.translate(TIGHT), TIGHT)


@functools.lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """A rule's word as it stands in the tight view."""
    return word.translate(TIGHT)
