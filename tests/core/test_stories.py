"""What became of a message is told by the measure: who ended the wait, after how long, and did it count."""

from __future__ import annotations

from typing import Any

from conversations import ASKED, at, event

from app.core.definitions import Definition
from app.core.events import Event
from app.core.stories import Story, story_of


def story(*events: Event, of: Event = ASKED, **knobs: Any) -> Story:
    definition = Definition.from_json({"window_s": 180, "hours": ["08:00:00", "24:00:00"], **knobs})
    return story_of(events, definition, of)


def test_a_person_who_answers_in_time_ends_the_wait() -> None:
    told = story(ASKED, event("r", 60, "可以的", "agent", agent="小林"))
    assert (told.on_time, told.counted, told.deadline_at) == (True, True, at(180))
    assert told.ended_by is not None
    assert told.ended_by.wait.total_seconds() == 60
    assert told.why == ("平台考核这条消息", "客服 小林 在 60 秒后回复，算数", "及时")


def test_a_robot_that_does_not_count_is_named_and_the_person_after_it_is_late() -> None:
    told = story(ASKED, event("o", 5, "请稍等", "robot"), event("r", 200, "可以的", "agent"))
    assert [(answer.message.id, answer.counts) for answer in told.answers] == [("o", False), ("r", True)]
    assert told.on_time is False
    assert "机器人在 5 秒后说过话，不算数：平台不认无人值守的机器回复" in told.why
    assert told.why[-1] == "超时（时限 180 秒）"


def test_a_robot_counts_where_the_platform_says_so() -> None:
    assert story(ASKED, event("o", 5, "请稍等", "robot"), robot="counts").on_time is True
    assert story(ASKED, event("o", 5, "请稍等", "robot_assist"), robot="assist_only").on_time is True
    assert story(ASKED, event("o", 5, "请稍等", "robot"), robot="assist_only").on_time is None


def test_who_waits_has_no_verdict_yet() -> None:
    told = story(ASKED)
    assert (told.on_time, told.ended_by, told.answers) == (None, None, ())
    assert told.why[-1] == "还没有算数的回复"


def test_what_the_platform_leaves_out_says_why() -> None:
    told = story(ASKED, event("o", 5, "请稍等", "robot"), robot_only="exclude")
    assert not told.counted
    assert told.why[0] == "平台不考核：只由机器接待的会话，平台不考核"


def test_a_piece_of_a_run_points_at_its_first_message() -> None:
    second = event("m2", 4, "要专票")
    told = story(ASKED, second, of=second, burst="first")
    assert (told.opened_at, told.why) == (None, ("与 m1 是连着发的一条，时限看那一条",))


def test_before_a_hand_over_no_clock_runs_where_it_runs_from_there() -> None:
    told = story(ASKED, event("h", 30, type="handover"), clock_start="transfer")
    assert told.why == ("转人工之前的消息，平台从转人工起算",)


def test_what_is_no_buyer_s_message_has_no_deadline() -> None:
    reply = event("r", 60, "可以的", "agent")
    assert story(ASKED, reply, of=reply).why == ("不是买家的消息，没有时限",)
