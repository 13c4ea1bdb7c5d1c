"""What the rules look for, compiled: the words of each view into one automaton, and the patterns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import daachorse

from lint.occurrence import Near
from lint.patterns import Pattern, Patterns
from lint.rulebook import Matcher, Rule
from lint.sieve import Candidate, Condition
from lint.sound import sound_word
from lint.variants import load_substitutions, spellings

# What may stand around a message without making it more than it is.
_LEADING: Final = ("亲爱的", "亲亲", "亲", "您好", "你好")
_TRAILING: Final = ("哦", "呢", "啊", "呀", "哈", "啦", "噢", "喔", "吧", "亲", "的", "了", "嘛", "诶", "欸")
_COURTESIES: Final = 8  # characters of courtesy around a whole-message word that are looked through


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is a hit of a rule, if `near` holds. `evasive`: the automaton knows it in a disguised spelling."""

    rule: int
    word: str
    near: Near | None = None
    evasive: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A disguised spelling of `word`, which calls for the patterns that name it."""

    word: str
    patterns: tuple[Pattern, ...]


class Automaton:
    """All words of one view, each with its meanings; one pass finds every occurrence."""

    __slots__ = ("_machine", "meanings", "words")

    def __init__(self, meanings: Mapping[str, Sequence[Any]]) -> None:
        self.words = list(meanings)
        self.meanings = [tuple(found) for found in meanings.values()]
        self._machine = daachorse.CharwiseDoubleArrayAhoCorasick(self.words) if meanings else None

    def find(self, text: str) -> Sequence[tuple[int, int, int]]:
        """Every occurrence as (start, end, index of the word), by ascending end."""
        if self._machine is None or not text:
            return ()
        found: Sequence[tuple[int, int, int]] = self._machine.find_overlapping(text)
        return found


class Lexicon:
    """The words and patterns of a set of rules. Rules are named by their index.

    `words`: terms and disguised spellings in the tight view; a meaning is a `Term` or a `Need`. `sounds` and `long_sounds`
    (three syllables or more): the same by syllables. `whole`: messages that are a hit as they are. `repeats` and `limits`:
    (rule, limit). `models`: rules that ask the model of attitude.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.patterns: Final = Patterns(rules)
        self.whole: Final[dict[str, list[Term]]] = defaultdict(list)
        self.repeats: Final[list[tuple[int, int]]] = []
        self.limits: Final[list[tuple[int, int]]] = []
        self.models: Final[list[int]] = []
        spelt = _Spelt()
        for index, rule in enumerate(rules):
            for matcher in rule.matchers:
                self._add(index, matcher, spelt)
        for word, patterns in self.patterns.disguised.items():
            spelt.disguise(word, Need(word, tuple(patterns)))
        for spelling, meanings in spelt.disguised.items():
            if spelling not in spelt.words:
                spelt.words[spelling].extend(meanings)
        self.words: Final = Automaton(spelt.words)
        self.sounds: Final = Automaton(spelt.sounds)
        self.long_sounds: Final = Automaton({s: m for s, m in spelt.sounds.items() if len(s) >= 3})

    def _add(self, rule: int, matcher: Matcher, spelt: _Spelt) -> None:
        match matcher.kind:
            case "repeat":
                self.repeats.append((rule, matcher.limit))
            case "longer_than":
                self.limits.append((rule, matcher.limit))
            case "model":
                self.models.append(rule)
            case "whole":
                for word in matcher.terms:
                    self.whole[_core(word)].append(Term(rule, word))
            case "terms":
                near = None if matcher.near is None else Near(matcher.near)
                for word in matcher.terms:
                    spelt.words[word].append(Term(rule, word, near))
                    if matcher.evasion:
                        spelt.disguise(word, Term(rule, word, near, evasive=True))
            case "pattern":
                pass  # they share words, see `Patterns`

    def whole_terms(self, tight: str) -> Sequence[Term]:
        """The terms that this tight text is, as a whole message, but for courtesies around it."""
        return self.whole.get(_core(tight), ())

    def whole_candidates(self) -> Iterator[Candidate]:
        """What a text must be for `whole_terms` to find any."""
        for core in self.whole:
            yield Candidate([Condition(frozenset({core}))], len(core) + _COURTESIES)


class _Spelt:
    """Words and their disguised spellings, as they are gathered; not kept once they are compiled."""

    def __init__(self) -> None:
        self.words: Final[dict[str, list[Term | Need]]] = defaultdict(list)
        self.disguised: Final[dict[str, list[Term | Need]]] = defaultdict(list)
        self.sounds: Final[dict[str, list[Term | Need]]] = defaultdict(list)
        self._substitutions = load_substitutions()

    def disguise(self, word: str, meaning: Term | Need) -> None:
        """Enter the spellings by which a word is disguised."""
        if len(word) < 2:
            return
        if not word.isascii() and meaning not in self.sounds[sound := sound_word(word)]:
            self.sounds[sound].append(meaning)
        for spelling in spellings(word, self._substitutions):
            if meaning not in self.disguised[spelling]:
                self.disguised[spelling].append(meaning)


def _core(tight: str) -> str:
    """What a message says. 嗯呢 and 哦哦 are friendly, so courtesies are only taken off where more than a character remains."""
    core = without_courtesies(tight)
    return core if len(core) > 1 else tight


def without_courtesies(tight: str) -> str:
    """A tight message without the courtesies around it, or as it is if nothing else would remain."""
    core = tight
    for word in _LEADING:
        if core.startswith(word) and len(core) > len(word):
            core = core[len(word) :]
            break
    while len(core) > 1 and core.endswith(_TRAILING):
        core = core[:-1]
    return core
