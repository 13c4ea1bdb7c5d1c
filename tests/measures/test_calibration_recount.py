"""Counting by columns gives what the evaluator gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from calibration_logs import busy_log
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measure_strategies import logs, moments, settings_of

from app.core.calibration import Key, Recount, Shape, Stretch, stretches_of
from app.core.calibration.knobs import Change, alternatives
from app.core.definitions import Definition
from app.core.events import Event
from app.core.measures import History, evaluate
from app.core.profiles import Edition, Line, Measure, Status


def by_evaluator(
    history: History, definition: Definition, shape: Shape, first: date | None, last: date | None
) -> dict[Key, tuple[int, int]]:
    """Counts as the evaluator has them, keys without anything left out."""
    found: dict[Key, tuple[int, int]] = {}
    days = sorted({date.fromisoformat(key) for key in _keys(history, definition, "day")})
    spans = [(day, day) for day in days] if shape is Shape.AGENT_DAY else [(first, last)]
    by = {Shape.TOTAL: None, Shape.DAY: "day"}.get(shape, "agent")
    for start, end in spans:
        if shape is Shape.AGENT_DAY and not _inside(start, first, last):
            continue
        for result in evaluate(history, definition, first_day=start, last_day=end, by=by):
            if not result.denominator:
                continue
            name = None if result.key is None else result.key[1]
            day = start if shape is Shape.AGENT_DAY else None
            agent = None
            if shape is Shape.DAY:
                assert name is not None
                day = date.fromisoformat(name)
            elif shape is not Shape.TOTAL:
                agent = name
            found[(day, agent)] = (result.numerator, result.denominator)
    return found


def _keys(history: History, definition: Definition, by: str) -> list[str]:
    return [result.key[1] for result in evaluate(history, definition, by=by) if result.key]


def _inside(day: date | None, first: date | None, last: date | None) -> bool:
    assert day is not None
    return (first is None or first <= day) and (last is None or day <= last)


days = st.none() | st.sampled_from([date(2024, 3, 5), date(2024, 3, 6)])


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    events=logs(buyers=3),
    base=settings_of(),
    turned=st.lists(settings_of(), min_size=1, max_size=4),
    as_of=moments,
    shape=st.sampled_from(Shape),
    first=days,
    last=days,
)
def test_any_log_is_counted_by_any_knobs_as_the_evaluator_does(
    events: list[Event],
    base: dict[str, Any],
    turned: list[dict[str, Any]],
    as_of: datetime | None,
    shape: Shape,
    first: date | None,
    last: date | None,
) -> None:
    history = History.of(events, as_of=as_of)
    start = Definition.from_json(base)
    recount = Recount(history, [Stretch(start, first, last)], shape)
    # Several definitions by one recount: what one left behind must not colour the next.
    for knobs in [{}, *turned]:
        changes = [Change(knob, _hashable(value)) for knob, value in knobs.items()]
        expected = by_evaluator(history, start.with_settings(knobs), shape, first, last)
        assert recount.counts(changes) == expected


def _hashable(value: Any) -> Any:
    return tuple(_hashable(each) for each in value) if isinstance(value, list) else value


@pytest.mark.parametrize("shape", Shape)
def test_a_busy_log_is_counted_alike_after_every_single_change(shape: Shape) -> None:
    history = History.of(busy_log(3, days=3))
    start = Definition.from_json({"unit": "person", "clock_start": "transfer", "robot": "assist_only"})
    recount = Recount(history, [Stretch(start, None, None)], shape)
    tried = alternatives([start])
    assert len(tried) > 30
    for change in tried:
        expected = by_evaluator(history, start.with_settings(dict([change])), shape, None, None)
        assert recount.counts([change]) == expected, change


@pytest.mark.parametrize("shape", Shape)
def test_ratings_are_counted_as_the_evaluator_does(shape: Shape) -> None:
    history = History.of(busy_log(4, days=3))
    start = Definition.from_json({"positive": ["满意"], "counted": ["满意", "一般", "失望"]})
    in_days = [date.fromisoformat(key) for key in _keys(history, start, "day")]
    recount = Recount(history, [Stretch(start, None, None)], shape, in_days)
    tried = alternatives([start])
    assert {change.knob for change in tried} == {
        "robot",
        "hours",
        "hours_end_inclusive",
        "last_only",
        "valid_hours",
        "counted",
    }
    for change in tried:
        expected = by_evaluator(history, start.with_settings(dict([change])), shape, None, None)
        got = {key: count for key, count in recount.counts([change]).items() if count[1]}
        assert got == expected, change


def test_each_day_is_counted_by_the_edition_in_force_on_it() -> None:
    def edition(name: str, first: date | None, last: date | None, **knobs: Any) -> Edition:
        return Edition(
            name,
            first,
            last,
            Status.STATED,
            Definition.from_json(knobs),
            None,
            None,
            Line(">=", 1),  # type: ignore[arg-type]
            (),
        )

    early = edition("early", None, date(2024, 3, 2), unit="message")
    late = edition("late", date(2024, 3, 3), None, unit="person", window_s=300)
    measure = Measure("reply", "回复率", early.definition.kind, (early, late))
    stretches = stretches_of(measure, {"inclusive": False}, date(2024, 3, 1), date(2024, 3, 4))
    assert [(s.edition, s.first_day, s.last_day) for s in stretches] == [
        ("early", date(2024, 3, 1), date(2024, 3, 2)),
        ("late", date(2024, 3, 3), date(2024, 3, 4)),
    ]
    assert [s.edition for s in stretches_of(measure, {}, date(2024, 3, 3), None)] == ["late"]
    [judged] = stretches_of(measure, {}, date(2024, 3, 1), None, edition="late")
    assert (judged.first_day, judged.definition.window_s) == (date(2024, 3, 1), 300)

    history = History.of(busy_log(5, days=4))
    counts = Recount(history, stretches, Shape.DAY).counts()
    for day, knobs in [
        (date(2024, 3, 2), {"unit": "message", "inclusive": False}),
        (date(2024, 3, 3), {"unit": "person", "window_s": 300, "inclusive": False}),
    ]:
        [result] = evaluate(history, Definition.from_json(knobs), first_day=day, last_day=day)
        assert counts[(day, None)] == (result.numerator, result.denominator)


def test_a_log_without_items_counts_nothing() -> None:
    recount = Recount(History.of([]), [Stretch(Definition(), None, None)], Shape.DAY)
    assert recount.counts() == {}
    with pytest.raises(ValueError, match="no definition"):
        Recount(History.of([]), [], Shape.DAY)
