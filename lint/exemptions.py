"""Why a hit does not stand: a longer word around it, or what is left and right of it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from lint.folding import View, fold
from lint.lexicon import Automaton
from lint.occurrence import CONTEXT, Near, Occurrences
from lint.rulebook import Exemption, Rule


class Exemptions:
    """The exemptions of one rule, its exempting words compiled."""

    __slots__ = ("_any_left", "_any_right", "_around", "_left", "_near", "_right", "_words")

    def __init__(self, rule: Rule) -> None:
        words: dict[str, list[Exemption]] = defaultdict(list)
        for exemption in rule.exemptions:
            for word in exemption.words:
                words[word].append(exemption)
        self._words = Automaton(words)
        self._around = around = [e for e in rule.exemptions if e.left or e.right or e.near]
        self._left = Occurrences({at: e.left for at, e in enumerate(around) if e.left})
        self._right = Occurrences({at: e.right for at, e in enumerate(around) if e.right})
        self._any_left = frozenset(at for at, e in enumerate(around) if not e.left)
        self._any_right = frozenset(at for at, e in enumerate(around) if not e.right)
        self._near = {at: Near(e.near) for at, e in enumerate(around) if e.near}

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
        if not self._around:
            return None
        left = self._left.within(fold(text[max(0, start - CONTEXT) : start], "plain"))
        right = self._right.within(fold(text[end : end + CONTEXT], "plain"))
        for at in sorted(self._any_left.union(left) & self._any_right.union(right)):
            exemption = self._around[at]
            if (not exemption.only_for or word in exemption.only_for) and (
                exemption.near is None or self._near[at].holds(text, start, end)
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
