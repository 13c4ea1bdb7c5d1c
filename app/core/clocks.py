"""The live clock: which items of a buyer are open, and until when. Built on the same reading as the evaluator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.definitions import Definition, MeasureKind, Robot, RobotOnly, SessionRule, Unit, Welcome
from app.core.events import Event, Sender
from app.core.measures.history import History, instant
from app.core.measures.items import Calendar, Dropped, Item, read_items

_NOT_OPEN = frozenset({Dropped.COURTESY, Dropped.WITHDRAWN})
_SMALLEST = timedelta(microseconds=1)


UNCOUNTED: Final = {
    "outside_hours": "不在考核时段",
    "spam": "买家被标记为骚扰或广告",
    "offline_leave": "客服都不在线时的留言，平台不考核",
    "robot_only": "只由机器接待的会话，平台不考核",
    "not_first_item": "平台只考核会话的首条",
    "cross_day": "跨天的回复，平台不考核",
    "suspended": "平台当日不考核",
}
"""Why an item is not counted, in words for people, by `OpenItem.reason_uncounted`."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing that waits for an answer.

    An answer that counts is on time at `t` exactly if `t <= deadline_at`; an item stays open after that, as missed.
    `item_id` is the id of the buyer message or hand-over event (of a run: of its first message). Items that the
    measure leaves out are open all the same, with `counted` False and the reason: `outside_hours`, `spam`,
    `offline_leave`, `robot_only`, `not_first_item`, `suspended`.
    """

    item_id: str
    session: str
    buyer: str
    at: datetime
    deadline_at: datetime
    counted: bool
    reason_uncounted: str | None
    counts_robot: bool
    """Would an unattended answer close it?"""
    counts_assist: bool
    """Would a machine's draft inside human service close it?"""
    robot_only_left_out: bool = False
    """Does the platform leave out conversations in which only a robot spoke?"""
    counts_welcome: bool = False
    """Would a welcome close it?"""

    def closed_by(self, sender: Sender) -> bool:
        """Would a message of the machine, so marked, end the wait?"""
        counts = {
            Sender.ROBOT: self.counts_robot,
            Sender.ROBOT_ASSIST: self.counts_assist,
            Sender.WELCOME: self.counts_welcome,
        }
        return counts.get(sender, False)

    @property
    def only_robot_spoke(self) -> bool:
        """Is it left out because nobody but a robot has spoken yet?"""
        return self.reason_uncounted == Dropped.ROBOT_ONLY.value


def note_after_machine(counted: bool) -> str:
    """What everybody must see of a wait that the machine has answered but not ended."""
    return "已自动回复，人工计时仍在走" if counted else "已自动回复；没有人工接待前，平台不计这次等待"


def open_items(events: Iterable[Event], definition: Definition, now: datetime) -> tuple[OpenItem, ...]:
    """The open items of one buyer at `now`, by deadline.

    `events` are all events of one buyer, of all sessions, in any order; those after `now` are not there yet. A
    closing thanks that the definition ignores and a message withdrawn before its reply are not open. Times in the
    result bear the zone of the definition.
    """
    if definition.kind is MeasureKind.RATING:
        return ()
    history = History.of(events, as_of=now)
    calendar = Calendar(definition.zone)
    found = []
    for buyer in history.buyers.values():
        judged: set[str] = set()
        for item in read_items(buyer, definition, calendar):
            reason = item.dropped.value if item.dropped is not None else None
            if item.dropped is None and item.session in judged and _first_only(definition):
                reason = "not_first_item"
            if item.dropped is None:
                judged.add(item.session)
            if item.reply is None and item.dropped not in _NOT_OPEN:
                found.append(_open(item, buyer.buyer, definition, reason))
    return tuple(sorted(found, key=lambda item: (item.deadline_at, item.at, item.item_id)))


def _first_only(definition: Definition) -> bool:
    return definition.unit is Unit.SESSION and definition.session_rule is SessionRule.FIRST_ITEM


def deadline_of(item: Item, definition: Definition) -> datetime:
    """Until when, inclusive, an answer to an item is on time."""
    window = timedelta(seconds=definition.window_s)
    deadline = instant(item.start) + (window if definition.inclusive else window - _SMALLEST)
    return deadline.astimezone(definition.zone)


def _open(item: Item, buyer: str, definition: Definition, reason: str | None) -> OpenItem:
    return OpenItem(
        item_id=item.event.id,
        session=item.session,
        buyer=buyer,
        at=instant(item.at).astimezone(definition.zone),
        deadline_at=deadline_of(item, definition),
        counted=reason is None,
        reason_uncounted=reason,
        counts_robot=definition.robot is Robot.COUNTS,
        counts_assist=definition.robot is not Robot.IGNORE,
        counts_welcome=definition.welcome is Welcome.COUNTS,
        robot_only_left_out=definition.robot_only is RobotOnly.EXCLUDE,
    )
