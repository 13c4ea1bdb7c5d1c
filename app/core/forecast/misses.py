"""Which share of what still comes is missed: a drift from day to day, crowded days, and how a day's parts differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.core.forecast.arrivals import SplitDay, part_variance
from app.core.forecast.chance import Floats, angle, seen_angle
from app.core.forecast.drift import Drift, Wandering
from app.core.forecast.periods import DayCounts

_SPREADS: Final = (0.01, 0.025, 0.05, 0.08, 0.12, 0.17, 0.24, 0.34, 0.5)
"""In radians of the angle `2 asin(sqrt(share))`: 0.12 takes 10 % to between 7 and 14 %."""
_TYPICAL_SPREAD: Final = 0.1
_PART_NOISE: Final = 0.06
"""What a part of a day deviates from its day beyond chance, in radians, where the history is silent."""
_PART_ITEMS: Final = 30.0
"""How many items of no difference between the parts are assumed: a few evenings prove little."""
_LOAD_SDS: Final = (0.3, 0.6)
"""How strongly the angle may move with the log of a day's volume, a priori: in general, and more on busy days."""
_LOAD_MEANS: Final = (0.0, 0.3)
"""Where nothing was seen, a day far beyond a busy one misses more: seats are few."""
_BUSY: Final = 0.25
"""A busy day's log volume above the usual: a third more items."""


def miss_shares(
    past: Sequence[DayCounts],
    splits: Sequence[SplitDay],
    today: DayCounts,
    usual_log: float | None,
    log_volumes: Floats,
    dice: Floats,
) -> Floats:
    """The miss share of today's remainder and of each later day: (paths, 1 + horizon).

    `log_volumes` are those of these days, on the same paths; `usual_log` is a usual day's, None without history.
    """
    if usual_log is None:
        # Without a day to compare with, none is crowded.
        usual_log = float(np.mean(log_volumes))
    missed = sum(day.missed for day in past)
    counted = sum(day.counted for day in past)
    pooled = (missed + 0.5) / (counted + 1) if counted else (today.missed + 0.5) / (today.counted + 1)
    load = _Load.of(past, usual_log, pooled)
    prior = Wandering(float(angle(pooled)), 0.35 if counted else 0.5, _SPREADS, _TYPICAL_SPREAD)
    drift = Drift.before(prior)
    for day in past:
        drift = drift.next_day()
        if day.counted:
            value, var = seen_angle(day.missed, day.counted, pooled)
            drift = drift.seeing(value - load.expected(np.log(day.counted + 0.5)), var)
    drift = drift.next_day()
    early, late, noise = _parts(splits, pooled)
    if today.counted:
        value, var = seen_angle(today.missed, today.counted, pooled)
        todays_load = load.expected(float(np.mean(log_volumes[:, 0])))
        # The pairs keep their weights, so that one more good item today can only help.
        drift = drift.seeing(value - early - todays_load, var + noise, reweigh=False)
    horizon = log_volumes.shape[1] - 1
    angles = drift.paths(dice[:, : 4 + horizon], range(horizon + 1))
    angles += load.drawn(log_volumes, dice[:, 5 + horizon :])
    angles[:, 0] += late + np.sqrt(noise) * dice[:, 4 + horizon]
    return np.asarray(np.sin(np.clip(angles, 0.0, np.pi) / 2) ** 2)


@dataclass(frozen=True, slots=True)
class _Load:
    """By how much crowded days are worse: a slope of the miss angle over the log volume, and one more on busy days."""

    mean: float
    slopes: Floats
    root: Floats
    """A square root of the slopes' covariance."""

    @classmethod
    def of(cls, past: Sequence[DayCounts], mean: float, pooled: float) -> _Load:
        precision = np.diag([1 / sd**2 for sd in _LOAD_SDS])
        slopes = np.array(_LOAD_MEANS)
        seen = [day for day in past if day.counted]
        if len(seen) > 2:
            angles, errors = np.array([seen_angle(day.missed, day.counted, pooled) for day in seen]).T
            shape = _load_shape(np.log([day.counted + 0.5 for day in seen]) - mean)
            weight = 1 / (errors + _TYPICAL_SPREAD**2)
            centred = shape - np.average(shape, axis=0, weights=weight)
            told = (centred * weight[:, None]).T @ (angles - np.average(angles, weights=weight))
            told += precision @ slopes
            precision = precision + (centred * weight[:, None]).T @ centred
            slopes = np.linalg.solve(precision, told)
        return cls(mean, slopes, np.asarray(np.linalg.cholesky(np.linalg.inv(precision)), dtype=float))

    def expected(self, log_volume: float) -> float:
        return float(_load_shape(np.array([log_volume - self.mean]))[0] @ self.slopes)

    def drawn(self, log_volumes: Floats, dice: Floats) -> Floats:
        """The load's effect on each day of each path, every path with slopes of its own: (paths, days)."""
        slopes = self.slopes + dice @ self.root.T
        return np.asarray(np.einsum("pdk,pk->pd", _load_shape(log_volumes - self.mean), slopes))


def _load_shape(above: Floats) -> Floats:
    return np.stack([above, np.maximum(above - _BUSY, 0.0)], axis=-1)


def _parts(splits: Sequence[SplitDay], pooled: float) -> tuple[float, float, float]:
    """How far the angles of a day's early and late part lie from the day's, and the variance around that."""
    early_missed, early = sum(s.early_missed for s in splits), sum(s.early_counted for s in splits)
    late_missed, late = sum(s.late_missed for s in splits), sum(s.late_counted for s in splits)
    held = _PART_ITEMS
    early_share = (early_missed + held * pooled) / (early + held)
    late_share = (late_missed + held * pooled) / (late + held)
    differences = []
    for s in splits:
        if s.early_counted >= 1 and s.late_counted >= 1:
            one, one_var = seen_angle(s.early_missed, s.early_counted, early_share)
            other, other_var = seen_angle(s.late_missed, s.late_counted, late_share)
            differences.append((other - one, one_var + other_var))
    return (
        float(angle(early_share) - angle(pooled)),
        float(angle(late_share) - angle(pooled)),
        part_variance(differences, _PART_NOISE),
    )
