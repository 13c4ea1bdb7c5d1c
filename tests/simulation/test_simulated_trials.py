from __future__ import annotations

from datetime import date

import pytest

from app.core.definitions import Definition
from app.core.policies import Policy
from app.core.simulation import Assumptions, NoSuchLoadError, Spread, Trial, load_for
from app.core.simulation.trials import NEAR_ENOUGH, pooled_rate

DEFINITION = Definition.from_json({"hours": ["10:00:00", "14:00:00"]})
SEEDS = range(3)


def trial(**assumptions: float) -> Trial:
    return Trial(DEFINITION, date(2026, 11, 18), Assumptions(**assumptions), Policy())  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_the_load_found_brings_people_alone_to_the_share(share: float) -> None:
    found = load_for(share, trial(agents=1), SEEDS)
    rate = pooled_rate(trial(agents=1).at_load(found).run(seed, assist=False) for seed in SEEDS)
    assert rate is not None
    assert abs(rate - share) <= 3 * NEAR_ENOUGH


def test_every_day_of_the_search_is_reported() -> None:
    days = []
    load_for(0.5, trial(agents=1), SEEDS, lambda: days.append(1))
    assert len(days) >= len(SEEDS)
    assert len(days) % len(SEEDS) == 0


def test_people_who_are_always_in_time_have_no_such_load() -> None:
    patient = Definition.from_json({"window_s": 86_000, "hours": ["10:00:00", "10:06:00"]})
    quick = Assumptions(agents=400, patience_s=1e6)
    with pytest.raises(NoSuchLoadError, match="--agents"):
        load_for(0.5, Trial(patient, date(2026, 11, 18), quick, Policy()), range(1))


def test_people_who_are_never_in_time_have_no_such_load() -> None:
    with pytest.raises(NoSuchLoadError, match="90%"):
        load_for(0.9, trial(agents=1, read_s=10_000), range(1))


def test_the_hours_of_a_run_add_up_to_the_day() -> None:
    run = trial(agents=1).run(1, assist=False, by_hour=True)
    assert [hour for hour, _, _ in run.hours] == [10, 11, 12, 13]
    assert sum(good for _, good, _ in run.hours) == run.numerator
    assert sum(counted for _, _, counted in run.hours) == run.denominator
    assert trial(agents=1).run(1, assist=False).hours == ()


def test_a_varied_trial_differs_in_one_assumption() -> None:
    its = trial().varied("patience_s", 2).assumptions
    assert its == Assumptions(patience_s=2 * Assumptions().patience_s)


def test_a_share_is_never_varied_beyond_one() -> None:
    assert Assumptions(suggestion_fits=0.8).scaled("suggestion_fits", 2).suggestion_fits == 1


def test_an_unknown_assumption_cannot_be_varied() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Assumptions().scaled("nonsense", 2)


def test_what_is_surely_right_must_be_among_what_fits() -> None:
    with pytest.raises(ValueError, match="surely_known"):
        Assumptions(surely_known=0.9, suggestion_fits=0.2)


def test_a_spread_of_one_value_has_no_interval() -> None:
    spread = Spread.of([3.0])
    assert (spread.mean, spread.deviation, spread.least, spread.greatest) == (3.0, 0.0, 3.0, 3.0)
    assert spread.interval is None


@pytest.mark.parametrize(("count", "t"), [(2, 12.706), (10, 2.262), (12, 2.201), (31, 2.042), (101, 1.984)])
def test_the_interval_is_that_of_students_t(count: int, t: float) -> None:
    """Quantiles from the printed tables of the distribution."""
    values = [float(number) for number in range(count)]
    spread = Spread.of(values)
    assert spread.interval is not None
    low, high = spread.interval
    assert (high - low) / 2 == pytest.approx(t * spread.deviation / count**0.5, rel=1e-3)


def test_a_spread_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Spread.of([])
