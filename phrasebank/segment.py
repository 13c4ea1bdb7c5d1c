"""A part of the bank that was indexed at one go, and the evidence it holds for a message."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from phrasebank.chitchat import Chat
from phrasebank.cues import cues_of
from phrasebank.documents import Document, Documents, Source
from phrasebank.encoding import Encoder, Vectors
from phrasebank.grams import Ints, Postings
from phrasebank.index import Floats, Index, Query, Weighting
from phrasebank.keywords import WIDESPREAD, KeywordEvidence, KeywordParts, Keywords
from phrasebank.meanings import Meanings, most_near, nearness
from phrasebank.occasion import Marks
from phrasebank.phrase import Phrase
from phrasebank.pointing import Pointer

_Near = TypeVar("_Near", float, Floats)

CLASSIFIER_ROWS: Final = 4_000
CLASSIFIER_CELLS: Final = 2_000_000
"""Beyond this many documents, or documents times phrases, no classifier is trained at building."""
RIDGE: Final = 1.0
ALL_ROWS: Final = 20_000
"""Up to so many documents a message is compared with every one of them."""
CONTEXT_WEIGHTS: Final = (1.0, 0.5)
"""What the buyer's last message, and the one before it, count."""
ASKED: Final = 96
"""Phrases about which the classifier is asked, the nearest ones."""
CANDIDATES: Final = 24
"""Phrases that are looked at closely for one message, besides those whose keyword is met."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one phrase."""

    phrase: Phrase
    nearest: Document
    cosine: float
    """By letters, of the nearest document in them, 0..1."""
    meaning: float
    """The same by meaning, -1..1; 0 where the bank has no encoder."""
    learned: float
    """The classifier's opinion, about 0..1."""
    context: float
    """The same of what the buyer wrote before."""
    talk: float
    """By meaning, of the document nearest to the message and what was written before together, -1..1; 0 without these."""
    ratio: float
    """Edit similarity with the nearest document, 0..1."""
    coverage: float
    """Share of the message's characters that occur in the nearest document, 0..1."""
    cues_missing: int
    """Cues (see `cues`) of the message that no document of the phrase has."""
    cues_besides: int
    """Cues of the nearest document that the message lacks."""
    keyword: KeywordEvidence | None
    frequency: float
    """How many documents that buyers' words gave the phrase has beside the others, on a logarithmic scale; 0 for as many."""
    density: float
    """How many documents the phrases of this bank have, on a logarithmic scale: 0 for one each, 1 for about thirty."""


@dataclass(frozen=True, slots=True)
class _Nearness:
    """A phrase's nearest document, its trusted cosines with the message, and the classifier's opinion."""

    row: int
    cosine: float
    meaning: float
    learned: float
    talk: float = 0.0


