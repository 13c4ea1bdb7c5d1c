"""The keywords of many phrases, found in one pass over a message, however many there are."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import daachorse
import numpy as np
from numpy.typing import NDArray

from phrasebank.cues import refused
from phrasebank.folding import folded
from phrasebank.occasion import Marks
from phrasebank.phrase import Phrase

_Meaning = TypeVar("_Meaning")

LONGEST_KEYWORD: Final = 12
"""A longer keyword is a sentence, and is matched as an example is."""
WIDESPREAD: Final = 32
"""Of phrases that share a keyword more than this are looked at only if something else speaks for them."""


@dataclass(frozen=True, slots=True)
class KeywordEvidence:
    """Keywords of one phrase that the message holds."""

    keywords: tuple[str, ...]
    specificity: float
    """0..1: the rarest of them; 1 if no other phrase has it."""
    share: float
    """0..1: how much of the message they cover."""


class KeywordParts(dict[str, tuple[str, ...]]):
    """The folded parts of each keyword (`A&B` has two), worked out when they are first asked for."""

    def __missing__(self, keyword: str) -> tuple[str, ...]:
        found = (part for piece in keyword.split("&") if (part := folded(piece)))
        parts = self[keyword] = tuple(dict.fromkeys(found))
        return parts

    def is_sentence(self, keyword: str) -> bool:
        """Whether a keyword is matched as an example is."""
        parts = self[keyword]
        return len(parts) == 1 and len(parts[0]) > LONGEST_KEYWORD


class Keywords:
    """The keywords and not-keywords of `phrases`; a phrase is named by its position."""

    __slots__ = ("_holders", "_met", "_names", "_parts", "_refusing", "_spread")

    def __init__(self, phrases: Sequence[Phrase], parts: KeywordParts) -> None:
        numbers: dict[str, int] = {}
        holders: dict[str, set[int]] = defaultdict(set)
        held: list[list[int]] = []
        refusals: dict[str, list[int]] = defaultdict(list)
        for position, phrase in enumerate(phrases):
            for keyword in dict.fromkeys(phrase.keywords):
                if parts[keyword] and not parts.is_sentence(keyword):
                    number = numbers.setdefault(keyword, len(numbers))
                    if number == len(held):
                        held.append([])
                    held[number].append(position)
                    for part in parts[keyword]:
                        holders[part].add(position)
            for part in {part for keyword in phrase.not_keywords if (part := folded(keyword))}:
                refusals[part].append(position)
        self._names = list(numbers)
        self._parts = [parts[keyword] for keyword in self._names]
        self._spread = {part: len(positions) for part, positions in holders.items()}
        filed: dict[str, list[int]] = defaultdict(list)
        for number, own in enumerate(self._parts):
            filed[min(own, key=self._spread.__getitem__)].append(number)
        self._holders = [np.array(positions, dtype=np.int32) for positions in held]
        self._met = _Words(filed)
        self._refusing = _Words({part: np.array(found, dtype=np.int32) for part, found in refusals.items()})

    def met(self, words: str, likely: Collection[int], gone: Marks | None) -> dict[int, list[int]]:
        """By position, the numbers of the keywords that occur in folded `words`, and not only after a refusal.

        Not of phrases marked as `gone`; of those that share a keyword with very many, the `likely` ones and some others.
        """
        by_phrase: dict[int, list[int]] = defaultdict(list)
        promising = np.fromiter(likely, np.int32, len(likely))
        for _, numbers in self._met.found_in(words):
            for number in numbers:
                if all(part in words and not refused(words, part) for part in self._parts[number]):
                    for position in _some_of(self._holders[number], promising, gone):
                        by_phrase[position].append(number)
        return by_phrase

    def evidence(self, numbers: Collection[int], words: str) -> KeywordEvidence:
        """What these keywords, which occur in folded `words`, prove for a phrase."""
        covered: set[int] = set()
        specificity = 0.0
        for number in numbers:
            parts = self._parts[number]
            spread = min(self._spread[part] for part in parts)
            specificity = max(specificity, 1 / (1 + math.log2(spread)))
            for part in parts:
                at = words.find(part)
                covered.update(range(at, at + len(part)))
        names = sorted((self._names[number] for number in numbers), key=lambda name: (-len(name), name))
        return KeywordEvidence(tuple(names), specificity, len(covered) / max(len(words), 1))

    def refusing(self, words: str, among: Iterable[int]) -> set[int]:
        """Those of the phrases `among` of which a not-keyword occurs in folded `words`."""
        asked = np.fromiter(among, np.int32)
        refusing = np.zeros(len(asked), dtype=np.bool_)
        for _, positions in self._refusing.found_in(words):
            refusing |= _held(positions, asked)
        return set(asked[refusing].tolist())


def _some_of(ascending: NDArray[np.int32], promising: NDArray[np.int32], gone: Marks | None) -> list[int]:
    """The positions that are not gone; of many, the promising ones and the first of the others."""
    present = ascending if gone is None else ascending[~gone[ascending]]
    found: list[int] = present[:WIDESPREAD].tolist()
    if len(found) == WIDESPREAD:
        held = promising[_held(present, promising) & (promising > found[-1])]
        found += np.sort(held).tolist()
    return found


class _Words(Generic[_Meaning]):
    """Words with what each stands for; one pass finds every one that occurs."""

    __slots__ = ("_machine", "_meanings", "_words")

    def __init__(self, meanings: Mapping[str, _Meaning]) -> None:
        self._words = list(meanings)
        self._meanings = list(meanings.values())
        self._machine: Any = daachorse.CharwiseDoubleArrayAhoCorasick(self._words) if meanings else None

    def found_in(self, text: str) -> list[tuple[str, _Meaning]]:
        """The words that occur in `text`, in alphabetical order, with their meanings."""
        if self._machine is None or not text:
            return []
        numbers = {number for _, _, number in self._machine.find_overlapping(text)}
        return sorted(
            ((self._words[number], self._meanings[number]) for number in numbers), key=lambda one: one[0]
        )


def _held(ascending: NDArray[np.int32], values: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which of the values stand in an array that is not empty."""
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.asarray(ascending[places] == values)
