"""What the history of a buyer holds, and which knobs are idle for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from app.core.definitions import (
    Burst,
    ClockStart,
    Closing,
    CrossDay,
    Definition,
    OfflineLeave,
    Robot,
    RobotOnly,
    Spam,
    Welcome,
    Withdrawn,
)
from app.core.events import Sender
from app.core.measures.history import BuyerHistory
from app.core.measures.items import Calendar


class Traits(NamedTuple):
    """What a buyer's history holds; a knob that speaks of what is absent is idle."""

    robot: bool
    assist: bool
    welcome: bool
    robot_only: bool
    handover: bool
    assigned: bool
    withdrawn: bool
    courtesy: bool
    system_mark: bool
    reported_mark: bool
    offline: bool
    many_items: bool
    """A session in which more than one item may open."""
    many_days: bool
    """Messages, replies included, on more than one calendar day."""

    def simplify(self, definition: Definition) -> Definition:
        """A definition that reads the items of such a buyer alike, idle knobs at their default."""
        idle: dict[str, Any] = {}
        robot = definition.robot
        if robot is Robot.COUNTS and not self.robot:
            robot = Robot.ASSIST_ONLY
        if robot is Robot.ASSIST_ONLY and not self.assist:
            robot = Robot.IGNORE
        idle["robot"] = robot
        if not self.welcome:
            idle["welcome"] = Welcome.IGNORE
        if not self.robot_only:
            idle["robot_only"] = RobotOnly.KEEP
        if (definition.clock_start is ClockStart.TRANSFER and not self.handover) or (
            definition.clock_start is ClockStart.ASSIGNED and not self.assigned
        ):
            idle["clock_start"] = ClockStart.BUYER_MESSAGE
        if not self.withdrawn:
            idle["withdrawn"] = Withdrawn.KEEP
        if not self.courtesy:
            idle["closing"] = Closing.COUNT
        if not self.offline:
            idle["offline_leave"] = OfflineLeave.COUNT
        idle["spam"] = self._spam(definition.spam)
        if not self.many_days:
            idle["cross_day"] = CrossDay.KEEP
        if not self.many_items:
            idle["burst"] = Burst.EACH
        return replace(definition, **idle)

    def _spam(self, spam: Spam) -> Spam:
        if spam is Spam.DROP_SYSTEM_AND_REPORTED and not self.reported_mark:
            spam = Spam.DROP_SYSTEM
        if spam is Spam.DROP_SYSTEM and not self.system_mark:
            spam = Spam.KEEP
        return spam


def _openings(buyer: BuyerHistory) -> Iterator[int]:
    """When items of a buyer may open, or be assessed."""
    for session in buyer.sessions.values():
        yield from (at for at, _ in session.buyer_messages)
        if session.handover is not None:
            yield session.handover[0]


def traits_of(buyer: BuyerHistory, calendar: Calendar) -> Traits:
    """The traits of a buyer; days are those of the calendar."""
    sessions = list(buyer.sessions.values())
    messages = [event for session in sessions for _, event in session.buyer_messages]
    senders = {event.sender for _, event in buyer.answers}
    marks = {event.spam for event in messages} | {
        flag.removeprefix("spam_") for session in sessions for flag in session.flags
    }
    opening = [session for session in sessions if session.buyer_messages or session.handover is not None]
    stamps = [*_openings(buyer), *(at for at, _ in buyer.answers)]
    return Traits(
        robot=Sender.ROBOT in senders,
        assist=Sender.ROBOT_ASSIST in senders,
        welcome=Sender.WELCOME in senders,
        robot_only=any(session.robot_only for session in sessions),
        handover=any(session.handover is not None for session in sessions),
        assigned=any(session.assignments for session in sessions),
        withdrawn=bool(buyer.withdrawn),
        courtesy=any(event.courtesy for event in messages),
        system_mark="system" in marks,
        reported_mark="reported" in marks,
        offline=any(event.offline for event in messages),
        many_items=any(
            len(session.buyer_messages) > 1 or session.handover is not None for session in opening
        ),
        many_days=len({calendar.local(at).day for at in stamps}) > 1,
    )
