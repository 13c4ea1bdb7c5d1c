"""How many items still come: a weekday pattern, a drift around it, rushes that nobody announced, and days off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.core.forecast.arrivals import SplitDay, part_variance
from app.core.forecast.chance import Flags, Floats, Ints, Random
from app.core.forecast.drift import Drift, Wandering
from app.core.forecast.periods import DayCounts

_SPREADS: Final = (0.04, 0.08, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.2)
_TYPICAL_SPREAD: Final = 0.25
_PART_NOISE: Final = 0.1
"""By how much of its log a part of a day deviates from its share of the day, where the history is silent."""
_WEEKDAY_DAYS: Final = 2.0
"""How many days of no weekday pattern a weekday's own days are held against."""
_RUSHES_ASSUMED: Final = 1.5
_RUSH_DAYS_ASSUMED: Final = 20.0
_RUSH_SIZES: Final = np.array([0.4, 0.6, 0.8, 1.0])
"""From half as many items more to nearly three times as many."""
_RUSH_AT_LEAST: Final = 0.3
_RUSH_SCALES: Final = 2.2
"""A rush lies so many ordinary deviations above the usual, and no less than the value before."""
_OPEN_ITEMS: Final = 3.0
"""Where an open day usually brings so many items, a day without any was a day off."""


@dataclass(frozen=True, slots=True)
class _Rushes:
    """Days far above the usual, such as promotions: they come without notice, last a day or a few, and go.

    One belongs to no drift. How often they come and how large they are is learnt from those seen, on top of a few
    assumed ones: a history without a rush is no promise.
    """

    often: tuple[float, float]
    """Shape and rate of the gamma law of rushes that begin per day."""
    stays: float
    sizes: Floats
    """Equally likely rises of the log volume."""

    @classmethod
    def of(cls, off: Floats, odd: Flags) -> _Rushes:
        begun = int(np.sum(odd & ~np.concatenate(([False], odd[:-1]))))
        lasted = int(odd.sum()) - begun
        return cls(
            (_RUSHES_ASSUMED + begun, _RUSH_DAYS_ASSUMED + len(odd) - odd.sum()),
            (1 + lasted) / (2.5 + lasted + begun),
            np.concatenate((_RUSH_SIZES, np.repeat(off[odd], 2))),
        )

    def play(self, begins_in_one: bool, days: int, paths: int, dice: Random) -> Floats:
        """Rises of the log volume on days to come: (paths, days)."""
        often = dice.gamma(self.often[0], 1 / self.often[1], paths)
        fresh = dice.choice(self.sizes, (paths, days + 1))
        chance = dice.random((paths, days))
        size, inside = fresh[:, days], np.full(paths, begins_in_one)
        rises = np.zeros((paths, days))
        for day in range(days):
            now = chance[:, day] < np.where(inside, self.stays, often)
            size = np.where(now & ~inside, fresh[:, day], size)
            rises[:, day] = np.where(now, size, 0.0)
            inside = now
        return rises


