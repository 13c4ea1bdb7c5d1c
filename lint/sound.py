"""The sound view: every character as its toneless syllable, so that 蕞佳, zui佳 and zuijia all read as 最佳.

A sound hit is only a suspicion. `judge` says whether the letters that were really written make an evasion or just
another word that happens to sound alike.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import rjieba

from lint.folding import load_table

_RAW: Final = load_table("sound.json")
_FIRST: Final = 0xE000
SYLLABLES: Final[dict[str, str]] = {s: chr(_FIRST + i) for i, s in enumerate(_RAW["syllables"])}
SOUND: Final[dict[int, str]] = {
    ord(char): SYLLABLES[syllable] for syllable, chars in _RAW["syllables"].items() for char in chars
}
EVERYDAY: Final = frozenset(_RAW["everyday"])
_LONGEST_SYLLABLE: Final = max(map(len, SYLLABLES))
_LATIN_RUN: Final = re.compile(r"[a-z]{2,}")


class Likeness(IntEnum):
    """How a written character stands to the character of the word, from the same to a mere homophone."""

    SAME = 0
    PINYIN = 1
    RARE = 2  # a homophone that nobody writes except to evade
    EVERYDAY = 3


@dataclass(frozen=True, slots=True)
class SoundView:
    """`starts[i]` and `ends[i]` are the tight-view span of the syllable `text[i]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def sound_word(word: str) -> str:
    """A folded word of a rule as syllables; characters without a reading stay."""
    return word.translate(SOUND)


@functools.lru_cache(maxsize=4096)
def spell(run: str) -> tuple[str, ...]:
    """A run of letters as pinyin syllables, longest first; empty if it cannot be read as pinyin throughout."""
    # best[i]: a reading of run[i:]. Filled from the right, so the cost is linear in the run.
    best: list[tuple[str, ...] | None] = [None] * len(run) + [()]
    for start in range(len(run) - 1, -1, -1):
        for size in range(min(_LONGEST_SYLLABLE, len(run) - start), 0, -1):
            rest = best[start + size]
            if rest is not None and run[start : start + size] in SYLLABLES:
                best[start] = (run[start : start + size], *rest)
                break
    return best[0] or ()


def sound_view(tight: str) -> SoundView:
    """The sound view of a tight text."""
    text = tight.translate(SOUND)
    run = _LATIN_RUN.search(tight)
    if run is None:
        identity = range(len(tight))
        return SoundView(text, identity, range(1, len(tight) + 1))
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while run is not None:
        parts.append(text[at : run.start()])
        starts.extend(range(at, run.start()))
        ends.extend(range(at + 1, run.start() + 1))
        syllables = spell(run.group()) if len(run.group()) <= 64 else ()
        position = run.start()
        for piece in syllables or run.group():
            parts.append(SYLLABLES.get(piece, piece) if syllables else piece)
            starts.append(position)
            position += len(piece)
            ends.append(position)
        at = run.end()
        run = _LATIN_RUN.search(tight, at)
    parts.append(text[at:])
    starts.extend(range(at, len(tight)))
    ends.extend(range(at + 1, len(tight) + 1))
    return SoundView("".join(parts), starts, ends)


def likeness(written: str, meant: str) -> Likeness:
    """Compare the tight spelling of one syllable with the character of the word."""
    if written == meant:
        return Likeness.SAME
    if written.isascii() and written.isalpha():
        return Likeness.PINYIN
    return Likeness.EVERYDAY if written in EVERYDAY or written.isdigit() else Likeness.RARE


def judge(written: Sequence[str], word: str, left: str, right: str) -> bool:
    """Whether `written`, syllable by syllable, is an evasive spelling of the folded `word`.

    `left` and `right` are the tight text around it (a few characters are enough).
    """
    kinds = [likeness(piece, char) for piece, char in zip(written, word, strict=True)]
    worst = max(kinds)
    if worst is Likeness.SAME:
        return False
    if kinds.count(Likeness.PINYIN) == len(kinds):
        # Pinyin throughout: two syllables that stand alone as a run of letters, or with Chinese around them.
        return len(word) >= 2 and not _ends_in_letter(left) and not _starts_with_letter(right)
    if Likeness.PINYIN in kinds and (
        (kinds[0] is Likeness.PINYIN and _ends_in_letter(left))
        or (kinds[-1] is Likeness.PINYIN and _starts_with_letter(right))
    ):
        return False
    if worst is not Likeness.EVERYDAY:
        return True
    if len(word) < 3 or kinds.count(Likeness.EVERYDAY) * 2 > len(word) or kinds.count(Likeness.SAME) == 0:
        return False
    changed = [index for index, kind in enumerate(kinds) if kind is not Likeness.SAME]
    return not is_plain_speech("".join(written), left, right, changed)


def is_plain_speech(written: str, left: str, right: str, changed: Collection[int] = ()) -> bool:
    """Whether the written characters belong to other words of the dictionary.

    A word that reaches over an edge of the hit counts, unless it holds the hit as it was meant. Where characters
    were `changed` (indices into `written`), so does any word that makes sense of one of them: 嘉宾 in 最嘉宾.
    """
    text = left + written + right
    start, end = len(left), len(left) + len(written)
    at = 0
    for word in rjieba.cut(text, False):
        stop = at + len(word)
        if len(word) > 1 and not word.isascii() and at < end and stop > start and (at, stop) != (start, end):
            crossing = (at < start and stop < end) or (at > start and stop > end)
            if crossing or any(at <= start + index < stop for index in changed):
                return True
        at = stop
    return False


def _ends_in_letter(text: str) -> bool:
    return bool(text) and text[-1].isascii() and text[-1].isalpha()


def _starts_with_letter(text: str) -> bool:
    return bool(text) and text[0].isascii() and text[0].isalpha()
