"""What goes first because of whom or what it is for: an item's own reply before a general one.

Of the chance that a phrase is right, matching judges by words alone. That a buyer looks at an item, or that nobody knows
which, is known besides, and is laid on top here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from phrasebank.documents import Source
from phrasebank.matching import Ranked
from phrasebank.occasion import Occasion
from phrasebank.phrase import TEAM, Phrase
from phrasebank.segment import Evidence

ITEM_AHEAD: Final = 1.0
"""What it is worth in the order that a phrase is for the item in question; and how far back it goes where none is known."""


def item_worth(phrase: Phrase, occasion: Occasion) -> float:
    """What it is worth in the order that the phrase is, or is not, for single items."""
    if not phrase.items:
        return 0.0
    return ITEM_AHEAD if occasion.item is not None else -ITEM_AHEAD


def with_items(ranked: Sequence[Ranked], occasion: Occasion) -> Sequence[Ranked]:
    """The order with what the item in question is worth.

    Of replies to the same question that of the item, where it is known, stands no lower than a general one, however
    differently both are worded; where it is not known, the general one no lower than those of single items.
    """
    if not any(one.evidence.phrase.items for one in ranked):
        return ranked
    wanted = occasion.item is not None
    others = [one for one in ranked if bool(one.evidence.phrase.items) is not wanted]

    def worth(one: Ranked) -> float:
        level = one.value
        if bool(one.evidence.phrase.items) is wanted:
            alike = (other.value for other in others if _same_question(one.evidence, other.evidence))
            level = max(level, max(alike, default=level))
        return level + item_worth(one.evidence.phrase, occasion)

    moved = (replace(one, value=worth(one)) for one in ranked)
    return sorted(moved, key=lambda one: -one.value)


def rivals(ranked: Sequence[Ranked]) -> Sequence[Ranked]:
    """The candidates without the general replies to a question to which the first is the item's own reply."""
    if not ranked or not ranked[0].evidence.phrase.items:
        return ranked
    first = ranked[0].evidence
    return [
        one
        for one in ranked
        if one is ranked[0] or one.evidence.phrase.items or not _same_question(first, one.evidence)
    ]


def _same_question(one: Evidence, other: Evidence) -> bool:
    """Whether both are found by the same example or title, or the same keywords."""
    if (
        one.keyword is not None
        and other.keyword is not None
        and one.keyword.keywords == other.keyword.keywords
    ):
        return True
    texts = (one.nearest, other.nearest)
    return all(text.source is not Source.TEXT for text in texts) and texts[0].words == texts[1].words


def unattended(phrase: Phrase, occasion: Occasion) -> bool:
    """Whether a phrase that the occasion admits may be said without a person.

    It is one of the team, not for an item that is only guessed, and has no images, which only a person can send along.
    """
    return phrase.owner == TEAM and (not phrase.items or occasion.item is not None) and not phrase.images


def reserved_for(phrase: Phrase) -> tuple[str, ...]:
    """For whom or what the phrase is, as a reason; none for one of the team for all items."""
    reasons = []
    if phrase.items:
        more = f" 等 {len(phrase.items)} 件" if len(phrase.items) > 1 else ""
        reasons.append(f"仅用于商品 {phrase.items[0]}{more}")
    if phrase.owner != TEAM:
        reasons.append("个人话术")
    return tuple(reasons)
