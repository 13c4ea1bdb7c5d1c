"""Items: what a reply measure counts, read off one buyer's history by the knobs of a definition.

`read_items` is the one place where the knobs that make, join, drop and time items are understood. The evaluator
counts what it yields; the live clock (`app.core.clocks`) shows those that are open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
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
    window = definition.window_s * 1_000_000
    return wait <= window if definition.inclusive else wait < window


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


class _Candidate(NamedTuple):
    at: int
    event: Event
    reply: int
    """Index of the first counting message at or after it; the number of counting messages if there is none."""
    dropped: Dropped | None


def read_items(buyer: BuyerHistory, definition: Definition, calendar: Calendar) -> Iterator[Item]:
    """The items of all sessions of a buyer, dropped ones included, each session's in time order."""
    senders = answering_senders(definition)
    answers = [answer for answer in buyer.answers if answer[1].sender in senders]
    answer_times = [at for at, _ in answers]
    for name, session in buyer.sessions.items():
        candidates = _candidates(buyer, session, definition, answer_times)
        if definition.burst is Burst.FIRST:
            candidates = _heads_of_runs(candidates)
        clock_from = None
        if definition.clock_start is ClockStart.ASSIGNED and session.assignments:
            clock_from = session.assignments[0].at
        session_start = None
        if definition.assess_by is AssessBy.SESSION_START and session.buyer_messages:
            session_start = session.buyer_messages[0][0]
        for candidate in candidates:
            assessed_at = candidate.at if session_start is None else session_start
            local = calendar.local(assessed_at)
            reply_at, reply = answers[candidate.reply] if candidate.reply < len(answers) else (None, None)
            dropped = candidate.dropped
            if (
                dropped is None
                and reply_at is not None
                and _crosses_day(candidate.at, reply_at, definition, calendar)
            ):
                dropped = Dropped.CROSS_DAY
            if dropped is None and not definition.in_hours(local.micros):
                dropped = Dropped.OUTSIDE_HOURS
            yield Item(
                event=candidate.event,
                session=name,
                at=candidate.at,
                start=candidate.at if clock_from is None else max(candidate.at, clock_from),
                assessed_at=assessed_at,
                day=local.day,
                reply=reply,
                reply_at=reply_at,
                dropped=dropped,
            )


def _candidates(
    buyer: BuyerHistory, session: SessionHistory, definition: Definition, answer_times: list[int]
) -> list[_Candidate]:
    opening = session.buyer_messages
    handed_over = session.handover if definition.clock_start is ClockStart.TRANSFER else None
    if handed_over is not None:
        after = [message for message in opening if message[0] >= handed_over[0]]
        opening = after if after and after[0][0] == handed_over[0] else [handed_over, *after]
    robot_only = definition.robot_only is RobotOnly.EXCLUDE and session.robot_only
    found = []
    for at, event in opening:
        reply = bisect_left(answer_times, at)
        dropped: Dropped | None
        if robot_only:
            dropped = Dropped.ROBOT_ONLY
        elif handed_over is not None and event is handed_over[1]:
            # The hand-over stands for the buyer, who is spam if flagged or if all that was said before it was.
            before = [message for at_, message in session.buyer_messages if at_ < at]
            spam = _flag_drops(session.flags, definition) or (
                bool(before) and all(_mark_drops(message.spam, definition) for message in before)
            )
            dropped = Dropped.SPAM if spam else None
        else:
            replied_at = answer_times[reply] if reply < len(answer_times) else None
            dropped = _why_dropped(event, replied_at, buyer, session, definition)
        found.append(_Candidate(at, event, reply, dropped))
    return found


def _heads_of_runs(candidates: list[_Candidate]) -> list[_Candidate]:
    """The first of each run that shares its next reply. What is dropped by itself is in no run."""
    heads: list[_Candidate] = []
    last_reply = None
    for candidate in candidates:
        if candidate.dropped is None:
            if candidate.reply == last_reply:
                continue
            last_reply = candidate.reply
        heads.append(candidate)
    return heads


def _why_dropped(
    event: Event, reply_at: int | None, buyer: BuyerHistory, session: SessionHistory, definition: Definition
) -> Dropped | None:
    if definition.spam is not Spam.KEEP and (
        _mark_drops(event.spam, definition) or _flag_drops(session.flags, definition)
    ):
        return Dropped.SPAM
    if definition.offline_leave is OfflineLeave.DROP and event.offline:
        return Dropped.OFFLINE_LEAVE
    if definition.withdrawn is Withdrawn.DROP_IF_BEFORE_REPLY:
        withdrawn_at = buyer.withdrawn.get(event.id)
        if withdrawn_at is not None and (reply_at is None or withdrawn_at < reply_at):
            return Dropped.WITHDRAWN
    if definition.closing is Closing.IGNORE_COURTESY and event.courtesy and reply_at is None:
        return Dropped.COURTESY
    return None


def _mark_drops(mark: str | None, definition: Definition) -> bool:
    if definition.spam is Spam.KEEP:
        return False
    return mark == "system" or (mark == "reported" and definition.spam is Spam.DROP_SYSTEM_AND_REPORTED)


def _flag_drops(flags: set[str], definition: Definition) -> bool:
    return any(_mark_drops(flag.removeprefix("spam_"), definition) for flag in flags)


def _crosses_day(at: int, reply_at: int, definition: Definition, calendar: Calendar) -> bool:
    if definition.cross_day is CrossDay.KEEP:
        return False
    return calendar.local(at).day != calendar.local(reply_at).day
