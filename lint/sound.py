"""The sound view: every character as its toneless syllable, so that 蕞佳, zui佳 and zuijia all read as 最佳.

A sound hit is only a suspicion. `judge` says whether the letters that were really written make an evasion or just
another word that happens to sound alike.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Collection, Iterator, Sequence
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
# The characters of everyday writing, and the particles of chat, which disguise nothing.
EVERYDAY: Final = frozenset(_RAW["everyday"]) | frozenset("嗯哒嗒噢喔哟呦呗咯喽诶嘞咦咩唔嘿嘻嗨呃哎嘤嘚")
_COMMON: Final = EVERYDAY | frozenset("0123456789")
_SYLLABLE_OF: Final = {code: syllable for syllable, code in SYLLABLES.items()}
_LONGEST_SYLLABLE: Final = max(map(len, SYLLABLES))
SEEN: Final = 6  # characters left and right of a hit by which words of plain speech are told
_SURE: Final = 3  # syllables that do not come about by chance
_LONGEST_RUN: Final = 64
LATIN_RUN: Final = re.compile(r"[a-z]{2,}")


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


def reading(char: str) -> str:
    """The toneless syllable of a folded character, or '' if it has none."""
    return _SYLLABLE_OF.get(SOUND.get(ord(char), ""), "")


@functools.lru_cache(maxsize=4096)
def spell(run: str) -> tuple[str, ...]:
    """A run of letters as pinyin syllables, longest first; empty if it is too long or cannot be read as pinyin throughout."""
    if len(run) > _LONGEST_RUN:
        return ()
    # best[i]: a reading of run[i:]. Filled from the right, so the cost is linear in the run.
    best: list[tuple[str, ...] | None] = [None] * len(run) + [()]
    for start in range(len(run) - 1, -1, -1):
        for size in range(min(_LONGEST_SYLLABLE, len(run) - start), 0, -1):
            rest = best[start + size]
            if rest is not None and run[start : start + size] in SYLLABLES:
                best[start] = (run[start : start + size], *rest)
                break
    return best[0] or ()


def pinyin_runs(tight: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """The runs of letters in a tight text that can be read as pinyin: start, end, syllables."""
    for run in LATIN_RUN.finditer(tight):
        if syllables := spell(run.group()):
            yield run.start(), run.end(), syllables


def sound_view(tight: str) -> SoundView:
    """The sound view of a tight text."""
    text = tight.translate(SOUND)
    runs = list(pinyin_runs(tight))
    if not runs:
        return SoundView(text, range(len(tight)), range(1, len(tight) + 1))
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, syllables in runs:
        parts.append(text[at:start])
        starts.extend(range(at, start))
        ends.extend(range(at + 1, start + 1))
        position = start
        for syllable in syllables:
            parts.append(SYLLABLES[syllable])
            starts.append(position)
            position += len(syllable)
            ends.append(position)
        at = end
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


def judge(written: list[str], word: str, left: str, right: str) -> bool:
    """Whether `written`, syllable by syllable, is an evasive spelling of the folded `word`.

    `left` and `right` are the tight text around it (a few characters are enough).
    """
    if is_everyday(written, word):
        return False
    kinds = [likeness(piece, char) for piece, char in zip(written, word, strict=True)]
    worst = max(kinds)
    # A digit among digits is a number and no sound: 4-38 is not 死三八.
    if any(
        kind is not Likeness.SAME
        and piece.isdigit()
        and any(map(str.isdigit, written[max(0, at - 1) : at] + written[at + 1 : at + 2]))
        for at, (kind, piece) in enumerate(zip(kinds, written, strict=True))
    ):
        return False
    # Two syllables inside a longer run of letters may be part of anything; three in a run of pure pinyin are not.
    if len(word) < _SURE and (
        (kinds[0] is Likeness.PINYIN and _ends_in_letter(left))
        or (kinds[-1] is Likeness.PINYIN and _starts_with_letter(right))
    ):
        return False
    if kinds.count(Likeness.PINYIN) == len(kinds):
        return len(word) >= 2
    if worst is not Likeness.EVERYDAY:
        return True
    if len(word) < _SURE or kinds.count(Likeness.EVERYDAY) * 2 > len(word) or Likeness.SAME not in kinds:
        return False
    changed = [index for index, kind in enumerate(kinds) if kind is not Likeness.SAME]
    return not is_plain_speech("".join(written), left, right, changed)


def is_everyday(written: Sequence[str], word: str) -> bool:
    """Whether it is the word itself, or says so little of it in everyday characters that nobody could mean the word.

    Nearly all that sounds like a word is of this kind, so this is asked first.
    """
    if written == word or is_short_and_common(written):
        return True
    same = sum(map(operator.eq, written, word))
    if not _COMMON.issuperset(written) and any(
        piece != char and piece not in _COMMON for piece, char in zip(written, word, strict=True)
    ):
        return False
    changed = len(word) - same
    return changed == 0 or len(word) < _SURE or same == 0 or changed * 2 > len(word)


def is_short_and_common(written: Sequence[str]) -> bool:
    """Whether it is too short, and in characters too common, to stand for a word that only sounds like it."""
    return len(written) < _SURE and _COMMON.issuperset(written)


def is_plain_speech(written: str, left: str, right: str, changed: Collection[int] = ()) -> bool:
    """Whether the written characters belong to other words of the dictionary.

    A word that reaches over an edge of the hit counts, unless it holds the hit as it was meant. Where characters
    were `changed` (indices into `written`), so does any word that makes sense of one of them: 嘉宾 in 最嘉宾.
    """
    text = left + written + right
    start, end = len(left), len(left) + len(written)
    at = 0
    for word in rjieba.cut(text, False):
        if at >= end:
            break
        stop = at + len(word)
        if len(word) > 1 and not word.isascii() and stop > start and (at, stop) != (start, end):
            crossing = (at < start and stop < end) or (at > start and stop > end)
            if crossing or any(at <= start + index < stop for index in changed):
                return True
        at = stop
    return False


def first_word(text: str) -> str:
    """The first word of a text that is not empty, as the dictionary cuts it."""
    return str(next(iter(rjieba.cut(text, False))))


def last_word(text: str) -> str:
    """The last word of a text that is not empty."""
    return str(list(rjieba.cut(text, False))[-1])


def _ends_in_letter(text: str) -> bool:
    return bool(text) and text[-1].isascii() and text[-1].isalpha()


def _starts_with_letter(text: str) -> bool:
    return bool(text) and text[0].isascii() and text[0].isalpha()
