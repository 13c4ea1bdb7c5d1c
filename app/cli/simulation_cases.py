"""What `miaohui simulate` plays: a shop under one measure of a platform, its runs, and what was varied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.profiles import Edition, Line, Measure, Profile
from app.core.simulation import ReplyRules, Run, Spread, Trial

VARIED: Final = {
    "buyers_per_hour": "买家数 arrivals",
    "patience_s": "买家耐心 patience",
    "typing_cps": "打字速度 typing",
    "suggestion_fits": "推荐命中 suggestions",
    "absences_per_hour": "临时离开 absences",
}
"""The assumptions whose change is shown, and what people call them."""
FACTORS: Final = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A shop under one edition of one measure."""

    profile: Profile
    measure: Measure
    edition: Edition
    trial: Trial

    @property
    def goal(self) -> Line:
        """What counts as met: the platform's target, else its penalty line, else the shop's own goal."""
        return self.edition.platform_target or self.edition.penalty_line or self.edition.own_goal

    @property
    def target_of(self) -> str:
        """Whose line `goal` is: `platform`, `penalty` or `own`."""
        if self.edition.platform_target is not None:
            return "platform"
        return "penalty" if self.edition.penalty_line is not None else "own"

    @property
    def machine_counts(self) -> bool:
        """Does the platform count what the machine says inside human service?"""
        return ReplyRules.of(self.edition.definition).machine_counts


@dataclass(frozen=True, slots=True)
class Played:
    """A case and the runs of all its seeds, seed by seed, without the assistant first."""

    case: Case
    runs: tuple[Run, ...]
    variations: tuple[Variation, ...] = ()

    def side(self, *, assist: bool) -> list[Run]:
        return [run for run in self.runs if run.assist is assist]

    def rates(self, *, assist: bool) -> Spread | None:
        """Percent on time over the seeds; None where nothing was assessed."""
        rates = [100 * float(run.rate) for run in self.side(assist=assist) if run.rate is not None]
        return Spread.of(rates) if rates else None

    @property
    def gain(self) -> Spread | None:
        """Points gained over the seeds, each against its own day without the assistant."""
        gains = [
            100 * float(on.rate - off.rate)
            for off, on in zip(self.side(assist=False), self.side(assist=True), strict=False)
            if off.rate is not None and on.rate is not None
        ]
        return Spread.of(gains) if gains else None

    def days_met(self, *, assist: bool) -> int:
        """On how many of the days the goal is met."""
        return sum(
            self.case.goal.met(run.numerator, run.denominator) is True for run in self.side(assist=assist)
        )


@dataclass(frozen=True, slots=True)
class Variation:
    """A case played with one assumption multiplied."""

    name: str
    factor: float
    played: Played
