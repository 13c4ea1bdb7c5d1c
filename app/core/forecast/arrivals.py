"""How a day runs: which share of its items has come by a time of day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.core.forecast.periods import DayCounts
from app.core.spans import DAY_S

_HOUR_S: Final = 3600
_ASSUMED_ITEMS: Final = 15.0
"""How many items the assumed curve weighs beside those that were seen."""
_ASSUMED_HOURS: Final = range(9, 23)
_ASSUMED_DAYS: Final = 5.0
"""How many days of history an assumed noise of a day's parts weighs."""


@dataclass(frozen=True, slots=True)
class DayCurve:
    """The cumulative share of a day's items at the end of each hour; even inside an hour."""

    ends: tuple[float, ...]
    """25 shares, from 0.0 at midnight to 1.0 at the next."""
    items: int
    """How many items it was drawn from; 0 means that it is only assumed."""

    @classmethod
    def of(cls, days: Iterable[DayCounts]) -> DayCurve:
        """The curve of the days whose hours are known, leaning on an even day from 9 to 23 while they are few."""
        arrived = [_ASSUMED_ITEMS / len(_ASSUMED_HOURS) * (hour in _ASSUMED_HOURS) for hour in range(24)]
        items = 0
        for day in days:
            for hour, (_, counted) in enumerate(day.hours or ()):
                arrived[hour] += counted
                items += counted
        total, so_far, ends = sum(arrived), 0.0, [0.0]
        for hour in range(24):
            so_far += arrived[hour]
            ends.append(so_far / total)
        ends[24] = 1.0
        return cls(tuple(ends), items)

    def share_by(self, second: float) -> float:
        """The share that has come by a second of the day, 0 to 86400."""
        hour, inside = divmod(min(max(second, 0.0), DAY_S), _HOUR_S)
        if hour >= 24:
            return 1.0
        start, end = self.ends[int(hour)], self.ends[int(hour) + 1]
        return start + (end - start) * inside / _HOUR_S

    def second_of(self, share: float) -> float:
        """The first second of the day by which that share has come; the inverse of `share_by`."""
        for hour in range(24):
            start, end = self.ends[hour], self.ends[hour + 1]
            if share <= end:
                inside = (share - start) / (end - start) if end > start else 0.0
                return (hour + max(0.0, inside)) * _HOUR_S
        return float(DAY_S)


@dataclass(frozen=True, slots=True)
class SplitDay:
    """A day that is over, cut at a time of day. Counts are no whole numbers where the cut runs through an hour."""

    early_missed: float
    early_counted: float
    late_missed: float
    late_counted: float


def split_day(day: DayCounts, second: float) -> SplitDay | None:
    """Cut a day at a second of the day; None if its hours are not known or hold nothing.

    The hours only say in which proportion: the parts always add up to the day's own counts.
    """
    if day.hours is None:
        return None
    missed = [counted - good for good, counted in day.hours]
    counted = [counted for _, counted in day.hours]
    if sum(counted) == 0 or day.counted == 0:
        return None
    early_counted = min(day.counted * _part_before(counted, second), float(day.counted))
    late_counted = day.counted - early_counted
    # With no miss in the hours but one in the day (a person's, say), it is laid where the items are.
    early_missed = day.missed * _part_before(missed if sum(missed) else counted, second)
    # Neither part can hold more misses than items, whatever the hours say.
    early_missed = min(max(early_missed, day.missed - late_counted), early_counted)
    return SplitDay(early_missed, early_counted, max(0.0, day.missed - early_missed), late_counted)


def _part_before(hourly: list[int], second: float) -> float:
    hour, inside = divmod(min(max(second, 0.0), DAY_S), _HOUR_S)
    before = sum(hourly[: int(hour)]) + (hourly[int(hour)] * inside / _HOUR_S if hour < 24 else 0.0)
    return before / sum(hourly)


def part_variance(differences: Sequence[tuple[float, float]], assumed: float) -> float:
    """The variance of one part beyond chance, out of (late - early, variance by chance).

    Never below a tenth of what is assumed.
    """
    if len(differences) < 2:
        return assumed**2
    values, chance = np.array(differences).T
    excess = float(np.sum((values - values.mean()) ** 2 * len(values) / (len(values) - 1) - chance) / 2)
    return max(0.1 * assumed**2, (_ASSUMED_DAYS * assumed**2 + excess) / (_ASSUMED_DAYS + len(values)))
