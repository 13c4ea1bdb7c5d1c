"""Items: what a reply measure counts, read off one buyer's history by the knobs of a definition.

`read_items` is the one place where the knobs that make, join, drop and time items are understood. The evaluator
counts what it yields; the live clock (`app.core.clocks`) shows those that are open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.core.definitions import (
    AssessBy,
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
from app.core.events import Event, Sender
from app.core.measures.history import BuyerHistory, SessionHistory, instant, micros


class Dropped(StrEnum):
    """Why an item is in neither count."""

    ROBOT_ONLY = "robot_only"
    SPAM = "spam"
    OFFLINE_LEAVE = "offline_leave"
    WITHDRAWN = "withdrawn"
    COURTESY = "courtesy"
    CROSS_DAY = "cross_day"
    OUTSIDE_HOURS = "outside_hours"
    SUSPENDED = "suspended"


class Item(NamedTuple):
    """One buyer message, run of buyer messages, or hand-over. Stamps are `micros`."""

    event: Event
    session: str
    at: int
    start: int
    """When its clock starts: `at`, or the session's first assignment where that is later and the knob says so."""
    assessed_at: int
    """The moment that decides hours, day and period."""
    day: date
    """Calendar day of `assessed_at` in the definition's zone."""
    clock: int
    """Local time of day of `assessed_at`, microseconds since midnight."""
    reply: Event | None
    reply_at: int | None
    dropped: Dropped | None

    @property
    def wait(self) -> int | None:
        """Microseconds on the clock until the reply, 0 where the reply came before the clock; None if unanswered."""
        return None if self.reply_at is None else max(0, self.reply_at - self.start)


class LocalTime(NamedTuple):
    day: date
    micros: int
    """Since midnight."""


_QUARTER = 15 * 60 * 1_000_000
_DAY = 86_400_000_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class Calendar:
    """Local days and times of day of a zone.

    Offsets are remembered by the quarter of an hour: no zone has changed its offset inside one since chat exists.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int] = {}
        self._days: dict[int, date] = {}

    def local(self, at: int) -> LocalTime:
        quarter = at // _QUARTER
        offset = self._offsets.get(quarter)
        if offset is None:
            local = instant(quarter * _QUARTER).astimezone(self._zone)
            offset = self._offsets[quarter] = micros(local.replace(tzinfo=UTC)) - quarter * _QUARTER
        number, since_midnight = divmod(at + offset, _DAY)
        day = self._days.get(number)
        if day is None:
            day = self._days[number] = date.fromordinal(_EPOCH_ORDINAL + number)
        return LocalTime(day, since_midnight)

    def key(self, at: int, by: str) -> str:
        """The `hour`, `day`, `week` (ISO) or `month` of a stamp, as text that sorts by time."""
        local = self.local(at)
        if by == "hour":
            return f"{local.day.isoformat()}T{local.micros // 3_600_000_000:02}"
        if by == "day":
            return local.day.isoformat()
        if by == "week":
            year, week, _ = local.day.isocalendar()
            return f"{year:04}-W{week:02}"
        return f"{local.day.year:04}-{local.day.month:02}"


def within(wait: int, definition: Definition) -> bool:
    """Is a wait of so many microseconds on time?"""
    return wait <= longest_wait(definition)


def longest_wait(definition: Definition) -> int:
    """The longest wait in microseconds that is on time."""
    window = definition.window_s * 1_000_000
    return window if definition.inclusive else window - 1


def answering_senders(definition: Definition) -> frozenset[Sender]:
    """Whose messages count as a reply."""
    senders = {Sender.AGENT}
    if definition.robot is not Robot.IGNORE:
        senders.add(Sender.ROBOT_ASSIST)
    if definition.robot is Robot.COUNTS:
        senders.add(Sender.ROBOT)
    if definition.welcome is Welcome.COUNTS:
        senders.add(Sender.WELCOME)
    return frozenset(senders)


def read_items(buyer: BuyerHistory, definition: Definition, calendar: Calendar) -> Iterator[Item]:
    """The items of all sessions of a buyer, dropped ones included, each session's in time order."""
    reader = ItemReader(definition, calendar)
    for name in buyer.sessions:
        yield from reader.read(buyer, name, Bookmark())


@dataclass(slots=True)
class Bookmark:
    """How far a session has been read, so that reading can go on there when its buyer's history has grown.

    Reading on gives what reading anew would give, as long as only buyer messages were added since; after an answer
    that counts, `back_to_unanswered` comes first. Everything before `settled` has its reply and stays as it is.
    """

    index: int = 0
    """Openings (buyer messages, and the hand-over where it opens an item) that were read."""
    last_reply: int | None = None
    """The reply of the run that the last of them belongs to, as an index of the counting answers."""
    settled: int = 0
    settled_reply: int | None = None

    @property
    def all_answered(self) -> bool:
        return self.settled == self.index

    def back_to_unanswered(self) -> None:
        self.index, self.last_reply = self.settled, self.settled_reply


