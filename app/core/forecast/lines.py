"""What a figure still needs to meet a line, in whole items. All exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from app.core.profiles import Line


def needed_to_recover(good: int, total: int, target: Fraction | str, *, strict: bool = False) -> int | None:
    """How many more good items, and none bad, until good/total is at `target` or above: ceil((t*N - good)/(1-t)).

    With `strict` it must be above. 0 if it is there already; None if it can never be (a target of 1 with a miss
    behind it, or a target above 1). Raises ValueError unless 0 <= good <= total.
    """
    goal = _checked(good, total, target)
    missing = goal * total - good
    if missing < 0 or (missing == 0 and not strict):
        return 0
    if goal >= 1:
        return None
    needed = missing / (1 - goal)
    return math.floor(needed) + 1 if strict else math.ceil(needed)


def misses_until_line(good: int, total: int, target: Fraction | str, *, strict: bool = False) -> int | None:
    """How many misses in a row the figure can still bear and stay at `target` or above (above it, with `strict`).

    0 if the next one breaks the line or it is broken already; None if no number of misses ever breaks it (a target
    of 0). Raises ValueError unless 0 <= good <= total.
    """
    goal = _checked(good, total, target)
    if goal < 0 or (goal == 0 and (not strict or good > 0)):
        return None
    if goal == 0:
        return 0
    bearable = good / goal
    most = math.ceil(bearable) - 1 if strict else math.floor(bearable)
    return max(0, most - total)


def misses_allowed(total: int, target: Fraction | str, *, strict: bool = False) -> int:
    """The most misses that `total` items may hold and still meet `target`; -1 if not even none would do.

    Raises ValueError for a negative total.
    """
    goal = _checked(0, total, target)
    share = (1 - goal) * total
    most = math.ceil(share) - 1 if strict else math.floor(share)
    return max(-1, min(total, most))


def best_possible(good: int, total: int, remaining: int) -> Fraction | None:
    """The rate if all `remaining` items were good; None if there are none at all."""
    return Fraction(good + remaining, total + remaining) if total + remaining else None


def is_reachable(good: int, total: int, remaining: int, target: Fraction | str) -> bool:
    """Can the rate still be at `target` when `remaining` more items have come?"""
    best = best_possible(good, total, remaining)
    return best is not None and best >= Fraction(target)


def good_side(line: Line) -> tuple[Fraction, bool]:
    """The share of good items that a line asks for, and whether it must be exceeded.

    A rate that must stay below t is its complement that must stay above 1-t.
    """
    return (line.value if line.higher_is_better else 1 - line.value), line.op in (">", "<")


@dataclass(frozen=True, slots=True)
class Outlook:
    """A figure beside one line: is it met, how far below, how much room above."""

    line: Line
    met: bool | None
    needed: int | None
    """Items on the good side, and none on the bad, to recover; 0 if met, None if out of reach."""
    room: int | None
    """Misses that it can still bear; None if no number of them breaks the line."""


def outlook(num: int, den: int, line: Line) -> Outlook:
    """Hold num/den against a line. For a line to stay below (a bad rate), `num` counts what is bad."""
    good = num if line.higher_is_better else den - num
    target, strict = good_side(line)
    return Outlook(
        line,
        line.met(num, den),
        needed_to_recover(good, den, target, strict=strict),
        misses_until_line(good, den, target, strict=strict),
    )


def _checked(good: int, total: int, target: Fraction | str) -> Fraction:
    if not 0 <= good <= total:
        raise ValueError(f"0 <= good <= total does not hold for {good} of {total}")
    return Fraction(target)
