"""The events of a log, sorted once into buyers and sessions, so that items can be read off without searching."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.core.events import Event, EventType, Sender

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HUMAN = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST})
_ANSWERING = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST, Sender.ROBOT, Sender.WELCOME})


def micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(since_epoch: int) -> datetime:
    """The aware UTC datetime of `micros`."""
    return EPOCH + timedelta(microseconds=since_epoch)


def extra_text(event: Event, name: str) -> str:
    """A field of the log that the event schema does not know (`shop`, `group`), as text; "" where absent."""
    value = event.extra.get(name)
    return value if isinstance(value, str) else "" if value is None else str(value)


def shop_of(event: Event) -> str:
    """The shop that a log of several shops names; "" where it names none."""
    return extra_text(event, "shop") if event.extra else ""


@dataclass(frozen=True, slots=True)
class Assignment:
    at: int
    agent: str
    group: str


class Answers(NamedTuple):
    """Messages that may answer, in time order; `times` has the stamp of each of `events`."""

    times: list[int]
    events: list[Event]

    def add(self, at: int, event: Event) -> None:
        self.times.append(at)
        self.events.append(event)


@dataclass(slots=True)
class SessionHistory:
    """What a log says of one session. Stamps are `micros`; lists are in time order, equal stamps in file order."""

    began: tuple[int, str]
    """Stamp and id of its first event, of whatever type."""
    buyer_messages: list[tuple[int, Event]] = field(default_factory=list)
    handover: tuple[int, Event] | None = None
    """The first one."""
    assignments: list[Assignment] = field(default_factory=list)
    human_words: list[tuple[int, str]] = field(default_factory=list)
    """(when, agent) of what agents said."""
    robot_spoke: bool = False
    reached_human: bool = False
    flags: set[str] = field(default_factory=set)

    @property
    def robot_only(self) -> bool:
        return self.robot_spoke and not self.reached_human


@dataclass(slots=True)
class BuyerHistory:
    """All sessions of one buyer of one shop, and every message that could answer them, in time order."""

    shop: str
    buyer: str
    sessions: dict[str, SessionHistory] = field(default_factory=dict)
    answers: list[tuple[int, Event]] = field(default_factory=list)
    withdrawn: dict[str, int] = field(default_factory=dict)
    """Message id -> when it was first withdrawn."""
    _by_senders: dict[frozenset[Sender], Answers] = field(default_factory=dict, init=False, repr=False)

    def answers_of(self, senders: frozenset[Sender]) -> Answers:
        """The messages of these senders among `answers`; the lists grow with the history."""
        found = self._by_senders.get(senders)
        if found is None:
            found = self._by_senders[senders] = Answers([], [])
            for at, event in self.answers:
                if event.sender in senders:
                    found.add(at, event)
        return found

    def record(self, at: int, event: Event, session_id: str) -> SessionHistory:
        """Add an event that comes after all that are known, in the order that the log has; returns its session."""
        session = self.sessions.get(session_id)
        if session is None:
            session = self.sessions[session_id] = SessionHistory((at, event.id))
        if event.type is EventType.MESSAGE:
            sender = event.sender
            if sender is Sender.BUYER:
                session.buyer_messages.append((at, event))
            elif sender in _ANSWERING:
                self._answer(at, event, session)
        elif event.type is EventType.HANDOVER:
            session.reached_human = True
            if session.handover is None:
                session.handover = (at, event)
        elif event.type is EventType.ASSIGNED:
            session.assignments.append(Assignment(at, event.agent or "", extra_text(event, "group")))
        elif event.type is EventType.MESSAGE_WITHDRAWN:
            if event.message is not None:
                self.withdrawn.setdefault(event.message, at)
        elif event.type is EventType.BUYER_FLAGGED and event.flag is not None:
            session.flags.add(event.flag)
        return session

    def _answer(self, at: int, event: Event, session: SessionHistory) -> None:
        self.answers.append((at, event))
        for senders, answers in self._by_senders.items():
            if event.sender in senders:
                answers.add(at, event)
        if event.sender is Sender.ROBOT:
            session.robot_spoke = True
        elif event.sender in _HUMAN:
            session.reached_human = True
            if event.agent is not None:
                session.human_words.append((at, event.agent))


@dataclass(frozen=True, slots=True)
class History:
    """A log as far as it was known at `as_of` (None: all of it, settled). Built by `History.of`, then only read."""

    buyers: Mapping[tuple[str, str], BuyerHistory]
    ratings: tuple[tuple[int, Event], ...]
    as_of: int | None
    span: tuple[int, int] | None = None
    """The first and the last stamp; None if there are none."""

    @classmethod
    def of(cls, events: Iterable[Event], *, as_of: datetime | None = None) -> History:
        """Sort events into a history: each (shop, id) once, nothing after `as_of`, equal stamps in the given order."""
        limit = None if as_of is None else micros(as_of)
        seen: set[tuple[str, str]] = set()
        stamped: list[tuple[int, int, Event]] = []
        for event in events:
            key = (shop_of(event), event.id)
            if key in seen:
                continue
            seen.add(key)
            at = micros(event.at)
            if limit is None or at <= limit:
                stamped.append((at, len(stamped), event))
        stamped.sort()
        buyers: dict[tuple[str, str], BuyerHistory] = {}
        ratings: list[tuple[int, Event]] = []
        for at, _, event in stamped:
            if event.session is None or event.buyer is None:
                continue
            shop = shop_of(event)
            buyer = buyers.get((shop, event.buyer))
            if buyer is None:
                buyer = buyers[(shop, event.buyer)] = BuyerHistory(shop, event.buyer)
            if event.type is EventType.RATING:
                ratings.append((at, event))
            buyer.record(at, event, event.session)
        span = (stamped[0][0], stamped[-1][0]) if stamped else None
        return cls(buyers, tuple(ratings), limit, span)
