"""A session as a pure fold of its events: any order and any repetition of them ends in the same state.

Facts are stored, states are folded. `fold_session` takes every event of one session (and nothing else) and
returns a `Session`; nothing in it depends on the clock, on arrival or on what was folded before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.events import Event, EventType, Kind, Sender, tidy
from app.core.fields import MAX_ID_LENGTH

HUMAN_SENDERS = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST})
"""Senders that a buyer experiences as human service."""
SHOP_SENDERS = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST, Sender.ROBOT, Sender.WELCOME})
"""Senders that speak for the shop (`system` lines are the platform's)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands after the fold. `withdrawn_at` is None while it stands."""

    id: str
    at: datetime
    sender: Sender
    kind: Kind
    text: str
    agent: str | None = None
    withdrawn_at: datetime | None = None
    courtesy: bool | None = None
    offline: bool | None = None
    spam: str | None = None
    by_machine: bool = False
    """Did we say this ourselves? True for our own record of it and for the console's echo."""
    purpose: str | None = None
    """What for, if we said it."""

    @property
    def by_buyer(self) -> bool:
        return self.sender is Sender.BUYER


@dataclass(frozen=True, slots=True)
class Rating:
    at: datetime
    label: str
    reason: str | None = None
    by: str | None = None
    invited_at: datetime | None = None


MENTIONED = ("item", "item_name", "order_no", "order_state", "entry", "buyer_name")
"""What an event of a session may name beside its own fields: the item (商品) in question, its name, an order and its state, the
page from which the buyer came, the buyer."""


@dataclass(frozen=True, slots=True)
class Mention:
    """That an event named something of `MENTIONED`."""

    at: datetime
    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session. Everything is in time order; `flag` is the gravest flag on its buyer."""

    id: str
    buyer: str
    messages: tuple[Message, ...] = ()
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    """The last closing that no later message followed."""
    assigned: tuple[tuple[datetime, str], ...] = ()
    """(when, agent) of every assignment."""
    handovers: tuple[datetime, ...] = ()
    invites: tuple[tuple[datetime, str | None], ...] = ()
    """(when, by: "agent" or "system") of every invitation to rate."""
    ratings: tuple[Rating, ...] = ()
    flag: str | None = None
    last_event_at: datetime | None = None
    mentions: tuple[Mention, ...] = ()

    @property
    def agent(self) -> str | None:
        """The agent whose session it is: assigned last, else the last who spoke."""
        if self.assigned:
            return self.assigned[-1][1]
        return next((m.agent for m in reversed(self.messages) if m.agent and m.sender in HUMAN_SENDERS), None)

    @property
    def standing(self) -> tuple[Message, ...]:
        """The messages that were not withdrawn."""
        return tuple(m for m in self.messages if m.withdrawn_at is None)

    @property
    def last_buyer_message(self) -> Message | None:
        return next((m for m in reversed(self.standing) if m.by_buyer), None)

    def mentioned(self, what: str, by: datetime | None = None) -> str | None:
        """What was named last, of those named no later than `by`; None if nothing was."""
        named = (m.value for m in reversed(self.mentions) if m.what == what and (by is None or m.at <= by))
        return next(named, None)

    @property
    def held(self) -> bool:
        """Was a holding reply the last that the buyer read of the shop? It promises that a person will come."""
        last = next((m for m in reversed(self.standing) if m.sender in SHOP_SENDERS), None)
        return last is not None and last.purpose == "holding"

    @property
    def reached_human(self) -> bool:
        """Has the buyer been handed to, or heard from, a person?"""
        return bool(self.handovers) or any(m.sender in HUMAN_SENDERS for m in self.messages)


ECHO_WITHIN = timedelta(minutes=2)
"""How far a console's echo of our words may lie from our own record of them."""


@dataclass(frozen=True, slots=True)
class _OwnWords:
    """`machine`: messages that we said, by id, and what for; `echoed`: our own records that the console's echo stands for."""

    machine: Mapping[str, str | None]
    echoed: frozenset[str]


def _own_words(ordered: list[Event]) -> _OwnWords:
    """Recognise what the machine said.

    We record a delivered reply ourselves (`outbox` in the event). A console that shows it may report it again: with
    `echo_of`, or else as the same words at nearly the same time. The console's event then stands for both, since its
    mark of the sender wins, but it is never taken for a person.
    """
    records = {
        event.extra["outbox"]: event for event in ordered if isinstance(event.extra.get("outbox"), str)
    }
    machine = {event.id: _purpose(event) for event in records.values()}
    echoed: set[str] = set()
    for event in ordered:
        if event.type is not EventType.MESSAGE or event.sender not in SHOP_SENDERS or event.id in machine:
            continue
        named = event.extra.get("echo_of")
        if isinstance(named, str):
            machine[event.id] = _purpose(records.get(named))
            if named in records:
                echoed.add(records[named].id)
            continue
        same = next(
            (
                record
                for record in records.values()
                if record.id not in echoed
                and record.text == event.text
                and abs(record.at - event.at) <= ECHO_WITHIN
            ),
            None,
        )
        if same is not None:
            machine[event.id] = _purpose(same)
            echoed.add(same.id)
    return _OwnWords(machine, frozenset(echoed))


def _purpose(record: Event | None) -> str | None:
    purpose = record.extra.get("purpose") if record is not None else None
    return purpose if isinstance(purpose, str) else None


def fold_session(events: Iterable[Event]) -> Session:
    """Fold the events of one session.

    Raises ValueError if there are none, or if they belong to several sessions.
    """
    ordered = [event for event in tidy(events) if event.session is not None]
    if not ordered:
        raise ValueError("a session has at least one event")
    names = {event.session for event in ordered}
    if len(names) > 1:
        raise ValueError(f"events of several sessions: {sorted(str(name) for name in names)}")
    first = ordered[0]
    assert first.session is not None
    assert first.buyer is not None

    withdrawn = {
        event.message: event.at
        for event in reversed(ordered)
        if event.type is EventType.MESSAGE_WITHDRAWN and event.message is not None
    }
    ours = _own_words(ordered)
    messages = tuple(
        Message(
            id=event.id,
            at=event.at,
            sender=event.sender,
            kind=event.kind or Kind.TEXT,
            text=event.text,
            agent=event.agent,
            withdrawn_at=withdrawn.get(event.id),
            courtesy=event.courtesy,
            offline=event.offline,
            spam=event.spam,
            by_machine=event.id in ours.machine,
            purpose=ours.machine.get(event.id),
        )
        for event in ordered
        if event.type is EventType.MESSAGE and event.sender is not None and event.id not in ours.echoed
    )

    def times(kind: EventType) -> tuple[datetime, ...]:
        return tuple(event.at for event in ordered if event.type is kind)

    opened = times(EventType.SESSION_OPENED)
    closed = times(EventType.SESSION_CLOSED)
    still_closed = bool(closed) and not any(
        m.at > closed[-1] for m in messages if m.sender is not Sender.SYSTEM
    )
    flags = {event.flag for event in ordered if event.flag is not None}
    return Session(
        id=first.session,
        buyer=first.buyer,
        messages=messages,
        opened_at=opened[0] if opened else None,
        closed_at=closed[-1] if still_closed else None,
        assigned=tuple(
            (event.at, event.agent)
            for event in ordered
            if event.type is EventType.ASSIGNED and event.agent is not None
        ),
        handovers=times(EventType.HANDOVER),
        invites=tuple((event.at, event.by) for event in ordered if event.type is EventType.INVITE_SENT),
        ratings=tuple(
            Rating(event.at, event.label, event.reason, event.by, event.invited_at)
            for event in ordered
            if event.type is EventType.RATING and event.label is not None
        ),
        flag=min(flags, key=lambda flag: flag != "spam_system") if flags else None,
        last_event_at=ordered[-1].at,
        mentions=tuple(mention for event in ordered for mention in _mentions(event)),
    )


def _mentions(event: Event) -> Iterator[Mention]:
    """What the event names, in fields that are not of the contract and may hold anything."""
    for what in MENTIONED:
        value = event.extra.get(what)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and 0 < len(value.strip()) <= MAX_ID_LENGTH:
            yield Mention(event.at, what, value.strip())
