"""A shop's own scale for the chance of a good rating, learned from what became of its invitations.

The mood model's chance p was learned elsewhere; a shop's buyers may rate better or worse than it says. `fit` finds the
straight line on the log-odds, `logit p' = offset + slope * logit p`, that best tells the shop's outcomes, held near
"leave it as it is" where there are few (maximum a posteriori, normal priors). Its order of sessions stays the same, since
`slope` is positive. `judge` says beforehand what a line would have been worth: each block of outcomes is told by a line
fitted to the blocks before it alone, and compared in pairs with the chance as it was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.core.mood import Mood

LEAST_OUTCOMES: Final = 60
"""Outcomes below which nothing is learned."""
LEAST_OF_EACH: Final = 8
"""How many good ones and how many others there must be among them."""
BLOCKS: Final = 5
"""Outcomes in order of time fall into so many blocks; all but the first are judged."""
BANDS: Final = 5
"""Bands with equally many outcomes, over which the chances are held against what came."""
RESAMPLES: Final = 2000
"""Of the paired differences, for their interval."""
INTERVAL: Final = 0.9
_OFFSET_SPREAD: Final = 1.0
_SLOPE_SPREAD: Final = 0.5
"""Standard deviations of the priors of offset (about 0) and slope (about 1)."""
_LEAST_SLOPE: Final = 0.05
_CLIP: Final = 1e-4

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one invitation: the chance that was given when it went out, and whether the rating was a good one."""

    session: str
    invited_at: datetime
    rated_at: datetime
    chance: float
    good: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """A line on the log-odds of a chance. The default leaves every chance as it is."""

    offset: float = 0.0
    slope: float = 1.0

    def chance(self, chance: float) -> float:
        """The chance on this scale, in 0..1."""
        if self == AS_GIVEN:
            return chance
        return float(self._chances(np.array([chance]))[0])

    def mood(self, mood: Mood) -> Mood:
        """The mood with its chance of satisfied on this scale; what is left is shared as it was."""
        if self == AS_GIVEN:
            return mood
        satisfied = self.chance(mood.p_satisfied)
        rest = 1.0 - mood.p_satisfied
        share = mood.p_dissatisfied / rest if rest > 0 else 0.0
        return Mood(satisfied, (1.0 - satisfied) * min(share, 1.0), mood.words)

    def _chances(self, chances: Floats) -> Floats:
        return _sigmoid(self.offset + self.slope * _logit(chances))

    def to_json(self) -> dict[str, float]:
        return {"offset": round(self.offset, 4), "slope": round(self.slope, 4)}


AS_GIVEN: Final = Scale()


class Verdict(StrEnum):
    """What the past says of a scale."""

    BETTER = "better"
    UNCLEAR = "unclear"
    WORSE = "worse"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Band:
    """Outcomes whose chances lie together: how many, the mean chance, and how many were good."""

    count: int
    mean_chance: float
    good: int

    def to_json(self) -> dict[str, Any]:
        return {"count": self.count, "mean_chance": round(self.mean_chance, 4), "good": self.good}