class Segment:
    """Phrases with their documents, keywords, courtesies and classifier; unchangeable."""

    __slots__ = (
        "_alphas",
        "_courteous",
        "_density",
        "_documents",
        "_frequencies",
        "_index",
        "_keywords",
        "_meanings",
        "_usual",
        "phrases",
        "weighting",
    )

    def __init__(
        self, phrases: Sequence[Phrase], first: Segment | None = None, encoder: Encoder | None = None
    ) -> None:
        """Index `phrases`. A later segment of a bank is given the `first` one.

        Then it weighs grams alike, tells by the same mean whether a phrase has many documents, and has a classifier only if that has one. Raises what the encoder raises.
        """
        self.phrases = tuple(phrases)
        parts = KeywordParts()
        self._documents = Documents(self.phrases, parts)
        self._keywords = Keywords(self.phrases, parts)
        self._courteous = np.flatnonzero(self._documents.chat)
        postings = Postings.of(self._documents.texts)
        self.weighting: Weighting = (
            first.weighting
            if first
            else Weighting.over(postings, self._documents.texts, self._message_like())
        )
        self._index = Index(self._documents.texts, postings, self.weighting)
        self._meanings = Meanings(encoder, self._documents.texts) if encoder else None
        told = self._told()
        self._usual: float = first._usual if first else float(told.mean()) if len(told) else 0.0
        """How many documents besides its text a phrase of the bank has, in the mean."""
        self._density = max(0.0, math.log(max(self._usual, 1.0)) / math.log(30))
        self._frequencies = np.log((told + 1) / (self._usual + 1)).astype(np.float32)
        self._alphas: Floats | None = None if first and first._alphas is None else self._trained()

    def _told(self) -> Ints:
        """How many documents besides its text each phrase has."""
        own = np.delete(self._documents.owners, self._documents.rows_of(Source.TEXT))
        return np.bincount(own, minlength=len(self.phrases))

    def _message_like(self) -> Ints:
        """Rows of the documents that are worded as a buyer words things: the examples, else titles, else whatever there is."""
        found = (self._documents.rows_of(source) for source in Source)
        return next((rows for rows in found if len(rows) >= 2), np.zeros(0, dtype=np.int64))

    def _trained(self) -> Floats | None:
        """The classifier, phrases by documents: ridge regression in closed form on the nearness of the documents.

        The opinion about a phrase is the sum, over all documents, of coefficient times nearness of the message. What many
        phrases have in common thereby counts for none of them. None where the bank is too large for it.
        """
        rows, phrases = len(self._documents), len(self.phrases)
        if not rows or rows > CLASSIFIER_ROWS or rows * phrases > CLASSIFIER_CELLS:
            return None
        boosts = self._documents.boosts
        trusted = boosts[:, None] * boosts
        meanings = self._meanings.between_rows() if self._meanings else None
        square = nearness(self._index.between_rows(), meanings) * trusted
        targets = np.zeros((rows, phrases), dtype=np.float32)
        targets[np.arange(rows), self._documents.owners] = 1.0
        square[np.arange(rows), np.arange(rows)] += RIDGE
        alphas = np.linalg.solve(square, targets) * boosts[:, None]
        return np.ascontiguousarray(alphas.T, dtype=np.float32)

    def pointing(self, pointer: Pointer) -> Iterator[tuple[Phrase, int]]:
        """The phrases with examples of this kind that have no words of their own, and how many each has."""
        counts: Mapping[int, int] = self._documents.pointing.get(pointer, {})
        return ((self.phrases[position], count) for position, count in counts.items())

    def courteous(self, query: Query, chat: Chat, gone: Marks | None) -> list[tuple[float, Phrase]]:
        """The phrases for one of the courtesies in `query`, and how well they fit, of no fixed scale; without those marked as `gone`."""
        if not self.phrases:
            return []
        near = self._nearness(query, gone)
        kinds = self._documents.chat[self._courteous] & chat.value
        meant = self._courteous[kinds > 0]
        if gone is not None:
            meant = meant[~gone[meant]]
        if len(meant) > WIDESPREAD:
            meant = np.union1d(meant[:WIDESPREAD], np.intersect1d(meant, list(near)))
        return [
            (
                (near[position].cosine if position in near else 0.0)
                + (int(self._documents.chat[position]) & chat.value).bit_count(),
                self.phrases[position],
            )
            for position in meant.tolist()
        ]

    def evidence(self, query: Query, context: Sequence[Query], gone: Marks | None) -> list[Evidence]:
        """The evidence for the most promising phrases, in no particular order.

        `context` are earlier messages of the buyer, the latest first; the first two are used. Phrases marked as `gone` and
        those with a met not-keyword are left out.
        """
        if not self.phrases:
            return []
        near = self._nearness(query, gone, talk_of(query, context))
        before: dict[int, float] = defaultdict(float)
        for weight, earlier in zip(CONTEXT_WEIGHTS, context, strict=False):
            for position, one in self._nearness(earlier, gone).items():
                before[position] += weight * one.learned
        promise = {
            position: one.cosine + max(one.meaning, one.talk) + one.learned for position, one in near.items()
        }
        for position, learned in before.items():
            promise[position] = promise.get(position, 0.0) + 0.3 * learned
        keywords = self._keywords.met(query.words, promise, gone)
        by_promise = nlargest(CANDIDATES, promise, key=promise.__getitem__)
        by_keyword = nlargest(CANDIDATES, keywords, key=lambda position: promise.get(position, 0.0))
        chosen = {*by_promise, *by_keyword}
        chosen -= self._keywords.refusing(query.words, chosen)
        asked = cues_of(query.words)
        return [
            self._closely(
                position,
                query,
                asked,
                near.get(position),
                before.get(position, 0.0),
                keywords.get(position, ()),
            )
            for position in sorted(chosen)
        ]

    def _nearness(
        self, query: Query, gone: Marks | None, talk: Vectors | None = None
    ) -> dict[int, _Nearness]:
        """The nearest phrases by position, `CANDIDATES` by nearness and as many by the classifier; none marked as `gone`.

        With the meaning of the `talk`, as many by their nearness to that.
        """
        if len(self._documents) > ALL_ROWS:
            return self._at_a_glance(query, gone, talk)
        return self._in_full(query, gone, talk)

    def _at_a_glance(self, query: Query, gone: Marks | None, talk: Vectors | None) -> dict[int, _Nearness]:
        """Of many documents only those are compared that share the rarer grams of the message."""
        rows, letters = self._index.nearest(query)
        owners = self._documents.owners[rows]
        if gone is not None:
            present = ~gone[owners]
            rows, letters, owners = rows[present], letters[present], owners[present]
        meanings = self._meanings_of(query.meaning, rows)
        talks = self._meanings_of(talk, rows)
        boosts = self._documents.boosts[rows]
        trusted = nearness(letters, meanings) * boosts
        found: dict[int, _Nearness] = {}
        for place in np.argsort(-trusted, kind="stable").tolist():
            found.setdefault(
                int(owners[place]),
                _Nearness(
                    int(rows[place]),
                    float(letters[place] * boosts[place]),
                    0.0 if meanings is None else float(meanings[place] * boosts[place]),
                    self._unlearned(float(trusted[place])),
                    0.0 if talks is None else float(talks[place] * boosts[place]),
                ),
            )
            if len(found) == CANDIDATES:
                break
        return found

    def _in_full(self, query: Query, gone: Marks | None, talk: Vectors | None) -> dict[int, _Nearness]:
        """Every document is compared."""
        documents = self._documents
        letters = self._index.cosines(query)
        meanings = self._meanings_of(query.meaning)
        talks = self._meanings_of(talk)
        near = nearness(letters, meanings)
        trusted = near * documents.boosts
        best = np.maximum.reduceat(trusted, documents.starts)
        if gone is not None:
            best[gone] = 0.0
        if talks is not None:
            together = np.maximum.reduceat(talks * documents.boosts, documents.starts)
            together[best <= 0] = 0.0
            told = _largest(together, CANDIDATES)
        else:
            told = np.zeros(0, dtype=np.int64)
        if self._alphas is None:
            positions = np.union1d(_largest(best, CANDIDATES), told)
            opinions = self._unlearned(best[positions])
        else:
            # einsum keeps to this thread: a product so small is done before the threads of BLAS have met, and on a busy
            # machine they wait for each other some twenty times as long as it takes.
            positions = np.union1d(_largest(best, ASKED), told)
            opinions = np.einsum("ij,j->i", self._alphas[positions], near)
            kept = {*_largest(best[positions], CANDIDATES).tolist(), *_largest(opinions, CANDIDATES).tolist()}
            kept.update(np.flatnonzero(np.isin(positions, told)).tolist())
            places = np.array(sorted(kept), dtype=np.int64)
            positions, opinions = positions[places], opinions[places]
        nearest = {}
        for position, learned in zip(positions.tolist(), opinions.tolist(), strict=True):
            own = slice(int(documents.starts[position]), self._end(position))
            boosts = documents.boosts[own]
            nearest[position] = _Nearness(
                own.start + int(trusted[own].argmax()),
                float((letters[own] * boosts).max()),
                0.0 if meanings is None else float((meanings[own] * boosts).max()),
                learned,
                0.0 if talks is None else float((talks[own] * boosts).max()),
            )
        return nearest

    def _meanings_of(self, meaning: Vectors | None, rows: Ints | slice = slice(None)) -> Floats | None:
        return None if self._meanings is None or meaning is None else self._meanings.cosines(meaning, rows)

    def _unlearned(self, near: _Near) -> _Near:
        """What a classifier would say that has learned from one document for each phrase."""
        return near / (most_near(self._meanings is not None) + RIDGE)

    def _end(self, position: int) -> int:
        starts = self._documents.starts
        return int(starts[position + 1]) if position + 1 < len(starts) else len(self._documents)

    def _closely(
        self,
        position: int,
        query: Query,
        asked: int,
        near: _Nearness | None,
        before: float,
        keywords: Collection[int],
    ) -> Evidence:
        near = near or _Nearness(int(self._documents.starts[position]), 0.0, 0.0, 0.0)
        nearest = self._documents[near.row]
        characters = set(query.words)
        return Evidence(
            phrase=self.phrases[position],
            nearest=nearest,
            cosine=near.cosine,
            meaning=near.meaning,
            learned=near.learned,
            context=before,
            talk=near.talk,
            ratio=fuzz.ratio(query.words, nearest.words) / 100 * nearest.boost,
            coverage=len(characters.intersection(nearest.words)) / max(len(characters), 1),
            cues_missing=(asked & ~int(self._documents.cues[position])).bit_count(),
            cues_besides=(cues_of(nearest.words) & ~asked).bit_count(),
            keyword=self._keywords.evidence(keywords, query.words) if keywords else None,
            frequency=float(self._frequencies[position]),
            density=self._density,
        )


def talk_of(query: Query, context: Sequence[Query]) -> Vectors | None:
    """The meaning of a message together with what the buyer wrote before, the latest first; None where either says nothing."""
    earlier = [one.meaning for one in context if one.meaning is not None]
    if query.meaning is None or not earlier:
        return None
    weights = CONTEXT_WEIGHTS[: len(earlier)]
    together = query.meaning + sum(weight * one for weight, one in zip(weights, earlier, strict=False))
    length = float(np.linalg.norm(together))
    return np.asarray(together / length, dtype=np.float32) if length > 1e-6 else None


def _largest(values: Floats, count: int) -> NDArray[np.int64]:
    """Positions of the `count` largest values above 0."""
    positions = np.arange(len(values))
    if len(values) > count:
        positions = np.argpartition(values, -count)[-count:]
    return np.asarray(positions[values[positions] > 0], dtype=np.int64)
