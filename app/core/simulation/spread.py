"""The spread of a figure over the days of several seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import Final

_T_975: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""The 97.5 % point of Student's t with 1 to 10 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, standard deviation of the sample (0 of a single value), least and greatest."""

    count: int
    mean: float
    deviation: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Raises ValueError without values."""
        if not values:
            raise ValueError("a spread wants at least one value")
        deviation = stdev(values) if len(values) > 1 else 0.0
        return cls(len(values), fmean(values), deviation, min(values), max(values))

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean, by Student's t; None of a single value."""
        if self.count < 2:
            return None
        reach = _t_975(self.count - 1) * self.deviation / math.sqrt(self.count)
        return (self.mean - reach, self.mean + reach)


def _t_975(freedom: int) -> float:
    """Beyond the table by the first terms of the Cornish-Fisher expansion, good to the third decimal there."""
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
