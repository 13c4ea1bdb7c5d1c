"""Character grams of the bank's texts, and the cosine of a message with each of them.

A *document* is one text by which a phrase can be found: an example, its title, its own words. An `Index` is built once and never
changes; several of them can share one `Weighting`, which is how a bank takes in new phrases without being built anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phrasebank.encoding import Encoder, Strength, Vectors
from phrasebank.grams import (
    Grams,
    Ints,
    Postings,
    Rows,
    Texts,
    changes,
    characters_of,
    distinct,
    grams_of,
    no_longer_than,
    sizes_of,
    spans,
)

Floats = NDArray[np.float32]

ORDER_WEIGHTS: Final = np.array([0.0, 1.0, 0.5, 0.25])
"""Weight of grams by length: characters carry most, longer ones reward the same order of words."""
POSTINGS_READ: Final = 30_000
"""Of a large index at most so many postings are read for one message, those of its rarest grams."""
SECOND_LOOK: Final = 300
"""Rows that are then compared in full,"""
SECOND_LOOK_CHARACTERS: Final = 6_000
"""as long as they have no more characters than this together."""
COMMON_GRAM: Final = 6
SAMPLED: Final = 2_000
_BLOCK: Final = 1 << 22
"""Postings that are worked on at one go while an index is built."""


@dataclass(frozen=True, eq=False)
class Weighting:
    """How much a gram says: little if many documents have it. A gram that no document has weighs most."""

    documents: int
    grams: Grams
    """The grams that documents have, ascending,"""
    counts: Ints
    """and how many documents have each."""
    usual: float = 0.0
    spread: float = 1.0
    """Mean and standard deviation of `commonness` over documents that look like messages."""

    @classmethod
    def over(cls, postings: Postings, texts: Texts, message_like: Sequence[int] | Ints = ()) -> Weighting:
        """The weighting of documents; `message_like` are the rows of those that are worded as buyers word them."""
        plain = cls(len(texts), postings.grams, postings.counts)
        sample = np.asarray(message_like[:: max(1, len(message_like) // SAMPLED)], dtype=np.int64)
        if len(sample) < 2:
            return plain
        grams, places = texts.grams_in(sample)
        pairs = sizes_of(grams) == 2
        known = np.searchsorted(postings.grams, grams[pairs])
        once = distinct(places[pairs] * len(postings.grams) + known)
        places, known = np.divmod(once, max(len(postings.grams), 1))
        sums = np.bincount(places, weights=plain.counts[known] - 1, minlength=len(sample))
        seen = plain._commonness(sums, np.bincount(places, minlength=len(sample)))
        return cls(
            len(texts), postings.grams, postings.counts, float(seen.mean()), max(float(seen.std()), 0.1)
        )

    @cached_property
    def frequency(self) -> Mapping[str, int]:
        """In how many documents each run of one or two characters occurs; made when it is first asked for."""
        short = no_longer_than(2, self.grams)
        counted = zip(self.grams[:short].tolist(), self.counts[:short].tolist(), strict=True)
        return {characters_of(gram): count for gram, count in counted}

    def frequencies(self, grams: Grams) -> Ints:
        """In how many documents each gram occurs."""
        if not len(self.grams):
            return np.zeros(len(grams), dtype=np.int64)
        places = np.minimum(np.searchsorted(self.grams, grams), len(self.grams) - 1)
        return np.where(self.grams[places] == grams, self.counts[places], 0)

    def weights(self, grams: Grams, frequencies: Ints) -> NDArray[np.float64]:
        """The weights of `grams` that have these frequencies."""
        # The root of the logarithm was better than the logarithm on every shared set: banks are small, and a word such as
        # 退款 that half of them share still carries the meaning.
        rarity = np.log((self.documents + 1) / (frequencies + 0.5))
        return np.asarray(ORDER_WEIGHTS[sizes_of(grams)] * np.sqrt(np.maximum(rarity, 0.01)))

    def commonness(self, grams: Grams, frequencies: Ints) -> float:
        """How much the pairs of characters are the bank's daily bread: the logarithm of their summed frequency, -7 to about 1."""
        pairs = frequencies[sizes_of(grams) == 2]
        return float(self._commonness(np.array([pairs.sum()]), np.array([len(pairs)]))[0])

    def _commonness(self, sums: NDArray[np.float64] | Ints, pairs: Ints) -> NDArray[np.float64]:
        share = sums / max(self.documents, 1) / np.sqrt(np.maximum(pairs, 1))
        return np.asarray(np.log(1e-3 + share))


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A message as weighted grams, of unit length together with the grams that no document has."""

    words: str
    grams: Grams
    weights: NDArray[np.float64]
    mass: float
    """The length before scaling: how much the message says at all."""
    known: float
    """0..1: the share of its characters, by weight, that some document has."""
    at_home: float
    """How common it is in the bank as a whole, in standard deviations from the bank's own examples, -6..3.

    A message of another trade may be near to one document by accident; it is not near to the bank as a whole."""
    meaning: Vectors | None = None
    """Its vector, where the bank has an encoder,"""
    strength: Strength = "none"
    """and what that encoder's cosines are worth."""

    @classmethod
    def of(cls, words: str, weighting: Weighting, encoder: Encoder | None = None) -> Query:
        """`words` folded; raises what the encoder raises."""
        grams = grams_of(words)
        frequencies = weighting.frequencies(grams)
        weights = weighting.weights(grams, frequencies)
        mass = math.sqrt(float(weights @ weights))
        characters = sizes_of(grams) == 1
        total = float(weights[characters].sum())
        known = float(weights[characters & (frequencies > 0)].sum())
        commonness = weighting.commonness(grams, frequencies)
        return cls(
            words,
            grams,
            weights * (1 / mass if mass else 0.0),
            mass,
            known / total if total else 0.0,
            max(-6.0, min(3.0, (commonness - weighting.usual) / weighting.spread)),
            encoder.encode([words])[0] if encoder else None,
            encoder.strength if encoder else "none",
        )


