from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from measure_strategies import settings_of

from app.core.definitions import Definition, DefinitionError, MeasureKind


@pytest.mark.parametrize(
    ("raw", "knob", "remedy"),
    [
        ({"windows": 180}, "windows", "window_s"),
        ({"unit": "turns"}, "unit", "turn"),
        ({"window_s": "180"}, "window_s", "整数"),
        ({"window_s": 0}, "window_s", "整数"),
        ({"window_s": True}, "window_s", "整数"),
        ({"inclusive": "yes"}, "inclusive", "true"),
        ({"hours": ["8点", "23点"]}, "hours", "HH:MM:SS"),
        ({"hours": ["08:00:00", "24:00:01"]}, "hours", "24:00:00"),
        ({"hours": ["08:00:00"]}, "hours", "08:00:00"),
        ({"hours": ["08:00:00", "08:00:00"]}, "hours", "整天"),
        ({"tz": "Asia/Beijing"}, "tz", "Asia/Shanghai"),
        ({"tz": ["UTC"]}, "tz", "Asia/Shanghai"),
        ({"kind": "speed"}, "kind", "rating"),
        ({"kind": "rating"}, "positive", "满意"),
        ({"positive": ["满意"], "window_s": 60}, "window_s", "去掉"),
        ({"positive": "满意"}, "positive", "数组"),
        ({"positive": ["满意"], "robot": "ignore"}, "robot", "false"),
        ({"valid_hours": 24}, "valid_hours", "去掉"),
        ({"robot": ["x"]}, "robot", "assist_only"),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_remedy(raw: dict[str, Any], knob: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Definition.from_json(raw)
    assert caught.value.knob == knob
    assert remedy in caught.value.message


def test_a_list_is_no_definition() -> None:
    with pytest.raises(DefinitionError):
        Definition.from_json([1])  # type: ignore[arg-type]


def test_defaults_are_those_of_the_contract() -> None:
    plain = Definition.from_json({})
    assert plain == Definition()
    assert plain.to_json() | {"kind": "reply"} == {
        "kind": "reply",
        "unit": "message",
        "window_s": 180,
        "inclusive": True,
        "hours": ["08:00:00", "24:00:00"],
        "hours_end_inclusive": False,
        "assess_by": "buyer_message",
        "burst": "each",
        "session_rule": "all_items",
        "robot": "ignore",
        "welcome": "ignore",
        "robot_only": "keep",
        "clock_start": "buyer_message",
        "dedupe": "day",
        "closing": "count",
        "withdrawn": "keep",
        "spam": "keep",
        "cross_day": "keep",
        "offline_leave": "count",
        "tz": "Asia/Shanghai",
    }


def test_positive_labels_make_it_a_rating_definition() -> None:
    read = Definition.from_json({"label": "好评率", "positive": ["满意"], "robot": False, "reason": "慢"})
    assert read.kind is MeasureKind.RATING
    assert read.name == "好评率"
    assert not read.robot_ratings
    assert Definition.from_json(read.to_json()) == read


@given(settings_of())
def test_a_definition_reads_back_equal(knobs: dict[str, Any]) -> None:
    read = Definition.from_json(knobs)
    assert Definition.from_json(read.to_json()) == read
    assert Definition().with_settings(knobs) == read