@dataclass(frozen=True, slots=True)
class Volumes:
    """Items a day on a log scale: a weekday pattern, a drift around it, rushes, and days off."""

    mean: float
    weekdays: tuple[float, ...]
    off: tuple[float, ...]
    """The chance of each weekday to be a day off."""
    drift: Drift
    rushes: _Rushes
    rush_from: float
    """What is further above the pattern is a rush."""
    in_rush: bool
    """Was the last day seen one?"""
    noise: float
    """Variance by which a part of a day deviates from its share of the day."""

    @classmethod
    def of(cls, past: Sequence[DayCounts], splits: Sequence[SplitDay]) -> Volumes:
        counted = np.array([day.counted for day in past], dtype=float)
        weekday = np.array([day.day.weekday() for day in past], dtype=int)
        some = counted > 0
        closes = bool(some.any()) and float(np.median(counted[some])) >= _OPEN_ITEMS
        open_ = some if closes else np.ones(len(past), dtype=bool)
        logs = np.log(counted + 0.5)
        mean = float(np.median(logs[open_])) if len(logs) else 0.0
        weekdays, odd, rush_from = np.zeros(7), np.zeros(len(logs), dtype=bool), _RUSH_AT_LEAST
        for _ in range(2):
            # The pattern is drawn without the rushes, which are found beside the pattern.
            found, rush_from = _find_rushes((logs - mean - weekdays[weekday])[open_], counted[open_])
            odd[open_] = found
            weekdays = _weekday_pattern(logs - mean, weekday, open_ & ~odd)
        above = logs - mean - weekdays[weekday]
        drift = Drift.before(Wandering(mean, 1.5 if len(logs) else 3.0, _SPREADS, _TYPICAL_SPREAD))
        for value, error, ordinary in zip(mean + above, 1 / (counted + 0.5), open_ & ~odd, strict=True):
            drift = drift.next_day().seeing(value, error if ordinary else np.inf)
        ratios = [
            (
                np.log((s.late_counted + 0.5) / (s.early_counted + 0.5)),
                1 / (s.late_counted + 0.5) + 1 / (s.early_counted + 0.5),
            )
            for s in splits
            if s.early_counted > 0 and s.late_counted > 0
        ]
        return cls(
            mean,
            tuple(weekdays.tolist()),
            _days_off(weekday, ~open_),
            drift,
            _Rushes.of(above[open_], odd[open_]),
            rush_from,
            bool(len(odd) and odd[-1]),
            part_variance(ratios, _PART_NOISE),
        )

    def play(
        self, today: DayCounts, arrived: float, horizon: int, normal: Floats, dice: Random
    ) -> tuple[Floats, Floats]:
        """Each day's whole volume were it open, and what is still to come of it: both (paths, 1 + horizon)."""
        paths = len(normal)
        weekdays = [(today.day.weekday() + n) % 7 for n in range(horizon + 1)]
        so_far = today.counted + today.pending
        drift, in_rush = self.drift.next_day(), self.in_rush
        usual = float(np.median(drift.level + drift.today)) + self.weekdays[weekdays[0]]
        off = [self.off[weekday] for weekday in weekdays]
        if so_far:
            off[0] = 0.0
        else:
            # The longer nothing comes, the likelier it is a day off.
            silent = float(np.exp(-np.exp(min(usual, 18.0)) * arrived))
            off[0] = off[0] / (off[0] + (1 - off[0]) * silent) if off[0] else 0.0
        told = arrived > 0.02 and not (off[0] and not so_far)
        known = 0.0
        if told:
            seen = float(np.log((so_far + 0.5) / arrived))
            error = 1 / (so_far + 0.5) + self.noise * (1 - arrived)
            in_rush = seen - usual > max(self.rush_from, 3 * np.sqrt(error)) and self.mean > 0
            known = seen - usual if in_rush else 0.0
            drift = drift.seeing(seen - known - self.weekdays[weekdays[0]], error)
        rises = self.rushes.play(in_rush, horizon + (not told), paths, dice)
        if told:
            rises = np.concatenate((np.full((paths, 1), known), rises), axis=1)
        logs = drift.paths(normal[:, : 4 + horizon], range(horizon + 1)) + rises
        whole = np.exp(np.minimum(logs + [self.weekdays[weekday] for weekday in weekdays], 18.0))
        rest = whole * (dice.random((paths, horizon + 1)) >= off)
        rest[:, 0] *= (1 - arrived) * np.exp(np.sqrt(self.noise) * normal[:, 4 + horizon])
        return whole, rest


def _days_off(weekday: Ints, off: Flags) -> tuple[float, ...]:
    """The chance of a day off for each weekday, drawn towards that of all days; 0 where there never was one."""
    if not off.any():
        return (0.0,) * 7
    overall = float(off.mean())
    own = [off[weekday == number] for number in range(7)]
    return tuple((float(each.sum()) + 2 * overall) / (len(each) + 2) for each in own)


def _find_rushes(off: Floats, counted: Floats) -> tuple[Flags, float]:
    """Which days lie far above those around them, and how far above is far. `off` is without the weekday pattern."""
    # Around a moving usual, so that a shop that grows is not in a rush for ever.
    usual = np.array([np.median(off[max(0, n - 10) : n + 11]) for n in range(len(off))])
    # How far quiet days lie below the usual tells how far an ordinary one may lie above it.
    quiet = (usual - off)[off < usual]
    scale = 1.4826 * float(np.median(quiet)) if len(quiet) else 0.0
    rush_from = max(_RUSH_AT_LEAST, _RUSH_SCALES * scale)
    return off - usual > np.maximum(rush_from, 3.0 / np.sqrt(counted + 0.5)), rush_from


def _weekday_pattern(off: Floats, weekday: Ints, ordinary: Flags) -> Floats:
    """What each weekday adds to the log volume, drawn towards nothing while its days are few."""
    pattern = np.zeros(7)
    for number in range(7):
        own = off[ordinary & (weekday == number)]
        if len(own):
            pattern[number] = float(np.median(own)) * len(own) / (len(own) + _WEEKDAY_DAYS)
    return pattern
