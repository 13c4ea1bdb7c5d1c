"""Robots and loops are known by how they behave; impatient people are not taken for them."""

from __future__ import annotations

import pytest
from conversations import event, ours

from app.core.events import Event
from app.core.robots import robot_signs
from app.core.sessions import fold_session

WAIT = "亲，请稍等，马上来回复您"


def talk(*turns: tuple[float, str, str]) -> list[Event]:
    """(second, who, text), where `machine` is our own machine."""
    made = []
    for number, (second, who, text) in enumerate(turns):
        make = ours if who == "machine" else event
        made.append(make(f"e{number}", second, text, *([] if who == "machine" else [who])))
    return made


ROBOTS = {
    "the same answer to each of our replies": talk(
        (0, "buyer", "在吗"),
        (9, "machine", "亲，在的"),
        (20, "buyer", "您好我现在有事不在"),
        (30, "machine", "好的呢亲"),
        (41, "buyer", "您好我现在有事不在"),
        (50, "machine", "亲请讲"),
        (61, "buyer", "您好，我现在有事不在！"),
    ),
    "answers within a second, again and again": talk(
        (0, "buyer", "在吗"),
        (9, "machine", "亲，在的"),
        (10, "buyer", "第一句"),
        (30, "machine", "好的呢亲"),
        (31, "buyer", "第二句"),
        (50, "machine", "亲请讲"),
        (52, "buyer", "第三句"),
    ),
    "our own words come back": talk((0, "buyer", "在吗"), (9, "machine", WAIT), (15, "buyer", WAIT)),
    "an agent's words come back": talk((0, "buyer", "在吗"), (9, "agent", WAIT), (15, "buyer", WAIT)),
    "one sentence five times": talk(*((second * 60, "buyer", "专业代写好评包过") for second in range(5))),
    "a mark of an automatic reply": talk((0, "buyer", "[自动回复] 您好，我现在不在")),
}
PEOPLE = {
    "one message": talk((0, "buyer", "能开发票吗")),
    "an impatient person before we spoke": talk(*((second * 9, "buyer", "在吗") for second in range(8))),
    "who asks again what was not answered": talk(
        (0, "buyer", "什么时候能发货呀"),
        (155, "machine", WAIT),
        (200, "buyer", "什么时候能发货呀"),
        (355, "machine", "亲，让您久等了"),
        (400, "buyer", "什么时候能发货呀"),
    ),
    "who was writing already": talk(
        (0, "buyer", "我想问一下"), (3, "machine", "亲，请讲"), (4, "buyer", "那个鞋有没有42码")
    ),
    "who says the same short word as we": talk((0, "buyer", "好的"), (3, "machine", "好的"), (9, "buyer", "好的")),
    "who speaks of robots": talk((0, "buyer", "这是自动回复吧"), (9, "buyer", "机器人能听懂吗")),
}  # fmt: skip


@pytest.mark.parametrize("name", ROBOTS)
def test_a_robot_is_known_by(name: str) -> None:
    assert robot_signs(fold_session(ROBOTS[name]))


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_is(name: str) -> None:
    assert robot_signs(fold_session(PEOPLE[name])) is None
