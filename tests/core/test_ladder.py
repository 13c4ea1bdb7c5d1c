"""The ladder of an item: in order, inside its window, whatever the window and whatever a shop sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ladder import Due, Step, first_ahead, next_after, steps
from app.core.policies import Policy

OPENED = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
JUST_AFTER = timedelta(microseconds=1)
POLICIES = st.builds(
    Policy,
    warn_after_s=st.integers(0, 400),
    last_warn_before_s=st.integers(0, 400),
    hold_before_s=st.integers(0, 400),
    escalate_after_s=st.integers(0, 400),
    escalate=st.booleans(),
)
WINDOWS = st.one_of(st.integers(2, 400), st.just(86_399)).map(lambda seconds: timedelta(seconds=seconds))
MOMENTS = st.integers(-50, 1_000).map(lambda seconds: OPENED + timedelta(seconds=seconds))


def seconds(window_s: int, usual_warn_s: int | None = None, **knobs: Any) -> dict[Step, float]:
    """When each step is due, in seconds after the message; the microsecond after the deadline is left off."""
    deadline = OPENED + timedelta(seconds=window_s)
    ladder = steps(OPENED, deadline, Policy(**knobs), usual_warn_s)
    return {due.step: int((due.at - OPENED).total_seconds()) for due in ladder}


def test_three_minutes_go_as_the_defaults_say() -> None:
    assert seconds(180) == {
        Step.WARN: 100,
        Step.WARN_LAST: 140,
        Step.HOLD: 155,
        Step.MISS: 180,
        Step.ESCALATE: 240,
    }


def test_thirty_seconds_have_all_steps_in_the_same_order() -> None:
    assert seconds(30, usual_warn_s=20) == {
        Step.WARN: 20,
        Step.WARN_LAST: 24,
        Step.HOLD: 26,
        Step.MISS: 30,
        Step.ESCALATE: 90,
    }
    assert seconds(30)[Step.WARN] == 15


def test_what_a_shop_sets_for_a_short_window_stands_if_it_fits() -> None:
    found = seconds(30, warn_after_s=12, last_warn_before_s=10, hold_before_s=8, escalate_after_s=0)
    assert found == {Step.WARN: 12, Step.WARN_LAST: 20, Step.HOLD: 22, Step.MISS: 30, Step.ESCALATE: 30}


@pytest.mark.parametrize(
    ("knobs", "missing"),
    [
        ({"warn_after_s": 0}, Step.WARN),
        ({"warn_after_s": 180}, Step.WARN),
        ({"last_warn_before_s": 0}, Step.WARN_LAST),
        ({"last_warn_before_s": 90}, Step.WARN_LAST),
        ({"escalate": False}, Step.ESCALATE),
    ],
)
def test_a_step_that_is_off_or_has_no_place_is_left_out(knobs: dict[str, Any], missing: Step) -> None:
    assert set(Step) - set(seconds(180, **knobs)) == {missing}


@given(WINDOWS, POLICIES, st.one_of(st.none(), st.integers(0, 400)))
def test_steps_are_in_order_each_once_and_inside_the_window(
    window: timedelta, policy: Policy, usual: int | None
) -> None:
    deadline = OPENED + window
    ladder = steps(OPENED, deadline, policy, usual)
    at = {due.step: due.at for due in ladder}
    assert len(at) == len(ladder)
    assert list(ladder) == sorted(ladder, key=lambda due: due.order)
    assert OPENED <= at[Step.HOLD] <= deadline
    assert at[Step.MISS] == deadline + JUST_AFTER
    for warning in {Step.WARN, Step.WARN_LAST} & set(at):
        assert OPENED < at[warning] < deadline
    if {Step.WARN, Step.WARN_LAST} <= set(at):
        assert at[Step.WARN] < at[Step.WARN_LAST]
    assert (Step.ESCALATE in at) == policy.escalate
    if policy.escalate:
        assert ladder[-1].step is Step.ESCALATE


@given(WINDOWS, POLICIES)
def test_who_takes_step_after_step_takes_each_once(window: timedelta, policy: Policy) -> None:
    ladder = steps(OPENED, OPENED + window, policy)
    taken = [ladder[0]]
    while (due := next_after(ladder, taken[-1])) is not None:
        taken.append(due)
    assert taken == list(ladder)


@given(WINDOWS, POLICIES, POLICIES)
def test_a_policy_that_changes_on_the_way_never_leads_back_or_past_the_miss(
    window: timedelta, before: Policy, after: Policy
) -> None:
    deadline = OPENED + window
    for done in steps(OPENED, deadline, before):
        due = next_after(steps(OPENED, deadline, after), done)
        if done.at <= deadline:
            assert due is not None
            assert due.order > done.order
            assert due.at <= deadline + JUST_AFTER


@given(WINDOWS, POLICIES, MOMENTS)
def test_a_ladder_that_begins_late_begins_with_what_lies_ahead_and_with_the_miss_at_the_latest(
    window: timedelta, policy: Policy, now: datetime
) -> None:
    ladder = steps(OPENED, OPENED + window, policy)
    first = first_ahead(ladder, now)
    assert first.at > now or first.step is Step.MISS
    assert all(due.at <= now for due in ladder[: ladder.index(first)])


def test_a_pause_goes_on_with_the_miss() -> None:
    ladder = steps(OPENED, OPENED + timedelta(seconds=180), Policy())
    paused = Due(Step.HOLD, OPENED + timedelta(seconds=170))
    following = next_after(ladder, paused)
    assert following is not None
    assert following.step is Step.MISS
