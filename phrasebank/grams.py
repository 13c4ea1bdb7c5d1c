"""Texts packed into arrays, the character grams in them as numbers, and the rows in which each gram occurs.

A gram of one to three characters is one integer of three fields of 21 bits, a code point each, empty fields first. Texts are
folded (`phrasebank.folding`), so none holds the code point 0. A large bank has some ten million different grams and a hundred
million occurrences; as Python objects they would take a hundred times the memory and the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Grams = NDArray[np.uint64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
_Whole = TypeVar("_Whole", np.uint64, np.int64)

LONGEST: Final = 3
"""Characters of the longest gram."""
_FIELD: Final = 21
_FIELD_MASK: Final = np.uint64((1 << _FIELD) - 1)
_ROW_BITS: Final = 18
"""Rows that are sorted at one go, as a power of two: their grams fit the processor's cache."""


class Texts:
    """An unchangeable sequence of texts in one array of code points; a text is a row."""

    __slots__ = ("_codes", "_starts")

    def __init__(self, codes: NDArray[np.unsignedinteger], starts: Ints) -> None:
        self._codes = codes
        self._starts = starts

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """Pack `texts`."""
        codes = _codes_of("".join(texts))
        starts = np.zeros(len(texts) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=starts[1:])
        return cls(codes.astype(np.uint16) if codes.size and codes.max() < 1 << 16 else codes, starts)

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """The rows of all `parts`, one part after the other."""
        if not parts:
            return cls.of(())
        lengths = np.concatenate([part.lengths for part in parts])
        starts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths)))
        return cls(np.concatenate([part._codes for part in parts]), starts)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, row: int) -> str:
        codes = self._codes[self._starts[row] : self._starts[row + 1]]
        return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    @property
    def lengths(self) -> Ints:
        """The characters of each row."""
        return np.diff(self._starts)

    def alphabet(self) -> NDArray[np.uint32]:
        """The different code points that occur, ascending."""
        counts = np.bincount(self._codes) if self._codes.size else np.zeros(0, dtype=np.int64)
        return np.flatnonzero(counts).astype(np.uint32)

    def codes_in(self, rows: Ints | Rows) -> tuple[NDArray[np.unsignedinteger], Ints]:
        """The code points of `rows`, one row after the other, and for each the place of its row in `rows`."""
        lengths = self._starts[np.asarray(rows) + 1] - self._starts[rows]
        places = np.repeat(np.arange(len(rows)), lengths)
        return self._codes[spans(self._starts[rows], lengths)], places

    def grams_in(self, rows: Ints | Rows) -> tuple[Grams, Ints]:
        """Every occurrence of a gram in `rows`, and for each the place of its row in `rows`, in no order."""
        codes, places = self.codes_in(rows)
        return _windows(codes.astype(np.uint64), places, _FIELD)


def gram_of(characters: str) -> int:
    """The number of the gram of one to three characters."""
    number = 0
    for character in characters:
        number = number << _FIELD | ord(character)
    return number


def characters_of(gram: int) -> str:
    """The characters of a gram, by its number."""
    codes = (gram >> shift * _FIELD & int(_FIELD_MASK) for shift in reversed(range(LONGEST)))
    return "".join(chr(code) for code in codes if code)


def no_longer_than(size: int, grams: Grams) -> int:
    """How many of `grams`, ascending, have at most `size` characters; they are the first ones."""
    return int(np.searchsorted(grams, np.uint64(1 << size * _FIELD)))


def grams_of(words: str) -> Grams:
    """The different grams of folded `words`, ascending."""
    codes = _codes_of(words).astype(np.uint64)
    return distinct(_windows(codes, np.zeros(len(codes), dtype=np.int64), _FIELD)[0])


def sizes_of(grams: Grams) -> Ints:
    """The number of characters of each gram."""
    return 1 + (grams >> np.uint64(_FIELD) > 0).astype(np.int64) + (grams >> np.uint64(2 * _FIELD) > 0)


def consist_of(grams: Grams, characters: Iterable[str]) -> NDArray[np.bool_]:
    """Which grams have no other characters than these."""
    codes = np.array([0, *map(ord, characters)], dtype=np.uint64)
    fields = (grams >> np.uint64(shift * _FIELD) & _FIELD_MASK for shift in range(LONGEST))
    return np.asarray(np.logical_and.reduce([np.isin(field, codes) for field in fields]))


def distinct(values: NDArray[_Whole]) -> NDArray[_Whole]:
    """The different values, ascending."""
    values = np.sort(values)
    return values[changes(values)]


def changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; the first does."""
    return np.concatenate((np.ones(min(1, len(values)), dtype=np.bool_), values[1:] != values[:-1]))


def spans(starts: Ints, lengths: Ints) -> Ints:
    """The integers from each start on, as many as its length says, one span after the other."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0)


@dataclass(frozen=True, slots=True)
class Postings:
    """The rows in which each gram occurs. `rows[starts[k]:starts[k + 1]]`, ascending, are those of `grams[k]`, ascending too.

    A row is numbered by its place in `order`, the shortest text first.
    """

    grams: Grams
    starts: Ints
    rows: Rows
    order: Rows

    @classmethod
    def of(cls, texts: Texts) -> Postings:
        """The postings of all grams of `texts`."""
        order = np.argsort(texts.lengths, kind="stable").astype(np.int32)
        alphabet = np.concatenate((np.zeros(1, dtype=np.uint32), texts.alphabet()))
        field = max(1, (len(alphabet) - 1).bit_length())
        numbers = np.zeros(int(alphabet[-1]) + 1, dtype=np.uint64)
        numbers[alphabet] = np.arange(len(alphabet), dtype=np.uint64)
        row_bits = min(_ROW_BITS, 64 - LONGEST * field)
        parts = []
        for first in range(0, len(texts), 1 << row_bits):
            codes, places = texts.codes_in(order[first : first + (1 << row_bits)])
            parts.append(_sorted_part(numbers[codes], places, field, row_bits))
        return _merged(parts, [first << row_bits for first in range(len(parts))], alphabet, field, order)

    @property
    def counts(self) -> Ints:
        """The number of rows of each gram."""
        return np.diff(self.starts)

    def counts_of(self, numbers: Ints) -> Ints:
        """The number of rows of the grams with these numbers."""
        return self.starts[numbers + 1] - self.starts[numbers]


@dataclass(frozen=True, slots=True)
class _Part:
    """Postings of a stretch of rows; grams are packed in the fewest bits."""

    grams: Grams
    counts: Ints
    rows: Rows


def _sorted_part(codes: Grams, places: Ints, field: int, row_bits: int) -> _Part:
    grams, owners = _windows(codes, places, field)
    packed = grams << np.uint64(row_bits) | owners.astype(np.uint64)
    packed.sort()
    packed = packed[changes(packed)]
    grams = packed >> np.uint64(row_bits)
    firsts = np.flatnonzero(changes(grams))
    rows = (packed & np.uint64((1 << row_bits) - 1)).astype(np.int32)
    return _Part(grams[firsts], np.diff(np.append(firsts, len(rows))), rows)


def _merged(
    parts: Sequence[_Part], first_rows: Sequence[int], alphabet: NDArray[np.uint32], field: int, order: Rows
) -> Postings:
    grams = distinct(np.concatenate([np.zeros(0, dtype=np.uint64), *(part.grams for part in parts)]))
    places = [np.searchsorted(grams, part.grams) for part in parts]
    counts = np.zeros(len(grams), dtype=np.int64)
    for part, own in zip(parts, places, strict=True):
        counts[own] += part.counts
    starts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))
    rows = np.zeros(int(starts[-1]), dtype=np.int32)
    free = starts[:-1].copy()
    for part, own, first in zip(parts, places, first_rows, strict=True):
        rows[spans(free[own], part.counts)] = part.rows + np.int32(first)
        free[own] += part.counts
    return Postings(_widened(grams, alphabet, field), starts, rows, order)


def _widened(grams: Grams, alphabet: NDArray[np.uint32], field: int) -> Grams:
    """Packed grams as grams; their order stays."""
    mask = np.uint64((1 << field) - 1)
    wide = np.zeros(len(grams), dtype=np.uint64)
    for shift in range(LONGEST):
        codes = alphabet[grams >> np.uint64(shift * field) & mask].astype(np.uint64)
        wide |= codes << np.uint64(shift * _FIELD)
    return wide


def _windows(codes: Grams, places: Ints, field: int) -> tuple[Grams, Ints]:
    """The grams of adjacent `codes` with the same place, fields of `field` bits, and their places."""
    grams, owners = [codes], [places]
    for size in range(2, LONGEST + 1):
        inside = np.flatnonzero(places[: len(places) - size + 1] == places[size - 1 :])
        gram = codes[inside]
        for step in range(1, size):
            gram = gram << np.uint64(field) | codes[inside + step]
        grams.append(gram)
        owners.append(places[inside])
    return np.concatenate(grams), np.concatenate(owners)


def _codes_of(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
