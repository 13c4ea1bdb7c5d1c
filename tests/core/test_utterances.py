"""Messages that a buyer sends in one go are read together, whatever the order in which they were reported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.events import Event, parse_event
from app.core.sessions import Session, fold_session
from app.core.utterances import LONGEST_PAUSE, MOST_MESSAGES, utterance_of
from phrasebank.fragments import joined

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PIECES = [("我想问一下", 0), ("那个鞋", 3), ("有没有42码", 8)]


def event(number: int, seconds: float, text: str = "", **more: Any) -> Event:
    raw = {
        "id": f"m{number}",
        "type": "message",
        "at": (START + timedelta(seconds=seconds)).isoformat(),
        "session": "s1",
        "buyer": "b1",
        "sender": "buyer",
        "text": text,
    }
    return parse_event(raw | more)


def said(events: Sequence[Event], number: int) -> tuple[str, tuple[str, ...]]:
    session = fold_session(events)
    utterance = utterance_of(session, message(session, number))
    return utterance.text, utterance.context


def message(session: Session, number: int) -> Any:
    return next(one for one in session.messages if one.id == f"m{number}")


def pieces(*rows: tuple[str, float]) -> list[Event]:
    return [event(number, seconds, text) for number, (text, seconds) in enumerate(rows)]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_pieces_within_seconds_are_one_utterance_for_each_of_them(number: int) -> None:
    assert said(pieces(*PIECES), number) == ("我想问一下，那个鞋，有没有42码", ())


@given(st.permutations(pieces(*PIECES, ("在吗", 9), ("好吧", 60))), st.integers(0, 4))
def test_the_order_of_arrival_changes_nothing(shuffled: list[Event], number: int) -> None:
    assert said(shuffled, number) == said(pieces(*PIECES, ("在吗", 9), ("好吧", 60)), number)


def test_a_pause_ends_an_utterance() -> None:
    longest = LONGEST_PAUSE.total_seconds()
    assert said(pieces(("那个鞋", 0), ("有42码吗", longest)), 1) == ("那个鞋，有42码吗", ())
    assert said(pieces(("那个鞋", 0), ("有42码吗", longest + 1)), 1) == ("有42码吗", ("那个鞋",))


@pytest.mark.parametrize(
    "between",
    [
        {"sender": "agent", "agent": "小林", "text": "亲，在的"},
        {"sender": "robot", "text": "请稍等"},
        {"kind": "image"},
        {"kind": "card", "text": "订单 1"},
    ],
)
def test_anything_else_in_between_ends_an_utterance(between: dict[str, Any]) -> None:
    events = [event(0, 0, "那个鞋"), event(1, 1, **between), event(2, 2, "有42码吗")]
    assert said(events, 2)[0] == "有42码吗"
    assert said(events, 0)[0] == "那个鞋"


def test_what_was_withdrawn_is_not_read_with_the_rest() -> None:
    withdrawal = parse_event(
        {
            "id": "w", "type": "message_withdrawn", "message": "m1", "session": "s1", "buyer": "b1",
            "at": (START + timedelta(seconds=9)).isoformat(),
        }
    )  # fmt: skip
    events = [*pieces(("什么时候", 0), ("退款", 2), ("发货", 4)), withdrawal]
    assert said(events, 2)[0] == "什么时候，发货"
    assert said(events, 1)[0] == "退款"


def test_of_a_long_run_the_newest_are_read() -> None:
    run = pieces(*((f"第{number}句", number) for number in range(MOST_MESSAGES + 5)))
    assert said(run, 0)[0].split("，")[0] == "第5句"


@pytest.mark.parametrize(
    ("fragments", "text"),
    [
        (["什么时候发货", "？", "在吗"], "什么时候发货"),
        (["你好", "在吗", "？？"], "在吗"),
        (["哈哈", "[微笑]"], "[微笑]"),
        (["有没有", "42", "码的"], "有没有，42，码的"),
        (["有没有", "L", "码"], "有没有，L，码"),
        (["怎么还没发货", "202611010001"], "怎么还没发货"),
        (["发货了吗", "发货了吗"], "发货了吗"),
        ([], ""),
    ],
)
def test_what_says_nothing_is_left_out(fragments: list[str], text: str) -> None:
    assert joined(fragments) == text
