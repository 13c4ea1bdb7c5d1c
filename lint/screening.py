"""A quick look at many texts that tells which of them deserve a close one.

The screen may suspect too much, never too little: whatever `lint.examination` would find is suspected.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from lint import attitude
from lint.batch import Batch, Joined
from lint.lexicon import Lexicon, Term
from lint.occurrence import Near
from lint.patterns import Pattern
from lint.sieve import Sieve
from lint.sound import SEEN, is_everyday, judge, spell

# The model of attitude judges chat: 谢谢 is too short for it, and what is longer is prose that it does not know.
_WITH_ATTITUDE: Final = range(5, 41)


@dataclass(slots=True)
class Suspicion:
    """What a close look should see to.

    `audible`: something may be meant by its sound; `rude`: the model of attitude thinks so; `patterns`: these occur; `words`:
    what the lexicon's words find in the tight view, `whole`: the terms that it is as a message, None if nobody has looked.
    """

    audible: bool = False
    rude: bool = False
    patterns: list[Pattern] = field(default_factory=list)
    words: list[tuple[int, int, int]] | None = None
    whole: Sequence[Term] | None = None

    @classmethod
    def looked(cls) -> Suspicion:
        """One that knows that no words were found, until they are entered."""
        return cls(words=[], whole=())


class Screen:
    """The screen of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._meant = [
            frozenset(meaning.word for meaning in meanings) for meanings in lexicon.long_sounds.meanings
        ]
        # Words that mean nothing but where something is near.
        self._near = {
            word: meanings[0].near
            for word, meanings in enumerate(lexicon.words.meanings)
            if len(meanings) == 1 and isinstance(meanings[0], Term) and meanings[0].near is not None
        }
        self._limit = min((limit for _, limit in lexicon.limits), default=sys.maxsize)
        self._patterns = list(lexicon.patterns)
        whole = list(lexicon.whole_candidates())
        self._sieve = Sieve([*lexicon.patterns.candidates, *whole])
        self._owners = np.array([*lexicon.patterns.owners, *[len(self._patterns)] * len(whole)], np.intp)

    def suspects(self, batch: Batch) -> dict[int, Suspicion]:
        """The texts that deserve a close look, by their index, ascending."""
        found: dict[int, Suspicion] = defaultdict(Suspicion.looked)
        tight = batch.view("tight")
        for start, end, word in self._standing(batch):
            index = tight.at(start)
            words = found[index].words
            assert words is not None
            words.append((start - tight.starts[index], end - tight.starts[index], word))
        for index in self._too_long(batch):
            found.setdefault(index, Suspicion.looked())
        for place in (*self._homophones(tight.text, batch.sound()), *_spelled(batch), *batch.unusual()):
            found[tight.at(place)].audible = True
        if self._lexicon.models:
            for index in _rude(tight):
                found[index].rude = True
        self._sift(batch, found)
        return dict(sorted(found.items()))

    def _standing(self, batch: Batch) -> Iterator[tuple[int, int, int]]:
        """Where the lexicon's words stand in the tight view, but not one whose `near` is nowhere in the text."""
        tight = batch.view("tight")
        doubtful: dict[Near, list[tuple[int, int, int]]] = defaultdict(list)
        for found in self._lexicon.words.find(tight.text):
            near = None if batch.is_single else self._near.get(found[2])
            if near is None:
                yield found
            else:
                doubtful[near].append(found)
        for near, several in doubtful.items():
            indices = [tight.at(start) for start, _, _ in several]
            # Each text is asked once, however often the word stands in it.
            asked = sorted(set(indices))
            texts = (batch.view(view).parts(asked) for view in near.views)
            holding = {asked[at] for each in texts for at in near.may_hold(each)}
            yield from (one for one, index in zip(several, indices, strict=True) if index in holding)

    def _too_long(self, batch: Batch) -> Iterator[int]:
        if max(map(len, batch.texts)) > self._limit:
            yield from (index for index, text in enumerate(batch.texts) if len(text) > self._limit)

    def _sift(self, batch: Batch, found: dict[int, Suspicion]) -> None:
        """Enter the texts in which a pattern occurs, and those that are a word as a whole."""
        tight = batch.view("tight")
        for number, tried in self._due(batch):
            if number < len(self._patterns):
                pattern = self._patterns[number]
                for at in pattern.holding(batch.view(pattern.view).parts(tried)):
                    found[tried[at]].patterns.append(pattern)
            else:
                for index in tried:
                    if terms := self._lexicon.whole_terms(tight.part(index)):
                        found[index].whole = terms

    def _due(self, batch: Batch) -> Iterator[tuple[int, list[int]]]:
        """The number of each pattern that may occur, and the texts to try it in; one number more stands for whole messages."""
        tight, plain = batch.view("tight"), batch.view("plain")
        if batch.is_single:
            candidates = self._sieve.passing_in(tight.text, plain.text)
            yield from ((number, [0]) for number in {self._owners.item(each) for each in candidates})
            return
        texts, passing = self._sieve.passing(tight, plain)
        pairs = np.unique(self._owners.take(passing) * len(batch.texts) + texts)
        numbers, tried = np.divmod(pairs, len(batch.texts))
        firsts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
        for first, end in pairwise([*firsts, len(numbers)]):
            yield int(numbers[first]), tried[first:end].tolist()

    def _homophones(self, tight: str, sound: str) -> Iterable[int]:
        """Places in the tight view where something sounds like a long word, is not the word, and no plain speech."""
        for start, end, index in self._lexicon.long_sounds.find(sound):
            written = tight[start:end]
            for word in self._meant[index]:
                if not is_everyday(written, word) and judge(
                    list(written), word, tight[max(0, start - SEEN) : start], tight[end : end + SEEN]
                ):
                    yield start


def _rude(tight: Joined) -> Iterable[int]:
    """The texts of chat length that the model of attitude thinks rude, by index."""
    lengths = tight.lengths()
    judged = np.flatnonzero((lengths >= _WITH_ATTITUDE.start) & (lengths < _WITH_ATTITUDE.stop))
    if not len(judged):
        return ()
    every = len(judged) == len(lengths)
    is_rude = (
        attitude.scores(*((tight.codes, tight.starts) if every else tight.only(judged))) > attitude.THRESHOLD
    )
    rude: list[int] = judged[is_rude].tolist()
    return rude


def _spelled(batch: Batch) -> Iterator[int]:
    """Places in the tight view where letters can be read as pinyin."""
    text = batch.view("tight").text
    return (start for start, end in batch.letters() if spell(text[start:end]))
