"""What became of one buyer message, by the measure: when its clock ran, who ended it, did that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.clocks import UNCOUNTED, deadline_of
from app.core.definitions import ClockStart, Definition, MeasureKind, Robot, Welcome
from app.core.events import Event, EventType, Sender
from app.core.measures.history import BuyerHistory, History, instant
from app.core.measures.items import Calendar, Item, read_items, within

_WHY_LEFT_OUT: Final = UNCOUNTED | {
    "courtesy": "是结束的客气话，不用回复",
    "withdrawn": "买家在得到回复前撤回了",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came after a message from the shop's side. `wait` is the time on the clock.

    `counts`: does the platform take it for an answer?
    """

    message: Event
    wait: timedelta
    counts: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What became of a message. `why` tells it, for people.

    `opened_at` and `deadline_at` are None for what opened no clock of its own; `counted` is False where the platform leaves it out.
    `on_time` is None as long as nobody answered, and where nothing was to be answered.
    """

    opened_at: datetime | None
    deadline_at: datetime | None
    counted: bool
    answers: tuple[Answer, ...]
    on_time: bool | None
    why: tuple[str, ...]

    @property
    def ended_by(self) -> Answer | None:
        """The answer that ended the wait."""
        return next((answer for answer in self.answers if answer.counts), None)


def story_of(events: Sequence[Event], definition: Definition, message: Event) -> Story:
    """The story of one of `events`, which are all of one buyer, of all sessions, in any order."""
    history = History.of(events)
    buyer = next((one for one in history.buyers.values() if one.buyer == message.buyer), None)
    if buyer is None or definition.kind is MeasureKind.RATING or message.session is None:
        return Story(None, None, False, (), None, ("这不是要回复的消息",))
    items = [
        item
        for item in read_items(buyer, definition, Calendar(definition.zone))
        if item.session == message.session
    ]
    item = next((one for one in items if one.event.id == message.id), None)
    if item is None:
        return Story(None, None, False, (), None, (_why_no_item(message, items, definition),))
    opened_at = instant(item.at)
    start_at = instant(item.start)
    answers = tuple(_answers(buyer, item, start_at))
    on_time = within(item.wait, definition) if item.wait is not None else None
    counted = item.dropped is None
    why = [_left_out(item.dropped.value) if item.dropped is not None else "平台考核这条消息"]
    if start_at > opened_at:
        why.append("从分配到客服时起算")
    why += [_verdict(answer, definition) for answer in answers]
    if item.reply is None:
        why.append("还没有算数的回复")
    elif on_time is not None:
        why.append("及时" if on_time else f"超时（时限 {definition.window_s} 秒）")
    return Story(
        opened_at.astimezone(definition.zone),
        deadline_of(item, definition),
        counted,
        answers,
        on_time,
        tuple(why),
    )


def _answers(buyer: BuyerHistory, item: Item, start_at: datetime) -> list[Answer]:
    """What the shop said from the message on, up to what ended the wait; of what did not count, the first of each sender."""
    found: list[Answer] = []
    seen: set[Sender | None] = set()
    for at, event in buyer.answers:
        if at < item.at:
            continue
        ends = item.reply is not None and event.id == item.reply.id
        if event.sender not in seen or ends:
            seen.add(event.sender)
            found.append(Answer(event, max(timedelta(0), instant(at) - start_at), ends))
        if ends:
            break
    return found


def _verdict(answer: Answer, definition: Definition) -> str:
    who = _who(answer.message)
    waited = f"{answer.wait.total_seconds():g} 秒"
    if answer.counts:
        return f"{who}在 {waited}后回复，算数"
    sender = answer.message.sender
    names = {
        Sender.ROBOT: definition.robot is not Robot.COUNTS and "平台不认无人值守的机器回复",
        Sender.ROBOT_ASSIST: definition.robot is Robot.IGNORE and "平台不认智能辅助的回复",
        Sender.WELCOME: definition.welcome is not Welcome.COUNTS and "平台不认系统欢迎语",
    }
    return f"{who}在 {waited}后说过话，不算数：{names.get(sender or Sender.SYSTEM) or '不是这条的回复'}"


def _who(message: Event) -> str:
    if message.sender is Sender.AGENT:
        return f"客服 {message.agent} " if message.agent else "客服"
    return {Sender.ROBOT: "机器人", Sender.ROBOT_ASSIST: "智能辅助", Sender.WELCOME: "欢迎语"}.get(
        message.sender or Sender.SYSTEM, "系统"
    )


def _left_out(dropped: str) -> str:
    return f"平台不考核：{_WHY_LEFT_OUT.get(dropped, dropped)}"


def _why_no_item(message: Event, items: Sequence[Item], definition: Definition) -> str:
    if message.type is not EventType.MESSAGE or message.sender is not Sender.BUYER:
        return "不是买家的消息，没有时限"
    head = next((one for one in reversed(items) if instant(one.at) <= message.at), None)
    if head is not None:
        return f"与 {head.event.id} 是连着发的一条，时限看那一条"
    if definition.clock_start is ClockStart.TRANSFER:
        return "转人工之前的消息，平台从转人工起算"
    return "平台不把它算作一条"
