"""How much a share of few units says."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

SMALL: Final = 10
"""With fewer units a share is marked as small: one more or less would move it by more than ten points."""


def wilson(good: int, counted: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Wilson's score interval of a share; None on an empty denominator.

    Raises ValueError unless 0 <= good <= counted.
    """
    if not 0 <= good <= counted:
        raise ValueError(f"0 <= good <= counted does not hold for {good} of {counted}")
    if counted == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = good / counted
    spread = z * sqrt(share * (1 - share) / counted + z * z / (4 * counted * counted))
    middle = share + z * z / (2 * counted)
    scale = 1 + z * z / counted
    # The ends are exact where nothing, or everything, is good; rounding must not move them.
    low = 0.0 if good == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if good == counted else min(1.0, (middle + spread) / scale)
    return low, high
