"""A shop's own scale for the chance of a good rating: learned, judged on what came later, never on what it learned from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.mood import Mood
from app.core.recalibration import AS_GIVEN, Outcome, Scale, Verdict, fit, judge, watch

START = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
TARGET = Fraction(4, 5)
CHANCES = st.floats(0.0, 1.0)


def shop(count: int, truth: Scale, seed: int = 1) -> list[Outcome]:
    """Outcomes of a shop whose buyers rate by `truth`, an invitation every ten minutes, rated five minutes later."""
    draw = np.random.default_rng(seed)
    chances = draw.beta(6, 2, count)
    return [
        Outcome(
            f"s{n:05}",
            START + timedelta(minutes=10 * n),
            START + timedelta(minutes=10 * n + 5),
            float(chance),
            bool(draw.random() < truth.chance(float(chance))),
        )
        for n, chance in enumerate(chances)
    ]


@pytest.mark.parametrize("truth", [Scale(-1.0, 1.0), Scale(0.8, 1.0), Scale(0.0, 0.5), Scale(-0.5, 1.5)])
def test_the_scale_of_a_shop_is_found_again(truth: Scale) -> None:
    found = fit(shop(4000, truth))
    for chance in (0.6, 0.8, 0.9):
        assert found.chance(chance) == pytest.approx(truth.chance(chance), abs=0.04)


@pytest.mark.parametrize("given_chance", [0.02, 0.5, 0.9398, 0.9999, 1.0])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_one_chance_for_all_is_brought_towards_the_share_that_came(given_chance: float, share: float) -> None:
    when = (START, START + timedelta(minutes=1))
    outcomes = [Outcome(f"s{n}", *when, given_chance, n < share * 400) for n in range(400)]
    found = fit(outcomes).chance(given_chance)
    assert abs(found - share) <= abs(given_chance - share) / 2 or abs(found - share) < 0.03


def test_without_outcomes_every_chance_stays() -> None:
    assert fit([]) == AS_GIVEN
    assert AS_GIVEN.chance(0.37) == 0.37


def test_a_handful_of_outcomes_moves_little_and_a_thousand_move_much() -> None:
    truth = Scale(-1.5, 1.0)
    few, many = (abs(fit(shop(count, truth)).chance(0.8) - 0.8) for count in (4, 1000))
    assert few < many / 2


def test_a_shop_that_rates_otherwise_is_better_told_with_its_own_scale() -> None:
    judgement = judge(shop(1000, Scale(-1.2, 1.0)), TARGET)
    assert judgement.verdict is Verdict.BETTER
    assert judgement.given is not None
    assert judgement.scaled is not None
    assert judgement.scaled.calibration_error < judgement.given.calibration_error
    assert judgement.judged == 800


@pytest.mark.parametrize("seed", range(8))
def test_a_shop_that_rates_as_told_gains_nothing(seed: int) -> None:
    judgement = judge(shop(600, AS_GIVEN, seed), TARGET)
    assert judgement.verdict is not Verdict.BETTER
    assert judgement.gain is not None
    assert abs(judgement.gain) < 0.02


def test_a_shop_that_changes_its_mind_is_not_told_better_by_its_past() -> None:
    turned = [
        Outcome(o.session, o.invited_at, o.rated_at, o.chance, o.good if n < 500 else not o.good)
        for n, o in enumerate(shop(600, Scale(1.0, 1.0)))
    ]
    assert judge(turned, TARGET).verdict is not Verdict.BETTER


def test_too_few_outcomes_are_not_judged() -> None:
    assert judge(shop(59, Scale(-2.0, 1.0)), TARGET).verdict is Verdict.TOO_FEW
    only_good = [Outcome(o.session, o.invited_at, o.rated_at, o.chance, True) for o in shop(300, AS_GIVEN)]
    found = judge(only_good, TARGET)
    assert (found.verdict, found.outcomes, found.good, found.gain) == (Verdict.TOO_FEW, 300, 300, None)


def test_what_is_judged_was_never_learned_from() -> None:
    """Ratings that all came at the very end were known to no block: nothing could be learned, so nothing changes."""
    late = START + timedelta(days=30)
    unknown = [Outcome(o.session, o.invited_at, late, o.chance, o.good) for o in shop(600, Scale(-1.5, 1.0))]
    judgement = judge(unknown, TARGET)
    assert judgement.given == judgement.scaled
    assert judgement.gain == 0.0
    assert judgement.verdict is Verdict.UNCLEAR


def test_a_scale_is_watched_by_what_was_invited_after_it() -> None:
    outcomes = shop(1000, Scale(-1.2, 1.0))
    since = outcomes[500].invited_at
    scale = fit(outcomes[:500])
    assert watch(outcomes, scale, since, TARGET).verdict is Verdict.BETTER
    assert watch(outcomes, scale, since, TARGET).outcomes == 500
    assert watch(outcomes, Scale(2.0, 1.0), since, TARGET).verdict is Verdict.WORSE
    assert watch(outcomes, scale, outcomes[-1].rated_at, TARGET).verdict is Verdict.TOO_FEW


@given(CHANCES, CHANCES, st.integers(0, 60), st.integers(0, 9))
def test_the_order_of_sessions_stays(one: float, other: float, count: int, seed: int) -> None:
    scale = fit(shop(count, Scale(-1.0, 0.3), seed))
    low, high = sorted((one, other))
    assert 0.0 <= scale.chance(low) <= scale.chance(high) <= 1.0


@given(CHANCES, CHANCES)
def test_a_mood_on_another_scale_is_still_a_mood(satisfied: float, share: float) -> None:
    mood = Scale(-0.7, 1.2).mood(Mood(satisfied, (1 - satisfied) * share, ("好",)))
    assert 0.0 <= mood.p_satisfied + mood.p_dissatisfied <= 1.0 + 1e-9
    assert mood.words == ("好",)


def test_the_same_outcomes_in_any_order_give_the_same_judgement() -> None:
    outcomes = shop(300, Scale(-1.0, 1.0))
    assert judge(outcomes[::-1], TARGET) == judge(outcomes, TARGET)
