"""What a platform's export says, row by row, and how far our counts are from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

Key = tuple[date | None, str | None]
"""(day, agent); None where the export does not split by it."""


class Shape(StrEnum):
    """What the rows of an export stand for."""

    TOTAL = "total"
    DAY = "day"
    AGENT = "agent"
    AGENT_DAY = "agent_day"

    @classmethod
    def of(cls, *, by_day: bool, by_agent: bool) -> Shape:
        if by_day:
            return cls.AGENT_DAY if by_agent else cls.DAY
        return cls.AGENT if by_agent else cls.TOTAL


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate as printed: every rate in [low, high] may have been rounded to it. `text` is what the cell says."""

    low: Fraction
    high: Fraction
    text: str = ""

    def distance(self, rate: Fraction) -> Fraction:
        """How far a rate is from the nearest that could have been printed so; 0 inside."""
        return max(self.low - rate, rate - self.high, Fraction(0))


@dataclass(frozen=True, slots=True)
class Observation:
    """One row of an export: for one key, any of rate, denominator, numerator and missed; None where it says nothing.

    `place` names the row for people.
    """

    key: Key
    rate: Interval | None = None
    denominator: int | None = None
    numerator: int | None = None
    missed: int | None = None
    place: str = ""

    @property
    def rate_decides(self) -> bool:
        """Is the rate needed? Where a count says how many were in time, the rate is only those counts once more."""
        return self.rate is not None and self.numerator is None and self.missed is None

    @property
    def contradicts_itself(self) -> bool:
        """Do the row's own counts disagree with its own rate or with each other?"""
        den = self.denominator
        num = self.numerator
        if num is None and den is not None and self.missed is not None:
            num = den - self.missed
        if num is None or den is None:
            return False
        if self.missed is not None and num + self.missed != den:
            return True
        if not 0 <= num <= den:
            return True
        return self.rate is not None and den > 0 and self.rate.distance(Fraction(num, den)) > 0

    def difference(self, good: int, counted: int, weight: int) -> Fraction:
        """How far our counts are from the row, in counts.

        Counts are compared exactly. A rate that decides is compared as an interval and weighted with the row's own
        denominator, else with `weight`, which must not depend on the definition that is tried: a definition that counts
        nothing would otherwise fit every rate. Where we have no rate and the row has one, all of the weight is missing.
        """
        total = Fraction(0)
        if self.denominator is not None:
            total += abs(counted - self.denominator)
        if self.numerator is not None:
            total += abs(good - self.numerator)
        if self.missed is not None:
            total += abs(counted - good - self.missed)
        if self.rate is not None and self.rate_decides:
            weight = self.denominator or weight
            total += weight * (self.rate.distance(Fraction(good, counted)) if counted else 1)
        return total