class ItemReader:
    """Reads the items of one definition. What the definition asks for is worked out once, when it is made."""

    def __init__(self, definition: Definition, calendar: Calendar | None = None) -> None:
        self.definition = definition
        self.calendar = calendar or Calendar(definition.zone)
        self.senders = answering_senders(definition)
        self.longest_wait = longest_wait(definition)
        self._opens, self._closes = _plain_hours(definition)
        self._unwanted = _unwanted_marks(definition)
        self._from_handover = definition.clock_start is ClockStart.TRANSFER
        self._from_assignment = definition.clock_start is ClockStart.ASSIGNED
        self._by_session_start = definition.assess_by is AssessBy.SESSION_START
        self._runs = definition.burst is Burst.FIRST
        self._without_robot_only = definition.robot_only is RobotOnly.EXCLUDE
        self._same_day_only = definition.cross_day is not CrossDay.KEEP
        self._without_leave = definition.offline_leave is OfflineLeave.DROP
        self._without_withdrawn = definition.withdrawn is Withdrawn.DROP_IF_BEFORE_REPLY
        self._suspended = bool(definition.suspended)
        self._without_courtesy = definition.closing is Closing.IGNORE_COURTESY

    def read(self, buyer: BuyerHistory, name: str, mark: Bookmark) -> Iterator[Item]:
        """The items of a session from the mark on, in time order, dropped ones included; moves the mark along.

        In a run (`burst: first`) only its head is an item; what is dropped by itself is in no run.
        """
        session = buyer.sessions[name]
        messages = session.buyer_messages
        handover = session.handover if self._from_handover else None
        skipped = 0
        if handover is not None:
            skipped = bisect_left(messages, handover[0], key=_stamp)
            if skipped < len(messages) and messages[skipped][0] == handover[0]:
                handover = None
            else:
                skipped -= 1  # The hand-over itself is the first opening.
        clock_from = None
        if self._from_assignment and session.assignments:
            clock_from = session.assignments[0].at
        session_start = messages[0][0] if self._by_session_start and messages else None
        times, answers = buyer.answers_of(self.senders)
        robot_only = self._without_robot_only and session.robot_only
        for index in range(mark.index, len(messages) - skipped):
            is_handover = handover is not None and index == 0
            at, event = handover if handover is not None and index == 0 else messages[skipped + index]
            position = bisect_left(times, at)
            reply_at, reply = (times[position], answers[position]) if position < len(times) else (None, None)
            dropped: Dropped | None
            if robot_only:
                dropped = Dropped.ROBOT_ONLY
            elif is_handover:
                dropped = Dropped.SPAM if self._handed_over_spam(session, at) else None
            else:
                dropped = self._why_dropped(event, reply_at, buyer, session)
            mark.index = index + 1
            in_run = dropped is None and self._runs and position == mark.last_reply
            if dropped is None:
                mark.last_reply = position
            if reply_at is not None:
                mark.settled, mark.settled_reply = mark.index, mark.last_reply
            if in_run:
                continue
            assessed_at = at if session_start is None else session_start
            day, clock = self.calendar.local(assessed_at)
            if dropped is None:
                if reply_at is not None and self._same_day_only and self._crosses_day(at, reply_at):
                    dropped = Dropped.CROSS_DAY
                elif not (
                    self._opens <= clock < self._closes
                    if self._opens >= 0
                    else self.definition.in_hours(clock)
                ):
                    dropped = Dropped.OUTSIDE_HOURS
                elif self._suspended and self.definition.is_suspended(day):
                    dropped = Dropped.SUSPENDED
            start = at if clock_from is None or clock_from < at else clock_from
            yield Item(event, name, at, start, assessed_at, day, clock, reply, reply_at, dropped)

    def _handed_over_spam(self, session: SessionHistory, at: int) -> bool:
        """The hand-over stands for the buyer, who is spam if flagged or if all that was said before it was."""
        if self._flagged(session):
            return True
        before = [message for at_, message in session.buyer_messages if at_ < at]
        return bool(before) and all(message.spam in self._unwanted for message in before)

    def _why_dropped(
        self, event: Event, reply_at: int | None, buyer: BuyerHistory, session: SessionHistory
    ) -> Dropped | None:
        if event.spam in self._unwanted or self._flagged(session):
            return Dropped.SPAM
        if self._without_leave and event.offline:
            return Dropped.OFFLINE_LEAVE
        if self._without_withdrawn:
            withdrawn_at = buyer.withdrawn.get(event.id)
            if withdrawn_at is not None and (reply_at is None or withdrawn_at < reply_at):
                return Dropped.WITHDRAWN
        if self._without_courtesy and event.courtesy and reply_at is None:
            return Dropped.COURTESY
        return None

    def _flagged(self, session: SessionHistory) -> bool:
        return bool(session.flags) and any(
            flag.removeprefix("spam_") in self._unwanted for flag in session.flags
        )

    def _crosses_day(self, at: int, reply_at: int) -> bool:
        return self.calendar.local(at).day != self.calendar.local(reply_at).day


def _plain_hours(definition: Definition) -> tuple[int, int]:
    """Assessed hours that are one span within a day, half-open in microseconds; (-1, -1) for others."""
    if len(definition.hours) != 1 or definition.hours[0].start_s >= definition.hours[0].end_s:
        return (-1, -1)
    [span] = definition.hours
    return span.start_s * 1_000_000, span.end_s * 1_000_000 + definition.hours_end_inclusive


def _unwanted_marks(definition: Definition) -> frozenset[str]:
    if definition.spam is Spam.KEEP:
        return frozenset()
    if definition.spam is Spam.DROP_SYSTEM:
        return frozenset({"system"})
    return frozenset({"system", "reported"})


def _stamp(message: tuple[int, Event]) -> int:
    return message[0]
