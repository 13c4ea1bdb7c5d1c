"""Which reply belongs to which question."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.enquiries import enquiries_in
from app.core.events import Event, parse_event

START = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)
"""A minute before midnight in Shanghai."""


def log(*said: tuple[str, str], **more: Any) -> list[Event]:
    return [
        parse_event(
            {
                "id": f"m{n}",
                "type": "message",
                "at": (START + timedelta(seconds=40 * n)).isoformat(),
                "session": "s",
                "buyer": "b",
                "sender": sender,
                "text": text,
                **more,
            }
        )
        for n, (sender, text) in enumerate(said)
    ]


def asked(events: list[Event]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.text, one.replies) for one in enquiries_in(events, ZoneInfo("Asia/Shanghai"))]


def test_a_reply_belongs_to_the_last_question_before_it() -> None:
    events = log(
        ("buyer", "能绣校徽吗"),
        ("buyer", "几天能好"),
        ("buyer", "在吗"),
        ("agent", "亲，三天"),
        ("robot", "有问题随时说"),
        ("agent", "做好就发"),
    )
    assert asked(events) == [("能绣校徽吗", ()), ("几天能好", ("亲，三天", "做好就发"))]


def test_what_follows_a_closing_thanks_answers_no_question() -> None:
    events = log(
        ("buyer", "几天能好"), ("agent", "三天"), ("buyer", "谢谢"), ("agent", "不客气，祝您生活愉快")
    )
    assert asked(events) == [("几天能好", ("三天",))]


def test_the_day_is_that_of_the_shop() -> None:
    days = [one.day for one in enquiries_in(log(("buyer", "几天能好"), ("agent", "三天"), ("buyer", "能快点吗")), ZoneInfo("Asia/Shanghai"))]  # fmt: skip
    assert days == [date(2026, 11, 21), date(2026, 11, 22)]


def test_what_was_withdrawn_and_spam_is_left_out() -> None:
    withdrawal = parse_event(
        {
            "id": "w",
            "type": "message_withdrawn",
            "at": START.isoformat(),
            "session": "s",
            "buyer": "b",
            "message": "m0",
        }
    )
    assert asked([*log(("buyer", "几天能好")), withdrawal]) == []
    assert asked(log(("buyer", "加我领券"), spam="system")) == []
