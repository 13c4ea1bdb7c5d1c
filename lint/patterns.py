"""The patterns of the rules, and when each is worth a try.

A pattern is tried only where the conditions of one of its branches are fulfilled: strings without which it cannot match. The
words among them are found by the one pass that looks for all words, so a text that concerns no pattern costs nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import re2

from lint.folding import ViewName, fold, fold_word, is_noise
from lint.literals import Branch, Strings, branches, rate, shortest
from lint.rulebook import Matcher, Rule

# What `needs: digits` waits for: shorter numbers are everywhere and mean nobody.
NUMBER: Final = re.compile("[0-9]{5}")
_MOST: Final = 3  # conditions of a branch; more cost more than they spare
_WORTHWHILE: Final = 0.3  # what is found in a larger share of messages is no use as a second condition
_RARE: Final = 0.002  # what is found in a smaller share needs no further condition
_TOGETHER: Final = 16  # texts in which a pattern is tried at once
_LONG: Final = 100  # characters; branches that must be all of a text are told apart up to here


class Pattern:
    """A pattern of a rule, by its index, and the view that it reads."""

    __slots__ = ("_anywhere", "_expression", "matcher", "rule", "view")

    def __init__(self, rule: int, matcher: Matcher) -> None:
        self.rule = rule
        self.view: Final[ViewName] = "clauses" if matcher.view == "tight" else matcher.view
        self.matcher = matcher
        self._expression = matcher.pattern
        self._anywhere: Any = None

    def occurring(self, texts: Sequence[str]) -> Iterator[int]:
        """The indices of the texts, folded to the view, in which the pattern occurs."""
        for first in range(0, len(texts), _TOGETHER):
            group = texts[first : first + _TOGETHER]
            if len(group) == 1 or self._may_occur(group):
                yield from (first + at for at, text in enumerate(group) if self._expression.search(text))

    def _may_occur(self, texts: Sequence[str]) -> bool:
        """Whether the pattern may occur in one of the texts, which are searched as lines of one text."""
        if self._anywhere is None:
            options = re2.Options()
            options.log_errors = False
            self._anywhere = re2.compile(f"(?m){self._expression.pattern}", options)
        return self._anywhere.search("\n".join(texts)) is not None


@dataclass(frozen=True, slots=True)
class _Condition:
    """Fulfilled by one of the words in the tight view, one of the marks in the plain view, or any number."""

    words: Strings = frozenset()
    marks: Strings = frozenset()
    number: bool = False


class Patterns:
    """All patterns of a set of rules. Conditions are the bits of a mask.

    `words`, `marks`, `number`: the conditions that each fulfils. `disguised`: those that a word fulfils where it stands in
    a disguised spelling, which are all of its patterns. Branch `i` of `n` is due where bits `i`, `n + i`, `2n + i` are set
    and the text is not too long for it.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.words: Final[dict[str, int]] = defaultdict(int)
        self.disguised: Final[dict[str, int]] = defaultdict(int)
        self.marks: Final[dict[str, int]] = defaultdict(int)
        self.number = 0
        self._granted = 0
        self._patterns = [
            Pattern(index, matcher)
            for index, rule in enumerate(rules)
            for matcher in rule.matchers
            if matcher.kind == "pattern"
        ]
        branched = [
            (p, b) for p, one in enumerate(self._patterns) for b in branches(one.matcher.pattern.pattern)
        ]
        self._count = len(branched)
        self._pattern_of = [place for place, _ in branched]
        self._branches_of = [0] * len(self._patterns)
        fits = 0
        up_to: dict[int, int] = defaultdict(int)
        for index, (place, branch) in enumerate(branched):
            self._branches_of[place] |= 1 << index
            self._lay_out(index, self._patterns[place].matcher, branch)
            if branch.longest is None:
                fits |= 1 << index
            else:
                up_to[min(branch.longest, _LONG)] |= 1 << index
        # For each length of a text, the branches that it is not too long for.
        self._fitting = [0] * (_LONG + 1)
        for length in reversed(range(_LONG + 1)):
            fits |= up_to[length]
            self._fitting[length] = fits
        self.all: Final = 1 << (_MOST * self._count)
        self._any_mark = _any_of(self.marks)

    def _lay_out(self, index: int, matcher: Matcher, branch: Branch) -> None:
        bits = [1 << (turn * self._count + index) for turn in range(_MOST)]
        conditions = _conditions(matcher, branch)
        self._granted |= sum(bits[len(conditions) :])
        for bit, condition in zip(bits, conditions, strict=False):
            for word in shortest(condition.words):
                self.words[word] |= bit
            for mark in condition.marks:
                self.marks[mark] |= bit
            self.number |= bit if condition.number else 0
        if matcher.view == "tight":
            for word in matcher.needs:
                self.disguised[word] |= sum(bits)

    def __iter__(self) -> Iterator[Pattern]:
        return iter(self._patterns)

    def marks_in(self, plain: str) -> Iterable[tuple[int, int]]:
        """The marks of a plain view that fulfil conditions: where, and which."""
        return ((found.start(), self.marks[found.group()]) for found in self._any_mark.finditer(plain))

    def due(self, fulfilled: int, length: int) -> Iterator[Pattern]:
        """The patterns of which a branch has all its conditions fulfilled, in a text of this length in the tight view."""
        count = self._count
        fulfilled |= self._granted
        due = fulfilled & (fulfilled >> count) & (fulfilled >> 2 * count) & self._fitting[min(length, _LONG)]
        while due:
            place = self._pattern_of[(due & -due).bit_length() - 1]
            yield self._patterns[place]
            due &= ~self._branches_of[place]


