"""A service day of one shop, simulated: buyers who write and wait, agents who read and type.

`simulate_day` plays one day on simulated time and returns real events (`app.core.events.Event`), so that the same
`app.core.measures` that judge a real log judge this one. Nothing random is drawn while the day runs: every buyer's
and every agent's dice are thrown beforehand from the seed alone, so a day with and a day without the assistant meet
the same buyers, the same questions and the same absences.

What is assumed (every figure is a field of `Assumptions` and may be changed):

* Buyers arrive by a Poisson process over the assessed hours, with a peak at noon and a higher one in the evening.
  Each has a few enquiries; an enquiry is a run of short messages. Who waits too long asks again, and at the end of
  his patience leaves without telling anybody. Some close with a thanks, which wants an answer too.
* `agents` is the number of seats that are staffed all day. A seat answers one chat at a time (one keyboard), holds a
  limited number of chats, and a new chat goes to the seated agent with the fewest. People take meals and short
  breaks, and now and then leave the screen for a few minutes without signing off.
* Without the assistant chats are answered in plain order of arrival and every reply is typed.
* With it the agent takes the chat whose clock runs out next, those already missed last (but nobody waits beyond a
  ceiling); a suggestion that fits is sent by one click, sometimes after a small edit; the warning calls back an
  agent who is away from the screen without a break, and lets a colleague take the chat over; and where the platform
  counts what the machine says, a holding reply goes out shortly before the deadline, once until a person has spoken,
  and not while a person is typing. A person still answers after a holding reply.
* The simulated shop has no robot in front: a buyer enters the human queue with the first message, so the hand-over
  bears that message's stamp and what the machine sends is `robot_assist`.
"""

from __future__ import annotations

import heapq
import math
import random
from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.definitions import ClockStart, Definition, Robot, SessionRule, Unit
from app.core.events import Event, EventType, Kind, Sender
from app.core.ladder import Step, steps
from app.core.policies import Policy
from app.core.spans import DAY_S

