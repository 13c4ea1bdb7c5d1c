"""Counts under chance: the angle of a share, binomial counts, and the interval that holds most of what may be."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Random = np.random.Generator


def angle(share: float | NDArray[np.floating]) -> Floats:
    """The angle 2 asin(sqrt(share)) of a share in 0..1, on which a count's error is the same everywhere."""
    # A share out of divided counts may lie a rounding error outside.
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0))), dtype=float)


def seen_angle(missed: float, counted: float, pooled: float) -> tuple[float, float]:
    """The angle that so many misses speak for, and its variance by chance.

    Shifted so that days which truly miss at `pooled` speak for it on average, however few their items are.
    """
    raw = float(angle((missed + 0.375) / (counted + 0.75)))
    bias, var = _angle_of_chance(max(1, round(counted)), min(max(pooled, 1e-4), 1 - 1e-4))
    return raw - bias, var


@cache
def _angle_table(counted: int) -> tuple[Floats, Floats]:
    """For binomial counts 0..counted: the log of the number of ways, and the raw angle."""
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, counted + 1)))))
    ways = logs[counted] - logs - logs[::-1]
    return ways, angle((np.arange(counted + 1) + 0.375) / (counted + 0.75))


def _angle_of_chance(counted: int, pooled: float) -> tuple[float, float]:
    """Mean offset and variance of the raw angle of a binomial count; by the book where the count is large."""
    if counted > 400:
        return 0.0, 1 / (counted + 0.5)
    ways, angles = _angle_table(counted)
    hits = np.arange(counted + 1)
    chance = np.exp(ways + hits * np.log(pooled) + (counted - hits) * np.log1p(-pooled))
    mean = float(np.sum(chance * angles))
    var = float(np.sum(chance * (angles - mean) ** 2))
    # A count that is nearly always zero has hardly any variance, yet says hardly anything either.
    return mean - float(angle(pooled)), max(var, 1 / (counted + 0.5))


def binomial(counted: Ints, share: Floats, rank: Floats) -> Ints:
    """Quantiles `rank` of binomial counts, by the exact distribution while few are expected, else nearly so.

    The rarer of hits and misses is counted, so `share` may be anything in 0..1. Rises with `share` and `rank`.
    """
    rare = share <= 0.5
    found = np.empty_like(counted)
    found[rare] = _rare_binomial(counted[rare], share[rare], rank[rare])
    found[~rare] = counted[~rare] - _rare_binomial(counted[~rare], 1 - share[~rare], 1 - rank[~rare])
    return found


def _rare_binomial(counted: Ints, share: Floats, rank: Floats) -> Ints:
    found = np.zeros_like(counted)
    mean = counted * share
    many = mean > 60
    if many.any():
        found[many] = _large_binomial(counted[many], share[many], rank[many])
    few = np.flatnonzero(~many & (mean > 0))
    if not len(few):
        return found
    n, p, goal = counted[few].astype(float), share[few], rank[few]
    odds = p / (1 - p)
    term = np.exp(n * np.log1p(-p))
    below, hits, open_ = term.copy(), np.zeros(len(few)), term < goal
    k = 0
    while open_.any() and k < 200:
        term = term * np.maximum(n - k, 0) / (k + 1) * odds
        k += 1
        hits[open_] = k
        below = below + term
        open_ &= below < goal
    found[few] = np.minimum(hits, n).astype(np.int64)
    return found


def _large_binomial(counted: Ints, share: Floats, rank: Floats) -> Ints:
    """Cornish and Fisher's expansion to the skewness, rounded to whole items."""
    z = normal_quantile(rank)
    sd = np.sqrt(counted * share * (1 - share))
    value = counted * share + sd * z + (1 - 2 * share) * (z**2 - 1) / 6
    return np.clip(np.floor(value + 0.5), 0, counted).astype(np.int64)


def normal_quantile(rank: Floats) -> Floats:
    """Quantiles of the standard normal distribution for ranks within (0, 1)."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(one) for one in rank.tolist()])


def interval(rates: Floats, share: float) -> tuple[float, float]:
    """The central interval that holds `share` of equally likely rates, cut at the middle of each jump.

    Counts make rates jump. An end of the interval stands where half of what is equal lies outside, so that an
    interval over few items neither always holds too much nor too little; it never is empty.
    """
    values, counts = np.unique(rates, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(rates)
    tail = (1 - share) / 2
    low = int(np.searchsorted(middle, tail))
    high = int(np.searchsorted(middle, 1 - tail, side="right")) - 1
    if low > high:
        low = high = int(np.argmax(counts))
    return float(values[low]), float(values[high])
