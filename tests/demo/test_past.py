"""The demo's past fortnight: the same on every start, tidy sessions, nothing left open."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.core.definitions import Definition
from app.core.events import parse_event
from app.core.measures import History, evaluate
from app.demo.past import DAYS, in_batches, past_sessions
from app.demo.script import Script, load_script

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script()


def test_a_second_start_tells_the_same(script: Script) -> None:
    assert list(past_sessions(script, SHANGHAI, TODAY)) == list(past_sessions(script, SHANGHAI, TODAY))


def test_tomorrow_tells_the_same_of_the_days_that_both_know(script: Script) -> None:
    tomorrow = date(2026, 11, 23)
    today_s = {events[0]["session"]: events for events in past_sessions(script, SHANGHAI, TODAY)}
    tomorrow_s = {events[0]["session"]: events for events in past_sessions(script, SHANGHAI, tomorrow)}
    both = today_s.keys() & tomorrow_s.keys()
    assert len(both) > 200
    assert all(today_s[session] == tomorrow_s[session] for session in both)


def test_all_of_it_lies_before_today_and_can_be_read(script: Script) -> None:
    ids = set()
    for events in past_sessions(script, SHANGHAI, TODAY):
        read = [parse_event(event) for event in events]
        assert [event.at for event in read] == sorted(event.at for event in read)
        assert {event.session for event in read} == {read[0].session}
        assert read[-1].at < datetime(2026, 11, 22, 2, tzinfo=SHANGHAI)
        ids |= {event.id for event in read}
    assert len(ids) == sum(len(events) for events in past_sessions(script, SHANGHAI, TODAY))


def test_every_buyer_is_answered_some_too_late_and_some_rate_badly(script: Script) -> None:
    events = [parse_event(e) for session in past_sessions(script, SHANGHAI, TODAY) for e in session]
    history = History.of(events)
    (reply,) = evaluate(history, Definition.from_json({}))
    assert 0.6 < reply.numerator / reply.denominator < 0.98
    labels = [event.label for event in events if event.label]
    assert len(labels) >= 4 * DAYS
    assert {"满意", "一般", "失望"} == set(labels)


def test_batches_hold_whole_sessions(script: Script) -> None:
    batches = list(in_batches(past_sessions(script, SHANGHAI, TODAY), 60))
    assert all(len(batch) <= 60 or len({e["session"] for e in batch}) == 1 for batch in batches)
    where = [{event["session"] for event in batch} for batch in batches]
    assert sum(len(names) for names in where) == len(set().union(*where))
