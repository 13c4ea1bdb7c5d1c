"""For whom and when a phrase is meant: only phrases that meet the same buyer can be in each other's way."""

from __future__ import annotations

from phrasebank import merging
from phrasebank.phrase import Phrase

Scope = tuple[str, ...]
_NEVER = "9999-12-31"


def is_retired(phrase: Phrase) -> bool:
    """Whether the phrase is neither offered nor sent any more, so that nothing is to be said of it."""
    return phrase.state == "retired"


def scope_of(phrase: Phrase, *, platforms: bool = True) -> Scope:
    """Equal for phrases that may be made one without anybody being offered what was not meant for them.

    Without `platforms` the platforms play no part: one phrase may be for those of both.
    """
    return (
        phrase.owner,
        phrase.state,
        phrase.valid_from,
        phrase.valid_until,
        merging.scope_of(phrase),
        "\x1f".join(sorted(phrase.platforms)) if platforms else "",
    )


def meet(one: Phrase, other: Phrase) -> bool:
    """Whether they can be in each other's way: some buyer, on some day, may be offered either, and neither goes before the other.

    What an agent has for himself, and what an item has of its own, stands before what is for all.
    """
    return (
        one.owner == other.owner
        and _accounts(one) == _accounts(other)
        and bool(one.items) == bool(other.items)
        and _overlap(one.items, other.items)
        and _overlap(one.platforms, other.platforms)
        and one.valid_from <= (other.valid_until or _NEVER)
        and other.valid_from <= (one.valid_until or _NEVER)
    )


def _accounts(phrase: Phrase) -> tuple[object, ...]:
    return tuple(phrase.extra.get(name) for name in merging.ACCOUNT_COLUMNS)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Empty means all of them."""
    return not one or not other or not set(one).isdisjoint(other)
