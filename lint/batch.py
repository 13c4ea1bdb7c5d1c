"""Many texts joined into one string, so that folding and searching cost a fraction of doing so one by one."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from lint.folding import (
    DROPPED,
    PART,
    SEVERAL,
    TABLES,
    Codes,
    View,
    ViewName,
    Views,
    array_of,
    coded,
    decoded,
    fold,
    folding_array,
)
from lint.sound import EVERYDAY, LATIN_RUN, SOUND

_PART: Final = chr(PART)
_A: Final = np.uint32(ord("a"))
_SHORT: Final = 400  # characters up to which `str.translate` is faster than arrays
# Characters that hardly anybody writes but to evade.
_UNUSUAL: Final = frozenset(code for code in SOUND if code > 0x7F and chr(code) not in EVERYDAY)


Places = np.ndarray[Any, np.dtype[np.intp]]


class Joined:
    """Texts in one view: text `i` is `text[starts[i] : starts[i + 1] - 1]`.

    `origin`: for each character the place that it had where the texts were joined unfolded, None if nobody noted it.
    """

    __slots__ = ("_codes", "origin", "starts", "text")

    def __init__(
        self, text: str, starts: Sequence[int], codes: Codes | None = None, origin: Places | None = None
    ) -> None:
        self.text, self.starts, self.origin = text, starts, origin
        self._codes = codes

    @property
    def codes(self) -> Codes:
        """The code points of the text."""
        if self._codes is None:
            self._codes = coded(self.text)
        return self._codes

    def parts(self, indices: Iterable[int]) -> list[str]:
        """Some of the texts."""
        text, starts = self.text, self.starts
        return [text[starts[index] : starts[index + 1] - 1] for index in indices]

    def lengths(self) -> Places:
        """The length of each text."""
        return np.diff(self.starts) - 1

    def only(self, chosen: Places) -> tuple[Codes, Places]:
        """The code points of some of the texts, which are named by ascending index, and where they start, as in `starts`."""
        sizes = np.diff(self.starts)
        is_chosen = np.zeros(len(sizes), np.bool_)
        is_chosen[chosen] = True
        starts = np.zeros(len(chosen) + 1, np.intp)
        np.cumsum(sizes.take(chosen), out=starts[1:])
        # The last text has nothing after it that parts it from another one.
        return self.codes[np.repeat(is_chosen, sizes)[:-1]][: max(0, starts[-1] - 1)], starts

    def part(self, index: int) -> str:
        """One of the texts."""
        return self.text[self.starts[index] : self.starts[index + 1] - 1]

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
        return Views(self.texts[index], functools.partial(self._view_of, index))

    def sound(self) -> str:
        """The tight view by syllables, letter for letter."""
        tight = self.view("tight")
        return tight.text.translate(SOUND) if self._short else decoded(_sounds().take(tight.codes))

    def letters(self) -> Iterable[tuple[int, int]]:
        """The runs of two Latin letters or more in the tight view: start and end of each."""
        tight = self.view("tight")
        if self._short:
            return (run.span() for run in LATIN_RUN.finditer(tight.text))
        is_letter = np.empty(len(tight.codes) + 2, np.bool_)
        is_letter[0] = is_letter[-1] = False
        is_letter[1:-1] = tight.codes - _A < 26
        starts, ends = np.flatnonzero(is_letter[1:] != is_letter[:-1]).reshape(-1, 2).T
        several = ends - starts > 1
        return zip(starts[several].tolist(), ends[several].tolist(), strict=True)

    def unusual(self) -> Iterable[int]:
        """Places of unusual characters in the tight view."""
        tight = self.view("tight")
        if self._short:
            return [place for place, char in enumerate(tight.text) if ord(char) in _UNUSUAL]
        found: list[int] = np.flatnonzero(_unusual().take(tight.codes)).tolist()
        return found

    def _view_of(self, index: int, name: ViewName) -> View:
        source = self.texts[index]
        view = self._views.get(name)
        if view is None:
            return View(source, fold(source, name), name)
        return View(
            source,
            view.part(index),
            name,
            None if view.origin is None else functools.partial(self._way_back, view, index),
        )

    def _way_back(self, view: Joined, index: int) -> Sequence[int]:
        assert view.origin is not None
        places = view.origin[view.starts[index] : view.starts[index + 1] - 1] - self._begins[index]
        way: list[int] = places.tolist()
        return way

    @functools.cached_property
    def _codes(self) -> Codes:
        return coded(self._source)

    @functools.cached_property
    def _begins(self) -> Places:
        """Where the texts begin in the source."""
        return np.concatenate(([0], np.flatnonzero(self._codes == PART) + 1))

    def _folded(self, name: ViewName) -> Joined:
        if self._short:
            text = self._source.translate(_parted_table(name))
            return Joined(
                text, [0, *(at + 1 for at, char in enumerate(text) if char == _PART), len(text) + 1]
            )
        folded = _parted(name).take(self._codes)
        origin = None
        if folded.max(initial=0) == SEVERAL:
            folded, origin = _expanded(folded, self._codes, TABLES[name])
        kept = np.flatnonzero(folded != DROPPED)
        folded = folded.take(kept)
        ends = np.flatnonzero(folded == PART) + 1
        return Joined(
            decoded(folded),
            [0, *ends.tolist(), len(folded) + 1],
            folded,
            kept if origin is None else origin.take(kept),
        )


def _expanded(folded: Codes, codes: Codes, table: Mapping[int, str]) -> tuple[Codes, Places]:
    """Folded codes with those that become several spelled out, and for each the place of the code that it came from."""
    places = np.flatnonzero(folded == SEVERAL)
    pieces = [table[code] for code in codes.take(places).tolist()]
    sizes = np.ones(len(folded), np.intp)
    sizes[places] = [len(piece) for piece in pieces]
    origin = np.repeat(np.arange(len(folded)), sizes)
    expanded = folded.take(origin)
    expanded[expanded == SEVERAL] = coded("".join(pieces))
    return expanded, origin


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
