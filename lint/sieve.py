"""Which branches of the patterns are worth a try in which of many texts, found for all texts at once with arrays.

A branch is worth a try where each of its conditions is fulfilled: one of some strings stands in the text. A string is
looked for by up to three of its neighbouring characters, so the sieve may let too much pass, never too little.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from lint.batch import Joined
from lint.folding import Codes, is_noise
from lint.literals import Strings, rarest_part

# What `needs: digits` waits for: shorter numbers are everywhere and mean nobody.
DIGITS: Final = 5
MOST: Final = 5  # conditions of a branch; more cost more than they spare
_ZERO: Final = np.uint32(ord("0"))
_NUMBER: Final = re.compile(f"[0-9]{{{DIGITS}}}")
_LONGEST: Final = 3  # characters of a sign
_BITS: Final = 11  # of the small number of a character
_LETTERS: Final = 1 << _BITS
_HASHES: Final = 1 << 20
_HASH_SHIFT: Final = 12
# Odd numbers without pattern.
_MIXING: Final = 0x9E3779B1
_MIXING_LAST: Final = 0x85EBCA77

Numbers = np.ndarray[Any, np.dtype[np.intp]]
Table = np.ndarray[Any, np.dtype[Any]]
"""Unsigned numbers, as narrow as they can be."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Fulfilled by one of the words in the tight view, one of the marks in the plain view, or any number."""

    words: Strings = frozenset()
    marks: Strings = frozenset()
    number: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A branch: its conditions, the rarest first, at least one, and the length of the longest text that it can match."""

    conditions: Sequence[Condition]
    longest: int | None = None


class Sieve:
    """The conditions of some branches, which are named by their index."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        # Only what fulfils a first condition brings a branch up; the others are then asked about.
        first: dict[Condition, list[int]] = defaultdict(list)
        further: dict[Condition, int] = {}
        self._longest = np.full(len(candidates), np.iinfo(np.intp).max, np.intp)
        self._further = np.zeros((MOST - 1, len(candidates)), np.intp)
        for index, candidate in enumerate(candidates):
            first[candidate.conditions[0]].append(index)
            for turn, condition in enumerate(candidate.conditions[1:MOST]):
                # 0 is fulfilled by every text.
                self._further[turn, index] = further.setdefault(condition, len(further) + 1)
            if candidate.longest is not None:
                self._longest[index] = candidate.longest
        self._conditions = len(further) + 1
        self._needs = list(zip(self._longest.tolist(), self._further.T.tolist(), strict=True))
        signs = _Signs()
        for condition, indices in first.items():
            signs.add(condition, brings_up=indices)
        for condition, number in further.items():
            signs.add(condition, fulfils=[number])
        self._signs = signs.compiled()
        self._few = _Strings(signs.strings, signs.number)

    def passing_in(self, tight: str, plain: str) -> Iterator[int]:
        """The branches that may match in one text: as `passing`, and faster where there is little to read."""
        found = self._few.seen(tight, plain)
        fulfilled = {0}.union(*(meaning.fulfils for meaning in found))
        for branch in set().union(*(meaning.brings_up for meaning in found)):
            longest, needed = self._needs[branch]
            if len(tight) <= longest and fulfilled.issuperset(needed):
                yield branch

    def passing(self, tight: Joined, plain: Joined) -> tuple[Numbers, Numbers]:
        """Texts (by index) and the branches that may match in them, in pairs, each once and in no order."""
        signs = self._signs
        texts, found = signs.seen(tight, plain)
        rows, conditions = signs.fulfils.of(found)
        fulfilled = np.zeros((len(tight.starts) - 1, self._conditions), np.bool_)
        fulfilled[:, 0] = True
        fulfilled[texts.take(rows), conditions] = True
        rows, branches = signs.brings_up.of(found)
        texts = texts.take(rows)
        fits = tight.lengths().take(texts) <= self._longest.take(branches)
        texts, branches = texts[fits], branches[fits]
        for conditions in self._further:
            holds = fulfilled[texts, conditions.take(branches)]
            texts, branches = texts[holds], branches[holds]
        return texts, branches


