"""A part of the bank that was indexed at one go, and the evidence it holds for a message."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from heapq import nlargest
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from phrasebank.chitchat import Chat, without_chat
from phrasebank.cues import cues_of, refused
from phrasebank.encoding import Encoder, Vectors, joined
from phrasebank.filling import fixed_parts
from phrasebank.folding import folded
from phrasebank.index import Floats, Index, Query, Weighting, grams_of
from phrasebank.phrase import Phrase

CLASSIFIER_ROWS: Final = 4_000
CLASSIFIER_CELLS: Final = 2_000_000
"""Beyond this many documents, or documents times phrases, no classifier is trained at building."""
RIDGE: Final = 1.0
ALL_ROWS: Final = 20_000
"""Up to so many documents a message is compared with every one of them."""
CONTEXT_WEIGHTS: Final = (1.0, 0.5)
"""What the buyer's last message, and the one before it, count."""
LONGEST_KEYWORD: Final = 12
"""A longer keyword is a sentence, and is matched as an example is."""
COURTEOUS_SHARE: Final = 0.3
"""A phrase is for a courtesy if at least this share of its examples and keywords are nothing else."""
ASKED: Final = 96
"""Phrases about which the classifier is asked, the nearest ones."""
CANDIDATES: Final = 24
"""Phrases that are looked at closely for one message, besides those whose keyword is met."""


class Source(IntEnum):
    """Where a document of a phrase comes from."""

    EXAMPLE = 0
    TITLE = 1
    TEXT = 2


_BOOST: Final = {Source.EXAMPLE: 1.0, Source.TITLE: 0.95, Source.TEXT: 0.7}
"""How far a document of each source is trusted beside examples; the only source of a phrase is trusted in full."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text by which a phrase is found: as it was written, and folded without courtesies."""

    source: Source
    text: str
    words: str
    boost: float


@dataclass(frozen=True, slots=True)
class KeywordEvidence:
    """Keywords of one phrase that the message holds."""

    keywords: tuple[str, ...]
    specificity: float
    """0..1: the rarest of them; 1 if no other phrase has it."""
    share: float
    """0..1: how much of the message they cover."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one phrase."""

    phrase: Phrase
    nearest: Document
    cosine: float
    """Of the nearest document, 0..1."""
    learned: float
    """The classifier's opinion, about 0..1."""
    context: float
    """The same of what the buyer wrote before."""
    ratio: float
    """Edit similarity with the nearest document, 0..1."""
    coverage: float
    """Share of the message's characters that occur in the nearest document, 0..1."""
    cues_missing: int
    """Cues (see `cues`) of the message that no document of the phrase has."""
    cues_besides: int
    """Cues of the nearest document that the message lacks."""
    keyword: KeywordEvidence | None
    density: float
    """How many documents the phrases of this bank have, on a logarithmic scale: 0 for one each, 1 for about thirty."""


@dataclass(frozen=True, slots=True)
class _Nearness:
    """A phrase's nearest document, its trusted cosine with the message, and the classifier's opinion."""

    row: int
    cosine: float
    learned: float