SERVICE_HOURS_S: Final = (8 * 3600.0, float(DAY_S))
"""When the seats are staffed if the platform assesses the whole day."""
DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """What the simulated shop knows of the platform's measure. Seconds; hours are seconds of the day."""

    window_s: float = 180.0
    opens_s: float = 8 * 3600.0
    closes_s: float = float(DAY_S)
    machine_counts: bool = False
    """Does a machine's draft, sent inside human service, count as a reply?"""
    once_missed_stays_missed: bool = False
    """Is one late answer the end of the buyer's day (unit person or session)?"""
    clock_from_assignment: bool = False
    tz: str = "Asia/Shanghai"

    @classmethod
    def of(cls, definition: Definition) -> ReplyRules:
        """What the shop can know of a reply definition before anything has happened."""
        opens_s, closes_s = float(definition.hours[0].start_s), float(definition.hours[-1].end_s)
        if opens_s >= closes_s or (opens_s, closes_s) == (0.0, float(DAY_S)):
            opens_s, closes_s = SERVICE_HOURS_S
        return cls(
            window_s=definition.window_s,
            opens_s=opens_s,
            closes_s=closes_s,
            machine_counts=definition.robot is not Robot.IGNORE,
            once_missed_stays_missed=definition.unit in (Unit.PERSON, Unit.SESSION)
            and definition.session_rule is SessionRule.ALL_ITEMS,
            clock_from_assignment=definition.clock_start is ClockStart.ASSIGNED,
            tz=definition.tz,
        )


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Load, people and assistant. Times in seconds, shares in 0..1, rates per hour."""

    buyers_per_hour: float = 75.0
    """Mean over the assessed hours; the evening peak is about twice this."""
    agents: int = 3

    noon_peak: float = 1.3
    """Height of the peak at 12:30 above a base of 1."""
    evening_peak: float = 2.0
    """Height of the peak at 20:30 above a base of 1."""

    enquiries: float = 2.6
    """Mean number of enquiries of a buyer (geometric, at least one)."""
    more_messages: float = 0.35
    """Chance that a run of messages goes on (at most four)."""
    message_gap_s: float = 9.0
    next_enquiry_s: float = 45.0
    """Mean time from a reply to the buyer's next message."""
    thanks: float = 0.4
    """Share of buyers who close with a thanks."""
    patience_s: float = 900.0
    """Mean of the exponential time after which a waiting buyer has left."""
    nudge_s: float = 150.0
    """Mean time after which a waiting buyer asks again, twice at most."""

    chats_at_once: int = 8
    read_s: float = 4.0
    think_s: float = 6.0
    typing_cps: float = 1.4
    """Characters a second of the median agent (84 a minute)."""
    skill_spread: float = 0.2
    """Sigma of the log-normal spread of speed between agents."""
    reply_chars: float = 24.0
    """Median length of a typed reply (log-normal, sigma 0.5)."""
    lookups: float = 0.3
    """Share of enquiries for which the agent looks something up."""
    lookup_s: float = 25.0
    meal_s: float = 2400.0
    short_break_s: float = 600.0
    """One meal and two short breaks a seat and day, the seats one after another."""
    absences_per_hour: float = 2.5
    absence_s: float = 150.0
    """Absences from the screen without signing off; mean length."""
    quiet_s: float = 300.0
    """A chat in which nobody writes for so long is closed and frees its place."""
    overtime_s: float = 900.0
    """How long after the assessed hours the seats still answer."""

    suggestion_fits: float = 0.55
    """Share of enquiries for which one of three suggestions fits."""
    click_s: float = 3.0
    edits: float = 0.25
    edit_s: float = 6.0
    recall_s: float = 15.0
    """How soon a warned agent is back at the screen."""
    ceiling_s: float = 900.0
    """After so long a missed buyer comes first again."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{each.name} must be a finite number, not below 0: {value}")
        for name in ("noon_peak", "evening_peak"):
            if getattr(self, name) > 1000:
                raise ValueError(f"{name} must be at most 1000")
        for name in ("more_messages", "thanks", "lookups", "suggestion_fits", "edits"):
            if getattr(self, name) > 1:
                raise ValueError(f"{name} is a share between 0 and 1: {getattr(self, name)}")
        for name in ("agents", "chats_at_once", "enquiries"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: {getattr(self, name)}")
        if self.typing_cps <= 0:
            raise ValueError("typing_cps must be above 0")


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One thing a buyer wants to know, with everything that chance decides about it."""

    gaps_s: tuple[float, ...]
    """The pauses before each message of the run; the first is 0."""
    chars: float
    think_s: float
    lookup_s: float
    fits: bool
    edit: bool
    then_s: float
    """From the reply to the buyer's next enquiry."""
    courtesy: bool = False


@dataclass(frozen=True, slots=True)
class Buyer:
    number: int
    arrives_s: float
    enquiries: tuple[Enquiry, ...]
    patience_s: float
    nudges_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    starts_s: float
    length_s: float
    planned: bool


@dataclass(frozen=True, slots=True)
class Seat:
    name: str
    speed: float
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of one day and all that chance decides about them; the same with and without the assistant."""

    buyers: tuple[Buyer, ...]
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class SimulatedDay:
    """The log of the day and what a manager would ask next. `waits_s` are the buyers' waits for a person."""

    events: tuple[Event, ...]
    buyers: int
    left_unanswered: int
    """Buyers who left while they waited for a person."""
    waits_s: tuple[float, ...]
    typed: int
    clicked: int
    holding: int
    taken_over: int
    busy_share: float
    """Share of the seats' assessed time spent reading and writing."""

    @property
    def mean_wait_s(self) -> float | None:
        return sum(self.waits_s) / len(self.waits_s) if self.waits_s else None

    def wait_quantile_s(self, share: float) -> float | None:
        """The wait that `share` of all waits do not exceed; None without waits."""
        if not self.waits_s:
            return None
        ordered = sorted(self.waits_s)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def arrival_weight(second: float, assumptions: Assumptions) -> float:
    """How lively the shop is at a second of the day, against a base of 1."""
    hour = second / 3600
    noon = assumptions.noon_peak * math.exp(-(((hour - 12.5) / 1.1) ** 2))
    evening = assumptions.evening_peak * math.exp(-(((hour - 20.5) / 1.4) ** 2))
    return 1 + noon + evening


