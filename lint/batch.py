"""Many texts joined into one string, so that folding and searching cost a fraction of doing so one by one."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from lint.folding import (
    DROPPED,
    PART,
    SEVERAL,
    TABLES,
    Codes,
    ViewName,
    Views,
    array_of,
    coded,
    decoded,
    folding_array,
)
from lint.sound import EVERYDAY, LATIN_RUN, SOUND

_PART: Final = chr(PART)
_A: Final = np.uint32(ord("a"))
_SHORT: Final = 400  # characters up to which `str.translate` is faster than arrays
# Characters that hardly anybody writes but to evade.
_UNUSUAL: Final = frozenset(code for code in SOUND if code > 0x7F and chr(code) not in EVERYDAY)


class Joined:
    """Texts in one view: text `i` is `text[starts[i] : starts[i + 1] - 1]`."""

    __slots__ = ("starts", "text")

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self.text, self.starts = text, starts

    def part(self, index: int) -> str:
        """One of the texts."""
        return self.text[self.starts[index] : self.starts[index + 1] - 1]

    def length(self, index: int) -> int:
        """The length of one of the texts."""
        return self.starts[index + 1] - self.starts[index] - 1

    def at(self, place: int) -> int:
        """The index of the text in which a place lies."""
        return bisect_right(self.starts, place) - 1


class Batch:
    """Texts, and their views as they are asked for. `texts` must not be empty."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        joined = _PART.join(texts)
        if joined.count(_PART) >= len(texts):
            joined = _PART.join(text.replace(_PART, " ") for text in texts)
        self._source = joined
        self._short = len(joined) <= _SHORT
        self._views: dict[ViewName, Joined] = {}

    @property
    def is_single(self) -> bool:
        """Is it one short text, for which arrays cost more than they spare?"""
        return self._short and len(self.texts) == 1

    def view(self, name: ViewName) -> Joined:
        """The texts in a view."""
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = self._folded(name)
        return view

    def views(self, index: int) -> Views:
        """One text with those of its views that the batch has."""
        return Views(self.texts[index], {name: view.part(index) for name, view in self._views.items()})

    def sound(self) -> str:
        """The tight view by syllables, letter for letter."""
        tight = self.view("tight").text
        return tight.translate(SOUND) if self._short else decoded(_sounds().take(coded(tight)))

    def letters(self) -> Iterable[tuple[int, int]]:
        """The runs of two Latin letters or more in the tight view: start and end of each."""
        tight = self.view("tight").text
        if self._short:
            return (run.span() for run in LATIN_RUN.finditer(tight))
        is_letter = np.empty(len(tight) + 2, np.bool_)
        is_letter[0] = is_letter[-1] = False
        is_letter[1:-1] = coded(tight) - _A < 26
        starts, ends = np.flatnonzero(is_letter[1:] != is_letter[:-1]).reshape(-1, 2).T
        several = ends - starts > 1
        return zip(starts[several].tolist(), ends[several].tolist(), strict=True)

    def unusual(self) -> Iterable[int]:
        """Places of unusual characters in the tight view."""
        tight = self.view("tight").text
        if self._short:
            return [place for place, char in enumerate(tight) if ord(char) in _UNUSUAL]
        found: list[int] = np.flatnonzero(_unusual().take(coded(tight))).tolist()
        return found

    def _folded(self, name: ViewName) -> Joined:
        if self._short:
            text = self._source.translate(_parted_table(name))
            return Joined(
                text, [0, *(at + 1 for at, char in enumerate(text) if char == _PART), len(text) + 1]
            )
        table = _parted(name)
        folded = table.take(coded(self._source))
        if folded.max(initial=0) == SEVERAL:
            folded = table.take(coded(self._source.translate(_expanding(name))))
        folded = folded[folded != DROPPED]
        ends = np.flatnonzero(folded == PART) + 1
        return Joined(decoded(folded), [0, *ends.tolist(), len(folded) + 1])


@functools.cache
def _parted_table(name: ViewName) -> dict[int, str]:
    """The table of a view in which what parts the texts stays."""
    return {code: to for code, to in TABLES[name].items() if code != PART}


@functools.cache
def _parted(name: ViewName) -> Codes:
    """The table of a view, as an array, in which what parts the texts stays."""
    codes = folding_array(name).copy()
    codes[PART] = PART
    return codes


@functools.cache
def _sounds() -> Codes:
    return array_of(SOUND)


@functools.cache
def _unusual() -> np.ndarray[Any, np.dtype[np.bool_]]:
    codes = np.zeros(0x110000, dtype=np.bool_)
    codes[list(_UNUSUAL)] = True
    return codes


@functools.cache
def _expanding(name: ViewName) -> dict[int, str]:
    """Only those characters of a view that become more than one."""
    return {code: to for code, to in TABLES[name].items() if len(to) > 1}
