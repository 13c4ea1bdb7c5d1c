"""Properties of the rating advice: no limit is ever passed, order plays no part, and nothing is known before it happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.core.events import Event, parse_event
from app.core.invites import BuyerPast, InviteAdvice, InviteRules, PastInvite, advise
from app.core.mood import Mood
from app.core.sessions import fold_session

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
"""Eight o'clock in Shanghai."""
BASE = {"session": "S", "buyer": "B"}
LINES: tuple[dict[str, Any], ...] = (
    {"type": "message", "sender": "buyer", "text": "什么时候发货"},
    {"type": "message", "sender": "buyer", "text": "好的，谢谢"},
    {"type": "message", "sender": "buyer", "text": "没有了"},
    {"type": "message", "sender": "buyer", "text": "我要投诉"},
    {"type": "message", "sender": "agent", "text": "今天发出", "agent": "A1"},
    {"type": "message", "sender": "agent", "text": "稍后回复您", "agent": "A1"},
    {"type": "message", "sender": "agent", "text": "还有其他问题吗", "agent": "A2"},
    {"type": "message", "sender": "robot", "text": "在的"},
    {"type": "handover"},
    {"type": "session_closed"},
    {"type": "invite_sent", "by": "agent"},
    {"type": "invite_sent", "by": "system"},
    {"type": "rating", "label": "满意"},
)
LOGS = st.lists(st.tuples(st.integers(0, 60 * 18), st.sampled_from(LINES)), min_size=1, max_size=12)
MOODS = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda two: Mood(two[0] * (1 - two[1]), two[1]))
RULES = st.builds(
    InviteRules,
    once_per=st.sampled_from([frozenset({"session"}), frozenset({"session", "buyer_agent_day"})]),
    valid_hours=st.sampled_from([None, 1, 24]),
    cooldown_days=st.integers(0, 10),
    after_bad_days=st.integers(0, 40),
)
PASTS = st.builds(
    BuyerPast,
    st.lists(st.integers(-60 * 24 * 40, 60 * 18), max_size=3).map(
        lambda minutes: tuple(PastInvite(START + timedelta(minutes=one), "A1") for one in sorted(minutes))
    ),
    st.lists(
        st.tuples(st.integers(-60 * 24 * 40, 60 * 18), st.sampled_from(["满意", "失望"])), max_size=3
    ).map(lambda two: tuple((START + timedelta(minutes=at), label) for at, label in sorted(two))),
)
NOWS = st.integers(0, 60 * 40).map(lambda minutes: START + timedelta(minutes=minutes))


def events(log: list[tuple[int, dict[str, Any]]]) -> Iterator[Event]:
    for number, (minutes, line) in enumerate(log):
        at = (START + timedelta(minutes=minutes)).isoformat()
        yield parse_event({"id": f"e{number:02}", "at": at} | BASE | line)


def advice(
    log: list[tuple[int, dict[str, Any]]], mood: Mood, rules: InviteRules, now: datetime, past: BuyerPast
) -> InviteAdvice:
    return advise(fold_session(events(log)), mood, rules, now, past=lambda: past)


@given(LOGS, MOODS, RULES, NOWS, PASTS)
def test_nobody_is_invited_beyond_any_limit(
    log: list[tuple[int, dict[str, Any]]], mood: Mood, rules: InviteRules, now: datetime, past: BuyerPast
) -> None:
    found = advice(log, mood, rules, now, past)
    assert (found.text is not None) == (found.advice == "invite")
    if found.advice != "invite":
        assert found.reasons
        assert (found.waits_for is not None) == (found.advice == "wait")
        return
    happened = [line for minutes, line in log if START + timedelta(minutes=minutes) <= now]
    assert any(line.get("sender") == "agent" for line in happened)
    assert not [line for line in happened if line["type"] in {"invite_sent", "rating"}]
    assert rules.in_hours(now)
    assert mood.p_satisfied >= rules.target
    rest = timedelta(days=rules.cooldown_days)
    assert not [one for one in past.invites if one.at <= now < one.at + rest]
    rated = [at for at, label in past.ratings if label == "失望" and at <= now]
    assert not rated or now >= rated[-1] + timedelta(days=rules.after_bad_days)


@given(LOGS, MOODS, NOWS, st.integers())
def test_the_order_of_events_and_their_repetition_play_no_part(
    log: list[tuple[int, dict[str, Any]]], mood: Mood, now: datetime, seed: int
) -> None:
    told = list(events(log))
    shuffled = told + told[:4]
    Random(seed).shuffle(shuffled)
    one, other = (advise(fold_session(each), mood, InviteRules(), now) for each in (told, shuffled))
    assert one == other


@given(LOGS, MOODS, RULES, NOWS, PASTS)
def test_the_advice_of_a_moment_knows_nothing_of_what_comes_later(
    log: list[tuple[int, dict[str, Any]]], mood: Mood, rules: InviteRules, now: datetime, past: BuyerPast
) -> None:
    told = [event for event in events(log) if event.at <= now]
    if not told:
        return
    then = advise(fold_session(told), mood, rules, now, past=lambda: past.by(now))
    whole = fold_session(events(log))
    # Who has a session is told of its end, not of a moment.
    if whole.agent == fold_session(told).agent:
        assert advice(log, mood, rules, now, past) == then


@given(LOGS, MOODS, RULES, NOWS, PASTS)
def test_a_more_content_buyer_is_never_invited_less(
    log: list[tuple[int, dict[str, Any]]], mood: Mood, rules: InviteRules, now: datetime, past: BuyerPast
) -> None:
    if advice(log, mood, rules, now, past).advice == "invite":
        better = replace(
            mood, p_satisfied=1 - (1 - mood.p_satisfied) / 2, p_dissatisfied=mood.p_dissatisfied / 2
        )
        assert advice(log, better, rules, now, past).advice == "invite"


@given(LOGS, MOODS, RULES, NOWS)
def test_when_time_alone_may_change_the_advice_it_says_so(
    log: list[tuple[int, dict[str, Any]]], mood: Mood, rules: InviteRules, now: datetime
) -> None:
    found = advice(log, mood, rules, now, BuyerPast())
    if found.until is not None:
        assert found.until > now
    if found.advice == "wait" and found.waits_for == "hours":
        assert found.until is not None
        assert rules.in_hours(found.until)
        assert not rules.in_hours(found.until - timedelta(microseconds=1))