def cast_of(assumptions: Assumptions, rules: ReplyRules, seed: int) -> Cast:
    """Throw all dice of a day. The same arguments give the same people."""
    return Cast(
        buyers=tuple(_buyers(assumptions, rules, seed)),
        seats=tuple(_seat(assumptions, rules, seed, number) for number in range(1, assumptions.agents + 1)),
    )


def simulate_day(
    assumptions: Assumptions,
    rules: ReplyRules,
    *,
    on: date,
    assist: bool,
    seed: int,
    policy: Policy = DEFAULT_POLICY,
) -> SimulatedDay:
    """Play the day `on`, with or without the assistant. Pure: the same arguments give the same events.

    `policy` says when the assistant warns and when it sends the holding reply, if it does.
    """
    return _Shop(assumptions, rules, cast_of(assumptions, rules, seed), on, policy if assist else None).play()


def _buyers(assumptions: Assumptions, rules: ReplyRules, seed: int) -> Iterator[Buyer]:
    """Arrivals by thinning a Poisson process at the highest weight."""
    hours = (rules.closes_s - rules.opens_s) / 3600
    if hours <= 0:
        return
    minutes = range(int(rules.opens_s // 60), int(rules.closes_s // 60))
    weights = [arrival_weight(60.0 * minute + 30, assumptions) for minute in minutes]
    mean = sum(weights) / len(weights)
    highest = 1 + assumptions.noon_peak + assumptions.evening_peak
    per_second = assumptions.buyers_per_hour / 3600 * highest / mean
    if per_second == 0:  # nobody comes, or so few that a float cannot say how few
        return
    dice = random.Random(f"{seed}:arrivals")
    second = rules.opens_s
    number = 0
    while (second := second + dice.expovariate(per_second)) < rules.closes_s:
        if dice.random() * highest < arrival_weight(second, assumptions):
            number += 1
            yield _buyer(assumptions, random.Random(f"{seed}:buyer:{number}"), number, second)


def _buyer(assumptions: Assumptions, dice: random.Random, number: int, arrives_s: float) -> Buyer:
    count = 1
    while dice.random() < 1 - 1 / assumptions.enquiries and count < 12:
        count += 1
    enquiries = [_enquiry(assumptions, dice) for _ in range(count)]
    if dice.random() < assumptions.thanks:
        enquiries.append(
            Enquiry((0.0,), chars=8, think_s=1, lookup_s=0, fits=True, edit=False, then_s=0, courtesy=True)
        )
    return Buyer(
        number=number,
        arrives_s=arrives_s,
        enquiries=tuple(enquiries),
        patience_s=_exponential(dice, assumptions.patience_s),
        nudges_s=tuple(max(20.0, _exponential(dice, assumptions.nudge_s)) for _ in range(2)),
    )


def _enquiry(assumptions: Assumptions, dice: random.Random) -> Enquiry:
    gaps = [0.0]
    while len(gaps) < 4 and dice.random() < assumptions.more_messages:
        gaps.append(1.0 + _exponential(dice, assumptions.message_gap_s))
    looks_up = dice.random() < assumptions.lookups
    lookup_s = _exponential(dice, assumptions.lookup_s)
    return Enquiry(
        gaps_s=tuple(gaps),
        chars=min(200.0, max(4.0, assumptions.reply_chars * dice.lognormvariate(0, 0.5))),
        think_s=_exponential(dice, assumptions.think_s),
        lookup_s=lookup_s if looks_up else 0.0,
        fits=dice.random() < assumptions.suggestion_fits,
        edit=dice.random() < assumptions.edits,
        then_s=5.0 + _exponential(dice, assumptions.next_enquiry_s),
    )


def _seat(assumptions: Assumptions, rules: ReplyRules, seed: int, number: int) -> Seat:
    dice = random.Random(f"{seed}:seat:{number}")
    speed = dice.lognormvariate(0, assumptions.skill_spread)
    absences: list[Absence] = []
    # The seats eat one after another, beginning at 11:30, and take their short breaks at quiet hours.
    for length_s, first_s in (
        (assumptions.meal_s, 11.5 * 3600),
        (assumptions.short_break_s, 15 * 3600.0),
        (assumptions.short_break_s, 17.5 * 3600),
    ):
        starts_s = first_s + (number - 1) * length_s
        if length_s and rules.opens_s <= starts_s < rules.closes_s:
            absences.append(Absence(starts_s, length_s, planned=True))
    if assumptions.absences_per_hour and assumptions.absence_s:
        second = rules.opens_s
        while (second := second + _exponential(dice, 3600 / assumptions.absences_per_hour)) < rules.closes_s:
            length_s = _exponential(dice, assumptions.absence_s)
            absences.append(Absence(second, length_s, planned=False))
            second += length_s
    return Seat(f"agent-{number}", speed, tuple(sorted(absences, key=lambda each: each.starts_s)))


def _exponential(dice: random.Random, mean: float) -> float:
    return dice.expovariate(1 / mean) if mean else 0.0


@dataclass(eq=False, slots=True)
class _Chat:
    """Where one buyer stands. `wait` counts the changes of that, so that an outdated alarm is recognised."""

    buyer: Buyer
    enquiry: int = 0
    sent: int = 0
    seat: _Desk | None = None
    assigned_s: float | None = None
    waiting_since: float | None = None
    """The first message that no person has answered."""
    clock_since: float | None = None
    """The first message that nobody whom the platform counts has answered."""
    typing: bool = False
    missed: bool = False
    held: bool = False
    gone: bool = False
    nudges: int = 0
    wait: int = 0
    last_s: float = 0.0
    closed: bool = False

    @property
    def session(self) -> str:
        return f"s{self.buyer.number:05d}"

    @property
    def over(self) -> bool:
        """Has the buyer said all?"""
        return self.gone or self.enquiry >= len(self.buyer.enquiries)


@dataclass(eq=False, slots=True)
class _Desk:
    seat: Seat
    chats: list[_Chat] = field(default_factory=list)
    busy: bool = False
    away_until: float | None = None
    away_planned: bool = False
    due: list[Absence] = field(default_factory=list)
    """Absences whose time came while a reply was being written."""
    trip: int = 0

    @property
    def at_work(self) -> bool:
        """Would the console give this seat a new chat? It does not know of unannounced absences."""
        return self.away_until is None or not self.away_planned


_Step = tuple[float, int, Callable[[], None]]


class _Shop:
    """One day's discrete events on a heap of (second, sequence, step)."""

    def __init__(
        self, assumptions: Assumptions, rules: ReplyRules, cast: Cast, on: date, policy: Policy | None
    ) -> None:
        self._its = assumptions
        self._rules = rules
        self._cast = cast
        self._assist = policy is not None
        self._midnight = datetime.combine(on, time(), ZoneInfo(rules.tz))
        self._now = 0.0
        self._heap: list[_Step] = []
        self._sequence = 0
        self._desks = [_Desk(seat) for seat in cast.seats]
        self._queue: list[_Chat] = []
        self._waiting: dict[str, _Chat] = {}
        self._events: list[Event] = []
        self._waits: list[float] = []
        self._left = self._typed = self._clicked = self._holding = self._taken_over = 0
        self._busy_s = 0.0
        opened_at, window = self._midnight, timedelta(seconds=rules.window_s)
        ladder = steps(opened_at, opened_at + window, policy) if policy is not None else ()
        after_s = {due.step: (due.at - opened_at).total_seconds() for due in ladder}
        self._warn_after_s = after_s.get(Step.WARN, rules.window_s / 2)
        self._hold_after_s = after_s.get(Step.HOLD) if policy and policy.robot_on and policy.holding else None

    def play(self) -> SimulatedDay:
        ends_s = self._rules.closes_s + self._its.overtime_s
        for buyer in self._cast.buyers:
            self._at(buyer.arrives_s, self._arrive, _Chat(buyer))
        for desk in self._desks:
            for absence in desk.seat.absences:
                self._at(absence.starts_s, self._leave_screen, desk, absence)
        while self._heap and self._heap[0][0] <= ends_s:
            self._now, _, step = heapq.heappop(self._heap)
            step()
        staffed_s = (self._rules.closes_s - self._rules.opens_s) * len(self._desks)
        return SimulatedDay(
            events=tuple(self._events),
            buyers=len(self._cast.buyers),
            left_unanswered=self._left,
            waits_s=tuple(self._waits),
            typed=self._typed,
            clicked=self._clicked,
            holding=self._holding,
            taken_over=self._taken_over,
            busy_share=self._busy_s / staffed_s if staffed_s > 0 else 0.0,
        )

    # the buyers

    def _arrive(self, chat: _Chat) -> None:
        self._say(chat)
        self._record(chat, EventType.HANDOVER)
        self._assign(chat)

    def _say(self, chat: _Chat) -> None:
        """The buyer's next message of the run at hand."""
        if chat.over:
            return
        enquiry = chat.buyer.enquiries[chat.enquiry]
        chat.sent += 1
        self._message(chat, Sender.BUYER, "谢谢" if enquiry.courtesy else "咨询", enquiry.courtesy or None)
        if chat.sent < len(enquiry.gaps_s):
            self._at(self._now + enquiry.gaps_s[chat.sent], self._say, chat)
        self._starts_waiting(chat)

    def _starts_waiting(self, chat: _Chat) -> None:
        if chat.closed:
            self._reopen(chat)
        if chat.waiting_since is None:
            chat.waiting_since = self._now
            chat.wait += 1
            self._waiting[chat.session] = chat
            self._at(self._now + chat.buyer.patience_s, self._lose_patience, chat, chat.wait)
            self._schedule_nudge(chat)
        if chat.clock_since is None:
            self._starts_clock(chat)
        self._wake(chat.seat)

    def _reopen(self, chat: _Chat) -> None:
        """A buyer who comes back after the chat was closed is given a seat again."""
        chat.closed = False
        chat.seat = None
        self._assign(chat)

    def _starts_clock(self, chat: _Chat) -> None:
        chat.clock_since = self._now
        if self._rules.clock_from_assignment and chat.assigned_s is None:
            return
        self._set_alarms(chat)

    def _set_alarms(self, chat: _Chat) -> None:
        deadline_s = self._deadline(chat)
        self._at(deadline_s + 0.001, self._miss, chat, deadline_s)
        if not self._assist:
            return
        opened_s = deadline_s - self._rules.window_s
        self._at(opened_s + self._warn_after_s, self._warn, chat, deadline_s)
        if self._rules.machine_counts and self._hold_after_s is not None:
            self._at(opened_s + self._hold_after_s, self._hold, chat, deadline_s)

    def _lose_patience(self, chat: _Chat, wait: int) -> None:
        if chat.wait != wait or chat.waiting_since is None or chat.gone:
            return
        chat.gone = True
        self._left += 1

    def _schedule_nudge(self, chat: _Chat) -> None:
        if chat.nudges < len(chat.buyer.nudges_s):
            self._at(self._now + chat.buyer.nudges_s[chat.nudges], self._nudge, chat, chat.wait)

    def _nudge(self, chat: _Chat, wait: int) -> None:
        if chat.wait != wait or chat.waiting_since is None or chat.gone:
            return
        chat.nudges += 1
        self._message(chat, Sender.BUYER, "在吗")
        if chat.clock_since is None:
            self._starts_clock(chat)
        self._schedule_nudge(chat)

    # the seats

    def _assign(self, chat: _Chat) -> None:
        """Give the chat to the seat with the fewest, or let it queue if every list is full."""
        free = [desk for desk in self._desks if desk.at_work and len(desk.chats) < self._its.chats_at_once]
        if not free:
            self._queue.append(chat)
            return
        desk = min(free, key=lambda desk: len(desk.chats))
        self._seat(chat, desk)
        self._wake(desk)

    def _seat(self, chat: _Chat, desk: _Desk) -> None:
        """Put the chat into a seat's list, and out of another's."""
        if chat.seat is not None:
            chat.seat.chats.remove(chat)
        chat.seat = desk
        desk.chats.append(chat)
        self._record(chat, EventType.ASSIGNED, agent=desk.seat.name)
        first = chat.assigned_s is None
        if first:
            chat.assigned_s = self._now
        if first and self._rules.clock_from_assignment and chat.clock_since is not None:
            self._set_alarms(chat)

    def _fill_places(self) -> None:
        waiting, self._queue = self._queue, []
        for chat in waiting:
            self._assign(chat)

    def _wake(self, desk: _Desk | None) -> None:
        """Let a seat that is free take the next chat."""
        if desk is None or desk.busy or desk.away_until is not None:
            return
        chat = self._next_chat(desk)
        if chat is None:
            return
        if chat.seat is not desk:
            self._taken_over += 1
            self._seat(chat, desk)
        enquiry = chat.buyer.enquiries[min(chat.enquiry, len(chat.buyer.enquiries) - 1)]
        clicks = self._assist and enquiry.fits
        writing_s = (
            self._its.click_s + (self._its.edit_s if enquiry.edit else 0.0)
            if clicks
            else enquiry.think_s + enquiry.chars / self._its.typing_cps
        )
        length_s = self._its.read_s + enquiry.lookup_s + writing_s / desk.seat.speed
        desk.busy = True
        chat.typing = True
        self._busy_s += length_s
        self._at(self._now + length_s, self._answer, desk, chat, clicks)

    def _next_chat(self, desk: _Desk) -> _Chat | None:
        own = [chat for chat in desk.chats if chat.waiting_since is not None and not chat.typing]
        if not self._assist:
            return min(own, key=lambda chat: (chat.waiting_since, chat.session), default=None)
        others = [
            chat
            for chat in self._waiting.values()
            if chat.seat is not None
            and chat.seat is not desk
            and not chat.typing
            and chat.waiting_since is not None
            and self._now - chat.waiting_since >= self._warn_after_s - 0.01
        ]
        return min(own + others, key=self._urgency, default=None)

    def _urgency(self, chat: _Chat) -> tuple[int, float, str]:
        """Beyond the ceiling first, then by time left, then who holds a machine's word, then the missed."""
        assert chat.waiting_since is not None
        if self._now - chat.waiting_since >= self._its.ceiling_s:
            return (0, chat.waiting_since, chat.session)
        if chat.clock_since is None:
            return (2, chat.waiting_since, chat.session)
        deadline_s = self._deadline(chat)
        if self._now > deadline_s or (chat.missed and self._rules.once_missed_stays_missed):
            return (3, chat.waiting_since, chat.session)
        return (1, deadline_s, chat.session)

    def _answer(self, desk: _Desk, chat: _Chat, clicked: bool) -> None:
        """The reply goes out; the buyer goes on, and the seat looks for the next chat."""
        assert chat.waiting_since is not None
        self._message(chat, Sender.AGENT, "回复", agent=desk.seat.name)
        self._waits.append(self._now - chat.waiting_since)
        self._clicked += clicked
        self._typed += not clicked
        self._stops_waiting(chat)
        if not chat.over and chat.sent >= len(chat.buyer.enquiries[chat.enquiry].gaps_s):
            then_s = chat.buyer.enquiries[chat.enquiry].then_s
            chat.enquiry += 1
            chat.sent = 0
            if not chat.over:
                self._at(self._now + then_s, self._say, chat)
        self._at(self._now + self._its.quiet_s, self._close_if_quiet, chat)
        desk.busy = False
        if desk.due:
            self._leave_screen(desk, desk.due.pop(0))
        self._wake(desk)

    def _stops_waiting(self, chat: _Chat) -> None:
        chat.typing = chat.held = False
        chat.waiting_since = None
        chat.clock_since = None
        chat.nudges = 0
        chat.wait += 1
        self._waiting.pop(chat.session, None)

    def _close_if_quiet(self, chat: _Chat) -> None:
        quiet = self._now - chat.last_s >= self._its.quiet_s - 0.001
        if chat.closed or chat.waiting_since is not None or not quiet or chat.seat is None:
            return
        chat.closed = True
        chat.seat.chats.remove(chat)
        chat.seat = None
        self._record(chat, EventType.SESSION_CLOSED)
        self._fill_places()

    def _leave_screen(self, desk: _Desk, absence: Absence) -> None:
        if desk.busy:
            insort(desk.due, absence, key=lambda each: each.starts_s)
            return
        if desk.away_until is not None and desk.away_until >= self._now + absence.length_s:
            return
        desk.away_until = self._now + absence.length_s
        desk.away_planned = absence.planned
        desk.trip += 1
        self._at(desk.away_until, self._come_back, desk, desk.trip)

    def _come_back(self, desk: _Desk, trip: int) -> None:
        if desk.trip != trip or desk.away_until is None:
            return
        desk.away_until = None
        self._fill_places()
        self._wake(desk)

    # the assistant

    def _deadline(self, chat: _Chat) -> float:
        """When the clock of the chat runs out; never while it does not run."""
        if chat.clock_since is None:
            return math.inf
        if not self._rules.clock_from_assignment:
            return chat.clock_since + self._rules.window_s
        if chat.assigned_s is None:
            return math.inf
        return max(chat.clock_since, chat.assigned_s) + self._rules.window_s

    def _still_runs(self, chat: _Chat, deadline_s: float) -> bool:
        return chat.clock_since is not None and self._deadline(chat) == deadline_s

    def _miss(self, chat: _Chat, deadline_s: float) -> None:
        if self._still_runs(chat, deadline_s):
            chat.missed = True

    def _warn(self, chat: _Chat, deadline_s: float) -> None:
        """Call the agent back to the screen, and offer the chat to a colleague who is free."""
        if not self._still_runs(chat, deadline_s) or chat.typing:
            return
        desk = chat.seat
        if desk is not None and desk.away_until is not None and not desk.away_planned:
            desk.trip += 1
            desk.away_until = min(desk.away_until, self._now + self._its.recall_s)
            self._at(desk.away_until, self._come_back, desk, desk.trip)
        for colleague in self._desks:
            if chat.typing or chat.seat is None:
                return
            self._wake(colleague)

    def _hold(self, chat: _Chat, deadline_s: float) -> None:
        """The holding reply: only while the clock runs, nobody types, and once until a person has spoken."""
        if not self._still_runs(chat, deadline_s) or chat.typing or chat.held:
            return
        chat.held = True
        self._message(chat, Sender.ROBOT_ASSIST, "稍等")
        self._holding += 1
        chat.clock_since = None
        if chat.waiting_since is not None and not chat.gone:
            # Whoever was spoken to waits afresh.
            chat.wait += 1
            self._at(self._now + chat.buyer.patience_s, self._lose_patience, chat, chat.wait)
            self._schedule_nudge(chat)

    # the log

    def _message(
        self, chat: _Chat, sender: Sender, text: str, courtesy: bool | None = None, agent: str | None = None
    ) -> None:
        chat.last_s = self._now
        self._events.append(
            Event(
                id=f"sim-{len(self._events) + 1:07d}",
                type=EventType.MESSAGE,
                at=self._stamp(),
                session=chat.session,
                buyer=f"b{chat.buyer.number:05d}",
                agent=agent,
                sender=sender,
                kind=Kind.TEXT,
                text=text,
                courtesy=courtesy,
            )
        )

    def _record(self, chat: _Chat, kind: EventType, agent: str | None = None) -> None:
        self._events.append(
            Event(
                id=f"sim-{len(self._events) + 1:07d}",
                type=kind,
                at=self._stamp(),
                session=chat.session,
                buyer=f"b{chat.buyer.number:05d}",
                agent=agent,
            )
        )

    def _stamp(self) -> datetime:
        return self._midnight + timedelta(milliseconds=round(self._now * 1000))

    def _at(self, second: float, step: Callable[..., None], *arguments: object) -> None:
        self._sequence += 1
        heapq.heappush(
            self._heap, (round(max(second, self._now), 3), self._sequence, lambda: step(*arguments))
        )
