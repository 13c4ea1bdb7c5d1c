"""Days of one shop played and judged as its platform judges, and the load under which people alone reach a share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from app.core.definitions import Definition
from app.core.measures import History, evaluate
from app.core.policies import Policy
from app.core.simulation.assumptions import Assumptions
from app.core.simulation.outcomes import SimulatedDay
from app.core.simulation.rules import ReplyRules
from app.core.simulation.shop import simulate_day

MOST_BUYERS_PER_HOUR: Final = 5000.0
NEAR_ENOUGH: Final = 0.01
"""How near to the share wanted the search for a load comes."""
FARTHEST: Final = 0.1
"""How far from it a load may leave people alone at most."""
FINEST: Final = 0.1
"""Loads are multiples of this."""
_STEPS: Final = 24


class NoSuchLoadError(ValueError):
    """No load brings people alone to the share wanted; the message says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """One simulated day and what the platform would say of it."""

    seed: int
    assist: bool
    day: SimulatedDay
    numerator: int
    denominator: int
    pending: int
    hours: tuple[tuple[int, int, int], ...] = ()
    """(hour of the day, on time, assessed) of each hour in which something was assessed; empty unless asked for."""

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    def without_log(self) -> Run:
        """The same without the events, which take most of the memory."""
        return replace(self, day=replace(self.day, events=()))


@dataclass(frozen=True, slots=True)
class Trial:
    """A shop under one definition: what `run` plays."""

    definition: Definition
    on: date
    assumptions: Assumptions
    policy: Policy

    def run(self, seed: int, *, assist: bool, by_hour: bool = False) -> Run:
        """Play and judge the day of a seed; by the hour too if asked, which takes half as long again."""
        day = simulate_day(
            self.assumptions,
            ReplyRules.of(self.definition),
            on=self.on,
            assist=assist,
            seed=seed,
            policy=self.policy,
        )
        history = History.of(day.events)
        result = evaluate(history, self.definition)[0]
        hours = evaluate(history, self.definition, by="hour") if by_hour else []
        return Run(
            seed=seed,
            assist=assist,
            day=day,
            numerator=result.numerator,
            denominator=result.denominator,
            pending=result.pending,
            hours=tuple(
                (int(hour.key[1][-2:]), hour.numerator, hour.denominator) for hour in hours if hour.key
            ),
        )

    def at_load(self, buyers_per_hour: float) -> Trial:
        return replace(self, assumptions=replace(self.assumptions, buyers_per_hour=buyers_per_hour))

    def varied(self, assumption: str, factor: float) -> Trial:
        """The same with one assumption multiplied; a share ends at 1."""
        return replace(self, assumptions=self.assumptions.scaled(assumption, factor))


def pooled_rate(runs: Iterable[Run]) -> float | None:
    """On time of all days together; None if nothing was assessed."""
    good = counted = 0
    for run in runs:
        good, counted = good + run.numerator, counted + run.denominator
    return good / counted if counted else None


def load_for(
    share: float, trial: Trial, seeds: Sequence[int], report: Callable[[], None] = lambda: None
) -> float:
    """Buyers per hour at which people alone answer `share` (above 0, below 1) in time, over the days of the seeds.

    Found by doubling and halving, to within `NEAR_ENOUGH` where the rate moves so finely; a multiple of `FINEST`. `report` is
    called after each day that was played. Raises `NoSuchLoadError`.
    """

    def alone(buyers_per_hour: float) -> float:
        runs = []
        for seed in seeds:
            runs.append(trial.at_load(buyers_per_hour).run(seed, assist=False).without_log())
            report()
        rate = pooled_rate(runs)
        if rate is None:
            raise NoSuchLoadError(
                f"找不到这样的买家数：少到没有人来，只靠人工也不到 {share:.0%}；请换一个比例，或改假设"
                " / no load is so low that people alone reach this share"
            )
        return rate

    low, middle = 0.0, 10.0 * trial.assumptions.agents
    high = math.inf
    rate = alone(middle)
    for _ in range(_STEPS):
        if abs(rate - share) <= NEAR_ENOUGH or high - low < 2 * FINEST:
            break
        if rate > share:
            low = middle
        else:
            high = middle
        middle = 2 * low if high == math.inf else max(FINEST, round((low + high) / 2, 1))
        if middle > MOST_BUYERS_PER_HOUR:
            break
        rate = alone(middle)
    if abs(rate - share) > FARTHEST:
        raise NoSuchLoadError(
            f"找不到这样的买家数：每小时 {min(middle, MOST_BUYERS_PER_HOUR):g} 位时，只靠人工是 {rate:.0%}，"
            f"离 {share:.0%} 太远；请换一个比例，或改席位（--agents） / no load brings people alone near this share"
        )
    return middle
