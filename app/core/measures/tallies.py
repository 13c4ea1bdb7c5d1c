"""Tallies: the items of one session or person, as far as they decide whether it is good, missed or still open.

A tally is settled: an item without reply is one that was missed, but the tally knows until when it could still be
answered, so that it can be read as of any moment after its last event. Tallies of parts of a unit add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from app.core.definitions import Definition, SessionRule, Unit
from app.core.measures.items import Item, longest_wait

Rank = tuple[int, str]
"""The place of a session among its buyer's, which decides where two first items bear the same stamp."""

ITEM_UNITS = frozenset({Unit.MESSAGE, Unit.TURN})
"""Units that are items by themselves."""


class First(NamedTuple):
    """The first item of a unit. Stamps are `micros`."""

    at: int
    rank: Rank
    until: int
    """Until when it can be answered; -1 if it is answered."""
    good: bool
    clock: int
    """The local time of day by which it is assessed, in microseconds."""

    @classmethod
    def of(cls, item: Item, rank: Rank, longest: int) -> First:
        """`longest` is the `longest_wait` of the definition."""
        if item.reply_at is None:
            return cls(item.at, rank, item.start + longest, False, item.clock)
        return cls(item.at, rank, -1, item.reply_at - item.start <= longest, item.clock)


class Tally:
    """The items of one unit (or, of an item unit, any number of items) so far."""

    __slots__ = ("first", "items", "late", "untils", "waited")

    def __init__(self) -> None:
        self.items = 0
        self.late = 0
        """Answered, but too late."""
        self.waited = 0
        """Microseconds that the answered ones waited, together."""
        self.untils: list[int] | tuple[()] = ()
        """Of each unanswered item, until when an answer is on time."""
        self.first: First | None = None

    def add(self, item: Item, rank: Rank, longest: int) -> None:
        """Add an item; `longest` is the `longest_wait` of the definition."""
        self.count(item, longest)
        if self.first is None or item.at <= self.first.at:
            self.note_first(First.of(item, rank, longest))

    def count(self, item: Item, longest: int) -> None:
        """Add an item where it does not matter which was the first."""
        self.items += 1
        if item.reply_at is None:
            until = item.start + longest
            if self.untils:
                self.untils.append(until)
            else:
                self.untils = [until]
        else:
            wait = item.reply_at - item.start
            self.waited += max(wait, 0)
            self.late += wait > longest

    def note_first(self, item: First) -> None:
        """Take this for the first item if it is, and of two at one place the one that was there."""
        first = self.first
        if first is None or item.at < first.at or (item.at == first.at and item.rank < first.rank):
            self.first = item

    def include(self, other: Tally) -> None:
        """Add what another part of the same unit has."""
        self.items += other.items
        self.late += other.late
        self.waited += other.waited
        self.untils = [*self.untils, *other.untils]
        if other.first is not None:
            self.note_first(other.first)

    def to_json(self) -> list[Any]:
        """All that matters when parts of a unit are put together; `from_json` reads it."""
        first: list[Any] | None = None
        if self.first is not None:
            at, rank, *rest = self.first
            first = [at, list(rank), *rest]
        return [self.items, self.late, self.waited, sorted(self.untils), first]

    @classmethod
    def from_json(cls, raw: list[Any]) -> Tally:
        tally = cls()
        tally.items, tally.late, tally.waited, tally.untils = raw[0], raw[1], raw[2], list(raw[3])
        if raw[4] is not None:
            at, rank, until, good, clock = raw[4]
            tally.first = First(at, (rank[0], rank[1]), until, good, clock)
        return tally


class Verdict(NamedTuple):
    """What a unit comes to: good if no moment is asked for and it is; open as long as no moment in it is passed."""

    good: bool
    until: int
    """While `as_of` is not past it the unit is pending; -1 if it is decided."""


class Judge:
    """Decides on sessions and persons by the rules of one definition."""

    def __init__(self, definition: Definition) -> None:
        self._rule = definition.session_rule
        self._window = definition.window_s * 1_000_000
        self._inclusive = definition.inclusive
        self.longest_wait = longest_wait(definition)

    def verdict(self, tally: Tally) -> Verdict:
        """What is missed for certain is not open any more; an open unit counts as missed once its time is over.

        Under `first_item` the tally must know its first.
        """
        if self._rule is SessionRule.FIRST_ITEM:
            assert tally.first is not None
            return Verdict(tally.first.good, tally.first.until)
        if tally.untils:
            # Under `all_items` a late answer decides; under `avg_wait` it may be made up for.
            decided = self._rule is SessionRule.ALL_ITEMS and tally.late
            return Verdict(False, -1 if decided else min(tally.untils))
        if self._rule is SessionRule.ALL_ITEMS:
            return Verdict(not tally.late, -1)
        most = self._window * tally.items
        return Verdict(tally.waited < most or (self._inclusive and tally.waited == most), -1)

    def verdict_of(self, parts: Sequence[Tally]) -> Verdict:
        """The verdict on a unit that lies in some parts, at least one."""
        if self._rule is not SessionRule.ALL_ITEMS:
            return self.verdict(parts[0] if len(parts) == 1 else together(parts))
        until = -1
        late = 0
        for part in parts:
            late += part.late
            for each in part.untils:
                if until < 0 or each < until:
                    until = each
        return Verdict(not late and until < 0, -1 if late else until)


def together(parts: Iterable[Tally]) -> Tally:
    """One tally of all parts."""
    whole = Tally()
    for part in parts:
        whole.include(part)
    return whole
