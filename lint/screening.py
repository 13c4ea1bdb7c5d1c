"""A quick look at many texts that tells which of them deserve a close one.

The screen may suspect too much, never too little: whatever `lint.examination` would find is suspected.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from lint import attitude
from lint.batch import Batch, Joined
from lint.lexicon import Lexicon
from lint.patterns import Pattern
from lint.sieve import Sieve
from lint.sound import SEEN, is_everyday, judge, spell

# The model of attitude judges chat: 谢谢 is too short for it, and what is longer is prose that it does not know.
_WITH_ATTITUDE: Final = range(5, 41)


@dataclass(slots=True)
class Suspicion:
    """What a close look should see to.

    `audible`: something may be meant by its sound; `rude`: the model of attitude thinks so; `patterns`: these occur; `words`:
    what the lexicon's words find in the tight view, None if nobody has looked.
    """

    audible: bool = False
    rude: bool = False
    patterns: list[Pattern] = field(default_factory=list)
    words: list[tuple[int, int, int]] | None = None

    @classmethod
    def looked(cls) -> Suspicion:
        """One that knows that no words were found, until they are entered."""
        return cls(words=[])


class Screen:
    """The screen of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._meant = [
            frozenset(meaning.word for meaning in meanings) for meanings in lexicon.long_sounds.meanings
        ]
        self._limit = min((limit for _, limit in lexicon.limits), default=sys.maxsize)
        self._sieve = Sieve([*lexicon.patterns.candidates, *lexicon.whole_candidates()])

    def suspects(self, batch: Batch) -> dict[int, Suspicion]:
        """The texts that deserve a close look, by their index, ascending."""
        found: dict[int, Suspicion] = defaultdict(Suspicion.looked)
        tight = batch.view("tight")
        for start, end, word in self._lexicon.words.find(tight.text):
            index = tight.at(start)
            words = found[index].words
            assert words is not None
            words.append((start - tight.starts[index], end - tight.starts[index], word))
        for index in self._too_long(batch):
            found.setdefault(index, Suspicion.looked())
        for place in (*self._homophones(tight.text, batch.sound()), *_spelled(batch), *batch.unusual()):
            found[tight.at(place)].audible = True
        if self._lexicon.models:
            rude = attitude.scores(tight.text, tight.starts) > attitude.THRESHOLD
            for index in np.flatnonzero(rude).tolist():
                if tight.length(index) in _WITH_ATTITUDE:
                    found[index].rude = True
        self._sift(batch, found)
        return dict(sorted(found.items()))

    def _too_long(self, batch: Batch) -> Iterator[int]:
        if max(map(len, batch.texts)) > self._limit:
            yield from (index for index, text in enumerate(batch.texts) if len(text) > self._limit)

    def _sift(self, batch: Batch, found: dict[int, Suspicion]) -> None:
        """Enter the texts in which a pattern occurs, and those that are a word as a whole."""
        tight = batch.view("tight")
        owners = self._lexicon.patterns.owners
        due: dict[Pattern, set[int]] = defaultdict(set)
        for index, candidate in self._candidates(tight, batch.view("plain"), single=batch.is_single):
            if candidate < len(owners):
                due[owners[candidate]].add(index)
            elif self._lexicon.whole_terms(tight.part(index)):
                found.setdefault(index, Suspicion.looked())
        for pattern, indices in due.items():
            view, tried = batch.view(pattern.view), sorted(indices)
            for at in pattern.holding([view.part(index) for index in tried]):
                found[tried[at]].patterns.append(pattern)

    def _candidates(self, tight: Joined, plain: Joined, *, single: bool) -> Iterable[tuple[int, int]]:
        """(text, candidate) of all that may match, each once."""
        if single:
            return ((0, candidate) for candidate in self._sieve.passing_in(tight.text, plain.text))
        texts, candidates = self._sieve.passing(tight, plain)
        return zip(texts.tolist(), candidates.tolist(), strict=True)

    def _homophones(self, tight: str, sound: str) -> Iterable[int]:
        """Places in the tight view where something sounds like a long word, is not the word, and no plain speech."""
        for start, end, index in self._lexicon.long_sounds.find(sound):
            written = tight[start:end]
            for word in self._meant[index]:
                if not is_everyday(written, word) and judge(
                    list(written), word, tight[max(0, start - SEEN) : start], tight[end : end + SEEN]
                ):
                    yield start


def _spelled(batch: Batch) -> Iterator[int]:
    """Places in the tight view where letters can be read as pinyin."""
    text = batch.view("tight").text
    return (start for start, end in batch.letters() if spell(text[start:end]))
