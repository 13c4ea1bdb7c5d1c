"""The live clock in tables; its agreement with the evaluator is in test_measure_properties."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from short_logs import SHANGHAI, log_of

from app.core.clocks import OpenItem, open_items
from app.core.definitions import Definition
from app.core.events import parse_event


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-03-05T{text}").replace(tzinfo=SHANGHAI)


def items(knobs: dict[str, Any], now: str, *shorts: Any) -> tuple[OpenItem, ...]:
    events = [{"t": t, "from": who, **(extra[0] if extra else {})} for t, who, *extra in shorts]
    log = [parse_event(event) for event in log_of({"day": "2024-03-05", "events": events})]
    return open_items(log, Definition.from_json(knobs), at(now))


def test_an_unanswered_message_is_open_until_its_deadline_and_after() -> None:
    for now in ("10:01:00", "10:30:00"):
        [item] = items({}, now, ("10:00:00", "buyer"))
        assert (item.item_id, item.session, item.buyer) == ("e0000", "S-B1", "B1")
        assert item.at == at("10:00:00")
        assert item.deadline_at == at("10:03:00")
        assert item.counted
        assert item.reason_uncounted is None


def test_an_exclusive_window_ends_before_its_last_moment() -> None:
    [item] = items({"inclusive": False}, "10:01:00", ("10:00:00", "buyer"))
    assert item.deadline_at == at("10:03:00") - timedelta(microseconds=1)


def test_a_counting_reply_closes_and_another_does_not() -> None:
    shorts = [("10:00:00", "buyer"), ("10:00:05", "robot")]
    assert items({"robot": "counts"}, "10:01:00", *shorts) == ()
    [item] = items({"robot": "assist_only"}, "10:01:00", *shorts)
    assert (item.counts_robot, item.counts_assist) == (False, True)


def test_what_has_not_happened_yet_is_not_seen() -> None:
    assert items({}, "09:59:59", ("10:00:00", "buyer")) == ()
    assert len(items({}, "10:00:30", ("10:00:00", "buyer"), ("10:01:00", "agent"))) == 1


@pytest.mark.parametrize(
    ("knobs", "shorts", "reason"),
    [
        ({"hours": ["08:00:00", "09:00:00"]}, [("10:00:00", "buyer")], "outside_hours"),
        ({"spam": "drop_system"}, [("10:00:00", "buyer", {"spam": "system"})], "spam"),
        ({"offline_leave": "drop"}, [("10:00:00", "buyer", {"leave": True})], "offline_leave"),
        ({"suspended": [["2024-03-04", "2024-03-05"]]}, [("10:00:00", "buyer")], "suspended"),
        ({"robot_only": "exclude"}, [("10:00:00", "buyer"), ("10:00:01", "robot")], "robot_only"),
        (
            {"unit": "session", "session_rule": "first_item", "burst": "first"},
            [("09:00:00", "buyer"), ("09:00:10", "agent"), ("10:00:00", "buyer")],
            "not_first_item",
        ),
    ],
)
def test_what_the_measure_leaves_out_waits_all_the_same(
    knobs: dict[str, Any], shorts: list[Any], reason: str
) -> None:
    [item] = items(knobs, "10:01:00", *shorts)
    assert not item.counted
    assert item.reason_uncounted == reason


@pytest.mark.parametrize(
    ("knobs", "short"),
    [
        ({"closing": "ignore_courtesy"}, ("10:00:00", "buyer", {"courtesy": True})),
        ({"withdrawn": "drop_if_before_reply"}, ("10:00:00", "buyer", {"withdrawn_at": "10:00:20"})),
        ({"positive": ["满意"]}, ("10:00:00", "buyer")),
    ],
)
def test_what_wants_no_answer_is_not_open(knobs: dict[str, Any], short: Any) -> None:
    assert items(knobs, "10:01:00", short) == ()


def test_a_run_is_one_item_timed_from_its_first() -> None:
    [item] = items({"burst": "first"}, "10:02:00", ("10:00:00", "buyer"), ("10:01:00", "buyer"))
    assert (item.item_id, item.deadline_at) == ("e0000", at("10:03:00"))


def test_the_clock_moves_to_the_hand_over_and_to_the_assignment() -> None:
    shorts = [("10:00:00", "buyer"), ("10:01:00", "transfer"), ("10:02:00", "assigned")]
    [item] = items({"clock_start": "transfer"}, "10:02:30", *shorts)
    assert (item.item_id, item.deadline_at) == ("e0001", at("10:04:00"))
    [item] = items({"clock_start": "assigned"}, "10:02:30", *shorts)
    assert (item.item_id, item.deadline_at) == ("e0000", at("10:05:00"))


def test_items_come_by_deadline_over_all_sessions() -> None:
    found = items({}, "10:02:00", ("10:01:00", "buyer", {"s": "S2"}), ("10:00:00", "buyer", {"s": "S1"}))
    assert [item.session for item in found] == ["S1", "S2"]
