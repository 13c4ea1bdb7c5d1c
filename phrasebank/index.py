"""Character grams of the bank's texts, and the cosine of a message with each of them.

A *document* is one text by which a phrase can be found: an example, its title, its own words. An `Index` is built once and never
changes; several of them can share one `Weighting`, which is how a bank takes in new phrases without being built anew.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

ORDER_WEIGHTS: Final = {1: 1.0, 2: 0.5, 3: 0.25}
"""Weight of grams by length: characters carry most, longer ones reward the same order of words."""
POSTINGS_READ: Final = 60_000
"""In a large index, rows are chosen by the query's rarest grams, up to so many postings."""
SECOND_LOOK: Final = 400
"""Rows that are then compared in full."""
COMMON_GRAM: Final = 6
SAMPLED: Final = 2_000


def grams_of(words: str) -> set[str]:
    """The character grams of folded `words`, of one to three characters."""
    return {words[i : i + n] for n in ORDER_WEIGHTS for i in range(len(words) - n + 1)}


@dataclass(frozen=True, slots=True)
class Weighting:
    """How much a gram says: little if many documents have it. A gram that no document has weighs most."""

    documents: int
    frequency: Mapping[str, int]
    usual: float = 0.0
    spread: float = 1.0
    """Mean and standard deviation of `commonness` over documents that look like messages."""

    @classmethod
    def over(cls, gram_sets: Sequence[set[str]], message_like: Sequence[int] = ()) -> Weighting:
        """The weighting of documents; `message_like` are the rows of those that are worded as buyers word them."""
        frequency = Counter(gram for grams in gram_sets for gram in grams)
        plain = cls(len(gram_sets), frequency)
        step = max(1, len(message_like) // SAMPLED)
        seen = [plain.commonness(gram_sets[row], own=1) for row in message_like[::step]]
        if len(seen) < 2:
            return plain
        usual = sum(seen) / len(seen)
        spread = math.sqrt(sum((value - usual) ** 2 for value in seen) / len(seen))
        return cls(len(gram_sets), frequency, usual, max(spread, 0.1))

    def commonness(self, grams: Iterable[str], own: int = 0) -> float:
        """How much the pairs of characters are the bank's daily bread: the logarithm of their summed frequency, -7 to about 1.

        `own` is taken off each frequency: 1 where the grams are those of a document of the bank.
        """
        frequencies = [self.frequency.get(gram, 0) - own for gram in grams if len(gram) == 2]
        if not frequencies or not self.documents:
            return math.log(1e-3)
        return math.log(1e-3 + sum(frequencies) / self.documents / math.sqrt(len(frequencies)))

    def weight(self, gram: str) -> float:
        # The root of the logarithm was better than the logarithm on every shared set: banks are small, and a word such as
        # 退款 that half of them share still carries the meaning.
        rarity = math.log((self.documents + 1) / (self.frequency.get(gram, 0) + 0.5))
        return ORDER_WEIGHTS[len(gram)] * math.sqrt(max(rarity, 0.01))


@dataclass(frozen=True, slots=True)
class Query:
    """A message as weighted grams, of unit length together with the grams that no document has."""

    words: str
    grams: tuple[tuple[str, float], ...]
    mass: float
    """The length before scaling: how much the message says at all."""
    known: float
    """0..1: the share of its characters, by weight, that some document has."""
    at_home: float
    """How common it is in the bank as a whole, in standard deviations from the bank's own examples, -6..3.

    A message of another trade may be near to one document by accident; it is not near to the bank as a whole."""

    @classmethod
    def of(cls, words: str, weighting: Weighting) -> Query:
        grams = sorted(grams_of(words))
        weighted = [(gram, weighting.weight(gram)) for gram in grams]
        mass = math.sqrt(sum(weight * weight for _, weight in weighted))
        scale = 1 / mass if mass else 0.0
        characters = [(gram, weight) for gram, weight in weighted if len(gram) == 1]
        total = sum(weight for _, weight in characters)
        known = sum(weight for gram, weight in characters if gram in weighting.frequency)
        return cls(
            words,
            tuple((gram, weight * scale) for gram, weight in weighted),
            mass,
            known / total if total else 0.0,
            max(-6.0, min(3.0, (weighting.commonness(grams) - weighting.usual) / weighting.spread)),
        )


class Index:
    """Postings of grams over documents; a document is a row."""

    __slots__ = ("_gram_ids", "_posting_rows", "_posting_starts", "_posting_weights", "rows")

    def __init__(self, gram_sets: Sequence[set[str]], weighting: Weighting) -> None:
        self.rows = len(gram_sets)
        gram_ids: dict[str, int] = {}
        weights: list[float] = []
        starts = np.zeros(self.rows + 1, dtype=np.int64)
        flat_grams: list[int] = []
        for row, grams in enumerate(gram_sets):
            for gram in sorted(grams):
                number = gram_ids.get(gram)
                if number is None:
                    number = gram_ids[gram] = len(gram_ids)
                    weights.append(weighting.weight(gram))
                flat_grams.append(number)
            starts[row + 1] = len(flat_grams)
        grams_flat = np.array(flat_grams, dtype=np.int32)
        weights_flat: Floats = np.array(weights, dtype=np.float32)[grams_flat]
        lengths = np.sqrt(_row_sums(weights_flat * weights_flat, starts))
        rows_flat = np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(starts))
        weights_flat = (weights_flat / np.maximum(lengths, 1e-9)[rows_flat]).astype(np.float32)
        order = np.argsort(grams_flat, kind="stable")
        self._gram_ids = gram_ids
        self._posting_rows: Ints = rows_flat[order]
        self._posting_weights: Floats = weights_flat[order]
        self._posting_starts = np.searchsorted(grams_flat[order], np.arange(len(gram_ids) + 1))

    def cosines(self, query: Query) -> Floats:
        """The cosine of the query with every row, one float each."""
        spans = self._spans(query)
        if not spans:
            return np.zeros(self.rows, dtype=np.float32)
        return self._summed(spans)

    def nearest(self, query: Query) -> tuple[NDArray[np.int64], Floats]:
        """Rows near the query and their cosines, in no order: of a large index, without looking at all of it.

        The commonest grams of the query choose no rows, they only count for those that rarer ones have chosen. At most
        `SECOND_LOOK` rows; a row left out shares less of the query's rarer grams than any that is in.
        """
        spans = self._spans(query)
        if not spans:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        taken, used = 0, 0
        for length, _, _ in spans:
            if used and taken + length > POSTINGS_READ:
                break
            taken, used = taken + length, used + 1
        sums = self._summed(spans[:used])
        rows = np.flatnonzero(sums > 0)
        if len(rows) > SECOND_LOOK:
            rows = rows[np.argpartition(sums[rows], -SECOND_LOOK)[-SECOND_LOOK:]]
        exact = sums[rows]
        for _, number, weight in spans[used:]:
            posting = self._posting_rows[self._posting_starts[number] : self._posting_starts[number + 1]]
            places = np.minimum(np.searchsorted(posting, rows), len(posting) - 1)
            there = posting[places] == rows
            exact[there] += self._posting_weights[self._posting_starts[number] + places[there]] * np.float32(
                weight
            )
        return rows, exact

    def _spans(self, query: Query) -> list[tuple[int, int, float]]:
        """(length of the posting, gram, weight) of the query's grams that are known here, the rarest first."""
        starts = self._posting_starts
        known = (
            (number, weight)
            for gram, weight in query.grams
            if (number := self._gram_ids.get(gram)) is not None
        )
        return sorted((int(starts[number + 1] - starts[number]), number, weight) for number, weight in known)

    def _summed(self, spans: Sequence[tuple[int, int, float]]) -> Floats:
        pieces = [
            (slice(self._posting_starts[number], self._posting_starts[number + 1]), weight)
            for _, number, weight in spans
        ]
        rows = np.concatenate([self._posting_rows[span] for span, _ in pieces])
        parts = np.concatenate([self._posting_weights[span] * np.float32(weight) for span, weight in pieces])
        return np.bincount(rows, weights=parts, minlength=self.rows).astype(np.float32)

    def between_rows(self) -> Floats:
        """The cosines of all rows with each other, a square matrix."""
        lengths = np.diff(self._posting_starts)
        square = np.zeros((self.rows, self.rows), dtype=np.float32)
        common = np.flatnonzero(lengths > COMMON_GRAM)
        for first in range(
            0, len(common), 2048
        ):  # a product of dense blocks is quickest where rows share a lot
            block = np.zeros((self.rows, len(common[first : first + 2048])), dtype=np.float32)
            for column, number in enumerate(common[first : first + 2048]):
                span = slice(self._posting_starts[number], self._posting_starts[number + 1])
                block[self._posting_rows[span], column] = self._posting_weights[span]
            square += block @ block.T
        for number in np.flatnonzero((lengths > 1) & (lengths <= COMMON_GRAM)):
            span = slice(self._posting_starts[number], self._posting_starts[number + 1])
            rows, weights = self._posting_rows[span], self._posting_weights[span]
            square[rows[:, None], rows] += weights[:, None] * weights
        diagonal = np.arange(self.rows)
        square[diagonal, diagonal] = 1.0
        return square


def _row_sums(values: Floats, starts: NDArray[np.int64]) -> Floats:
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return (total[starts[1:]] - total[starts[:-1]]).astype(np.float32)
