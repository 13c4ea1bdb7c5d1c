"""How a daily figure wanders: a level, and good and bad spells around it (a first-order autoregression).

How strongly it wanders and how long a spell lasts is not known, least of all from a few weeks. So every pair out of a
grid is kept, weighed by how well it explains the days seen (a Kalman filter for each). With few days all pairs stay
likely, and a forecast that draws from them is as wide as it has to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.core.forecast.chance import Floats


@dataclass(frozen=True, slots=True)
class Wandering:
    """What may be before a day was seen: the level's likely place, and the grid of spreads and spells."""

    level: float
    level_sd: float
    spreads: tuple[float, ...]
    """Standard deviations of a day around the level."""
    typical_spread: float
    """The most likely of them a priori; others are less so by their distance on a log scale."""
    spells: tuple[float, ...] = (0.0, 0.25, 0.5, 0.7, 0.85, 0.95)
    """Correlations of one day with the next."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The belief about (level, spell) after the last day seen; arrays have one entry per pair of the grid."""

    spell: Floats
    spread: Floats
    log_weight: Floats
    level: Floats
    level_var: Floats
    today: Floats
    """The day's deviation from its level."""
    today_var: Floats
    cov: Floats

    @classmethod
    def before(cls, prior: Wandering) -> Drift:
        spell, spread = (grid.ravel() for grid in np.meshgrid(prior.spells, prior.spreads))
        # Long spells and far-off spreads need evidence; one factor of e**2 in the spread costs two thirds.
        log_weight = -0.5 * (np.log(spread / prior.typical_spread) / 1.35) ** 2 - 0.5 * spell
        zero = np.zeros_like(spread)
        return cls(
            spell=spell,
            spread=spread,
            log_weight=log_weight,
            level=zero + prior.level,
            level_var=zero + prior.level_sd**2,
            today=zero,
            today_var=spread**2,
            cov=zero,
        )

    def next_day(self) -> Drift:
        """One day on, before anything of it is seen."""
        return replace(
            self,
            today=self.spell * self.today,
            today_var=self.spell**2 * self.today_var + self.spread**2 * (1 - self.spell**2),
            cov=self.spell * self.cov,
        )

    def seeing(self, value: float, var: float, *, reweigh: bool = True) -> Drift:
        """The belief after seeing the day's figure with an error of that variance; inf changes nothing.

        Without `reweigh` the pairs of the grid keep their weights, so the belief moves only as `value` does.
        """
        if not np.isfinite(var):
            return self
        total = self.level_var + 2 * self.cov + self.today_var + var
        error = value - self.level - self.today
        gain_level = (self.level_var + self.cov) / total
        gain_today = (self.today_var + self.cov) / total
        log_weight = self.log_weight - 0.5 * (np.log(total) + error**2 / total)
        return replace(
            self,
            log_weight=log_weight if reweigh else self.log_weight,
            level=self.level + gain_level * error,
            today=self.today + gain_today * error,
            level_var=self.level_var - gain_level**2 * total,
            today_var=self.today_var - gain_today**2 * total,
            cov=self.cov - gain_level * gain_today * total,
        )

    def paths(self, dice: Floats, steps: Sequence[int]) -> Floats:
        """Possible figures of days to come: (paths, len(steps)), for rising numbers of days from the day seen last.

        `dice` are standard normal, (paths, 3 + len(steps)): the first picks the pair, the next two level and spell.
        """
        order = np.argsort(self.spread, kind="stable")
        weight = np.exp(self.log_weight - self.log_weight.max())[order]
        chosen = order[
            np.minimum(
                np.searchsorted(np.cumsum(weight) / weight.sum(), _uniform(dice[:, 0])), len(order) - 1
            )
        ]
        level_sd = np.sqrt(np.maximum(self.level_var, 1e-12))
        level = self.level[chosen] + level_sd[chosen] * dice[:, 1]
        slope = self.cov / level_sd**2
        rest = np.sqrt(np.maximum(self.today_var - slope * self.cov, 0.0))
        deviation = (
            self.today[chosen] + slope[chosen] * level_sd[chosen] * dice[:, 1] + rest[chosen] * dice[:, 2]
        )
        figures = np.empty((len(dice), len(steps)))
        spell, spread, at = self.spell[chosen], self.spread[chosen], 0
        for column, step in enumerate(steps):
            kept = spell ** (step - at)
            if step > at:
                deviation = kept * deviation + spread * np.sqrt(1 - kept**2) * dice[:, 3 + column]
            figures[:, column] = level + deviation
            at = step
        return figures


def _uniform(normal: Floats) -> Floats:
    """The dice's ranks among each other, evenly spread over (0, 1): every part of a grid gets its exact share."""
    ranks = np.empty(len(normal))
    ranks[np.argsort(normal, kind="stable")] = np.arange(len(normal))
    return (ranks + 0.5) / len(normal)
