"""The form of a policy gives back what it showed, and what was typed, however wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_fields import typed

from app.core.knobs import LISTS, Kind
from app.core.policies import Policy
from app.web.policy_forms import FORM_KNOBS, ON_ITS_OWN, policy_of, shown_of

DEFAULTS = Policy().to_json()


words = st.lists(
    st.text("投诉人工ABC12", min_size=1, max_size=8).filter(lambda text: bool(text.strip())),
    max_size=5,
    unique=True,
)


@given(
    numbers=st.fixed_dictionaries(
        {knob.name: st.integers(knob.low, knob.high) for knob in FORM_KNOBS if knob.kind is Kind.COUNT}
    ),
    lists=st.fixed_dictionaries(
        {knob.name: words for knob in FORM_KNOBS if knob.kind in LISTS - {Kind.HOURS}}
    ),
    chance=st.floats(0, 1).map(lambda value: round(value, 4)),
    switches=st.fixed_dictionaries(
        {knob.name: st.booleans() for knob in FORM_KNOBS if knob.kind is Kind.SWITCH}
    ),
)
def test_a_form_that_nobody_touched_gives_back_the_policy(
    numbers: dict[str, int], lists: dict[str, list[str]], chance: float, switches: dict[str, bool]
) -> None:
    policy = DEFAULTS | numbers | lists | switches | {"upset_above": chance, "robot_on": False}
    assert policy_of(typed(shown_of(policy)), policy) == policy


def test_the_kill_switch_is_not_in_the_form() -> None:
    assert ON_ITS_OWN not in shown_of(DEFAULTS)
    off = DEFAULTS | {"robot_on": False}
    assert policy_of({"robot_on": ["on"]}, off)["robot_on"] is False


@pytest.mark.parametrize(
    ("knob", "text"),
    [
        ("hold_before_s", "三十"),
        ("hold_before_s", "-3"),
        ("hold_before_s", "1.5"),
        ("upset_above", "很"),
        ("upset_above", "nan"),
    ],
)
def test_what_is_no_number_is_shown_again_as_it_was_typed(knob: str, text: str) -> None:
    policy = policy_of(typed(shown_of(DEFAULTS)) | {knob: [text]}, DEFAULTS)
    assert policy[knob] == text
    assert shown_of(policy)[knob] == text


def test_words_may_be_parted_in_whatever_way_people_part_them() -> None:
    fields = {"handover_words": ["转人工，真人、客服;叫人\r\n\r\n 转人工 "]}
    assert policy_of(fields, DEFAULTS)["handover_words"] == ["转人工", "真人", "客服", "叫人"]