class _Lists:
    """Lists of numbers, laid end to end; list `i` is `values[starts[i] : starts[i + 1]]`."""

    __slots__ = ("_counts", "_starts", "_values")

    def __init__(self, lists: Sequence[Sequence[int]]) -> None:
        self._counts = np.array([len(numbers) for numbers in lists], np.intp)
        self._starts = np.cumsum(self._counts) - self._counts
        self._values = np.array([number for numbers in lists for number in numbers], np.intp)

    def of(self, wanted: Table) -> tuple[Numbers, Numbers]:
        """For each number of each of the wanted lists: the index into `wanted`, and the number."""
        rows = np.flatnonzero(self._counts.take(wanted))
        wanted = wanted.take(rows)
        counts = self._counts.take(wanted)
        ends = np.cumsum(counts)
        shifts = self._starts.take(wanted) - ends + counts
        every = np.arange(ends[-1] if len(ends) else 0) + np.repeat(shifts, counts)
        return np.repeat(rows, counts), self._values.take(every)


@dataclass(slots=True)
class _Meaning:
    """What it means that a sign stands in a text."""

    brings_up: set[int] = field(default_factory=set)
    fulfils: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Signs by the small numbers of their characters; what a sign means is a list of `brings_up` and one of `fulfils`."""

    letters: Table
    """The number of a character, 0 if no sign has it."""
    is_mark: np.ndarray[Any, np.dtype[np.bool_]]
    """By number: is the character looked for in the plain view?"""
    of_one: Table
    of_pair: Table
    of_three: Table
    of_number: int
    brings_up: _Lists
    fulfils: _Lists

    def seen(self, tight: Joined, plain: Joined) -> tuple[Numbers, Table]:
        """Every sign that stands somewhere: the text, by its index, and what the sign means."""
        codes = tight.codes
        letters = self.letters.take(codes)
        pairs = _pairs(letters[:-1], letters[1:])
        in_plain = self.letters.take(plain.codes)
        marks = np.flatnonzero(self.is_mark.take(in_plain))
        marked, of_marks = in_plain.take(marks), _owners(plain).take(marks)
        numbers = _numbers(codes)
        of_tight = _owners(tight)
        texts = [of_tight.take(numbers)]
        found: list[Table] = [np.full(len(numbers), self.of_number, self.of_one.dtype)]
        for meanings, owners in (
            (self.of_one.take(letters), of_tight),
            (self.of_pair.take(pairs), of_tight),
            (self.of_three.take(_threes(pairs[:-1], letters[2:])), of_tight),
            (self.of_one.take(marked), of_marks),
            # At either end this takes what stands at the other, which can only let too much pass.
            (self.of_pair.take(_pairs(in_plain.take(marks - 1, mode="wrap"), marked)), of_marks),
            (self.of_pair.take(_pairs(marked, in_plain.take(marks + 1, mode="wrap"))), of_marks),
        ):
            # Finding what is true costs half of finding what is not zero.
            places = np.flatnonzero(meanings != 0)
            texts.append(owners.take(places))
            found.append(meanings.take(places))
        return np.concatenate(texts), np.concatenate(found)


class _Strings:
    """Signs as strings, for a text so short that arrays cost more than they spare."""

    def __init__(self, meanings: Mapping[str, _Meaning], number: _Meaning) -> None:
        self._meanings = meanings
        self._number = number
        self._marks = frozenset(char for sign in meanings for char in sign if is_noise(char))

    def seen(self, tight: str, plain: str) -> list[_Meaning]:
        """What the signs mean that stand in a text, some perhaps more than once."""
        pieces = [
            tight[at : at + size] for size in range(1, _LONGEST + 1) for at in range(len(tight) - size + 1)
        ]
        for at, char in enumerate(plain):
            if char in self._marks:
                pieces += (char, plain[max(0, at - 1) : at + 1], plain[at : at + 2])
        found = [self._meanings[piece] for piece in pieces if piece in self._meanings]
        if _NUMBER.search(tight):
            found.append(self._number)
        return found


def _pairs(before: Table, after: Table) -> Table:
    pairs = before.astype(np.uint32)
    pairs <<= _BITS
    pairs |= after
    return pairs


def _threes(pairs: Table, after: Table) -> Table:
    """Hashes of three neighbours; a few of them share one."""
    threes = pairs * np.uint32(_MIXING)
    threes += after * np.uint32(_MIXING_LAST)
    threes >>= np.uint32(_HASH_SHIFT)
    return threes


def _numbers(codes: Codes) -> Numbers:
    """Where `DIGITS` digits begin."""
    digits = codes - _ZERO < 10
    runs = digits[: max(0, len(digits) - DIGITS + 1)].copy()
    for further in range(1, DIGITS):
        runs &= digits[further : further + len(runs)]
    return np.flatnonzero(runs)


def _owners(view: Joined) -> Numbers:
    """For each place of a joined view the index of its text."""
    return np.repeat(np.arange(len(view.starts) - 1), np.diff(view.starts))


class _Signs:
    """Characters and pairs of them by which conditions are looked for, as they are gathered.

    A sign with noise in it cannot stand in the tight view, so one table serves both views.
    """

    def __init__(self) -> None:
        self.strings: Final[dict[str, _Meaning]] = {}
        self.number: Final = _Meaning()
        self._letters: dict[str, int] = {}
        self._of_one: dict[int, _Meaning] = defaultdict(_Meaning)
        self._of_pair: dict[int, _Meaning] = defaultdict(_Meaning)
        self._of_three: dict[int, _Meaning] = defaultdict(_Meaning)

    def add(
        self, condition: Condition, *, brings_up: Sequence[int] = (), fulfils: Sequence[int] = ()
    ) -> None:
        """Enter what a condition means: branches that it brings up, or further conditions that it is."""
        signs = {rarest_part(word, _LONGEST) for word in condition.words}
        signs |= {rarest_part(mark, 2) for mark in condition.marks}
        for sign in signs:
            if sign not in self.strings:
                self.strings[sign] = self._meaning(sign)
        meanings = [self.strings[sign] for sign in signs]
        for meaning in (*meanings, self.number) if condition.number else meanings:
            meaning.brings_up.update(brings_up)
            meaning.fulfils.update(fulfils)

    def _meaning(self, sign: str) -> _Meaning:
        letters = [self._letter(char) for char in sign]
        if len(letters) == 1:
            return self._of_one[letters[0]]
        pair = letters[0] << _BITS | letters[1]
        if len(letters) == 2:
            return self._of_pair[pair]
        return self._of_three[(pair * _MIXING + letters[2] * _MIXING_LAST) % (1 << 32) >> _HASH_SHIFT]

    def _letter(self, char: str) -> int:
        """A small number for a character, never 0. Beyond some two thousand characters they share numbers."""
        return self._letters.setdefault(char, 1 + len(self._letters) % (_LETTERS - 1))

    def compiled(self) -> _Tables:
        meanings = [_Meaning(), self.number]
        tables: list[Table] = []
        for known, size in (
            (self._of_one, _LETTERS),
            (self._of_pair, _LETTERS**2),
            (self._of_three, _HASHES),
        ):
            table = np.zeros(size, np.uint32)
            table[list(known)] = range(len(meanings), len(meanings) + len(known))
            tables.append(table)
            meanings += known.values()
        narrow = np.min_scalar_type(len(meanings))
        of_one, of_pair, of_three = (table.astype(narrow) for table in tables)
        letters = np.zeros(0x110000, np.uint16)
        letters[list(map(ord, self._letters))] = list(self._letters.values())
        is_mark = np.zeros(_LETTERS, np.bool_)
        is_mark[[at for char, at in self._letters.items() if is_noise(char)]] = True
        return _Tables(
            letters,
            is_mark,
            of_one,
            of_pair,
            of_three,
            of_number=1,
            brings_up=_Lists([sorted(meaning.brings_up) for meaning in meanings]),
            fulfils=_Lists([sorted(meaning.fulfils) for meaning in meanings]),
        )
