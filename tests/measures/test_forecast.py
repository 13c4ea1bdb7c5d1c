from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.forecast import fines_allowed, is_reachable, misses_until_line, needed_to_recover, outlook
from app.core.profiles import Line, PenaltyTier

_counts = st.integers(0, 200).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
_targets = st.fractions(min_value=0, max_value=1, max_denominator=100)


@given(_counts, _targets)
def test_recovery_is_the_least_number_that_reaches_the_target(
    counts: tuple[int, int], target: Fraction
) -> None:
    good, total = counts
    needed = needed_to_recover(good, total, target)
    if needed is None:
        assert target == 1
        assert good < total
        return
    assert good + needed >= target * (total + needed)
    assert needed == 0 or good + needed - 1 < target * (total + needed - 1)


@given(_counts, _targets)
def test_room_is_the_most_misses_that_keep_the_target(counts: tuple[int, int], target: Fraction) -> None:
    good, total = counts
    room = misses_until_line(good, total, target)
    if room is None:
        assert target == 0
        return
    assert good < target * (total + room + 1)
    assert room == 0 or good >= target * (total + room)


@pytest.mark.parametrize(
    ("good", "total", "remaining", "reachable"), [(60, 100, 33, False), (60, 100, 34, True), (0, 0, 0, False)]
)
def test_a_target_becomes_unreachable(good: int, total: int, remaining: int, reachable: bool) -> None:
    assert is_reachable(good, total, remaining, "0.7") is reachable


def test_nonsense_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        needed_to_recover(3, 2, "0.8")


def test_a_bad_rate_is_held_below_its_line() -> None:
    seen = outlook(1, 20, Line("<=", Fraction("0.06")))
    assert seen.met is True
    assert seen.needed == 0
    assert seen.room == 0
    assert outlook(2, 20, Line("<=", Fraction("0.06"))).needed == 14


@pytest.mark.parametrize(
    ("op", "num", "den", "met"),
    [
        (">=", 70, 100, True),
        (">", 70, 100, False),
        ("<=", 70, 100, True),
        ("<", 70, 100, False),
        (">=", 69, 100, False),
        (">=", 0, 0, None),
    ],
)
def test_a_line_is_compared_exactly(op: str, num: int, den: int, met: bool | None) -> None:
    assert Line(op, Fraction("0.7")).met(num, den) is met


def test_overlapping_tiers_are_both_returned_and_the_milder_assumed() -> None:
    tiers = [
        PenaltyTier(600, None, (Line("<=", Fraction("0.70")),), 2000),
        PenaltyTier(600, None, (Line(">=", Fraction("0.70")), Line("<=", Fraction("0.85"))), 1000),
    ]
    both = fines_allowed(tiers, 601, "0.70")
    assert both.amounts == (1000, 2000)
    assert both.assumed == 1000
    assert both.disputed
    assert fines_allowed(tiers, 600, "0.70").assumed is None
    assert fines_allowed(tiers, 601, None).amounts == ()
