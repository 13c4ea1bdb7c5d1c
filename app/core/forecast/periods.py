"""The days over which a platform judges a figure, and what is counted on each of them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_TRAILING = re.compile(r"trailing_(\d{1,3})d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of a judgement, both ends included. `name` is an edition's word, such as `natural_week`."""

    name: str
    first_day: date
    last_day: date

    def holds(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    @property
    def is_trailing(self) -> bool:
        return _TRAILING.fullmatch(self.name) is not None


def period_of(name: str, day: date) -> Period:
    """The period of that name in which `day` lies; a trailing one ends with it, `previous_day` is the day before.

    Names: `natural_day`, `natural_week` (from Monday), `natural_month`, `previous_day`, `trailing_<n>d`.
    Raises ValueError for another.
    """
    if name == "natural_day":
        return Period(name, day, day)
    if name == "previous_day":
        return Period(name, day - timedelta(days=1), day - timedelta(days=1))
    if name == "natural_week":
        monday = day - timedelta(days=day.weekday())
        return Period(name, monday, monday + timedelta(days=6))
    if name == "natural_month":
        last = calendar.monthrange(day.year, day.month)[1]
        return Period(name, day.replace(day=1), day.replace(day=last))
    trailing = _TRAILING.fullmatch(name)
    if trailing is not None and int(trailing[1]) > 0:
        return Period(name, day - timedelta(days=int(trailing[1]) - 1), day)
    raise ValueError(f"unknown period {name!r}")


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What was counted on one day: `good` of `counted`, and what is `pending` in neither.

    `hours`, where known, are (good, counted) of the hours 0 to 23. They tell only how a day runs: for persons and
    sessions, who are formed within an hour there, they add up to more than the day.
    """

    day: date
    good: int
    counted: int
    pending: int = 0
    hours: tuple[tuple[int, int], ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.good <= self.counted or self.pending < 0:
            raise ValueError(
                f"0 <= good <= counted does not hold on {self.day}: {self.good} of {self.counted}"
            )
        if self.hours is not None and len(self.hours) != 24:
            raise ValueError(f"a day has 24 hours, {self.day} was given {len(self.hours)}")

    @property
    def missed(self) -> int:
        return self.counted - self.good


def leaving(days: Sequence[DayCounts], period: Period, later: int = 7) -> tuple[DayCounts, ...]:
    """The days that will drop out of a trailing period, first to go first, over the next `later` days."""
    if not period.is_trailing:
        return ()
    until = min(period.last_day, period.first_day + timedelta(days=later - 1))
    return tuple(
        sorted((day for day in days if period.first_day <= day.day <= until), key=lambda day: day.day)
    )
