"""A session is a pure fold: any order and any repetition of its events ends in the same state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.events import Event, EventType, Sender, content_digest, parse_event, tidy
from app.core.sessions import fold_session

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def event(event_id: str, seconds: float, **more: Any) -> Event:
    raw = {
        "id": event_id,
        "type": "message",
        "at": (START + timedelta(seconds=seconds)).isoformat(),
        "session": "s1",
        "buyer": "b1",
    }
    if more.get("type", "message") == "message":
        raw["sender"] = "buyer"
    return parse_event(raw | more)


@st.composite
def sessions(draw: st.DrawFn) -> list[Event]:
    """Events of one session with unique ids; many bear the same time."""
    shapes = st.sampled_from(
        [
            {"sender": "buyer", "text": "在吗"},
            {"sender": "agent", "agent": "小林", "text": "亲，在的"},
            {"sender": "robot", "text": "请稍等"},
            {"sender": "robot", "text": "请稍等", "outbox": "mh-1"},
            {"sender": "agent", "agent": "小林", "text": "请稍等", "echo_of": "mh-1"},
            {"sender": "robot", "text": "请稍等", "outbox": "mh-2"},
            {"type": "handover"},
            {"type": "assigned", "agent": "小周"},
            {"type": "session_closed"},
            {"type": "invite_sent", "by": "agent"},
            {"type": "rating", "label": "满意"},
            {"type": "buyer_flagged", "flag": "spam_reported"},
            {"type": "buyer_flagged", "flag": "spam_system"},
            {"type": "message_withdrawn", "message": "e0"},
        ]
    )
    made = draw(st.lists(st.tuples(shapes, st.integers(0, 5)), min_size=1, max_size=12))
    return [event(f"e{number}", seconds * 10, **shape) for number, (shape, seconds) in enumerate(made)]


@given(sessions(), st.randoms(use_true_random=False), st.data())
def test_any_order_and_repetition_of_the_same_events_is_the_same_session(
    events: list[Event], random: Any, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=10))
    shuffled = [*events, *again]
    random.shuffle(shuffled)
    assert fold_session(shuffled) == fold_session(events)


@given(sessions())
def test_an_event_written_and_read_again_is_the_same_event(events: list[Event]) -> None:
    for each in events:
        again = parse_event(each.to_json())
        assert again == each
        assert content_digest(again) == content_digest(each)


def test_the_same_instant_in_another_zone_is_the_same_content() -> None:
    utc = parse_event({"id": "a", "type": "agent_online", "at": "2026-11-22T04:00:00Z", "agent": "小林"})
    east = parse_event(
        {"id": "a", "type": "agent_online", "at": "2026-11-22T12:00:00+08:00", "agent": "小林"}
    )
    assert content_digest(utc) == content_digest(east)


def test_a_withdrawn_message_no_longer_stands() -> None:
    session = fold_session([event("m", 0), event("w", 5, type="message_withdrawn", message="m")])
    assert session.standing == ()
    assert session.messages[0].withdrawn_at == START + timedelta(seconds=5)


def test_a_message_after_the_closing_opens_the_session_again() -> None:
    closed = [event("m", 0), event("c", 10, type="session_closed")]
    assert fold_session(closed).closed_at is not None
    assert fold_session([*closed, event("n", 20)]).closed_at is None


def test_the_console_echo_of_our_words_stands_for_them_and_is_no_person() -> None:
    ours = event("mh-1", 10, sender="robot", text="请稍等", outbox="mh-1")
    echo = event("x", 11, sender="agent", agent="小林", text="请稍等", echo_of="mh-1")
    (message,) = fold_session([ours, echo]).messages
    assert message.id == "x"
    assert message.sender is Sender.AGENT
    assert message.by_machine


def test_an_echo_without_a_mark_is_known_by_its_words() -> None:
    ours = event("mh-1", 10, sender="robot", text="请稍等", outbox="mh-1")
    echo = event("x", 12, sender="agent", agent="小林", text="请稍等")
    later = event("y", 500, sender="agent", agent="小林", text="请稍等")
    first, second = fold_session([ours, echo, later]).messages
    assert first.by_machine
    assert not second.by_machine


def test_events_of_two_sessions_are_refused() -> None:
    with pytest.raises(ValueError, match="several sessions"):
        fold_session([event("a", 0), event("b", 1, session="s2")])


def test_of_two_events_with_one_id_the_first_given_stays() -> None:
    assert [each.text for each in tidy([event("a", 0, text="甲"), event("a", 0, text="乙")])] == ["甲"]
    assert tidy([event("a", 5), event("b", 0)])[0].type is EventType.MESSAGE
