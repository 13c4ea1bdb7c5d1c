"""Rates of ratings with the editions that judged them: exact counts, lines apart, and what a line still needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from app.core.definitions import MeasureKind
from app.core.forecast.lines import Outlook, outlook
from app.core.profiles import Edition, Line, Measure, Profile

LINE_NAMES: Final = {"penalty_line": "扣罚线", "platform_target": "平台目标", "own_goal": "本店目标"}


@dataclass(frozen=True, slots=True)
class Tally:
    """`hits` of `counted` units: good ones of a good rate, bad ones of a bad rate."""

    hits: int = 0
    counted: int = 0

    @property
    def rate(self) -> Fraction | None:
        """The exact rate; None on an empty denominator."""
        return Fraction(self.hits, self.counted) if self.counted else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.hits + other.hits, self.counted + other.counted)


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of counts, from which a rate is made; never the mean of rates."""
    return sum(tallies, Tally())


@dataclass(frozen=True, slots=True)
class Keyed:
    """A tally under one key: an agent, a group, a day, a week; "" where nobody or nothing is known."""

    key: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class RateFigure:
    """One measure over a period, as a whole and split.

    `editions` judged it, in order of time. `in_force` is False where the platform no longer assesses it and its last edition
    was used for reference; its lines then bind nobody. `before` is the period of the same length before.
    """

    measure: Measure
    editions: tuple[Edition, ...]
    in_force: bool
    whole: Tally
    before: Tally | None = None
    by_agent: tuple[Keyed, ...] = ()
    by_group: tuple[Keyed, ...] = ()
    by_day: tuple[Keyed, ...] = ()
    by_week: tuple[Keyed, ...] = ()

    @property
    def edition(self) -> Edition:
        """The newest of the editions, whose lines hold now."""
        return self.editions[-1]

    @property
    def higher_is_better(self) -> bool:
        return self.edition.own_goal.higher_is_better

    def lines(self) -> Iterator[tuple[str, Line]]:
        """The lines of the edition that is in force, by name: penalty line, platform target, own goal apart."""
        if not self.in_force:
            return
        for name in LINE_NAMES:
            line = getattr(self.edition, name)
            if line is not None:
                yield name, line

    def outlooks(self) -> Iterator[tuple[str, Outlook]]:
        """How the figure stands to each line; of an empty denominator nothing is said."""
        if not self.whole.counted:
            return
        for name, line in self.lines():
            yield name, outlook(self.whole.hits, self.whole.counted, line)

    @property
    def change(self) -> Fraction | None:
        """How the rate differs from the period before; None where either has no rate."""
        now, before = self.whole.rate, None if self.before is None else self.before.rate
        return None if now is None or before is None else now - before

    def assessed(self) -> bool:
        """Are there as many units as the platform wants before it assesses at all?"""
        least = self.edition.assessed_from
        return least is None or self.whole.counted >= least


def rating_measures(profile: Profile) -> tuple[Measure, ...]:
    """The platform's measures of ratings, the one that the advice follows first."""
    found = [measure for measure in profile.measures if measure.kind is MeasureKind.RATING]
    return tuple(sorted(found, key=lambda measure: not measure.primary))
