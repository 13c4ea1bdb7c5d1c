"""What the bank answers: hits with their chances and reasons, and how those of several questions are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from phrasebank.phrase import Phrase
from phrasebank.sound import Reading

QUOTED: Final = 24
"""Code points of a message or an example that are shown in a reason."""
SOUND_SHARE: Final = 0.9
"""A message read by its sound: the phrases are worth so much of what they are for the words that it was taken for."""
SOUND_GAIN: Final = 1.2
"""Characters are taken for others only if the first phrase is thereby so many times as likely."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that may answer the message. `score` is the chance, 0..1, that it does; `why` gives the reasons, in Chinese."""

    phrase: Phrase
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What the bank has for a message, best first. `confident`: good enough, and far enough ahead, to answer unattended."""

    query: str
    hits: tuple[Hit, ...]
    confident: bool

    @property
    def score(self) -> float:
        """The chance of the first hit; 0 where there is none."""
        return self.hits[0].score if self.hits else 0.0

    @property
    def first_id(self) -> str | None:
        """The id of the first hit's phrase."""
        return self.hits[0].phrase.id if self.hits else None


def quoted(text: str) -> str:
    """`text` on one line and short enough for a reason."""
    text = " ".join(text.split())
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def for_several(whole: Result, parts: Sequence[Result], top: int) -> Result:
    """The result for a message of several questions, from that of the message as a whole and those of its parts.

    Where the parts ask for different phrases, the best phrase of every part comes first, then the second best of each, and the reasons
    name the part; a phrase that several parts share stands once. Where the whole is known better than any part, it is the whole's.
    Confident only if one phrase answers all: it is first for the whole and for every part.
    """
    as_one = all(part.first_id == whole.first_id for part in parts)
    if as_one or max(part.score for part in parts) <= whole.score:
        return replace(whole, confident=whole.confident and as_one)
    hits: dict[str, Hit] = {}
    ceiling = 1.0
    for best in zip_longest(*(_named(part) for part in parts)):
        row = sorted((hit for hit in best if hit is not None), key=lambda hit: -hit.score)
        for hit in row:
            hits.setdefault(hit.phrase.id, replace(hit, score=min(hit.score, ceiling)))
        ceiling = min(ceiling, *(hit.score for hit in row))
    return Result(whole.query, tuple(hits.values())[:top], confident=False)


def by_sound(plain: Result, heard: Result, reading: Reading) -> Result:
    """`heard`, the result for the message read by its sound, where that is clearly the better one; else `plain`.

    What stands in letters that the bank does not know was found by accident in any case. The chances are lowered, the reasons name the
    reading, and it is never confident.
    """
    reason = f"按读音理解为「{quoted(reading.words)}」"
    hits = tuple(Hit(hit.phrase, round(hit.score * SOUND_SHARE, 4), (reason, *hit.why)) for hit in heard.hits)
    found = Result(plain.query, hits, confident=False)
    better = reading.spelled and hits
    return found if better or found.score > SOUND_GAIN * plain.score else plain


def _named(part: Result) -> list[Hit]:
    return [replace(hit, why=(f"针对「{quoted(part.query)}」", *hit.why)) for hit in part.hits]
