"""Properties of the evaluator and of the live clock, over random logs and knobs."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from measure_strategies import START, logs, moments, settings_of
from naive_measure import count

from app.core.clocks import open_items
from app.core.definitions import Definition
from app.core.events import Event, EventType, Sender
from app.core.measures import evaluate

_THOROUGH = settings(max_examples=200, deadline=None)
_days = st.none() | st.sampled_from([date(2024, 3, 5), date(2024, 3, 6)])


@_THOROUGH
@given(logs(), settings_of(), moments, _days, _days)
def test_the_evaluator_agrees_with_the_naive_reading(
    events: list[Event], knobs: dict[str, Any], as_of: datetime | None, first: date | None, last: date | None
) -> None:
    [result] = evaluate(events, Definition.from_json(knobs), as_of=as_of, first_day=first, last_day=last)
    assert (result.numerator, result.denominator, result.pending) == count(events, knobs, as_of, first, last)


@_THOROUGH
@given(
    logs(distinct=True),
    settings_of(),
    moments,
    st.integers(0, 2**16),
    st.sampled_from([None, "agent", "day"]),
)
def test_order_and_repetition_change_nothing(
    events: list[Event], knobs: dict[str, Any], as_of: datetime | None, seed: int, by: str | None
) -> None:
    definition = Definition.from_json(knobs)
    again = events + events[::2]
    Random(seed).shuffle(again)
    assert evaluate(again, definition, as_of=as_of, by=by) == evaluate(events, definition, as_of=as_of, by=by)


@_THOROUGH
@given(logs(), settings_of(), moments, st.sampled_from(["day", "hour", "agent", "shop", "month"]))
def test_parts_of_an_additive_unit_make_up_the_whole(
    events: list[Event], knobs: dict[str, Any], as_of: datetime | None, by: str
) -> None:
    definition = Definition.from_json(knobs | {"unit": "message"})
    [whole] = evaluate(events, definition, as_of=as_of)
    parts = evaluate(events, definition, as_of=as_of, by=by)
    assert sum(part.numerator for part in parts) == whole.numerator
    assert sum(part.denominator for part in parts) == whole.denominator
    assert sum(part.pending for part in parts) == whole.pending


@_THOROUGH
@given(logs(), settings_of(), _days)
def test_a_day_of_the_split_is_that_day_alone(
    events: list[Event], knobs: dict[str, Any], day: date | None
) -> None:
    definition = Definition.from_json(knobs)
    for part in evaluate(events, definition, by="day"):
        assert part.key is not None
        alone = date.fromisoformat(part.key[1])
        [result] = evaluate(events, definition, first_day=alone, last_day=alone)
        assert (result.numerator, result.denominator) == (part.numerator, part.denominator)


@_THOROUGH
@given(logs(), settings_of(), moments)
def test_settled_counts_hold_the_live_ones(
    events: list[Event], knobs: dict[str, Any], as_of: datetime | None
) -> None:
    definition = Definition.from_json(knobs)
    [live] = evaluate(events, definition, as_of=as_of)
    assert 0 <= live.numerator <= live.denominator
    assert live.pending >= 0
    if as_of is None:
        assert live.pending == 0


# Knobs under which an answer does not only close an item but also takes it into the count or out of it.
_ANSWER_CHANGES_NOTHING_ELSE = {
    "unit": "message",
    "cross_day": "keep",
    "robot_only": "keep",
    "closing": "count",
    "withdrawn": "keep",
}


@_THOROUGH
@given(
    logs(buyers=1),
    settings_of(),
    st.booleans(),
    st.sampled_from([0, 60, 180, 600, 3600, 4300]),
    st.integers(-2, 2),
)
def test_an_answer_up_to_the_deadline_is_what_the_evaluator_calls_on_time(
    events: list[Event], knobs: dict[str, Any], inclusive: bool, after: int, micros: int
) -> None:
    """For message units: an answer at `t` turns exactly those open items good whose deadline is not before `t`."""
    fixed = _ANSWER_CHANGES_NOTHING_ELSE | {"inclusive": inclusive, "hours": ["00:00:00", "24:00:00"]}
    definition = Definition.from_json(knobs | fixed)
    now = START + timedelta(seconds=after)
    known = [event for event in events if event.at <= now]
    items = open_items(events, definition, now)
    for deadline in {item.deadline_at for item in items if item.deadline_at >= now}:
        at = max(deadline + timedelta(microseconds=micros), now)
        answer = Event(
            "answer", EventType.MESSAGE, at, session="B1-S1", buyer="B1", agent="A1", sender=Sender.AGENT
        )
        [before] = evaluate(known, definition, as_of=now)
        [answered] = evaluate([*known, answer], definition, as_of=at)
        assert answered.numerator - before.numerator == sum(
            item.counted and at <= item.deadline_at for item in items
        )
        assert answered.denominator == before.denominator + sum(
            item.counted and item.deadline_at >= now for item in items
        )


@_THOROUGH
@given(logs(buyers=1), settings_of(), st.sampled_from([0, 60, 180, 600, 3600, 4300]))
def test_open_counted_items_are_the_unanswered_ones_of_the_evaluator(
    events: list[Event], knobs: dict[str, Any], after: int
) -> None:
    definition = Definition.from_json(knobs | {"unit": "message"})
    now = START + timedelta(seconds=after)
    [live] = evaluate(events, definition, as_of=now)
    items = [item for item in open_items(events, definition, now) if item.counted]
    due = Counter(item.deadline_at >= now for item in items)
    assert due[True] == live.pending
    assert due[False] <= live.denominator - live.numerator
