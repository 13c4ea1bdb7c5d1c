"""The order of categories, and of the phrases in them: that of the column `order`, which people see and edit."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from phrasebank.phrase import Phrase


def categories_of(phrases: Iterable[Phrase]) -> tuple[str, ...]:
    """The categories, by the least order of their phrases; an order of 0 says nothing.

    Those of equal order, and at the end those without any, stand as they first appear.
    """
    least: dict[str, float] = {}
    for phrase in phrases:
        least[phrase.category] = min(least.get(phrase.category, inf), phrase.order or inf)
    return tuple(sorted(least, key=least.__getitem__))


def in_order(phrases: Iterable[Phrase]) -> list[Phrase]:
    """The phrases by category, and within one by their order; those of equal order as they came."""
    listed = list(phrases)
    places = {category: place for place, category in enumerate(categories_of(listed))}
    return sorted(listed, key=lambda phrase: (places[phrase.category], phrase.order or inf))
