"""A message read by its sound: pinyin (`fahuo`) and characters typed for others that sound alike (`快第`) become the bank's own words.

What the bank has never seen is compared with what it has, syllable by syllable, without tones. Words that the bank knows are left as
they are, so a message in the bank's own words is never rewritten.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from heapq import nlargest
from importlib import resources
from typing import Final

import rjieba

LONGEST_SYLLABLE: Final = 6
MOST_LETTERS: Final = 72
"""A message with more letters than two dozen syllables have is not read: no buyer types so, and it would take long."""
CANDIDATES: Final = 16
"""Characters that are tried for one syllable, those that most of the bank's texts have."""
PAIR_KNOWN: Final = 1.0
"""What it is worth that two neighbours stand side by side somewhere in the bank; more often counts for more."""
SUBSTITUTION: Final = 1.6
"""What it costs to take a character for another: about one pair that several texts of the bank have."""
RATHER: Final = 10
"""A pair of characters is taken for a slip only if another that sounds alike is more than so many times as frequent."""
TOGETHER: Final = 0.05
"""A pair that replaces another stands in so many of the texts that its characters stand in (their geometric mean)."""
SYLLABLE: Final = 0.5
"""What each syllable of a run of letters costs, so that `xian` is rather 先 than 西安."""

_LETTERS: Final = re.compile(r"[a-z]+")


@cache
def by_syllable() -> dict[str, str]:
    """The characters of each toneless syllable (see tools/build_syllable_table.py)."""
    lines = (resources.files("phrasebank") / "data" / "syllables.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ") for line in lines)


@cache
def readings() -> dict[str, list[str]]:
    """The syllables of each character."""
    table: dict[str, list[str]] = {}
    for syllable, characters in by_syllable().items():
        for char in characters:
            table.setdefault(char, []).append(syllable)
    return table


_State = tuple[float, str]
"""What a reading of the words up to some place is worth, and the reading."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it sounds, folded. `spelled`: a part of it was written in letters."""

    words: str
    spelled: bool


def heard(words: str, frequency: Mapping[str, int]) -> Reading | None:
    """Folded `words` in the bank's own words, where that is nearer to the bank; None if there is nothing to rewrite.

    `frequency` tells in how many texts of the bank a run of one or two characters stands.
    """
    spoken = {
        match.start(): match.end() for match in _LETTERS.finditer(words) if _is_spelled(match[0], frequency)
    }
    if sum(end - at for at, end in spoken.items()) > MOST_LETTERS:
        return None
    instead = {at: found for at in _alone(words) if (found := _instead(words, at, frequency))}
    if not spoken and not instead:
        return None
    paths: dict[int, dict[str, _State]] = {0: {"": (0.0, "")}}
    run_end = 0
    for at in range(len(words)):
        here = paths.pop(at, None)
        if here is None:
            continue
        if at in spoken:
            run_end = spoken[at]
            _step(paths, run_end, here, words[at:run_end], 0.0, frequency)
        if at < run_end:
            for end in range(at + 1, min(at + LONGEST_SYLLABLE, run_end) + 1):
                for char in _commonest(words[at:end], frequency):
                    _step(paths, end, here, char, -SYLLABLE, frequency)
            continue
        _step(paths, at + 1, here, words[at], 0.0, frequency)
        for char in instead.get(at, ()):
            _step(paths, at + 1, here, char, -SUBSTITUTION, frequency)
    _, reading = max(paths[len(words)].values())
    if reading == words:
        return None
    return Reading(reading, spelled=any(words[at:end] not in reading for at, end in spoken.items()))


def _step(
    paths: dict[int, dict[str, _State]],
    end: int,
    here: Mapping[str, _State],
    piece: str,
    worth: float,
    frequency: Mapping[str, int],
) -> None:
    """Add the best way to go on from `here` with `piece`, which ends at `end`."""
    first = piece[0]
    value, reading = max(
        (value + _pair(last + first, frequency), reading) for last, (value, reading) in here.items()
    )
    there = paths.setdefault(end, {})
    state = (value + worth, reading + piece)
    if piece[-1] not in there or there[piece[-1]] < state:
        there[piece[-1]] = state


def _pair(pair: str, frequency: Mapping[str, int]) -> float:
    count = frequency.get(pair, 0) if len(pair) == 2 else 0
    return PAIR_KNOWN + 0.5 * math.log1p(count) if count else 0.0


def _is_spelled(letters: str, frequency: Mapping[str, int]) -> bool:
    """Whether a run of letters can be syllables, and is no word that the bank writes in letters."""
    if letters in frequency or all(letters[at : at + 2] in frequency for at in range(len(letters) - 1)):
        return False
    reached = {0}
    for at in range(len(letters)):
        if at in reached:
            reached.update(end for end in _ends(letters, at))
    return len(letters) in reached


def _ends(letters: str, at: int) -> Iterator[int]:
    longest = min(at + LONGEST_SYLLABLE, len(letters))
    return (end for end in range(at + 1, longest + 1) if letters[at:end] in by_syllable())


def _commonest(syllable: str, frequency: Mapping[str, int]) -> list[str]:
    known = (char for char in by_syllable().get(syllable, "") if char in frequency)
    return nlargest(CANDIDATES, known, key=lambda char: frequency[char])


def _instead(words: str, at: int, frequency: Mapping[str, int]) -> list[str]:
    """Characters that sound like the one at `at` and that the bank far rather has beside one of its neighbours."""
    before = words[at - 1] if at else ""
    after = words[at + 1 : at + 2]
    char = words[at]
    usual_before = RATHER * frequency.get(before + char, 0)
    usual_after = RATHER * frequency.get(char + after, 0)
    return [
        other
        for syllable in readings().get(char, ())
        for other in by_syllable()[syllable]
        if other != char
        and (
            (before and _belong(before, other, usual_before, frequency))
            or (after and _belong(other, after, usual_after, frequency))
        )
    ]


def _belong(first: str, second: str, more_than: int, frequency: Mapping[str, int]) -> bool:
    """Whether two characters stand together in more texts than that, and seldom apart, as those of a word do."""
    together = frequency.get(first + second, 0)
    return together > more_than and together >= TOGETHER * math.sqrt(frequency[first] * frequency[second])


def _alone(words: str) -> set[int]:
    """The places of the characters that are no part of a longer word of the language."""
    alone, at = set(), 0
    for word in rjieba.cut(words, False):
        if len(word) == 1:
            alone.add(at)
        at += len(word)
    return alone
