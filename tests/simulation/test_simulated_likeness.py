from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from app.core.definitions import Definition
from app.core.events import Event, EventType, Kind, Sender
from app.core.simulation import Assumptions, Reading, ReplyRules, read_likeness, simulate_day

RULES = ReplyRules.of(Definition.from_json({"hours": ["08:00:00", "23:00:00"]}))
OTHER = Assumptions(
    buyers_per_hour=50,
    agents=2,
    noon_peak=0.5,
    evening_peak=3,
    enquiries=1.8,
    more_messages=0.5,
    message_gap_s=5,
    next_enquiry_s=90,
    thanks=0.2,
    patience_s=400,
)


def days_of(its: Assumptions, days: int) -> list[Event]:
    """Days of one shop in a row, each with sessions and ids of its own."""
    return [
        replace(event, id=f"{day}-{event.id}", session=f"{day}-{event.session}")
        for day in range(days)
        for event in simulate_day(its, RULES, on=date(2026, 11, 16 + day), assist=False, seed=day).events
    ]


@pytest.mark.parametrize("its", [Assumptions(), OTHER], ids=["default", "another shop"])
def test_a_simulated_log_gives_its_own_assumptions_back(its: Assumptions) -> None:
    found = read_likeness(days_of(its, 3), RULES)
    assert found["agents"].value == its.agents
    for name, tolerance in {
        "buyers_per_hour": 0.1,
        "evening_peak": 0.25,
        "enquiries": 0.15,
        "more_messages": 0.15,
        "message_gap_s": 0.45,
        "next_enquiry_s": 0.2,
        "thanks": 0.25,
        "patience_s": 0.35,
    }.items():
        assert found[name].value == pytest.approx(getattr(its, name), rel=tolerance), name
    assert found["noon_peak"].value == pytest.approx(its.noon_peak, abs=0.35)


def test_what_a_log_does_not_show_is_not_guessed() -> None:
    found = read_likeness(days_of(Assumptions(buyers_per_hour=30), 1), RULES)
    assert not {"typing_cps", "think_s", "suggestion_fits", "absence_s"} & set(found)
    assert set(found) <= set(Assumptions.__dataclass_fields__)


def test_too_short_a_log_shows_nothing() -> None:
    assert read_likeness([], RULES) == {}
    assert read_likeness(days_of(Assumptions(buyers_per_hour=0.5), 1), RULES) == {}


def talk(number: int, *said: tuple[int, Sender, str]) -> list[Event]:
    began = datetime.fromisoformat("2026-11-18T10:00:00+08:00") + timedelta(minutes=number)
    return [
        Event(
            id=f"{number}-{place}",
            type=EventType.MESSAGE,
            at=began + timedelta(seconds=second),
            session=f"s{number}",
            buyer=f"b{number}",
            sender=sender,
            agent="a" if sender is Sender.AGENT else None,
            kind=Kind.TEXT,
            text=text,
        )
        for place, (second, sender, text) in enumerate(said)
    ]


def readings(*said: tuple[int, Sender, str]) -> Mapping[str, Reading]:
    return read_likeness([event for number in range(40) for event in talk(number, *said)], RULES)


def test_the_length_of_replies_is_the_median_of_what_agents_wrote() -> None:
    found = readings(
        (0, Sender.BUYER, "在吗"), (20, Sender.AGENT, "在的亲，请讲"), (25, Sender.ROBOT, "机器说的不算数")
    )
    assert found["reply_chars"].value == 6


def test_every_second_buyer_who_is_answered_promptly_asks_again() -> None:
    found = readings(
        (0, Sender.BUYER, "有货吗"),
        (20, Sender.AGENT, "有的"),
        (65, Sender.BUYER, "几天到"),
        (80, Sender.AGENT, "三天"),
    )
    assert found["enquiries"].value == 2
    assert found["next_enquiry_s"].value == 40


def test_nobody_who_waited_briefly_tells_about_patience() -> None:
    assert "patience_s" not in readings((0, Sender.BUYER, "有货吗"), (20, Sender.AGENT, "有的"))
