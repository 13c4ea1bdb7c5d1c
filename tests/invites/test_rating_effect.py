"""What one more rating does to the rate, from which chance on it pays, and over which days the platform judges."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.rating_effect import Effect, Standing, good_per_bad, percent, rating_period
from app.platforms.catalog import load_profiles

WEEK = Standing("好评率", "本周", 41, 52)


def test_the_effect_names_where_the_rate_stands_and_would_stand() -> None:
    effect = Effect(0.95, Fraction(4, 5), WEEK)
    assert effect.expected == pytest.approx(41.95 / 53)
    assert (effect.after(good=True), effect.after(good=False)) == (Fraction(42, 53), Fraction(41, 53))
    assert effect.needed == 3
    assert effect.text == (
        "本周好评率 41/52=78.8%，邀请后预计 79.2%（好评 79.2%，中差评 77.4%）；离目标还差连续 3 个好评；"
        "目标 80%：把握到 80% 才不亏，1 个中差评要 4 个好评补回"
    )


def test_without_a_standing_the_break_even_is_told_all_the_same() -> None:
    effect = Effect(0.7, Fraction(9, 10))
    assert (effect.expected, effect.needed, effect.after(good=True)) == (None, None, None)
    assert not effect.worth_it
    assert effect.text == "目标 90%：把握到 90% 才不亏，1 个中差评要 9 个好评补回"


def test_a_period_without_ratings_has_no_rate_yet() -> None:
    effect = Effect(0.9, Fraction(4, 5), Standing("好评率", "本周", 0, 0))
    assert effect.expected == pytest.approx(0.9)
    assert effect.text.startswith("本周好评率还没有评价，这一个预计 90%")
    assert effect.to_json()["standing"]["rate"] is None


def test_at_a_target_of_all_no_number_of_good_ratings_makes_up_for_a_bad_one() -> None:
    assert good_per_bad(Fraction(1)) is None
    assert Effect(0.99, Fraction(1), WEEK).needed is None
    assert Effect(0.99, Fraction(1), Standing("好评率", "本周", 5, 5)).needed == 0


@pytest.mark.parametrize(
    ("share", "text"), [(Fraction(4, 5), "80%"), (0.78846, "78.8%"), (1, "100%"), (0.0, "0%")]
)
def test_shares_as_people_read_them(share: Fraction | float, text: str) -> None:
    assert percent(share) == text


COUNTS = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda two: (min(two), max(two)))


@given(COUNTS, st.fractions("0.01", "0.99"))
def test_so_many_good_ratings_reach_the_target_and_no_fewer(
    counts: tuple[int, int], target: Fraction
) -> None:
    good, counted = counts
    needed = Effect(0.5, target, Standing("好评率", "本周", good, counted)).needed
    assert needed is not None
    if counted + needed:
        assert Fraction(good + needed, counted + needed) >= target
    if needed:
        assert Fraction(good + needed - 1, max(counted + needed - 1, 1)) < target


@given(COUNTS, st.floats(0, 1), st.fractions("0.01", "0.99"))
def test_the_expected_rate_lies_between_the_two_outcomes(
    counts: tuple[int, int], chance: float, target: Fraction
) -> None:
    effect = Effect(chance, target, Standing("好评率", "本周", *counts))
    low, high = effect.after(good=False), effect.after(good=True)
    assert effect.expected is not None
    assert low is not None
    assert high is not None
    assert float(low) - 1e-12 <= effect.expected <= float(high) + 1e-12


@given(st.integers(1, 500), st.fractions("0.01", "0.99"), st.floats(0, 1))
def test_at_the_target_asking_raises_the_rate_exactly_where_it_is_worth_it(
    scale: int, target: Fraction, chance: float
) -> None:
    good, counted = target.numerator * scale, target.denominator * scale
    effect = Effect(chance, target, Standing("好评率", "本周", good, counted))
    assert effect.expected is not None
    raised = Fraction(good) + Fraction(chance) >= target * (counted + 1)
    assert raised == effect.worth_it


def test_kuaishou_judges_weeks_from_monday() -> None:
    judged = rating_period(load_profiles()["kuaishou"], date(2026, 11, 22))
    assert judged is not None
    assert (judged.measure.id, judged.period.name) == ("good_rate", "natural_week")
    assert judged.period.first_day == date(2026, 11, 16)


@pytest.mark.parametrize("platform", list(load_profiles()))
def test_every_platform_has_days_that_are_judged_together_or_no_good_rate(platform: str) -> None:
    profile = load_profiles()[platform]
    judged = rating_period(profile, date(2026, 11, 22))
    assert (judged is None) == (profile.primary_rating is None)
    if judged is not None:
        assert judged.period.holds(date(2026, 11, 22))
        assert judged.edition.own_goal.higher_is_better
        assert Standing.of(judged, 1, 2).period.strip()
