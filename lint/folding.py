"""Views of a text that make evasive spellings equal, each with its way back to the original.

*raw*: as it was written, but for lone surrogates.
*plain*: half width, lower case, simplified, digits of every shape (also 一 and 壹) as ASCII. Nothing is dropped.
*tight*: the plain view without noise (spaces, symbols, punctuation, emoji, zero-width and combining characters).
*clauses*: the tight view with every clause break kept as a comma, for patterns that must not reach over it.
Digits are read before noise is dropped, so TOP① keeps its number.

Each is one `str.translate` with a table that `tools/build_lint_tables.py` made, or for much text one lookup in an
array. The way back is built only when something was found.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, Final, Literal

import numpy as np
import orjson


def load_table(name: str) -> dict[str, Any]:
    """A committed JSON table of `lint/tables`."""
    table = orjson.loads(resources.files("lint").joinpath("tables", name).read_bytes())
    assert isinstance(table, dict)
    return table


_RAW: Final = load_table("folding.json")

# Lone surrogates cannot be written as UTF-8, which the automata and patterns need.
RAW: Final[dict[int, str]] = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
PLAIN: Final[dict[int, str]] = {
    **{ord(a): b for a, b in zip(_RAW["from"], _RAW["to"], strict=True)},
    **{ord(a): b for a, b in _RAW["expand"].items()},
    **RAW,
}
_NOISE: Final = frozenset(
    code
    for low, high in [
        *_RAW["noise"],
        [0xD800, 0xF8FF],
        [0xFFFD, 0xFFFF],
        [0xE0000, 0xE0FFF],
        [0xF0000, 0x10FFFF],
    ]
    for code in range(low, high + 1)
) | frozenset(map(ord, _RAW["noise_letters"]))
TIGHT: Final[dict[int, str]] = {
    **{
        code: to if len(to) == 1 else "".join(c for c in to if ord(c) not in _NOISE)
        for code, to in PLAIN.items()
    },
    **dict.fromkeys(_NOISE, ""),
}
# Punctuation that ends or joins clauses. A word split by it is suspicious only under stricter conditions.
STRONG_BREAKS: Final = frozenset(_RAW["strong_breaks"])
CLAUSES: Final[dict[int, str]] = {**TIGHT, **dict.fromkeys(map(ord, STRONG_BREAKS), ",")}


ViewName = Literal["raw", "plain", "tight", "clauses"]
TABLES: Final[dict[ViewName, dict[int, str]]] = {
    "raw": RAW,
    "plain": PLAIN,
    "tight": TIGHT,
    "clauses": CLAUSES,
}
Codes = np.ndarray[Any, np.dtype[np.uint32]]
"""Code points, one an element."""
# Parts texts that are joined. It is noise where it stands in a text, so no word has it and none reaches over it.
PART: Final = 0x10FFFF
# In the arrays: a character that is dropped, and one that becomes several.
DROPPED: Final = 0x110000
SEVERAL: Final = 0x110001


def is_noise(char: str) -> bool:
    """Whether the tight view drops this character."""
    return ord(char) in _NOISE


def fold(text: str, view: ViewName) -> str:
    """A text in a view."""
    return text.translate(TABLES[view])


@functools.lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """A rule's word as it stands in the tight view."""
    return fold(word, "tight")


def array_of(table: dict[int, str]) -> Codes:
    """A table as an array over all code points; what it does not hold stays."""
    codes = np.arange(0x110000, dtype=np.uint32)
    codes[list(table)] = [ord(to) if len(to) == 1 else SEVERAL if to else DROPPED for to in table.values()]
    return codes


@functools.cache
def folding_array(view: ViewName) -> Codes:
    """The table of a view as an array."""
    return array_of(TABLES[view])


@functools.cache
def _changing(view: ViewName) -> tuple[frozenset[str], frozenset[str]]:
    """The characters that a view drops, and those that become more than one."""
    table = TABLES[view]
    return (
        frozenset(chr(code) for code, to in table.items() if not to),
        frozenset(chr(code) for code, to in table.items() if len(to) > 1),
    )


def coded(text: str) -> Codes:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def decoded(codes: Codes) -> str:
    """The text of code points that are no surrogates."""
    return codes.tobytes().decode("utf-32-le")


class View:
    """A folded text. `span(i, j)` gives the half-open code points of the original that became `text[i:j]`."""

    __slots__ = ("_name", "_origin", "_way_back", "source", "text")

    def __init__(
        self, source: str, text: str, name: ViewName, way_back: Callable[[], Sequence[int]] | None = None
    ) -> None:
        """`way_back` gives the origin at less cost than by going through the text."""
        self.source, self.text = source, text
        self._name = name
        self._way_back = way_back or self._traced
        self._origin: Sequence[int] | None = None

    @property
    def origin(self) -> Sequence[int]:
        """For each character of the view, the index of the original character that it came from."""
        if self._origin is None:
            self._origin = self._way_back()
        return self._origin

    def _traced(self) -> Sequence[int]:
        if len(self.text) == len(self.source) and self._name in ("raw", "plain"):
            return range(len(self.source))
        dropped, growing = _changing(self._name)
        if growing.isdisjoint(self.source):
            return [index for index, char in enumerate(self.source) if char not in dropped]
        get = TABLES[self._name].get
        return [index for index, char in enumerate(self.source) for _ in get(ord(char), char)]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original half-open span of `text[start:end]`, which must not be empty; trailing marks are taken in."""
        first, last = self.origin[start], self.origin[end - 1] + 1
        while last < len(self.source) and _is_attached(self.source[last]):
            last += 1
        return first, last


class Views:
    """The views of one text, each folded when it is first asked for."""

    __slots__ = ("_make", "_views", "source")

    def __init__(self, source: str, make: Callable[[ViewName], View] | None = None) -> None:
        """`make` gives a view at less cost than by folding the text."""
        self.source = source
        self._make = make or self._folded
        self._views: dict[ViewName, View] = {}

    def view(self, name: ViewName) -> View:
        """The text in a view."""
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = self._make(name)
        return view

    def _folded(self, name: ViewName) -> View:
        return View(self.source, fold(self.source, name), name)


def _is_attached(char: str) -> bool:
    """Combining marks, variation selectors and keycap frames belong to the character before them."""
    return char > "\u02ff" and (unicodedata.category(char) in {"Mn", "Me"})
