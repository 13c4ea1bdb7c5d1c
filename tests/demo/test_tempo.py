from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.tempo import Tempo

NINE, NOON, EVENING = 9 * 3600.0, 12 * 3600.0, 20 * 3600.0


@pytest.mark.parametrize(
    ("speed", "shop_s", "first_s", "real_s"),
    [
        (1, NINE, NINE, 0),
        (1, NOON, NINE, 3 * 3600),
        (60, NOON, NINE, 180),
        (60, EVENING, NINE, 660),
        (600, EVENING, NINE, 66),
        (60, NINE, NOON, 0),
    ],
)
def test_gaps_between_arrivals_are_divided_by_the_speed(
    speed: float, shop_s: float, first_s: float, real_s: float
) -> None:
    assert Tempo.of_speed(speed).arrival_s(shop_s, first_s) == pytest.approx(real_s)


@pytest.mark.parametrize(
    ("speed", "pause_s", "real_s"),
    [(1, 30, 30), (16, 30, 15), (60, 30, 10.78), (256, 30, 7.5), (0.1, 30, 53.35)],
)
def test_pauses_inside_a_dialogue_are_squeezed_more_mildly(
    speed: float, pause_s: float, real_s: float
) -> None:
    assert Tempo.of_speed(speed).pause_s(pause_s) == pytest.approx(real_s, rel=0.001)


@given(st.floats(1, 10_000), st.floats(0, 3600))
def test_hands_are_squeezed_less_than_pauses_and_pauses_less_than_arrivals(
    speed: float, seconds: float
) -> None:
    tempo = Tempo.of_speed(speed)
    slack = 1e-9 * (1 + seconds)
    assert tempo.arrival_s(seconds, 0) <= tempo.pause_s(seconds) + slack
    assert tempo.pause_s(seconds) <= tempo.hands_s(seconds) + slack
    assert tempo.hands_s(seconds) <= seconds + slack


@given(st.floats(0.1, 10_000), st.floats(0, 86_399), st.floats(0, 86_399))
def test_the_shop_clock_shows_the_hour_of_an_arrival_when_it_comes(
    speed: float, shop_s: float, first_s: float
) -> None:
    tempo = Tempo.of_speed(speed)
    shown_s = tempo.shop_clock_s(tempo.arrival_s(shop_s, first_s), first_s)
    assert shown_s == pytest.approx(max(shop_s, first_s), abs=1e-6)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Tempo.of_speed(speed)