@dataclass(frozen=True, slots=True)
class Fitness:
    """How well some chances told what came.

    `log_loss` is in nats an outcome, `brier` the mean squared error, `calibration_error` the mean distance between chance
    and share over `bands`. `invited` of the outcomes had a chance of at least the target, and `invited_good` of those were good.
    """

    log_loss: float
    brier: float
    calibration_error: float
    bands: tuple[Band, ...]
    invited: int
    invited_good: int

    def to_json(self) -> dict[str, Any]:
        return {
            "log_loss": round(self.log_loss, 4),
            "brier": round(self.brier, 4),
            "calibration_error": round(self.calibration_error, 4),
            "bands": [band.to_json() for band in self.bands],
            "invited": self.invited,
            "invited_good": self.invited_good,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The chances as given and on another scale, over the same `judged` outcomes.

    `gain` is by how much the log loss fell, in nats an outcome, with its interval; below zero it rose. All None where there were too
    few outcomes to tell.
    """

    verdict: Verdict
    outcomes: int
    good: int
    judged: int = 0
    given: Fitness | None = None
    scaled: Fitness | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "outcomes": self.outcomes,
            "good": self.good,
            "judged": self.judged,
            "given": self.given.to_json() if self.given else None,
            "scaled": self.scaled.to_json() if self.scaled else None,
            "gain": None if self.gain is None else round(self.gain, 4),
            "gain_interval": None
            if self.gain_low is None or self.gain_high is None
            else [round(self.gain_low, 4), round(self.gain_high, 4)],
        }


def fit(outcomes: Sequence[Outcome]) -> Scale:
    """The scale that these outcomes speak for; near `AS_GIVEN` where there are few of them."""
    if not outcomes:
        return AS_GIVEN
    logits, good = _columns(outcomes)
    features = np.stack([np.ones_like(logits), logits], axis=1)
    prior, precision = np.array([0.0, 1.0]), np.diag([_OFFSET_SPREAD**-2, _SLOPE_SPREAD**-2])

    def cost(line: Floats) -> float:
        off, told = line - prior, features @ line
        return float((np.logaddexp(0, told) - good * told).sum() + off @ precision @ off / 2)

    line = prior.copy()
    for _ in range(100):
        told = _sigmoid(features @ line)
        gradient = features.T @ (told - good) + precision @ (line - prior)
        curvature = (features * (told * (1 - told))[:, None]).T @ features + precision
        step = np.linalg.solve(curvature, gradient)
        # Far from the end a whole step may lead past it, and the next one further.
        while cost(line - step) > cost(line) and float(np.abs(step).max()) > 1e-9:
            step = step / 2
        line = line - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return Scale(float(line[0]), max(float(line[1]), _LEAST_SLOPE))


def judge(outcomes: Sequence[Outcome], target: Fraction) -> Judgement:
    """What recalibrating would have been worth so far: every outcome is told by a scale fitted to earlier ones alone.

    Earlier means rated before the block's first invitation went out, so nothing is used that was not known then.
    """
    ordered = sorted(outcomes, key=lambda outcome: (outcome.invited_at, outcome.session))
    known = Judgement(Verdict.TOO_FEW, len(ordered), sum(outcome.good for outcome in ordered))
    if not _enough(ordered):
        return known
    told: list[Outcome] = []
    scaled: list[float] = []
    for block in range(1, BLOCKS):
        first, last = block * len(ordered) // BLOCKS, (block + 1) * len(ordered) // BLOCKS
        begins = ordered[first].invited_at
        scale = fit([outcome for outcome in ordered[:first] if outcome.rated_at < begins])
        told += ordered[first:last]
        scaled += [scale.chance(outcome.chance) for outcome in ordered[first:last]]
    return _compared(known, told, np.array(scaled), target)


def watch(outcomes: Sequence[Outcome], scale: Scale, since: datetime, target: Fraction) -> Judgement:
    """How a scale that was fitted at `since` has told what was invited after it."""
    later = [outcome for outcome in outcomes if outcome.invited_at >= since]
    known = Judgement(Verdict.TOO_FEW, len(later), sum(outcome.good for outcome in later))
    if not _enough(later):
        return known
    return _compared(known, later, np.array([scale.chance(outcome.chance) for outcome in later]), target)


def _enough(outcomes: Sequence[Outcome]) -> bool:
    good = sum(outcome.good for outcome in outcomes)
    return len(outcomes) >= LEAST_OUTCOMES and min(good, len(outcomes) - good) >= LEAST_OF_EACH


def _compared(known: Judgement, told: Sequence[Outcome], scaled: Floats, target: Fraction) -> Judgement:
    given = np.array([outcome.chance for outcome in told])
    good = np.array([outcome.good for outcome in told])
    gains = _losses(given, good) - _losses(scaled, good)
    # The same outcomes give the same interval, whoever asks and whenever.
    draws = np.random.default_rng(len(told)).integers(0, len(told), (RESAMPLES, len(told)))
    low, high = np.quantile(gains[draws].mean(axis=1), [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    verdict = Verdict.BETTER if low > 0 else Verdict.WORSE if high < 0 else Verdict.UNCLEAR
    return Judgement(
        verdict,
        known.outcomes,
        known.good,
        len(told),
        _fitness(given, good, target),
        _fitness(scaled, good, target),
        float(gains.mean()),
        float(low),
        float(high),
    )


def _fitness(chances: Floats, good: NDArray[np.bool_], target: Fraction) -> Fitness:
    order = np.argsort(chances, kind="stable")
    bands = tuple(
        Band(len(part), float(chances[part].mean()), int(good[part].sum()))
        for part in np.array_split(order, BANDS)
        if len(part)
    )
    off = sum(abs(band.mean_chance * band.count - band.good) for band in bands)
    invited = chances >= float(target)
    return Fitness(
        log_loss=float(_losses(chances, good).mean()),
        brier=float(((chances - good) ** 2).mean()),
        calibration_error=off / len(chances),
        bands=bands,
        invited=int(invited.sum()),
        invited_good=int(good[invited].sum()),
    )


def _losses(chances: Floats, good: NDArray[np.bool_]) -> Floats:
    clipped = np.clip(chances, _CLIP, 1 - _CLIP)
    losses: Floats = -np.log(np.where(good, clipped, 1 - clipped))
    return losses


def _columns(outcomes: Sequence[Outcome]) -> tuple[Floats, Floats]:
    chances = np.array([outcome.chance for outcome in outcomes])
    return _logit(chances), np.array([float(outcome.good) for outcome in outcomes])


def _logit(chances: Floats) -> Floats:
    clipped = np.clip(chances, _CLIP, 1 - _CLIP)
    logits: Floats = np.log(clipped / (1 - clipped))
    return logits


def _sigmoid(logits: Floats) -> Floats:
    chances: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))
    return chances
