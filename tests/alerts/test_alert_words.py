"""What a message says: short enough for its channel, nobody forgotten, and nothing in it but text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.alert_words import DEFAULT_MAX_BYTES, MAX_BYTES, Matter, compose, masked_name, urgency
from app.core.alerts import WAITING, Kind, Occasion

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def matter(occasion: Occasion = Occasion.MISSED, waited_s: int = 200, **more: str) -> Matter:
    opened_at = NOW - timedelta(seconds=waited_s)
    fields = {"buyer": "buyer-77", "agent": "小林", "words": "在吗"} | more
    return Matter(
        occasion,
        fields["buyer"],
        fields["agent"],
        fields["words"],
        opened_at,
        opened_at + timedelta(seconds=180),
    )


MATTERS = st.lists(
    st.builds(
        lambda occasion, waited, buyer, agent, words: matter(
            occasion, waited, buyer=buyer, agent=agent, words=words
        ),
        st.sampled_from(list(Occasion)),
        st.integers(0, 100_000),
        st.text(min_size=1, max_size=200),
        st.text(max_size=200),
        st.text(max_size=500),
    ),
    min_size=1,
    max_size=60,
)


@given(matters=MATTERS, kind=st.sampled_from(list(Kind)), settled=st.integers(0, 99))
def test_a_message_fits_its_channel_and_counts_everybody(
    matters: list[Matter], kind: Kind, settled: int
) -> None:
    ordered = sorted(matters, key=urgency)
    message = compose("演示店", ordered, NOW, kind=kind, settled=settled, link="https://miaohui.example")
    text = f"{message.title}\r\n{message.body}"
    assert 1 <= message.named <= len(matters)
    if message.named > 1:
        assert len(text.encode()) <= MAX_BYTES.get(kind, DEFAULT_MAX_BYTES)
    lines = message.body.split("\n")
    assert [line.split(".")[0] for line in lines[: message.named]] == [
        str(number + 1) for number in range(message.named)
    ]
    rest = len(matters) - message.named
    assert (f"另有 {rest} 位买家" in message.body) == (rest > 0)
    assert (f"另有 {settled} 条提醒" in message.body) == (settled > 0)
    assert len(lines) == message.named + (rest > 0) + (settled > 0) + (kind is not Kind.SMS)


@given(words=st.text(max_size=60), name=st.text(min_size=1, max_size=30))
def test_a_strangers_words_give_no_orders_to_a_robot_and_forge_no_line(words: str, name: str) -> None:
    hostile = matter(words=f'<at user_id="all"></at>\n2. {words}', buyer=f"<b>{name}\n")
    message = compose("演示店", [hostile], NOW, kind=Kind.FEISHU)
    assert "<" not in message.body
    assert len(message.body.splitlines()) == 1


def test_the_worst_comes_first() -> None:
    given_order = [
        matter(Occasion.WARNED, 101),
        matter(Occasion.MISSED, 190),
        matter(Occasion.ESCALATED, 250),
        matter(Occasion.MISSED, 400),
        matter(Occasion.WARNED_LAST, 141),
        matter(Occasion.DEAD, 50),
    ]
    waited = [(NOW - one.opened_at).seconds for one in sorted(given_order, key=urgency) if one.opened_at]
    assert waited == [250, 400, 190, 50, 141, 101]


@pytest.mark.parametrize(
    ("waited_s", "said"),
    [
        (100, "已等 1:40，还剩 1:20"),
        (180, "已等 3:00，已超时"),
        (272, "已等 4:32，已超时"),
        (7290, "已等 2 小时 1 分，已超时"),
    ],
)
def test_a_line_says_how_long(waited_s: int, said: str) -> None:
    message = compose("演示店", [matter(Occasion.WARNED, waited_s)], NOW, kind=Kind.DINGTALK)
    assert message.body == f"1. {said} 买家 bu***77（小林）：在吗"


def test_the_headline_counts_by_what_has_happened_by_now() -> None:
    matters = [
        matter(Occasion.MISSED),
        matter(Occasion.WARNED, 250),
        matter(Occasion.WARNED, 101),
        matter(Occasion.DEAD),
    ]
    message = compose("演示店", matters, NOW, kind=Kind.MAIL)
    assert message.title == "【秒回】演示店：2 位买家超时未回复，1 位买家快到时限，1 条自动回复没有送达"


@pytest.mark.parametrize(
    ("name", "shown"), [("b", "b*"), ("b1", "b*"), ("tb123", "t***3"), ("ks_998877", "ks***77")]
)
def test_of_a_buyers_name_only_the_ends_are_shown(name: str, shown: str) -> None:
    assert masked_name(name) == shown


def test_every_occasion_but_a_dead_reply_is_over_once_the_buyer_is_answered() -> None:
    assert set(Occasion) - WAITING == {Occasion.DEAD}
