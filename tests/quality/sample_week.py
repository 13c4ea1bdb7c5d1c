"""A week of a shop in our own words: sessions told shortly, as events of the public log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.events import Event, parse_event

SHANGHAI = ZoneInfo("Asia/Shanghai")
SUNDAY_NIGHT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
"""Half past eleven on the evening of 2026-11-22, when 2026-W47 is nearly over."""
CROSS = "你们客服什么态度，太差劲了，气死我了，再也不来了"
"""What an upset buyer says."""


@dataclass
class Talk:
    """One session, told line by line; every line comes some seconds after the one before."""

    session: str
    at: str
    agent: str = "小林"
    group: str = "售后"
    buyer: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now = datetime.fromisoformat(f"2026-11-{self.at}:00").replace(tzinfo=SHANGHAI)
        self.buyer = self.buyer or f"买家-{self.session}"
        self._add("assigned", agent=self.agent, group=self.group)

    def buyer_says(self, text: str, after: int = 10, **more: Any) -> Talk:
        return self._add("message", after, sender="buyer", text=text, **more)

    def agent_says(self, text: str, after: int = 20, **more: Any) -> Talk:
        return self._add("message", after, sender="agent", agent=self.agent, text=text, **more)

    def invited(self, by: str = "agent", after: int = 30) -> Talk:
        return self._add("invite_sent", after, by=by)

    def rated(self, label: str, reason: str | None = None, after: int = 60, **more: Any) -> Talk:
        told = {"by": "human"} | ({} if reason is None else {"reason": reason}) | more
        return self._add("rating", after, label=label, **told)

    @property
    def parsed(self) -> list[Event]:
        return [parse_event(event) for event in self.events]

    def _add(self, kind: str, after: int = 0, **more: Any) -> Talk:
        self._now += timedelta(seconds=after)
        base = {
            "id": f"{self.session}-{len(self.events)}",
            "type": kind,
            "at": self._now.isoformat(),
            "session": self.session,
            "buyer": self.buyer,
        }
        self.events.append(base | more)
        return self


def answered(session: str, at: str, agent: str = "小林", **more: Any) -> Talk:
    """A question that is answered in time, and thanks."""
    talk = Talk(session, at, agent, **more)
    return talk.buyer_says("这件外套什么时候发货").agent_says("亲，今天下午就发出").buyer_says("好的，谢谢")


def week() -> list[Talk]:
    """Good ones, a badly rated one with all that may go wrong, and one at risk of each sort."""
    bad = Talk("bad", "18T14:00", "小周")
    bad.buyer_says("羽绒服的拉链坏了怎么办").agent_says("关我什么事", after=400)
    bad.buyer_says("羽绒服的拉链坏了怎么办", after=60).buyer_says(CROSS).agent_says("亲，非常抱歉，给您换新")
    bad.invited().rated("失望", "服务态度差,回复太慢")
    plain_bad = answered("so-so", "19T10:00", "小林").invited("system").rated("一般")
    upset = Talk("upset", "20T11:00", "小周").buyer_says("到底发不发货").agent_says("亲，已经在催了")
    upset.buyer_says(CROSS).agent_says("亲，抱歉，马上处理")
    after_invite = answered("after-invite", "20T15:00", "小林").invited("system").buyer_says(CROSS, after=300)
    promise = Talk("promise", "17T09:00", "阿哲", "售前").buyer_says("你好，这件可以开发票吗")
    promise.agent_says("亲，我去核实一下，明天回复您")
    complaint = Talk("complaint", "21T16:00", "阿哲", "售前").buyer_says("不退款我就打12315投诉")
    complaint.agent_says("亲，请您稍候")
    good = [
        answered(f"good-{number}", f"{16 + number % 6}T12:{number:02}", ("小林", "小周", "阿哲")[number % 3])
        .invited("system" if number % 2 else "agent")
        .rated("满意")
        for number in range(18)
    ]
    quiet = [answered(f"quiet-{number}", f"{16 + number % 5}T20:{number:02}") for number in range(4)]
    before = [
        answered(f"before-{number}", f"1{number}T12:00").rated("满意" if number else "失望")
        for number in range(5)
    ]
    return [bad, plain_bad, upset, after_invite, promise, complaint, *good, *quiet, *before]


def events_of(talks: Iterable[Talk]) -> list[dict[str, Any]]:
    """All events in the order of time."""
    return sorted((event for talk in talks for event in talk.events), key=lambda event: str(event["at"]))


def parsed(talks: Iterable[Talk]) -> list[Event]:
    return [parse_event(event) for event in events_of(talks)]


def as_log(events: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
