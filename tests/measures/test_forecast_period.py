from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.forecast import DayCounts, Forecast, NoForecast, Widened, forecast_period, period_of
from app.core.forecast.arrivals import DayCurve, split_day
from app.core.forecast.chance import binomial, interval
from app.core.forecast.drift import Drift, Wandering
from app.core.profiles import Line

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2024, 3, 15)
NOON = datetime(2024, 3, 15, 14, tzinfo=ZONE)
GOAL = {"goal": Line(">=", Fraction("0.8"))}
_SHAPE = (*[0] * 9, *[1] * 14, 0)


def history(days: int, good: int = 90, counted: int = 100, *, until: date = TODAY) -> list[DayCounts]:
    """So many equal days before `until`, their items evenly from 9 to 23."""
    return [
        DayCounts(
            until - timedelta(days=n),
            good,
            counted,
            hours=tuple((good * h // 14, counted * h // 14) for h in _SHAPE),
        )
        for n in range(days, 0, -1)
    ]


def month(days: list[DayCounts], now: datetime = NOON, **more: bool) -> Forecast:
    return forecast_period(days, now, period_of("natural_month", TODAY), GOAL, **more)


def ending_of(forecast: Forecast) -> tuple[float, float, float]:
    assert forecast.ending is not None
    assert forecast.ending.rate is not None
    assert forecast.ending.low is not None
    assert forecast.ending.high is not None
    return forecast.ending.low, forecast.ending.rate, forecast.ending.high


def test_a_steady_shop_ends_where_it_is() -> None:
    found = month([*history(40), DayCounts(TODAY, 32, 36)])
    low, middle, high = ending_of(found)
    assert low < middle < high
    assert middle == pytest.approx(0.9, abs=0.015)
    assert high - low < 0.06
    assert found.ending is not None
    assert found.ending.counted == pytest.approx(3100, rel=0.1)
    assert (found.numerator, found.denominator) == (14 * 90 + 32, 14 * 100 + 36)


def test_equal_input_gives_equal_output() -> None:
    days = [*history(28), DayCounts(TODAY, 30, 40)]
    assert month(days) == month(list(reversed(days)))


def test_a_period_that_is_over_ends_at_a_point() -> None:
    days = history(20, until=date(2024, 4, 1))
    found = month(days, datetime(2024, 4, 2, 9, tzinfo=ZONE))
    assert found.over
    assert ending_of(found) == (0.9, 0.9, 0.9)
    assert found.ending is not None
    assert found.ending.remaining == 0
    assert found.lines[0].chance == 1


def test_the_last_second_of_a_period_leaves_hardly_anything_open() -> None:
    last = date(2024, 3, 31)
    days = [*history(40, until=last), DayCounts(last, 90, 100)]
    low, _, high = ending_of(month(days, datetime(2024, 3, 31, 23, 59, 59, tzinfo=ZONE)))
    assert high - low < 0.001


def test_nothing_counted_is_no_forecast() -> None:
    found = month([])
    assert found.ending is None
    assert found.reason is NoForecast.NOTHING_COUNTED
    assert found.rate is None
    assert found.lines[0].chance is None


def test_too_few_items_are_no_forecast_yet_what_is_needed_is_said() -> None:
    found = month([DayCounts(TODAY, 1, 4)])
    assert found.reason is NoForecast.TOO_FEW_ITEMS
    assert (found.lines[0].met, found.lines[0].needed) == (False, 11)


def test_less_history_widens_and_says_why() -> None:
    def width(found: Forecast) -> float:
        low, _, high = ending_of(found)
        return high - low

    today = DayCounts(TODAY, 32, 36)
    none, few, many = (month([*history(days), today]) for days in (0, 5, 40))
    assert width(none) > width(few) > width(many)
    assert none.widened == (Widened.NO_HISTORY, Widened.HOURS_ASSUMED)
    assert few.widened == (Widened.LITTLE_HISTORY,)
    assert many.widened == ()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(1, 60),
    st.integers(0, 12),
    st.integers(1, 23),
    st.sampled_from(["natural_day", "natural_week", "natural_month", "trailing_30d"]),
    st.data(),
)
def test_one_more_good_item_today_never_lowers_the_forecast(
    past: int, counted: int, pending: int, hour: int, name: str, data: st.DataObject
) -> None:
    good = data.draw(st.integers(0, counted - 1))
    usual = data.draw(st.integers(0, 30))
    days = history(past, usual, 30)

    def ahead(today_good: int) -> Forecast:
        return forecast_period(
            [*days, DayCounts(TODAY, today_good, counted, pending)],
            datetime(2024, 3, 15, hour, tzinfo=ZONE),
            period_of(name, TODAY),
            GOAL,
        )

    fewer, more = ahead(good), ahead(good + 1)
    if fewer.ending is None:
        assert more.ending is None
        return
    for one, other in zip(ending_of(fewer), ending_of(more), strict=True):
        assert other >= one
    assert (more.lines[0].chance or 0) >= (fewer.lines[0].chance or 0)


_AMOUNT = st.sampled_from([0, 1, 2, 20, 1000, 300_000])
_DAY = st.tuples(
    st.integers(0, 100), _AMOUNT, st.booleans(), st.lists(st.integers(0, 9), min_size=24, max_size=24)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_DAY, max_size=12),
    st.sampled_from([0, 1, 50_400, 86_399]),
    st.sampled_from(["natural_day", "natural_week", "natural_month", "trailing_30d"]),
    st.builds(
        Line,
        st.sampled_from([">=", ">", "<=", "<"]),
        st.fractions(min_value=0, max_value=1, max_denominator=9),
    ),
)
def test_whatever_was_counted_the_forecast_is_possible(
    counts: list[tuple[int, int, bool, list[int]]], second: int, name: str, line: Line
) -> None:
    days = [
        DayCounts(
            TODAY - timedelta(days=n),
            amount * percent // 100,
            amount,
            hours=tuple((items // 2, items) for items in hourly) if known else None,
        )
        for n, (percent, amount, known, hourly) in enumerate(counts)
    ]
    now = datetime(2024, 3, 15, tzinfo=ZONE) + timedelta(seconds=second)
    period = period_of(name, TODAY)
    found = forecast_period(days, now, period, {"x": line}, higher_is_better=line.higher_is_better)
    if found.ending is None or found.ending.rate is None:
        return
    low, middle, high = ending_of(found)
    assert 0 <= low <= middle <= high <= 1
    assert found.denominator <= found.ending.counted_low <= found.ending.counted_high
    ahead = found.lines[0]
    assert ahead.affordable is not None
    if ahead.affordable < 0:
        assert ahead.unreachable_at == now
    if ahead.unreachable_at is not None:
        assert now <= ahead.unreachable_at
        assert ahead.unreachable_at.date() <= period.last_day + timedelta(days=1)


def test_a_rate_to_be_kept_low_is_the_mirror_of_its_complement() -> None:
    days = [*history(30), DayCounts(TODAY, 32, 36, 2)]
    mirrored = [
        replace(
            day, good=day.missed, hours=None if day.hours is None else tuple((c - g, c) for g, c in day.hours)
        )
        for day in days
    ]
    line = {"goal": Line("<=", Fraction("0.2"))}
    low = forecast_period(mirrored, NOON, period_of("natural_month", TODAY), line, higher_is_better=False)
    high = month(days)
    assert ending_of(low) == pytest.approx(tuple(1 - end for end in reversed(ending_of(high))))
    assert low.lines[0].chance == high.lines[0].chance
    assert low.lines[0].affordable == high.lines[0].affordable
    assert low.rate == 1 - Fraction(14 * 90 + 32, 14 * 100 + 36)


def test_a_trailing_period_knows_what_stays() -> None:
    # All days but the remainder of today are known, so hardly anything is open.
    days = [*history(40), DayCounts(TODAY, 32, 36)]
    found = forecast_period(days, NOON, period_of("trailing_30d", TODAY), GOAL)
    low, _, high = ending_of(found)
    assert high - low < 0.01
    assert found.denominator == 29 * 100 + 36
    assert [day.day for day in found.leaving][:2] == [date(2024, 2, 15), date(2024, 2, 16)]


def test_what_is_pending_is_still_to_come() -> None:
    days = [*history(30), DayCounts(TODAY, 30, 36, pending=500)]
    found = forecast_period(days, NOON, period_of("natural_day", TODAY), GOAL)
    assert found.ending is not None
    assert found.ending.remaining >= 500


class TestOutOfReach:
    def test_a_line_that_is_out_of_reach_is_so_now(self) -> None:
        line = month([*history(40, 40, 100), DayCounts(TODAY, 14, 36)]).lines[0]
        assert line.affordable is not None
        assert line.affordable < 0
        assert line.unreachable_at == NOON
        assert line.chance == 0

    def test_a_line_that_is_kept_at_this_pace_never_gets_out_of_reach(self) -> None:
        line = month([*history(40), DayCounts(TODAY, 32, 36)]).lines[0]
        assert line.unreachable_at is None
        assert line.affordable is not None
        assert line.affordable > 0

    def test_a_line_that_is_missed_at_this_pace_gets_out_of_reach_before_the_end(self) -> None:
        found = month([*history(40, 70, 100), DayCounts(TODAY, 25, 36)])
        line = found.lines[0]
        assert line.unreachable_at is not None
        assert line.unreachable_at_high is not None
        assert NOON < line.unreachable_at <= line.unreachable_at_high < datetime(2024, 4, 1, tzinfo=ZONE)
        assert line.affordable is not None
        assert found.ending is not None
        # Exactly one more than is affordable breaks it, all others good.
        total = found.denominator + found.ending.remaining
        missed = found.denominator - found.numerator
        assert Fraction(total - missed - line.affordable, total) >= Fraction("0.8")
        assert Fraction(total - missed - line.affordable - 1, total) < Fraction("0.8")

    def test_a_slower_pace_postpones_it(self) -> None:
        days = history(40, 70, 100)
        fast, slow = (month([*days, DayCounts(TODAY, good, 40)]).lines[0].unreachable_at for good in (20, 28))
        assert fast is not None
        assert slow is not None
        assert fast < slow


def test_days_off_are_expected_where_there_were_some() -> None:
    # An agent who never works on Saturday and Sunday.
    working = [day for day in history(35, 18, 20) if day.day.weekday() < 5]
    friday = DayCounts(TODAY, 6, 7)
    found = forecast_period([*working, friday], NOON, period_of("natural_week", TODAY), GOAL)
    always = forecast_period([*history(35, 18, 20), friday], NOON, period_of("natural_week", TODAY), GOAL)
    assert found.ending is not None
    assert always.ending is not None
    assert found.ending.remaining < always.ending.remaining / 2


def test_a_moment_without_zone_or_before_the_period_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        month([], datetime(2024, 3, 15, 14))  # noqa: DTZ001
    with pytest.raises(ValueError, match="begins on"):
        month([], datetime(2024, 2, 29, 14, tzinfo=ZONE))


class TestParts:
    def test_a_curve_is_the_inverse_of_itself(self) -> None:
        curve = DayCurve.of(history(10))
        for second in (9 * 3600 + 1800, 14 * 3600, 20 * 3600 + 7):
            assert curve.second_of(curve.share_by(second)) == pytest.approx(second)
        assert (curve.share_by(0), curve.share_by(86_400)) == (0.0, 1.0)

    @given(st.integers(0, 86_400))
    def test_the_parts_of_a_day_add_up_to_the_day(self, second: int) -> None:
        day = history(1, 63, 70)[0]
        parts = split_day(day, second)
        assert parts is not None
        assert parts.early_counted + parts.late_counted == pytest.approx(70)
        assert parts.early_missed + parts.late_missed == pytest.approx(7)

    def test_binomial_quantiles_have_the_mean_and_the_variance_of_the_law(self) -> None:
        ranks = (np.arange(4000) + 0.5) / 4000
        for counted, share in ((1, 0.3), (40, 0.05), (300, 0.1), (20_000, 0.02), (500, 0.9)):
            found = binomial(np.full(4000, counted), np.full(4000, share), ranks)
            assert found.mean() == pytest.approx(counted * share, rel=0.01, abs=0.01)
            assert found.var() == pytest.approx(counted * share * (1 - share), rel=0.05)
            assert np.all(np.diff(found) >= 0)

    def test_an_interval_over_few_values_is_cut_at_the_middle_of_a_jump(self) -> None:
        # 0.5 has 8 % of the mass, so more than a tenth lies above its middle only together with 0.6.
        rates = np.array([0.5] * 8 + [0.6] * 60 + [0.7] * 32)
        assert interval(rates, 0.8) == (0.6, 0.7)
        assert interval(np.array([0.5] * 30 + [0.6] * 70), 0.8) == (0.5, 0.6)
        assert interval(np.ones(5), 0.8) == (1.0, 1.0)

    def test_a_drift_that_saw_a_steady_figure_expects_it_again(self) -> None:
        prior = Wandering(0.0, 1.0, (0.05, 0.2, 0.8), 0.2)
        drift = Drift.before(prior)
        for _ in range(40):
            drift = drift.next_day().seeing(1.0, 0.001)
        dice = np.random.default_rng(1).standard_normal((2000, 6))
        paths = drift.next_day().paths(dice, [0, 1, 2])
        assert paths.mean(axis=0) == pytest.approx([1.0, 1.0, 1.0], abs=0.02)
        assert paths.std(axis=0).max() < 0.1
        assert drift.seeing(5.0, np.inf) is drift
