"""The patterns of the rules, and when each is worth a try.

A pattern is tried only where the conditions of one of its branches are fulfilled: strings without which it cannot match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from lint.checks import CHECKS
from lint.folding import ViewName, fold, fold_word, is_noise
from lint.literals import Branch, branches, rate, shortest
from lint.occurrence import Glance
from lint.rulebook import Matcher, Rule
from lint.sieve import MOST, Candidate, Condition

_WORTHWHILE: Final = 0.12  # what is found in a larger share of messages is no use as a second condition
_RARE: Final = 0.0003  # what is found in a smaller share needs no further condition


class Pattern:
    """A pattern of a rule, by its index, and the view that it reads."""

    __slots__ = ("_check", "_expression", "_glance", "_hit", "rule", "view")

    def __init__(self, rule: int, matcher: Matcher) -> None:
        self.rule = rule
        self.view: Final[ViewName] = "clauses" if matcher.view == "tight" else matcher.view
        self._expression = matcher.pattern
        self._hit = matcher.pattern.groupindex.get("hit", 0)
        self._check = None if matcher.check is None else CHECKS[matcher.check]
        self._glance = Glance(matcher.pattern.pattern)

    def hits(self, text: str) -> Iterator[tuple[int, int]]:
        """The half-open spans of its hits in a text that is folded to the view."""
        for found in self._expression.finditer(text):
            start, end = found.span(self._hit)
            if start < end and (self._check is None or self._check(text[start:end])):
                yield start, end

    def holding(self, texts: Sequence[str]) -> Iterator[int]:
        """The indices of the texts, folded to the view, that have a hit."""
        return (at for at in self._glance.holding(texts) if any(self.hits(texts[at])))


class Patterns:
    """All patterns of a set of rules.

    `candidates`: the branches of the patterns, `owners`: the pattern of each, by its number. `disguised`: the patterns that a
    word calls for where it stands in a disguised spelling.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.disguised: Final[dict[str, list[Pattern]]] = defaultdict(list)
        self.candidates: Final[list[Candidate]] = []
        self.owners: Final[list[int]] = []
        self._patterns: list[Pattern] = []
        for index, rule in enumerate(rules):
            for matcher in rule.matchers:
                if matcher.kind == "pattern":
                    self._add(Pattern(index, matcher), matcher)

    def _add(self, pattern: Pattern, matcher: Matcher) -> None:
        self._patterns.append(pattern)
        if matcher.view == "tight":
            for word in matcher.needs:
                self.disguised[word].append(pattern)
        for branch in branches(matcher.pattern.pattern):
            self.candidates.append(Candidate(_conditions(matcher, branch), branch.longest))
            self.owners.append(len(self._patterns) - 1)

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self._patterns)


def _conditions(matcher: Matcher, branch: Branch) -> list[Condition]:
    """What must be there for a branch to match, the rarest first. Never empty."""
    if matcher.needs_digits:
        return [Condition(number=True), *_by_rarity(matcher, branch)][:MOST]
    found = _by_rarity(matcher, branch)
    if found:
        return found
    strings = branch.required[0] if branch.required else frozenset((*matcher.needs, *matcher.marks))
    return [
        Condition(
            words=shortest(frozenset(word for string in strings if (word := fold_word(string)))),
            marks=frozenset(fold(string, "plain") for string in strings if not fold_word(string)),
        )
    ]


def _by_rarity(matcher: Matcher, branch: Branch) -> list[Condition]:
    rated: list[tuple[float, Condition]] = []
    for strings in branch.required:
        words: set[str] = set()
        marks: set[str] = set()
        for string in strings:
            word, mark = _word_or_mark(string, plain=matcher.view != "tight")
            (words if word else marks).add(word or mark)
        if "" not in marks:
            rarity = rate(frozenset(words)) + rate(frozenset(marks))
            rated.append((rarity, Condition(shortest(frozenset(words)), frozenset(marks))))
    rated.sort(key=lambda item: item[0])
    chosen: list[Condition] = []
    likely = 1.0
    for rarity, condition in rated[:MOST]:
        if not chosen or (likely > _RARE and rarity < _WORTHWHILE):
            chosen.append(condition)
            likely *= rarity
    return chosen


def _word_or_mark(string: str, *, plain: bool) -> tuple[str, str]:
    """By what a string is looked for: without noise in the tight view, or with it, as a mark, in the plain view.

    ('', '') if it cannot be looked for.
    """
    if plain and any(map(is_noise, string)):
        return "", fold(string, "plain")
    return fold_word(string), ""
