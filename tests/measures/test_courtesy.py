from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core.courtesy import infer_courtesy, infer_hints
from app.core.events import Event, EventType, Kind, Sender


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "谢谢亲～",
        "好的",
        "好的，谢谢啦！",
        "嗯嗯",
        "嗯嗯嗯嗯嗯",
        "ＯＫ",
        "👌",
        "👍🏻👍🏻",
        "[微笑]",
        "再见",
        "那好的拜拜",
        "好的呢",
        "謝謝您",
        "没有了，辛苦了",
    ],
)
def test_a_closing_courtesy_is_seen(text: str) -> None:
    assert infer_courtesy(text, Kind.TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "你好",
        "在吗",
        "好吗",
        "好的吗？",
        "谢谢，什么时候发货",
        "好的那帮我改地址",
        "可以",
        "88",
        "？",
        "嗯？",
        "谢谢你们的发货速度太慢了",
        "😡",
        "呢",
        "嗯" * 29 + "x",
    ],
)
def test_what_asks_or_says_more_is_not(text: str) -> None:
    assert not infer_courtesy(text, Kind.TEXT)


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.CARD, Kind.VOICE, Kind.FILE])
def test_other_kinds_are_never_courtesy(kind: Kind) -> None:
    assert not infer_courtesy("谢谢", kind)


def test_hints_are_filled_only_where_the_console_was_silent() -> None:
    start = datetime(2024, 3, 5, 2, tzinfo=UTC)

    def said(number: int, text: str, courtesy: bool | None = None) -> Event:
        at = start + timedelta(minutes=number)
        return Event(
            f"m{number}",
            EventType.MESSAGE,
            at,
            session="S",
            buyer="B",
            sender=Sender.BUYER,
            text=text,
            courtesy=courtesy,
        )

    online = Event("on", EventType.AGENT_ONLINE, start + timedelta(minutes=2), agent="A")
    offline = Event("off", EventType.AGENT_OFFLINE, start + timedelta(minutes=4), agent="A")
    filled = {
        event.id: (event.courtesy, event.offline)
        for event in infer_hints(
            [said(5, "谢谢"), said(1, "谢谢", courtesy=False), said(3, "多久发货"), online, offline]
        )
    }
    assert filled["m1"] == (False, None)
    assert filled["m3"] == (None, None)
    assert filled["m5"] == (True, True)
