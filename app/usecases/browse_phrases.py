"""What the phrase pages show of a bank: its phrases in the order of their categories, or those that answer what was typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final

from phrasebank import Bank, Phrase
from phrasebank.categories import in_order
from phrasebank.folding import levelled

PAGE: Final = 50
"""How many phrases are shown at a time."""
FOUND_BY_MEANING: Final = 50
"""How many hits the bank is asked for."""
LIKELY: Final = 0.3
"""The chance from which a hit goes before phrases that merely hold the words."""
UNLIKELY: Final = 10
"""How many hits below that are shown, behind them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for. An empty text means that it does not matter; `category` is None where it does not.

    `start` is how many of the phrases found are skipped.
    """

    words: str = ""
    category: str | None = None
    state: str = ""
    owner: str = ""
    platform: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase in a list. `score` and `why` are the bank's where it found the phrase, else None and empty.

    `opens` tells that the phrase is the first of its category in the list.
    """

    phrase: Phrase
    score: float | None = None
    why: tuple[str, ...] = ()
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of phrases. `total` is how many were found, `size` how many the bank has.

    `categories` have their number of phrases in the whole bank, in order.
    """

    wanted: Wanted
    entries: tuple[Entry, ...]
    total: int
    size: int
    categories: tuple[tuple[str, int], ...]
    owners: tuple[str, ...]
    states: Mapping[str, int]
    today: date

    @property
    def next_start(self) -> int | None:
        """Where the next page starts; None on the last one."""
        end = self.wanted.start + len(self.entries)
        return end if end < self.total else None


def browse(bank: Bank, wanted: Wanted, today: date) -> Listing:
    """The page of phrases that is wanted: with words those that answer or hold them."""
    phrases = in_order(bank.phrases)
    found = _searched(bank, phrases, wanted.words, today) if wanted.words.strip() else _shelved(phrases)
    kept = [entry for entry in found if _fits(entry.phrase, wanted)]
    return Listing(
        wanted=wanted,
        entries=tuple(kept[wanted.start : wanted.start + PAGE]),
        total=len(kept),
        size=len(phrases),
        categories=tuple(Counter(phrase.category for phrase in phrases).items()),
        owners=tuple(sorted({phrase.owner for phrase in phrases} - {"team"})),
        states=Counter(phrase.state for phrase in phrases),
        today=today,
    )


def _shelved(phrases: Sequence[Phrase]) -> list[Entry]:
    before = chain((None,), (phrase.category for phrase in phrases))
    return [
        Entry(phrase, opens=phrase.category != category)
        for phrase, category in zip(phrases, before, strict=False)
    ]


def _searched(bank: Bank, phrases: Sequence[Phrase], words: str, today: date) -> list[Entry]:
    """What likely answers the words, then what holds them, then what may answer them all the same."""
    hits = bank.search(words, top=FOUND_BY_MEANING, today=today).hits
    likely = [Entry(hit.phrase, hit.score, hit.why) for hit in hits if hit.score >= LIKELY]
    needles = needles_of(words)
    shown = {entry.phrase.id for entry in likely}
    holding = [
        Entry(phrase, why=(f"{place}里有这些字",))
        for phrase in phrases
        if phrase.id not in shown and (place := place_of(needles, phrase))
    ]
    shown |= {entry.phrase.id for entry in holding}
    unlikely = [Entry(hit.phrase, hit.score, hit.why) for hit in hits if hit.phrase.id not in shown]
    return [*likely, *holding, *unlikely[:UNLIKELY]]


def needles_of(words: str) -> set[str]:
    """The ways in which words may stand in a phrase, for `place_of`."""
    return {words.strip().lower(), levelled(words.strip())}


def place_of(needles: Collection[str], phrase: Phrase) -> str:
    """Where one of the needles stands in the phrase, whatever its case; empty if nowhere."""
    places = (
        ("标题", (phrase.title,)),
        ("正文", (phrase.text,)),
        ("快捷码", (phrase.code,)),
        ("编号", (phrase.id,)),
        ("关键词", phrase.keywords),
        ("例句", phrase.examples),
        ("备选", phrase.variants),
    )
    for name, texts in places:
        lowered = "\n".join(texts).lower()
        if any(needle in lowered for needle in needles):
            return name
    return ""


def _fits(phrase: Phrase, wanted: Wanted) -> bool:
    return (
        wanted.category in (None, phrase.category)
        and wanted.state in ("", phrase.state)
        and wanted.owner in ("", phrase.owner)
        and (not wanted.platform or not phrase.platforms or wanted.platform in phrase.platforms)
    )
