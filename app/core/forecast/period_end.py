"""Where a period will end: the days before it and its own so far, carried on to its last day.

Two things are unknown, how many items still come and which share of them is missed. Both wander from day to day
(`drift`): volumes on a log scale around a weekday pattern, miss shares on the angle scale, where the error of a count
does not depend on the share. Crowded days may be worse days, and evenings worse than mornings; the history says how
much. The rest of the period is then played many times with the same dice, so equal input gives equal output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from app.core.forecast.arrivals import DayCurve, split_day
from app.core.forecast.chance import Ints, binomial
from app.core.forecast.misses import miss_shares
from app.core.forecast.periods import DayCounts
from app.core.forecast.volumes import Volumes

PATHS: Final = 2000
_SEED: Final = 20260101
_MAX_DAYS: Final = 120
"""What lies further back says nothing of next week that the level does not."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What may still come: one entry per path."""

    counted: Ints
    missed: Ints
    by_day: tuple[tuple[date, float], ...]
    """Expected items of today's remainder and of each later day."""


def play_rest(
    days: Sequence[DayCounts], today: DayCounts, second: float, last_day: date, curve: DayCurve
) -> Rest:
    """The rest of a period from `second` of today to the end of `last_day`, played `PATHS` times.

    `days` are those before today, in any order, the more the better; they need not belong to the period. What is
    pending today is among what still comes. A day within the span of `days` that is absent was a day without items.
    """
    past = _every_day(days, today.day)
    splits = [split for day in past if (split := split_day(day, second)) is not None]
    arrived = curve.share_by(second)
    horizon = (last_day - today.day).days
    # The dice of misses are thrown before any count is looked at, so that a better day meets the same luck.
    dice = np.random.default_rng(_SEED)
    volume_dice = dice.standard_normal((PATHS, 5 + horizon))
    miss_dice = dice.standard_normal((PATHS, 7 + horizon))
    chance = (dice.permutation(PATHS) + 0.5) / PATHS

    volumes = Volumes.of(past, splits)
    expected, per_day = volumes.play(today, arrived, horizon, volume_dice, dice)
    per_day = np.maximum(dice.poisson(np.minimum(per_day, 1e9)), 0).astype(np.int64)
    per_day[:, 0] = np.maximum(per_day[:, 0], today.pending)
    shares = miss_shares(past, splits, today, volumes.mean if past else None, np.log(expected), miss_dice)
    counted = per_day.sum(axis=1)
    share = np.where(counted > 0, (per_day * shares).sum(axis=1) / np.maximum(counted, 1), 0.0)
    return Rest(
        counted,
        binomial(counted, share, chance),
        tuple((today.day + timedelta(days=n), float(per_day[:, n].mean())) for n in range(horizon + 1)),
    )


def _every_day(days: Sequence[DayCounts], today: date) -> list[DayCounts]:
    known = {day.day: day for day in days if day.day < today and (today - day.day).days <= _MAX_DAYS}
    if not known:
        return []
    first = min(known)
    return [
        known.get(day, DayCounts(day, 0, 0))
        for day in (first + timedelta(days=n) for n in range((today - first).days))
    ]
