"""A quick look at many texts that tells which of them deserve a close one.

The screen may suspect too much, never too little: whatever `lint.examination` would find is suspected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from lint import attitude
from lint.batch import Batch
from lint.lexicon import Lexicon
from lint.patterns import NUMBER, Pattern
from lint.sound import SEEN, judge, pinyin_runs

# The model of attitude judges chat: 谢谢 is too short for it, and what is longer is prose that it does not know.
_WITH_ATTITUDE: Final = range(5, 41)


@dataclass(slots=True)
class Suspicion:
    """What a close look should see to.

    `audible`: something may be meant by its sound; `rude`: the model of attitude thinks so; `patterns`: these occur.
    """

    audible: bool = False
    rude: bool = False
    patterns: list[Pattern] = field(default_factory=list)


class Screen:
    """The screen of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        # Beside the conditions of patterns, one more bit: a close look is due anyway.
        self._look = lexicon.patterns.all
        self._weights = [self._weight(meanings) for meanings in lexicon.words.meanings]
        self._meant = [
            frozenset(meaning.word for meaning in meanings) for meanings in lexicon.long_sounds.meanings
        ]
        self._limit = min((limit for _, limit in lexicon.limits), default=None)

    def suspects(self, batch: Batch) -> dict[int, Suspicion]:
        """The texts that deserve a close look, by their index, ascending."""
        lexicon = self._lexicon
        tight = batch.view("tight")
        seen = self._seen(batch)
        found: dict[int, Suspicion] = defaultdict(Suspicion)
        spelled = (start for start, _, _ in pinyin_runs(tight.text))
        for place in (*self._homophones(tight.text, batch.sound()), *spelled, *batch.unusual()):
            found[tight.at(place)].audible = True
        if lexicon.models:
            rude = attitude.scores(tight.text, tight.starts) > attitude.THRESHOLD
            for index in np.flatnonzero(rude).tolist():
                if tight.length(index) in _WITH_ATTITUDE:
                    found[index].rude = True
        due: dict[Pattern, list[int]] = defaultdict(list)
        for index, text in enumerate(batch.texts):
            length = tight.length(index)
            if (
                seen[index] >= self._look
                or (length <= lexicon.longest_whole and lexicon.whole_terms(tight.part(index)))
                or (self._limit is not None and len(text) > self._limit)
            ):
                found.setdefault(index, Suspicion())
            if seen[index]:
                for pattern in lexicon.patterns.due(seen[index], length):
                    due[pattern].append(index)
        for pattern, indices in due.items():
            view = batch.view(pattern.view)
            for at in pattern.occurring([view.part(index) for index in indices]):
                found[indices[at]].patterns.append(pattern)
        return dict(sorted(found.items()))

    def _seen(self, batch: Batch) -> list[int]:
        """For each text the conditions of patterns that it fulfils, and whether a word is in it that is a hit."""
        patterns, weights = self._lexicon.patterns, self._weights
        tight, plain = batch.view("tight"), batch.view("plain")
        seen = [0] * len(batch.texts)
        at, stop = 0, tight.starts[1]
        for _, end, index in self._lexicon.words.find(tight.text):
            while end >= stop:
                at += 1
                stop = tight.starts[at + 1]
            seen[at] |= weights[index]
        for number in NUMBER.finditer(tight.text):
            seen[tight.at(number.start())] |= patterns.number
        for place, conditions in patterns.marks_in(plain.text):
            seen[plain.at(place)] |= conditions
        return seen

    def _weight(self, meanings: Sequence[Any]) -> int:
        """What finding a word means: a close look is due, or only that conditions of patterns are fulfilled."""
        weight = 0
        for meaning in meanings:
            weight |= meaning if isinstance(meaning, int) else self._look
        return weight

    def _homophones(self, tight: str, sound: str) -> Iterable[int]:
        """Places in the tight view where something sounds like a long word, is not the word, and no plain speech."""
        for start, end, index in self._lexicon.long_sounds.find(sound):
            written, meant = tight[start:end], self._meant[index]
            if written not in meant and any(
                judge(list(written), word, tight[max(0, start - SEEN) : start], tight[end : end + SEEN])
                for word in meant
            ):
                yield start