class Index:
    """The documents, each a row of `texts`, with the postings of their grams."""

    __slots__ = ("_lengths", "_norms", "_postings", "_weighting", "texts")

    def __init__(self, texts: Texts, postings: Postings, weighting: Weighting) -> None:
        """`postings` are those of `texts`; `weighting` may be that of an earlier index."""
        self.texts = texts
        self._postings = postings
        self._weighting = weighting
        self._lengths = texts.lengths[postings.order].astype(np.int32)
        self._norms = self._measured()

    @property
    def rows(self) -> int:
        return len(self.texts)

    def _measured(self) -> Floats:
        """The length of each row as a vector, by its place in the order of the postings."""
        starts, grams = self._postings.starts, self._postings.grams
        squares = self._weighting.weights(grams, self._weighting.frequencies(grams)) ** 2
        sums = np.zeros(self.rows)
        first = 0
        while first < len(grams):
            last = max(first + 1, int(np.searchsorted(starts, starts[first] + _BLOCK, side="right")) - 1)
            rows = self._postings.rows[starts[first] : starts[last]]
            sums += np.bincount(
                rows,
                weights=np.repeat(squares[first:last], np.diff(starts[first : last + 1])),
                minlength=self.rows,
            )
            first = last
        return np.maximum(np.sqrt(sums), 1e-9).astype(np.float32)

    def cosines(self, query: Query) -> Floats:
        """The cosine of the query with every row, one float each."""
        numbers, worth = self._known(query)
        rows, parts = self._read(numbers, worth)
        cosines = np.empty(self.rows, dtype=np.float32)
        cosines[self._postings.order] = np.bincount(rows, weights=parts, minlength=self.rows) / self._norms
        return cosines

    def nearest(self, query: Query) -> tuple[Ints, Floats]:
        """Rows near the query and their cosines, in no order: of a large index, without looking at all of it.

        At most `POSTINGS_READ` postings are read: those of the query's rarest grams, and of the first gram that is too
        common to be read in full those of the rows that are about as long as the query. Of these rows the `SECOND_LOOK`
        that share most are compared in full. So where the postings of all its grams are few enough, no row that is left
        out is nearer than one that is in.
        """
        numbers, worth = self._known(query)
        counts = self._postings.counts_of(numbers)
        rarest = np.argsort(counts, kind="stable")
        numbers, worth, counts = numbers[rarest], worth[rarest], counts[rarest]
        used = int(np.searchsorted(np.cumsum(counts), POSTINGS_READ, side="right"))
        rows, parts = self._read(numbers[:used], worth[:used])
        whole = used == len(numbers)
        if not whole:
            some = self._window(int(numbers[used]), POSTINGS_READ - len(rows), len(query.words))
            rows = np.concatenate((rows, some))
            parts = np.concatenate((parts, np.full(len(some), worth[used])))
        found, sums = _summed(rows, parts)
        cosines = sums / self._norms[found]
        if len(found) > SECOND_LOOK:
            best = np.argpartition(cosines, -SECOND_LOOK)[-SECOND_LOOK:]
            found, cosines = found[best], cosines[best]
        own = self._postings.order[found].astype(np.int64)
        if whole:
            return own, cosines
        best = np.argsort(-cosines, kind="stable")
        best = best[
            : max(1, int(np.searchsorted(np.cumsum(self._lengths[found[best]]), SECOND_LOOK_CHARACTERS)))
        ]
        return own[best], self._compared(query, own[best]) / self._norms[found[best]]

    def _known(self, query: Query) -> tuple[Ints, NDArray[np.float64]]:
        """The numbers of the query's grams that are known here, and what each is worth in a row that has it."""
        grams = self._postings.grams
        if not len(grams):
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        numbers = np.minimum(np.searchsorted(grams, query.grams), len(grams) - 1)
        known = grams[numbers] == query.grams
        # What a gram weighs here is what it weighs in the query, before that was scaled to unit length.
        return numbers[known], query.weights[known] ** 2 * query.mass

    def _read(self, numbers: Ints, worth: NDArray[np.float64]) -> tuple[Rows, NDArray[np.float64]]:
        """The rows of these grams, one gram after the other, and what the gram is worth in each."""
        starts = self._postings.starts[numbers]
        counts = self._postings.starts[numbers + 1] - starts
        return self._postings.rows[spans(starts, counts)], np.repeat(worth, counts)

    def _window(self, number: int, count: int, length: int) -> Rows:
        """`count` of the rows of a gram, whose texts are about `length` characters long."""
        posting = self._postings.rows[self._postings.starts[number] : self._postings.starts[number + 1]]
        # Values of the arrays' own type, or the arrays would be converted to theirs.
        middle = np.searchsorted(posting, np.int32(np.searchsorted(self._lengths, np.int32(length))))
        first = max(0, min(int(middle) - count // 2, len(posting) - count))
        return posting[first : first + count]

    def _compared(self, query: Query, rows: Ints) -> Floats:
        """What the grams that each row shares with the query are worth, read from the texts."""
        grams, places = self.texts.grams_in(rows)
        found = np.minimum(np.searchsorted(query.grams, grams), len(query.grams) - 1)
        shared = query.grams[found] == grams
        once = distinct(places[shared] * len(query.grams) + found[shared])
        places, found = np.divmod(once, len(query.grams))
        worth = query.weights**2 * query.mass
        return np.bincount(places, weights=worth[found], minlength=len(rows)).astype(np.float32)

    def between_rows(self) -> Floats:
        """The cosines of all rows with each other, a square matrix."""
        starts, counts = self._postings.starts, self._postings.counts
        grams, order = self._postings.grams, self._postings.order
        weights = self._weighting.weights(grams, self._weighting.frequencies(grams)).astype(np.float32)
        square = np.zeros((self.rows, self.rows), dtype=np.float32)
        common = np.flatnonzero(counts > COMMON_GRAM)
        for first in range(
            0, len(common), 2048
        ):  # a product of dense blocks is quickest where rows share a lot
            block = np.zeros((self.rows, len(common[first : first + 2048])), dtype=np.float32)
            for column, number in enumerate(common[first : first + 2048]):
                rows = self._postings.rows[starts[number] : starts[number + 1]]
                block[order[rows], column] = weights[number] / self._norms[rows]
            square += block @ block.T
        for number in np.flatnonzero((counts > 1) & (counts <= COMMON_GRAM)):
            rows = self._postings.rows[starts[number] : starts[number + 1]]
            parts = weights[number] / self._norms[rows]
            square[order[rows][:, None], order[rows]] += parts[:, None] * parts
        diagonal = np.arange(self.rows)
        square[diagonal, diagonal] = 1.0
        return square


def _summed(rows: Rows, parts: NDArray[np.float64]) -> tuple[Ints, Floats]:
    """The different rows and the sums of their parts."""
    if not len(rows):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    # Row and part in one integer: sorting that is several times as fast as sorting places and fetching by them.
    packed = rows.astype(np.uint64) << np.uint64(32) | parts.astype(np.float32).view(np.uint32)
    packed.sort()
    rows_sorted = (packed >> np.uint64(32)).astype(np.int64)
    firsts = np.flatnonzero(changes(rows_sorted))
    total = np.cumsum(packed.astype(np.uint32).view(np.float32), dtype=np.float64)
    sums = np.diff(total[np.append(firsts[1:], len(total)) - 1], prepend=0.0)
    return rows_sorted[firsts], sums.astype(np.float32)
