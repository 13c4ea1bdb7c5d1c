"""What a figure still needs: items to recover, misses that are left, fines that a band allows. All exact."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from app.core.profiles import Line, Penalty, PenaltyTier


def needed_to_recover(good: int, total: int, target: Fraction | str) -> int | None:
    """How many more good items, and none bad, until good/total is at `target` or above: ceil((t*N - good)/(1-t)).

    0 if it is there already; None if it can never be (a target of 1 with a miss behind it, or a target above 1).
    Raises ValueError unless 0 <= good <= total.
    """
    goal = _checked(good, total, target)
    missing = goal * total - good
    if missing <= 0:
        return 0
    if goal >= 1:
        return None
    return math.ceil(missing / (1 - goal))


def misses_until_line(good: int, total: int, target: Fraction | str) -> int | None:
    """How many misses in a row the figure can still bear and stay at `target` or above.

    0 if the next one breaks the line or it is broken already; None if no number of misses ever breaks it (a target
    of 0). Raises ValueError unless 0 <= good <= total.
    """
    goal = _checked(good, total, target)
    if goal <= 0:
        return None
    return max(0, math.floor(good / goal) - total)


def best_possible(good: int, total: int, remaining: int) -> Fraction | None:
    """The rate if all `remaining` items were good; None if there are none at all."""
    return Fraction(good + remaining, total + remaining) if total + remaining else None


def is_reachable(good: int, total: int, remaining: int, target: Fraction | str) -> bool:
    """Can the rate still be at `target` when `remaining` more items have come?"""
    best = best_possible(good, total, remaining)
    return best is not None and best >= Fraction(target)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A figure beside one line: is it met, how far below, how much room above."""

    line: Line
    met: bool | None
    needed: int | None
    """Items on the good side, and none on the bad, to recover; 0 if met, None if out of reach."""
    room: int | None
    """Misses that it can still bear."""


def outlook(num: int, den: int, line: Line) -> Outlook:
    """Hold num/den against a line. For a line to stay below (a bad rate), `num` counts what is bad."""
    if line.higher_is_better:
        return Outlook(
            line,
            line.met(num, den),
            needed_to_recover(num, den, line.value),
            misses_until_line(num, den, line.value),
        )
    # A rate that must stay below t is its complement that must stay above 1-t.
    complement = 1 - line.value
    return Outlook(
        line,
        line.met(num, den),
        needed_to_recover(den - num, den, complement),
        misses_until_line(den - num, den, complement),
    )


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


def _checked(good: int, total: int, target: Fraction | str) -> Fraction:
    if not 0 <= good <= total:
        raise ValueError(f"0 <= good <= total does not hold for {good} of {total}")
    return Fraction(target)
