"""Texts of a shop beside each other: which say the same in other words, and which only look so.

已发货 and 未发货, 满 50 and 满 80, 纯棉 and 涤纶 are alike in letters and apart in what they promise. Two texts are near only if what
differs between them is filler, a word for the same thing, or something that one of them adds and that denies nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

import yaml
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from phrasebank.filling import fixed_parts
from phrasebank.folding import bare, levelled

NEAR: Final = 86.0
"""Per cent of equal characters, fillers aside, from which two texts may say the same."""
NEAR_SHORT: Final = 92.0
SHORT: Final = 12
"""Of texts with fewer characters more must be equal: one word is most of what they say."""
SHORTEST: Final = 6
"""With fewer characters than this, fillers aside, only equal ones say the same."""
PROBES: Final = 12
"""Rarest pairs of characters by which texts like one are looked up."""
CROWD: Final = 300
"""A pair of characters in more texts than this finds none."""
CANDIDATES: Final = 30

_VARIABLE: Final = "\ue000"
_VALUE: Final = re.compile(r"[a-z]*\d+(?:[.:]\d+)*[a-z]*|[a-z]+")
_NUMERAL: Final = re.compile(r"[零〇一二三四五六七八九十百千万两半\d]")
_NEGATION: Final = re.compile(r"[不没未无非勿别莫否]")


@dataclass(frozen=True, slots=True)
class Wording:
    """One text as it is compared: `words` bare, `core` without fillers and with one word for each of several.

    A variable is the sign U+E000 in both. `values` are the numbers and Latin words, in order of their spelling.
    """

    text: str
    words: str
    core: str
    values: tuple[str, ...]
    variables: int

    @classmethod
    def of(cls, text: str) -> Wording:
        parts = fixed_parts(text)
        words = _VARIABLE.join(part for part in map(_words, parts))
        if not words.strip(_VARIABLE):  # nothing but variables, or nothing but symbols
            words = bare(text)
        values = tuple(sorted(value for part in parts for value in _VALUE.findall(levelled(part))))
        return cls(text, words, _core(words), values, len(parts) - 1)


def _words(part: str) -> str:
    words = bare(part)
    return words if any(char.isalnum() for char in words) else ""


@dataclass(frozen=True, slots=True)
class _Lexicon:
    fillers: re.Pattern[str]
    synonyms: re.Pattern[str]
    first: dict[str, str]
    affirmative: re.Pattern[str]


@cache
def _lexicon() -> _Lexicon:
    record = yaml.safe_load((resources.files("phrasebank") / "data" / "wordings.yaml").read_text("utf-8"))
    first = {word: row[0] for row in record["synonyms"] for word in row}
    return _Lexicon(
        _any_of(record["fillers"]), _any_of(list(first)), first, _any_of(record["affirmative"])
    )  # fmt: skip


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))


def _core(words: str) -> str:
    lexicon = _lexicon()
    levelled_words = lexicon.synonyms.sub(lambda match: lexicon.first[match[0]], words)
    return lexicon.fillers.sub("", lexicon.affirmative.sub("", levelled_words)) or words


def says_the_same(one: Wording, other: Wording) -> bool:
    """Whether two texts say the same in nearly the same words; a variable stands for any value."""
    if one.words == other.words:
        return True
    if one.core == other.core:
        return _values_fit(one, other)
    if min(len(one.core), len(other.core)) < SHORTEST:
        return False
    least = NEAR_SHORT if min(len(one.core), len(other.core)) < SHORT else NEAR
    alike = fuzz.ratio(one.core, other.core, score_cutoff=least) > 0
    return (
        (alike or one.variables != other.variables)
        and _values_fit(one, other)
        and (_fills(one, other) or _fills(other, one) or (alike and not _turned(one.core, other.core)))
    )


def _values_fit(one: Wording, other: Wording) -> bool:
    """Whether every number of the one is in the other, or has a variable there that the one lacks."""
    if one.values == other.values:
        return True
    mine, theirs = Counter(one.values), Counter(other.values)
    more = other.variables - one.variables
    return (mine - theirs).total() <= max(0, more) and (theirs - mine).total() <= max(0, -more)


def _fills(pattern: Wording, filled: Wording) -> bool:
    """Whether `filled` is `pattern` with values in its variables."""
    if pattern.variables <= filled.variables or len(pattern.core.replace(_VARIABLE, "")) < SHORTEST:
        return False
    parts = (re.escape(part) for part in pattern.core.split(_VARIABLE))
    return re.compile("(?:.{1,24})".join(parts)).fullmatch(filled.core) is not None


def _turned(one: str, other: str) -> bool:
    """Whether something between equal characters was put in place of something else, or denies or counts."""
    return any(
        (mine and theirs and _VARIABLE not in (mine, theirs))
        or len(_NEGATION.findall(mine)) != len(_NEGATION.findall(theirs))
        or sorted(_NUMERAL.findall(mine)) != sorted(_NUMERAL.findall(theirs))
        for mine, theirs in _gaps(one, other)
    )


def _gaps(one: str, other: str) -> Iterator[tuple[str, str]]:
    """What stands in either text between the runs that both have."""
    at = there = 0
    for block in Indel.opcodes(one, other).as_matching_blocks():
        if at < block.a or there < block.b:
            yield one[at : block.a], other[there : block.b]
        at, there = block.a + block.size, block.b + block.size


class WordingIndex:
    """Texts, found by texts like them. `wordings[n]` is the n-th."""

    __slots__ = ("_exact", "_postings", "wordings")

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self.wordings = tuple(wordings)
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._postings: dict[str, list[int]] = defaultdict(list)
        for place, wording in enumerate(self.wordings):
            self._exact[wording.words].append(place)
            for pair in _pairs(wording.core):
                self._postings[pair].append(place)

    def same_as(self, wording: Wording, least_place: int = 0) -> list[int]:
        """Places, from `least_place` on, of the texts that say the same as `wording`, the most alike first.

        Where very many are alike only the `CANDIDATES` that share most of the rarest pairs of characters are looked at.
        """
        places = [place for place in self._exact.get(wording.words, ()) if place >= least_place]
        exact = set(places)
        found = [
            (-fuzz.ratio(wording.core, other.core), place)
            for place in self._candidates(wording, least_place)
            if place not in exact and says_the_same(wording, other := self.wordings[place])
        ]
        return places + [place for _, place in sorted(found)]

    def _candidates(self, wording: Wording, least_place: int) -> list[int]:
        postings = sorted(
            (posting for pair in _pairs(wording.core) if (posting := self._postings.get(pair))), key=len
        )
        telling = [posting for posting in postings if 1 < len(posting) <= CROWD] or postings[:1]
        shared = Counter(place for posting in telling[:PROBES] for place in posting if place >= least_place)
        return [place for place, _ in shared.most_common(CANDIDATES)]


def _pairs(words: str) -> set[str]:
    return {first + second for first, second in pairwise(words) if _VARIABLE not in (first, second)}
