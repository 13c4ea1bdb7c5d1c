from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.forecast import (
    DayCounts,
    Period,
    leaving,
    misses_allowed,
    misses_until_line,
    needed_to_recover,
    outlook,
    period_of,
)
from app.core.profiles import Line

COUNTS = st.integers(0, 60).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
TARGETS = st.fractions(min_value=0, max_value=1, max_denominator=20)
LINES = st.builds(Line, st.sampled_from([">=", ">", "<=", "<"]), TARGETS)


@given(COUNTS, LINES)
def test_what_is_needed_is_found_by_trying_one_more_good_item_after_another(
    counts: tuple[int, int], line: Line
) -> None:
    good, total = counts
    num = good if line.higher_is_better else total - good
    needed = outlook(num, total, line).needed
    tried = next(
        (
            more
            for more in range(1, 2000)
            if line.met(num + more if line.higher_is_better else num, total + more)
        ),
        None,
    )
    if total and line.met(num, total):
        assert needed == 0
    elif total:
        assert needed == tried
    else:
        # Nothing counted yet: a line that equality meets is not broken.
        assert needed in (0, tried)


@given(COUNTS, LINES)
def test_the_room_is_found_by_trying_one_miss_after_another(counts: tuple[int, int], line: Line) -> None:
    good, total = counts
    num = good if line.higher_is_better else total - good

    def met(misses: int) -> bool:
        return line.met(num if line.higher_is_better else num + misses, total + misses) is not False

    room = outlook(num, total, line).room
    if room is None:
        assert all(met(misses) for misses in range(200))
    elif total and not met(0):
        assert room == 0
    else:
        assert not met(room + 1)
        assert room == 0 or met(room)


@given(st.integers(1, 200), TARGETS, st.booleans())
def test_the_misses_allowed_are_the_most_that_keep_the_line(
    total: int, target: Fraction, strict: bool
) -> None:
    line = Line(">" if strict else ">=", target)
    allowed = misses_allowed(total, target, strict=strict)
    kept = [misses for misses in range(total + 1) if line.met(total - misses, total)]
    assert allowed == max(kept, default=-1)


def test_a_strict_line_asks_for_one_more() -> None:
    assert needed_to_recover(8, 10, "0.8") == 0
    assert needed_to_recover(8, 10, "0.8", strict=True) == 1
    assert misses_until_line(9, 11, "0.8") == 0
    assert misses_until_line(8, 9, "0.8") == 1
    assert misses_until_line(8, 9, "0.8", strict=True) == 0


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("natural_day", date(2024, 2, 29), date(2024, 2, 29)),
        ("previous_day", date(2024, 2, 28), date(2024, 2, 28)),
        ("natural_week", date(2024, 2, 26), date(2024, 3, 3)),
        ("natural_month", date(2024, 2, 1), date(2024, 2, 29)),
        ("trailing_30d", date(2024, 1, 31), date(2024, 2, 29)),
        ("trailing_7d", date(2024, 2, 23), date(2024, 2, 29)),
    ],
)
def test_a_period_is_found_by_its_name(name: str, first: date, last: date) -> None:
    assert period_of(name, date(2024, 2, 29)) == Period(name, first, last)


@pytest.mark.parametrize("name", ["", "month", "trailing_0d", "trailing_30", "natural_year"])
def test_an_unknown_period_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unknown period"):
        period_of(name, date(2024, 2, 29))


def test_the_days_that_drop_out_of_a_trailing_period_come_oldest_first() -> None:
    days = [DayCounts(date(2024, 2, day), day, 30) for day in range(29, 0, -1)]
    assert [day.day.day for day in leaving(days, period_of("trailing_7d", date(2024, 2, 29)), 3)] == [
        23,
        24,
        25,
    ]
    assert leaving(days, period_of("natural_month", date(2024, 2, 29))) == ()


@pytest.mark.parametrize(("good", "counted", "pending"), [(3, 2, 0), (-1, 2, 0), (0, 0, -1)])
def test_impossible_counts_of_a_day_are_refused(good: int, counted: int, pending: int) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        DayCounts(date(2024, 2, 29), good, counted, pending)