def _conditions(matcher: Matcher, branch: Branch) -> list[_Condition]:
    """What must be there for a branch to match, the rarest first. Never empty."""
    if matcher.needs_digits:
        return [_Condition(number=True), *_by_rarity(matcher, branch)][:_MOST]
    found = _by_rarity(matcher, branch)
    if found:
        return found
    strings = branch.required[0] if branch.required else frozenset((*matcher.needs, *matcher.marks))
    return [
        _Condition(
            words=frozenset(word for string in strings if (word := fold_word(string))),
            marks=frozenset(_telling(fold(string, "plain")) for string in strings if not fold_word(string)),
        )
    ]


def _by_rarity(matcher: Matcher, branch: Branch) -> list[_Condition]:
    rated: list[tuple[float, _Condition]] = []
    for strings in branch.required:
        words: set[str] = set()
        marks: set[str] = set()
        for string in strings:
            word, mark = _word_or_mark(string, plain=matcher.view != "tight")
            (words if word else marks).add(word or mark)
        if "" not in marks:
            rarity = rate(frozenset(words)) + rate(frozenset(marks))
            rated.append((rarity, _Condition(frozenset(words), frozenset(marks))))
    rated.sort(key=lambda item: item[0])
    chosen: list[_Condition] = []
    likely = 1.0
    for rarity, condition in rated[:_MOST]:
        if not chosen or (likely > _RARE and rarity < _WORTHWHILE):
            chosen.append(condition)
            likely *= rarity
    return chosen


def _word_or_mark(string: str, *, plain: bool) -> tuple[str, str]:
    """By what a string is looked for: as it stands in the tight view, or by a mark in the plain view, whichever is rarer.

    ('', '') if it cannot be looked for.
    """
    word = fold_word(string)
    noise = "".join(filter(is_noise, string)) if plain else ""
    if not noise:
        return word, ""
    mark = fold(_telling(noise), "plain")
    if word and rate(frozenset({word})) <= rate(frozenset({mark})):
        return word, ""
    return "", mark


def _telling(noise: str) -> str:
    """The character of some noise by which it is looked for."""
    return min(noise, key=lambda mark: rate(frozenset({mark})))


def _any_of(marks: Iterable[str]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(map(re.escape, sorted(marks)))}]" if marks else r"(?!)")
