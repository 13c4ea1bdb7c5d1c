"""What a figure would cost: the penalty tables that concern a measure, always with their edition's date and status.

Nothing is claimed that was not read. Where the platform's amounts are unknown the view says so; where none of its
tables holds on the day, those of earlier editions are shown as such; where a text overlaps itself, all of it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.core.profiles import Edition, Line, Penalty, PenaltyTier, Profile


@dataclass(frozen=True, slots=True)
class FinesAllowed:
    """The fines that a rule's text allows for a volume and a rate.

    More than one means that the text overlaps itself; `assumed` is then the mildest, and `disputed` says so.
    """

    amounts: tuple[int, ...]

    @property
    def assumed(self) -> int | None:
        return self.amounts[0] if self.amounts else None

    @property
    def disputed(self) -> bool:
        return len(self.amounts) > 1


def fines_allowed(
    tiers: Penalty | Iterable[PenaltyTier], volume: int, rate: Fraction | str | None
) -> FinesAllowed:
    """Which tiers a month of `volume` consultations at `rate` falls into, as the text has it; none without a rate."""
    if rate is None:
        return FinesAllowed(())
    exact = Fraction(rate)
    every = tiers.tiers if isinstance(tiers, Penalty) else tiers
    return FinesAllowed(tuple(sorted({tier.fine_cny for tier in every if tier.applies(volume, exact)})))


@dataclass(frozen=True, slots=True)
class PenaltyShown:
    """One penalty table beside a figure."""

    penalty: Penalty
    in_force: bool
    """False: a table of another time, shown for want of one that holds. Never present it as what is due."""
    fines: FinesAllowed | None
    """What the tiers allow; None where there are none, or the volume that they go by is not known."""
    suspended: bool = False
    """Of this time, but set aside by the platform on the day."""

    @property
    def amounts_known(self) -> bool:
        """Does the table name any money, or is that unknown to us?"""
        return bool(self.penalty.tiers) or any(level.fine_cny is not None for level in self.penalty.levels)


@dataclass(frozen=True, slots=True)
class PenaltyView:
    """What a figure would cost on a day."""

    day: date
    edition: Edition | None
    """The edition of the measure in force; None where it was not assessed."""
    line: Line | None
    """The penalty line of that edition; None where none was read."""
    met: bool | None
    """Does the figure keep the line? None without a line or on an empty denominator."""
    assessed: bool | None
    """Is the volume large enough to be assessed at all? None where that is not known."""
    penalties: tuple[PenaltyShown, ...]
    """Empty where no table concerns the measure: what it costs is not known."""

    @property
    def in_force(self) -> bool:
        """Does any of the tables hold on the day?"""
        return any(shown.in_force for shown in self.penalties)

    @property
    def disputed(self) -> bool:
        """Do several tables claim the day, of which only one can be right?"""
        return sum(shown.in_force for shown in self.penalties) > 1


def penalty_view(
    profile: Profile,
    measure_id: str,
    day: date,
    num: int,
    den: int,
    *,
    volume: int | None = None,
) -> PenaltyView:
    """What num/den of a measure costs on a day.

    `num` counts what the measure counts, for a rate to be kept low what is bad. `volume` is what was
    counted in the whole period that the platform judges by, which tiers ask for; without it they stay open. Raises KeyError for a measure the profile has not.
    """
    edition = profile.measure(measure_id).edition_on(day)
    line = None if edition is None else edition.penalty_line
    concerned = [penalty for penalty in profile.penalties if measure_id in penalty.measures]
    holding = [penalty for penalty in concerned if penalty.holds_on(day)]
    rate = Fraction(num, den) if den else None
    assessed_from = None if edition is None else edition.assessed_from
    return PenaltyView(
        day=day,
        edition=edition,
        line=line,
        met=None if line is None else line.met(num, den),
        assessed=None if assessed_from is None or volume is None else volume >= assessed_from,
        penalties=tuple(
            PenaltyShown(
                penalty,
                in_force=penalty.holds_on(day),
                fines=fines_allowed(penalty, volume, rate) if penalty.tiers and volume is not None else None,
                suspended=any(each.from_day <= day <= each.to_day for each in penalty.suspended),
            )
            for penalty in holding or concerned
        ),
    )
