"""Phrases that were turned down for a message, and are not offered for it, nor for nearly the same one, again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rapidfuzz import fuzz

from phrasebank.chitchat import without_chat
from phrasebank.cues import cues_of
from phrasebank.folding import folded
from phrasebank.phrase import Phrase

NEARLY: Final = 0.8
"""Edit similarity, 0..1, from which two messages that ask the same of their subject are nearly the same."""


class Denials:
    """The not-examples of phrases, by phrase id; unchangeable."""

    __slots__ = ("_words",)

    def __init__(
        self, phrases: Iterable[Phrase] = (), known: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        """Those of `phrases`, which replace what is `known` of them."""
        self._words = dict(known or {})
        for phrase in phrases:
            self._words.pop(phrase.id, None)
            if phrase.not_examples:
                self._words[phrase.id] = tuple(dict.fromkeys(map(_words, phrase.not_examples)))

    def changed(self, phrases: Iterable[Phrase]) -> Denials:
        """These denials with those of `phrases` in place of what was known of them."""
        return Denials(phrases, self._words)

    def deny(self, phrase_id: str, words: str, likeness: float) -> bool:
        """Whether the phrase was turned down for folded `words`, or for a message more like them than `likeness`.

        `likeness`, 0..1, is the edit similarity with what speaks for the phrase: the nearer of both is believed.
        """
        denied = self._words.get(phrase_id)
        if denied is None:
            return False
        asked = cues_of(words)
        least = max(NEARLY, likeness)
        return any(
            other == words
            or (
                cues_of(other) == asked
                and fuzz.ratio(words, other, score_cutoff=100 * least) / 100 > likeness
            )
            for other in denied
        )


def _words(text: str) -> str:
    words = folded(text)
    return without_chat(words)[0] or words
