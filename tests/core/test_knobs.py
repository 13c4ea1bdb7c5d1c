"""The knobs of a policy: each is described, bounded and refused with words, and all that is wrong is told at once."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from app.core.knobs import GROUPS, KNOBS, LISTS, Kind
from app.core.policies import Policy, PolicyError, changes_between

DEFAULTS = Policy().to_json()


def faults(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(PolicyError) as caught:
        Policy.from_json(raw)
    return {fault.knob: fault.message for fault in caught.value.faults}


def test_every_knob_is_described_once_and_nothing_else_is() -> None:
    named = [knob.name for group in GROUPS for knob in group.knobs]
    assert sorted(named) == sorted(field.name for field in fields(Policy))
    assert len(named) == len(set(named))


@pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)
def test_a_knob_says_what_it_does_and_within_which_bounds(knob: Any) -> None:
    assert knob.label
    assert knob.help.endswith("。")
    if knob.kind is Kind.COUNT:
        assert knob.unit
        assert knob.low < knob.high
    if knob.kind in LISTS:
        assert knob.most > 0
        assert knob.longest > 0
    if knob.kind is Kind.CHOICE:
        assert DEFAULTS[knob.name] in [value for value, _ in knob.choices]
    if knob.needed_by:
        assert KNOBS[knob.needed_by].kind is Kind.SWITCH


def test_the_defaults_are_a_policy_and_survive_the_way_to_json_and_back() -> None:
    assert Policy.from_json(DEFAULTS) == Policy.from_json({}) == Policy.of_record(DEFAULTS) == Policy()


WRONG = {
    Kind.SWITCH: ("true", 1, None, []),
    Kind.COUNT: (-1, 1.5, "3", True, None, 10**9),
    Kind.CHANCE: (-0.1, 1.01, "0.5", True, None, [0.5]),
    Kind.CHOICE: ("sometimes", None, 1, ["off"]),
    Kind.WORDS: ("投诉", ["  "], ["a" * 31], [1], ["一", "一"], [str(n) for n in range(201)], None),
    Kind.HOURS: (["25:00-26:00"], ["08:00"], ["08:00-08:00"], "00:00-07:00", [""]),
    Kind.PHRASES: (["x" * 201], [None], {"a": 1}, ["x", "x"], [str(n) for n in range(21)]),
    Kind.CATEGORIES: (["x" * 201], "发货", [3]),
}


@pytest.mark.parametrize("knob", KNOBS.values(), ids=KNOBS)
def test_a_value_out_of_bounds_is_refused_by_the_name_of_its_knob(knob: Any) -> None:
    for value in WRONG[knob.kind]:
        assert knob.name in faults({knob.name: value}), value


@pytest.mark.parametrize(
    "knob", [knob for knob in KNOBS.values() if knob.kind is Kind.COUNT], ids=lambda k: k.name
)
def test_the_bounds_themselves_are_within_the_bounds(knob: Any) -> None:
    for value in (knob.low, knob.high):
        record = DEFAULTS | {"last_warn_before_s": 0, knob.name: value}
        # A last warning needs room before the holding reply, whatever its own bounds.
        record |= {"holding": False} if knob.name == "last_warn_before_s" else {}
        assert getattr(Policy.from_json(record), knob.name) == value


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_page() -> None:
    raw = {"typing_pause_s": -1, "nonsense": 1, "robot_on": "no", "welcome": True, "welcome_phrases": []}
    with pytest.raises(PolicyError) as caught:
        Policy.from_json(raw)
    assert [fault.knob for fault in caught.value.faults] == [
        "robot_on",
        "welcome_phrases",
        "typing_pause_s",
        "nonsense",
    ]
    for fault in caught.value.faults:
        assert fault.label in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "knob"),
    [
        ({"holding": True, "holding_phrases": []}, "holding_phrases"),
        ({"off_hours": True, "off_hours_phrases": []}, "off_hours_phrases"),
        ({"last_warn_before_s": 25, "hold_before_s": 25}, "last_warn_before_s"),
        ({"complaint_words": ["真人"], "handover_words": ["真人"]}, "complaint_words"),
    ],
)
def test_values_that_do_not_go_together_are_refused(raw: dict[str, Any], knob: str) -> None:
    assert list(faults(raw)) == [knob]


@pytest.mark.parametrize(
    "raw",
    [
        {"holding": False, "holding_phrases": []},
        {"welcome": False, "welcome_phrases": []},
        {"last_warn_before_s": 0, "hold_before_s": 60},
        {"last_warn_before_s": 26, "hold_before_s": 25},
        {"quiet_hours": ["23:00-07:00", "12:00-12:30"]},
        {"answer_categories": [""]},
        {"answer_min_score": 1},
    ],
)
def test_what_goes_together_is_taken(raw: dict[str, Any]) -> None:
    policy = Policy.from_json(raw)
    assert {name: policy.to_json()[name] for name in raw} == raw


def test_the_steps_must_lie_within_the_platforms_window() -> None:
    policy = Policy(warn_after_s=180, last_warn_before_s=179, hold_before_s=200)
    assert [fault.knob for fault in policy.faults_in_window(180)] == ["warn_after_s", "hold_before_s"]
    assert Policy().faults_in_window(180) == []


def test_a_stored_policy_is_read_whatever_the_bounds_have_become() -> None:
    stored = {
        "hold_before_s": 99_999,
        "a_knob_of_tomorrow": 1,
        "holding_phrases": ["x"],
        "answer_min_score": 1,
    }
    policy = Policy.of_record(stored)
    assert (policy.hold_before_s, policy.holding_phrases, policy.answer_min_score) == (99_999, ("x",), 1.0)


def test_what_changed_is_told_knob_by_knob() -> None:
    before, after = Policy(), Policy(robot_on=False, handover_words=("真人",))
    assert changes_between(before, before) == {}
    assert changes_between(before, after) == {
        "robot_on": (True, False),
        "handover_words": (list(before.handover_words), ["真人"]),
    }
