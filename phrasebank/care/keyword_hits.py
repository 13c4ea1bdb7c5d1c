"""Which examples each keyword of a bank is met by, as the bank itself meets keywords."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phrasebank.cues import refused
from phrasebank.folding import folded
from phrasebank.keywords import KeywordParts
from phrasebank.phrase import Phrase

Parts = tuple[str, ...]
"""A keyword as it is compared: its folded parts, all of which must occur, in the order of their spelling."""


def parts_of(keyword: str) -> Parts:
    """The parts of a keyword; empty if there is nothing to compare or it is a whole sentence, which is matched as an example is."""
    parts = KeywordParts()
    return () if parts.is_sentence(keyword) else tuple(sorted(parts[keyword]))


@dataclass(frozen=True, slots=True)
class Example:
    """An example of the phrase at `place`: as written, and folded."""

    place: int
    text: str
    words: str


class KeywordHits:
    """The keywords of `phrases`, who holds them and which examples of whom they are met by. Places are those of `phrases`."""

    __slots__ = ("_met", "denying", "examples", "holders", "phrases")

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.phrases = tuple(phrases)
        self.examples = tuple(
            Example(place, text, folded(text))
            for place, phrase in enumerate(phrases)
            for text in phrase.examples
        )
        self.holders: dict[Parts, dict[int, str]] = defaultdict(dict)
        """By parts, the places of the phrases that have the keyword, and how they write it."""
        for place, phrase in enumerate(phrases):
            for keyword in phrase.keywords:
                if parts := parts_of(keyword):
                    self.holders[parts].setdefault(place, keyword)
        self.denying = tuple(
            tuple(word for keyword in phrase.not_keywords if (word := folded(keyword))) for phrase in phrases
        )
        """The folded not-keywords of each phrase."""
        self._met = self._meetings()

    def _meetings(self) -> dict[Parts, list[int]]:
        by_part: dict[str, list[Parts]] = defaultdict(list)
        for parts in self.holders:
            for part in parts:
                by_part[part].append(parts)
        lengths = sorted({len(part) for part in by_part})
        met: dict[Parts, list[int]] = defaultdict(list)
        for number, example in enumerate(self.examples):
            words = example.words
            pieces = (piece for piece in pieces_of(words, lengths) if piece in by_part)
            found = {part for part in pieces if not refused(words, part)}
            for parts in {parts for part in found for parts in by_part[part] if found.issuperset(parts)}:
                met[parts].append(number)
        return met

    def met(self, parts: Parts) -> list[Example]:
        """The examples, of whatever phrase, that hold the keyword and do not refuse it (先不要发货)."""
        return [self.examples[number] for number in self._met.get(parts, ())]

    def met_for(self, place: int, parts: Parts) -> list[Example]:
        """Those of them that do not hold a not-keyword of the phrase at `place`."""
        denying = self.denying[place]
        return [one for one in self.met(parts) if not any(word in one.words for word in denying)]

    def owners(self, examples: Iterable[Example]) -> Counter[int]:
        """How many of `examples` each phrase has, by place."""
        return Counter(example.place for example in examples)


def pieces_of(words: str, lengths: Iterable[int]) -> set[str]:
    """All substrings of `words` that have one of these lengths."""
    return {words[at : at + length] for length in lengths for at in range(len(words) - length + 1)}