class Segment:
    """Phrases with their documents, keywords, courtesies and classifier; unchangeable."""

    __slots__ = ("_alphas", "_boosts", "_chat", "_cues", "_density", "_documents", "_encoder", "_index", "_keywords", "_longest", "_meanings", "_not_keywords", "_owners", "_spread", "_starts", "phrases", "weighting")  # fmt: skip

    def __init__(
        self,
        phrases: Sequence[Phrase],
        weighting: Weighting | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """Index `phrases`. A later segment of the same bank is given the `weighting` of the first.

        With an encoder the documents are near by their meaning too; it is asked once here, and for each message.
        """
        self.phrases = tuple(phrases)
        self._documents: list[Document] = []
        self._starts = np.zeros(len(phrases), dtype=np.int64)
        self._cues = [0] * len(phrases)
        self._chat = [Chat.NONE] * len(phrases)
        self._keywords: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
        self._not_keywords: dict[str, list[int]] = defaultdict(list)
        for position, phrase in enumerate(phrases):
            self._starts[position] = len(self._documents)
            self._add(position, phrase)
        self._longest = max(map(len, (*self._keywords, *self._not_keywords)), default=0)
        self._spread = {
            part: len({entry[0] for entry in entries}) for part, entries in self._keywords.items()
        }
        gram_sets = [grams_of(document.words) for document in self._documents]
        self.weighting = weighting or Weighting.over(gram_sets, self._message_like())
        self._index = Index(gram_sets, self.weighting)
        self._encoder = encoder
        self._meanings: Vectors | None = (
            encoder.encode([document.words for document in self._documents]) if encoder else None
        )
        self._boosts = np.array([document.boost for document in self._documents], dtype=np.float32)
        self._owners = np.repeat(
            np.arange(len(phrases)), np.diff(np.append(self._starts, len(self._documents)))
        )
        told = sum(document.source is not Source.TEXT for document in self._documents)
        self._density = max(0.0, math.log(max(told, 1) / max(len(phrases), 1)) / math.log(30))
        self._alphas = self._trained()

    def _add(self, position: int, phrase: Phrase) -> None:
        """Take in the documents, keywords, cues and courtesies of one phrase."""
        long_keywords = []
        for keyword in phrase.keywords:
            parts = tuple(dict.fromkeys(part for piece in keyword.split("&") if (part := folded(piece))))
            if len(parts) == 1 and len(parts[0]) > LONGEST_KEYWORD:
                long_keywords.append(keyword)
                continue
            for part in parts:
                self._keywords[part].append((position, keyword, len(parts)))
        for keyword in phrase.not_keywords:
            if part := folded(keyword):
                self._not_keywords[part].append(position)
        body = " ".join(fixed_parts(phrase.text))
        seen: set[str] = set()
        sources = [(Source.EXAMPLE, text) for text in (*phrase.examples, *long_keywords)]
        if phrase.title:
            sources.append((Source.TITLE, phrase.title))
        sources.append((Source.TEXT, body))
        has_examples = bool(phrase.examples or long_keywords)
        for source, text in sources:
            words = folded(text)
            words = without_chat(words)[0] or words
            if words in seen and source is not Source.TEXT:
                continue
            seen.add(words)
            boost = 1.0 if source is Source.TEXT and not (has_examples or phrase.title) else _BOOST[source]
            self._documents.append(Document(source, text, words, boost))
            if source is not Source.TEXT or not has_examples:
                self._cues[position] |= cues_of(words)
        for keyword in phrase.keywords:
            self._cues[position] |= cues_of(folded(keyword))
        told_by = [_courtesy(folded(text)) for text in (*phrase.examples, *phrase.keywords)]
        for kind in Chat:
            count = sum(kind in kinds for kinds in told_by)
            if count and count >= COURTEOUS_SHARE * len(told_by):
                self._chat[position] |= kind

    def _message_like(self) -> list[int]:
        """Rows of the documents that are worded as a buyer words things: the examples, else titles, else whatever there is."""
        by_source = {
            source: [r for r, one in enumerate(self._documents) if one.source is source] for source in Source
        }
        return next((rows for rows in by_source.values() if len(rows) >= 2), [])

    def _trained(self) -> Floats | None:
        """The classifier, phrases by documents: ridge regression in closed form on the cosines of the documents.

        The opinion about a phrase is the sum, over all documents, of coefficient times cosine with the message. What many
        phrases have in common thereby counts for none of them. None where the bank is too large for it.
        """
        rows, phrases = len(self._documents), len(self.phrases)
        if not rows or rows > CLASSIFIER_ROWS or rows * phrases > CLASSIFIER_CELLS:
            return None
        trusted = self._boosts[:, None] * self._boosts
        square = self._index.between_rows()
        if self._meanings is not None:
            square = joined(square, self._meanings @ self._meanings.T)
        square *= trusted
        targets = np.zeros((rows, phrases), dtype=np.float32)
        targets[np.arange(rows), self._owners] = 1.0
        square[np.arange(rows), np.arange(rows)] += RIDGE
        alphas = np.linalg.solve(square, targets) * self._boosts[:, None]
        return np.ascontiguousarray(alphas.T, dtype=np.float32)

    def courteous(self, query: Query, chat: Chat) -> list[tuple[float, Phrase, int]]:
        """The phrases for one of the courtesies in `query`, with their position and how well they fit, of no fixed scale."""
        near = self._nearness(query) if self.phrases else {}
        return [
            (
                (near[position].cosine if position in near else 0.0) + (kinds & chat).value.bit_count(),
                self.phrases[position],
                position,
            )
            for position, kinds in enumerate(self._chat)
            if kinds & chat
        ]

    def excluded(self, words: str) -> set[int]:
        """Positions of the phrases of which a not-keyword occurs in folded `words`."""
        return {
            position
            for part in self._parts(words, self._not_keywords)
            for position in self._not_keywords[part]
        }

    def keyword_evidence(self, words: str) -> dict[int, KeywordEvidence]:
        """By position, the phrases of which a keyword occurs in folded `words`."""
        parts = [part for part in self._parts(words, self._keywords) if not refused(words, part)]
        met: Counter[tuple[int, str, int]] = Counter(
            entry for part in parts for entry in self._keywords[part]
        )
        by_phrase: dict[int, list[str]] = defaultdict(list)
        for (position, keyword, needed), count in met.items():
            if count >= needed:
                by_phrase[position].append(keyword)
        return {position: self._weighed(keywords, words) for position, keywords in by_phrase.items()}

    def _weighed(self, keywords: list[str], words: str) -> KeywordEvidence:
        covered: set[int] = set()
        specificity = 0.0
        for keyword in keywords:
            parts = [part for piece in keyword.split("&") if (part := folded(piece))]
            spread = min(self._spread[part] for part in parts)
            specificity = max(specificity, 1 / (1 + math.log2(spread)))
            for part in parts:
                at = words.find(part)
                covered.update(range(at, at + len(part)))
        ordered = tuple(sorted(keywords, key=lambda keyword: (-len(keyword), keyword)))
        return KeywordEvidence(ordered, specificity, len(covered) / max(len(words), 1))

    def _parts(
        self, words: str, known: dict[str, list[int]] | dict[str, list[tuple[int, str, int]]]
    ) -> list[str]:
        if not known:
            return []
        found = {
            part
            for start in range(len(words))
            for end in range(start + 1, min(start + self._longest, len(words)) + 1)
            if (part := words[start:end]) in known
        }
        return sorted(found)

    def evidence(self, query: Query, context: Sequence[Query], skip: Iterable[int] = ()) -> list[Evidence]:
        """The evidence for the most promising phrases, in no particular order.

        `context` are earlier messages of the buyer, the latest first; the first two are used. Positions in `skip` and
        phrases with a met not-keyword are left out.
        """
        if not self.phrases:
            return []
        near = self._nearness(query)
        before: dict[int, float] = defaultdict(float)
        for weight, earlier in zip(CONTEXT_WEIGHTS, context, strict=False):
            for position, one in self._nearness(earlier).items():
                before[position] += weight * one.learned
        keywords = self.keyword_evidence(query.words)
        promise = {position: one.cosine + one.learned for position, one in near.items()}
        for position, learned in before.items():
            promise[position] = promise.get(position, 0.0) + 0.3 * learned
        by_promise = nlargest(CANDIDATES, promise, key=promise.__getitem__)
        by_keyword = nlargest(CANDIDATES, keywords, key=lambda position: promise.get(position, 0.0))
        chosen = {*by_promise, *by_keyword} - set(skip) - self.excluded(query.words)
        asked = cues_of(query.words)
        return [
            self._closely(
                position, query, asked, near.get(position), before.get(position, 0.0), keywords.get(position)
            )
            for position in sorted(chosen)
        ]

    def _nearness(self, query: Query) -> dict[int, _Nearness]:
        """The nearest phrases by position, `CANDIDATES` by cosine and as many by the classifier."""
        if self._index.rows > ALL_ROWS:
            rows, cosines = self._index.nearest(query)
            cosines = self._with_meaning(query, cosines, rows)
            trusted = cosines * self._boosts[rows]
            found: dict[int, _Nearness] = {}
            for place in np.argsort(-trusted, kind="stable").tolist():
                cosine = float(trusted[place])
                found.setdefault(
                    int(self._owners[rows[place]]), _Nearness(int(rows[place]), cosine, cosine / (1 + RIDGE))
                )
                if len(found) == CANDIDATES:
                    break
            return found
        cosines = self._with_meaning(query, self._index.cosines(query))
        trusted = cosines * self._boosts
        best = np.maximum.reduceat(trusted, self._starts)
        if self._alphas is None:
            positions = _largest(best, CANDIDATES)
            opinions = best[positions] / (
                1 + RIDGE
            )  # what the classifier says where each phrase has one document
        else:
            # einsum keeps to this thread: a product so small is done before the threads of BLAS have met, and on a busy
            # machine they wait for each other some twenty times as long as it takes.
            positions = _largest(best, ASKED)
            opinions = np.einsum("ij,j->i", self._alphas[positions], cosines)
            kept = {*_largest(best[positions], CANDIDATES).tolist(), *_largest(opinions, CANDIDATES).tolist()}
            places = np.array(sorted(kept), dtype=np.int64)
            positions, opinions = positions[places], opinions[places]
        nearest = {}
        for position, learned in zip(positions.tolist(), opinions.tolist(), strict=True):
            start, end = int(self._starts[position]), self._end(position)
            row = start + int(trusted[start:end].argmax())
            nearest[position] = _Nearness(row, float(best[position]), learned)
        return nearest

    def _with_meaning(
        self, query: Query, cosines: Floats, rows: NDArray[np.int64] | slice = slice(None)
    ) -> Floats:
        """The cosines of `rows` with the query, by letters and meaning together."""
        if self._encoder is None or self._meanings is None:
            return cosines
        return joined(cosines, self._meanings[rows] @ self._encoder.encode([query.words])[0])

    def _end(self, position: int) -> int:
        return int(self._starts[position + 1]) if position + 1 < len(self.phrases) else len(self._documents)

    def _closely(
        self,
        position: int,
        query: Query,
        asked: int,
        near: _Nearness | None,
        before: float,
        keyword: KeywordEvidence | None,
    ) -> Evidence:
        near = near or _Nearness(int(self._starts[position]), 0.0, 0.0)
        nearest = self._documents[near.row]
        characters = set(query.words)
        return Evidence(
            phrase=self.phrases[position],
            nearest=nearest,
            cosine=near.cosine,
            learned=near.learned,
            context=before,
            ratio=fuzz.ratio(query.words, nearest.words) / 100 * nearest.boost,
            coverage=len(characters.intersection(nearest.words)) / max(len(characters), 1),
            cues_missing=(asked & ~self._cues[position]).bit_count(),
            cues_besides=(cues_of(nearest.words) & ~asked).bit_count(),
            keyword=keyword,
            density=self._density,
        )


def _courtesy(words: str) -> Chat:
    """The courtesies of folded `words` if there is nothing else in them."""
    rest, kinds = without_chat(words)
    return Chat.NONE if rest else kinds


def _largest(values: Floats, count: int) -> NDArray[np.int64]:
    """Positions of the `count` largest values above 0."""
    positions = np.arange(len(values))
    if len(values) > count:
        positions = np.argpartition(values, -count)[-count:]
    return np.asarray(positions[values[positions] > 0], dtype=np.int64)
