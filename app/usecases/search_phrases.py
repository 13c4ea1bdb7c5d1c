"""What an agent finds when typing a short code or some words: by code, by meaning, and by the words themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from app.usecases.browse_phrases import needles_of, place_of
from app.usecases.considered import LEAST_SCORE
from phrasebank import Bank, Hit, Phrase
from phrasebank.categories import in_order
from phrasebank.occasion import Occasion

CODE: Final = re.compile(r"/?([A-Za-z0-9_-]{1,20})")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that was found. `score` is the chance that it answers the words, None where it merely holds them."""

    phrase: Phrase
    why: tuple[str, ...]
    score: float | None = None


def search_phrases(bank: Bank, words: str, occasion: Occasion, top: int) -> tuple[Found, ...]:
    """At most `top` phrases for the occasion: those of the code, what may answer the words, what holds them.

    A code may be typed with or without its slash; after a slash nothing but codes is looked for.
    """
    words = words.strip()
    found: dict[str, Found] = {}

    def take(hits: list[Hit]) -> None:
        for hit in hits:
            found.setdefault(hit.phrase.id, Found(hit.phrase, hit.why, hit.score))

    if code := CODE.fullmatch(words):
        take(_asked(bank, f"/{code[1]}", occasion, top))
    if words and not words.startswith("/"):
        take([hit for hit in _asked(bank, words, occasion, top) if hit.score >= LEAST_SCORE])
        needles = needles_of(words)
        for phrase in in_order(bank.phrases):
            if occasion.admits(phrase) and (place := place_of(needles, phrase)):
                found.setdefault(phrase.id, Found(phrase, (f"{place}里有这些字",)))
    return tuple(found.values())[:top]


def _asked(bank: Bank, query: str, occasion: Occasion, top: int) -> list[Hit]:
    result = bank.search(
        query,
        top=top,
        platform=occasion.platform,
        item=occasion.item,
        agent=occasion.agent,
        today=occasion.today,
    )
    return list(result.hits)
