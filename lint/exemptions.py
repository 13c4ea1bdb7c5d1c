"""Why a hit does not stand: a longer word around it, or what is left and right of it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from lint.folding import View, fold
from lint.lexicon import Automaton
from lint.rulebook import Exemption, Rule

CONTEXT: Final = 20  # characters left and right of a hit that an exemption or `near` may look at


class Exemptions:
    """The exemptions of one rule, its exempting words compiled."""

    __slots__ = ("_around", "_words")

    def __init__(self, rule: Rule) -> None:
        words: dict[str, list[Exemption]] = defaultdict(list)
        for exemption in rule.exemptions:
            for word in exemption.words:
                words[word].append(exemption)
        self._words = Automaton(words)
        self._around = tuple(e for e in rule.exemptions if e.left or e.right or e.near)

    def shields(self, view: View) -> Shields:
        """Where exempting words stand in a tight view."""
        return Shields(
            (*view.span(start, end), exemption)
            for start, end, index in self._words.find(view.text)
            for exemption in self._words.meanings[index]
        )

    def ground(self, word: str, start: int, end: int, text: str, shields: Shields) -> str | None:
        """The ground that clears the hit `text[start:end]` of a rule's `word` ('' for a pattern), or None.

        Hits must be asked for by ascending start.
        """
        for exemption in shields.covering(start, end):
            if not exemption.only_for or word in exemption.only_for:
                return exemption.reason
        left = right = None
        for exemption in self._around:
            if exemption.only_for and word not in exemption.only_for:
                continue
            if left is None:
                left = fold(text[max(0, start - CONTEXT) : start], "plain")
                right = fold(text[end : end + CONTEXT], "plain")
            if (
                (exemption.left is None or exemption.left.search(left))
                and (exemption.right is None or exemption.right.search(right))
                and (exemption.near is None or is_near(exemption.near, text, start, end))
            ):
                return exemption.reason
        return None


class Shields:
    """Exempting words by their place; each is looked at a bounded number of times."""

    __slots__ = ("_active", "_waiting")

    def __init__(self, shields: Iterable[tuple[int, int, Exemption]]) -> None:
        self._waiting = deque(sorted(shields, key=lambda shield: shield[:2]))
        self._active: list[tuple[int, int, Exemption]] = []

    def covering(self, start: int, end: int) -> Sequence[Exemption]:
        """The exemptions whose word holds this span. Spans must come with ascending starts."""
        while self._waiting and self._waiting[0][0] <= start:
            self._active.append(self._waiting.popleft())
        self._active = [shield for shield in self._active if shield[1] > start]
        return [exemption for _, stop, exemption in self._active if stop >= end]


def is_near(pattern: Any, text: str, start: int, end: int) -> bool:
    """Whether a pattern matches the text around a span, as it is or without noise."""
    window = text[max(0, start - CONTEXT) : end + CONTEXT]
    return any(pattern.search(fold(window, view)) is not None for view in ("plain", "clauses"))
