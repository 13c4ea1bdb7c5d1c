"""Readings of the knobs, in tables. An event is (time on 5 March 2024 in Shanghai, who, extra fields)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from short_logs import SHANGHAI, log_of

from app.core.definitions import Definition
from app.core.events import Event, parse_event
from app.core.measures import MeasureResult, evaluate

Short = tuple[Any, ...]


def events_of(*shorts: Short) -> list[Event]:
    events = [{"t": t, "from": who, **(extra[0] if extra else {})} for t, who, *extra in shorts]
    return [parse_event(event) for event in log_of({"day": "2024-03-05", "events": events})]


def counts(knobs: dict[str, Any], *shorts: Short, as_of: str | None = None) -> tuple[int, int, int]:
    moment = None if as_of is None else datetime.fromisoformat(f"2024-03-05T{as_of}").replace(tzinfo=SHANGHAI)
    [result] = evaluate(events_of(*shorts), Definition.from_json(knobs), as_of=moment)
    return result.numerator, result.denominator, result.pending


@pytest.mark.parametrize(
    ("knobs", "shorts", "expected"),
    [
        pytest.param(
            {"clock_start": "assigned"},
            [("10:00:00", "buyer"), ("10:05:00", "assigned"), ("10:07:00", "agent")],
            (1, 1, 0),
            id="the clock of a queued message starts at the assignment",
        ),
        pytest.param(
            {"clock_start": "assigned", "unit": "session", "session_rule": "avg_wait", "window_s": 60},
            [
                ("10:00:00", "buyer"),
                ("10:01:00", "agent"),
                ("10:05:00", "assigned"),
                ("10:06:00", "buyer"),
                ("10:08:00", "agent"),
            ],
            (1, 1, 0),
            id="a reply before the assignment is on time with no wait",
        ),
        pytest.param(
            {"clock_start": "assigned"},
            [
                ("10:00:00", "buyer"),
                ("10:02:00", "assigned"),
                ("10:04:00", "assigned"),
                ("10:06:00", "agent"),
            ],
            (0, 1, 0),
            id="only the first assignment moves the clock",
        ),
        pytest.param(
            {"clock_start": "transfer", "burst": "first"},
            [("10:00:00", "buyer"), ("10:01:00", "transfer"), ("10:02:00", "buyer"), ("10:04:30", "agent")],
            (0, 1, 0),
            id="a hand-over heads the run of what follows it",
        ),
        pytest.param(
            {"clock_start": "transfer"},
            [
                ("10:00:00", "buyer"),
                ("10:01:00", "transfer"),
                ("10:02:00", "transfer"),
                ("10:04:30", "agent"),
            ],
            (0, 1, 0),
            id="only the first hand-over opens an item",
        ),
        pytest.param(
            {"clock_start": "transfer", "spam": "drop_system"},
            [("10:00:00", "buyer", {"spam": "system"}), ("10:01:00", "transfer")],
            (0, 0, 0),
            id="the hand-over of a spammer is no item",
        ),
        pytest.param(
            {"offline_leave": "drop"},
            [("10:00:00", "buyer", {"leave": True}), ("11:00:00", "buyer"), ("11:01:00", "agent")],
            (1, 1, 0),
            id="what was left while nobody was online is dropped",
        ),
        pytest.param(
            {"suspended": ["2024-03-05", "2024-03-05"]},
            [("10:00:00", "buyer"), ("10:01:00", "agent")],
            (0, 0, 0),
            id="nothing counts on a day that the platform does not assess",
        ),
        pytest.param(
            {"suspended": [["2024-03-01", "2024-03-04"], ["2024-03-06", "2024-03-06"]]},
            [("10:00:00", "buyer"), ("10:01:00", "agent")],
            (1, 1, 0),
            id="the days around it count",
        ),
        pytest.param(
            {},
            [("10:00:00", "agent"), ("10:00:00", "buyer")],
            (1, 1, 0),
            id="a reply at the same second counts",
        ),
        pytest.param(
            {},
            [("10:00:00", "buyer", {"s": "S1"}), ("10:01:00", "agent", {"s": "S2"})],
            (1, 1, 0),
            id="a reply in another session of the buyer counts",
        ),
        pytest.param(
            {},
            [("10:00:00", "buyer"), ("10:01:00", "agent", {"buyer": "B2"})],
            (0, 1, 0),
            id="a reply to another buyer does not",
        ),
        pytest.param(
            {"burst": "first"},
            [("10:00:00", "buyer", {"s": "S1"}), ("10:00:30", "buyer", {"s": "S2"}), ("10:01:00", "agent")],
            (2, 2, 0),
            id="runs are built within a session",
        ),
        pytest.param(
            {"burst": "first", "hours": ["08:00:00", "23:00:00"]},
            [("07:59:00", "buyer"), ("08:00:30", "buyer"), ("08:01:00", "agent")],
            (0, 0, 0),
            id="runs are built before the hours are applied",
        ),
        pytest.param(
            {"burst": "first", "closing": "ignore_courtesy"},
            [("10:00:00", "buyer", {"courtesy": True}), ("10:01:00", "buyer")],
            (0, 1, 0),
            id="a question beside an ignored thanks still counts",
        ),
        pytest.param(
            {"closing": "ignore_courtesy"},
            [("10:00:00", "buyer", {"courtesy": True}), ("10:09:00", "agent")],
            (0, 1, 0),
            id="an answered thanks counts",
        ),
        pytest.param(
            {"withdrawn": "drop_if_before_reply"},
            [("10:00:00", "buyer", {"withdrawn_at": "10:05:00"}), ("10:04:00", "agent")],
            (0, 1, 0),
            id="withdrawn after its reply is kept",
        ),
        pytest.param(
            {"withdrawn": "drop_if_before_reply"},
            [("10:00:00", "buyer", {"withdrawn_at": "10:04:00"}), ("10:04:00", "agent")],
            (0, 1, 0),
            id="withdrawn in the very second of its reply is kept",
        ),
        pytest.param(
            {"clock_start": "transfer"},
            [("10:00:00", "buyer"), ("10:01:00", "buyer"), ("10:01:00", "buyer"), ("10:01:00", "transfer")],
            (0, 2, 0),
            id="messages of the hand-over's second stand for it",
        ),
        pytest.param(
            {"robot": "counts"},
            [("10:00:00", "buyer"), ("10:00:10", "robot_assist")],
            (1, 1, 0),
            id="counts lets the assistant count too",
        ),
        pytest.param(
            {"robot_only": "exclude", "robot": "assist_only"},
            [("10:00:00", "buyer"), ("10:00:02", "robot"), ("10:00:09", "robot_assist")],
            (1, 1, 0),
            id="an assisted session is not the robot's alone",
        ),
        pytest.param(
            {"robot_only": "exclude"},
            [("10:00:00", "buyer")],
            (0, 1, 0),
            id="a session in which nobody spoke is not the robot's",
        ),
        pytest.param(
            {"unit": "person", "session_rule": "first_item"},
            [("10:00:00", "buyer"), ("10:01:00", "agent"), ("11:00:00", "buyer")],
            (1, 1, 0),
            id="first_item holds for persons as well",
        ),
        pytest.param(
            {"unit": "person", "dedupe": "period"},
            [("10:00:00", "buyer"), ("10:01:00", "agent"), ("2024-03-06T10:00:00", "buyer")],
            (0, 1, 0),
            id="a person counts once per period if so told",
        ),
        pytest.param(
            {"unit": "session", "session_rule": "avg_wait", "inclusive": False, "window_s": 60},
            [("10:00:00", "buyer"), ("10:00:30", "agent"), ("10:02:00", "buyer"), ("10:03:30", "agent")],
            (0, 1, 0),
            id="a mean of exactly the window is late where the window is exclusive",
        ),
        pytest.param(
            {"assess_by": "session_start", "hours": ["09:00:00", "23:00:00"]},
            [("22:59:00", "buyer"), ("23:30:00", "buyer"), ("23:31:00", "agent")],
            (1, 2, 0),
            id="all items of a session go by its start",
        ),
        pytest.param(
            {"hours": ["22:00:00", "02:00:00"]},
            [("21:59:59", "buyer"), ("22:00:00", "buyer"), ("2024-03-06T01:59:59", "buyer")],
            (0, 2, 0),
            id="hours may reach past midnight",
        ),
        pytest.param(
            {"hours": [["08:00:00", "12:00:00"], ["14:00:00", "18:00:00"]]},
            [("11:00:00", "buyer"), ("13:00:00", "buyer"), ("14:00:00", "buyer")],
            (0, 2, 0),
            id="hours may be several spans",
        ),
    ],
)
def test_a_knob_reads_as_agreed(
    knobs: dict[str, Any], shorts: list[Short], expected: tuple[int, int, int]
) -> None:
    assert counts(knobs, *shorts) == expected


@pytest.mark.parametrize(
    ("knobs", "as_of", "expected"),
    [
        pytest.param({}, "10:03:00", (0, 0, 1), id="at the deadline it can still be answered"),
        pytest.param({"inclusive": False}, "10:03:00", (0, 1, 0), id="not where the window is exclusive"),
        pytest.param({}, "10:03:01", (0, 1, 0), id="a second later it is missed"),
        pytest.param({}, "09:59:59", (0, 0, 0), id="before it was sent there is nothing"),
        pytest.param({}, "10:05:00", (0, 1, 0), id="the late reply is there"),
    ],
)
def test_pending_is_in_neither_count(
    knobs: dict[str, Any], as_of: str, expected: tuple[int, int, int]
) -> None:
    assert counts(knobs, ("10:00:00", "buyer"), ("10:04:00", "agent"), as_of=as_of) == expected


def test_a_person_with_one_miss_is_missed_whatever_is_pending() -> None:
    shorts = [("10:00:00", "buyer"), ("10:04:00", "agent"), ("10:10:00", "buyer")]
    assert counts({"unit": "person"}, *shorts, as_of="10:11:00") == (0, 1, 0)


def test_an_upheld_report_restates_the_day() -> None:
    events = events_of(
        ("10:00:00", "buyer"), ("10:01:00", "buyer", {"buyer": "B2"}), ("10:01:30", "agent", {"buyer": "B2"})
    )
    report = parse_event(
        {
            "id": "flag",
            "type": "buyer_flagged",
            "at": "2024-03-07T09:00:00+08:00",
            "session": "S-B1",
            "buyer": "B1",
            "flag": "spam_reported",
        }
    )
    definition = Definition.from_json({"spam": "drop_system_and_reported"})
    assert evaluate(events, definition)[0].rate_text == "1/2"
    assert evaluate([*events, report], definition)[0].rate_text == "1"
    assert (
        evaluate([*events, report], definition.with_settings({"spam": "drop_system"}))[0].rate_text == "1/2"
    )


def split(by: str, *shorts: Short, **knobs: Any) -> dict[str, str]:
    found = evaluate(events_of(*shorts), Definition.from_json(knobs), by=by)
    assert all(result.key is not None and result.key[0] == by for result in found)
    return {result.key[1]: f"{result.numerator}/{result.denominator}" for result in found if result.key}


def test_an_answered_item_belongs_to_who_answered_and_a_missed_one_to_who_had_it() -> None:
    found = split(
        "agent",
        ("10:00:00", "buyer"),
        ("10:00:10", "assigned", {"agent": "A1"}),
        ("10:01:00", "agent", {"agent": "A2"}),
        ("11:00:00", "buyer"),
        ("11:02:00", "assigned", {"agent": "A3"}),
        ("11:03:00", "assigned", {"agent": "A4"}),
        ("12:00:00", "buyer", {"buyer": "B2"}),
    )
    assert found == {"A2": "1/1", "A3": "0/1", "": "0/1"}


def test_times_split_in_the_zone_of_the_definition() -> None:
    shorts = [("2024-03-03T23:30:00", "buyer"), ("2024-03-04T00:30:00", "buyer")]
    whole_day = {"hours": ["00:00:00", "24:00:00"]}
    assert split("day", *shorts, **whole_day) == {"2024-03-03": "0/1", "2024-03-04": "0/1"}
    assert split("hour", *shorts, **whole_day) == {"2024-03-03T23": "0/1", "2024-03-04T00": "0/1"}
    assert split("week", *shorts, **whole_day) == {"2024-W09": "0/1", "2024-W10": "0/1"}
    assert split("month", *shorts, **whole_day) == {"2024-03": "0/2"}
    assert split("day", *shorts, tz="UTC", **whole_day) == {"2024-03-03": "0/2"}


def test_shops_and_groups_split_by_what_the_log_says() -> None:
    base = {
        "type": "message",
        "session": "S",
        "buyer": "B",
        "sender": "buyer",
        "at": "2024-03-05T10:00:00+08:00",
    }
    reply = base | {"sender": "agent", "at": "2024-03-05T10:01:00+08:00"}
    events = [
        parse_event(event)
        for event in (
            base | {"id": "1", "shop": "x"},
            reply | {"id": "2", "shop": "x", "group": "presale"},
            base | {"id": "1", "shop": "y", "group": "aftersale"},
        )
    ]
    assert [(r.key, r.rate_text) for r in evaluate(events, Definition(), by="shop")] == [
        (("shop", "x"), "1"),
        (("shop", "y"), "0"),
    ]
    assert [(r.key, r.rate_text) for r in evaluate(events, Definition(), by="group")] == [
        (("group", "aftersale"), "0"),
        (("group", "presale"), "1"),
    ]


def test_days_are_inclusive_on_both_ends() -> None:
    events = events_of(*[(f"2024-03-0{day}T10:00:00", "buyer") for day in (4, 5, 6, 7)])
    [result] = evaluate(events, Definition(), first_day=date(2024, 3, 5), last_day=date(2024, 3, 6))
    assert result.denominator == 2


def test_an_empty_denominator_has_no_rate() -> None:
    [result] = evaluate([], Definition())
    assert result == MeasureResult(0, 0)
    assert result.rate is None
    assert result.rate_text is None


def test_microseconds_are_exact() -> None:
    asked, answered = events_of(("10:00:00", "buyer"), ("10:03:00", "agent"))
    late = Event(
        **{name: getattr(answered, name) for name in Event.__slots__}
        | {"at": answered.at + timedelta(microseconds=1)}
    )
    assert evaluate([asked, answered], Definition())[0].rate_text == "1"
    assert evaluate([asked, late], Definition())[0].rate_text == "0"


def test_only_known_keys_split() -> None:
    with pytest.raises(ValueError, match="by must be one of"):
        evaluate([], Definition(), by="planet")
