"""A buyer's ledger: what one buyer adds to a shop's standing counts, kept up event by event.

Everything a measure counts is local to a buyer, so an event changes only the share of its buyer. A ledger has the
buyer's history and, for each session and edition, how far it was read: what is answered is tallied once and stays;
only the unanswered end is read again when an answer comes. Whatever may change what was read before (a hand-over,
an assignment, a flag, a withdrawal, the first human word after a robot's) makes its session be read anew, and an
event that comes late makes everything be read anew, by the same code from the beginning.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from app.core.events import Event, EventType, Sender
from app.core.measures.evaluator import agent_of, group_of
from app.core.measures.history import BuyerHistory, History, extra_text, micros
from app.core.measures.plans import ItemStream, Plan, ReplyEdition
from app.core.measures.ratings import agent_rated, taken_ratings
from app.core.measures.shares import (
    AGENT,
    ALL,
    ARRIVAL,
    GROUP,
    Book,
    Changes,
    CountKey,
    Open,
    Reading,
    quarter,
)

_DAY = 86_400_000_000
_REREAD_SESSION = frozenset({EventType.HANDOVER, EventType.ASSIGNED, EventType.BUYER_FLAGGED})
_NAMES_AGENT = frozenset({EventType.MESSAGE, EventType.ASSIGNED})


class _Session:
    __slots__ = ("anew", "first_day", "last_day", "readings")

    def __init__(self, day: int) -> None:
        self.first_day = day
        self.last_day = -1
        self.readings: dict[ItemStream, Reading] = {}
        self.anew = False
        """Must it be read from its beginning?"""


class BuyerLedger:
    """The share of one buyer of one shop in the counts of a plan."""

    def __init__(self, plan: Plan, shop: str, buyer: str, events: Iterable[Event] = ()) -> None:
        """A ledger of events in any order, each id once; nothing is counted before `settle`."""
        self.plan = plan
        self._shop, self._buyer = shop, buyer
        self._person = f"{shop}\x1f{buyer}" if shop else buyer
        self._history = BuyerHistory(shop, buyer)
        self._events = sorted((micros(event.at), event.id, event) for event in events)
        self._ids = {event_id for _, event_id, _ in self._events}
        self._sessions: dict[str, _Session] = {}
        self._books: dict[ReplyEdition, Book] = {}
        self._waiting: dict[Reading, None] = {}
        """Sessions with unanswered items."""
        self._ratings: list[tuple[int, Event]] = []
        self._rated: dict[CountKey, list[int]] = {}
        # What was taken in since the last settling.
        self._all_anew = bool(self._events)
        self._grown: dict[str, _Session] = {}
        self._answered_by: set[Sender] = set()
        self._rate_anew = False

    def __len__(self) -> int:
        """How many events it holds."""
        return len(self._events)

    def take(self, event: Event) -> None:
        """Take an event of this buyer in, whenever it happened. A known id changes nothing."""
        if event.id in self._ids:
            return
        self._ids.add(event.id)
        at = micros(event.at)
        entry = (at, event.id, event)
        events = self._events
        if events and (at < events[-1][0] or (at == events[-1][0] and event.id < events[-1][1])):
            insort(events, entry, key=_place)
            self._all_anew = True
            return
        events.append(entry)
        if not self._all_anew and event.session is not None:
            self._take_next(at, event, event.session)

    def settle(self, changes: Changes) -> None:
        """Count what was taken in, and add to `changes` what it changed."""
        if self._all_anew:
            self._read_all()
        else:
            self._read_grown()
        if self._rate_anew:
            self._count_ratings(changes)
            self._rate_anew = False
        for book in self._books.values():
            if book.touched:
                book.settle(changes)

    def pending(self) -> list[Open]:
        """What is unanswered and may be in time yet."""
        newest = self._events[-1][0] if self._events else 0
        return [
            open_ for book in self._books.values() for unit in book.pending for open_ in unit.pending(newest)
        ]

    def _take_next(self, at: int, event: Event, name: str) -> None:
        """Note an event that comes after all that are known, and what it makes worth reading."""
        known = self._history.sessions.get(name)
        was_robot_only = known is not None and known.robot_only
        session = self._history.record(at, event, name)
        state = self._sessions.get(name)
        day = at // _DAY
        if state is None:
            state = self._sessions[name] = _Session(day)
        kind = event.type
        if day != state.last_day:
            state.last_day = day
            self._grown[name] = state
        if kind is EventType.MESSAGE:
            if event.sender is Sender.BUYER:
                self._grown[name] = state
                handover = session.handover
                if handover is not None and (handover[0] == at or len(session.buyer_messages) == 1):
                    # It stands in the hand-over's place, or is what the session starts with.
                    state.anew = True
            elif event.sender is not None:
                self._answered_by.add(event.sender)
                if session.robot_only != was_robot_only:
                    state.anew = True
                    self._grown[name] = state
        elif kind in _REREAD_SESSION:
            state.anew = True
            self._grown[name] = state
        elif kind is EventType.MESSAGE_WITHDRAWN:
            here = any(message.id == event.message for _, message in session.buyer_messages)
            for each_name, each in [(name, state)] if here else self._sessions.items():
                each.anew = True
                self._grown[each_name] = each
        if kind is EventType.RATING:
            self._ratings.append((at, event))
            self._rate_anew = True
        elif self._ratings and at <= self._ratings[-1][0] and kind in _NAMES_AGENT:
            self._rate_anew = True

    def _read_grown(self) -> None:
        if self._answered_by:
            for reading in list(self._waiting):
                if not self._answered_by.isdisjoint(reading.stream.reader.senders):
                    reading.forget_open()
                    self._read_on(reading)
            self._answered_by.clear()
        for name, state in self._grown.items():
            for reading in state.readings.values():
                if state.anew:
                    reading.forget()
                self._read_on(reading)
            state.anew = False
            self._open_readings(name, state)
        self._grown.clear()

    def _read_all(self) -> None:
        """Read everything anew, from the first event on."""
        for book in self._books.values():
            book.forget_all()
        self._waiting.clear()
        history = self._history = BuyerHistory(self._shop, self._buyer)
        self._sessions = {}
        self._ratings = []
        for at, _, event in self._events:
            if event.session is not None:
                history.record(at, event, event.session)
                day = at // _DAY
                state = self._sessions.get(event.session)
                if state is None:
                    state = self._sessions[event.session] = _Session(day)
                state.last_day = day
                if event.type is EventType.RATING:
                    self._ratings.append((at, event))
        for name, state in self._sessions.items():
            self._open_readings(name, state)
        self._all_anew = False
        self._grown.clear()
        self._answered_by.clear()
        self._rate_anew = bool(self._ratings or self._rated)

    def _open_readings(self, name: str, state: _Session) -> None:
        """Read a session by the editions that may judge it and have not read it yet."""
        for stream in self.plan.streams_touching(state.first_day, state.last_day):
            if stream not in state.readings:
                books = [self._book(edition) for edition in stream.editions]
                reading = Reading(stream, books, name, self._history.sessions[name])
                state.readings[stream] = reading
                self._read_on(reading)

    def _book(self, edition: ReplyEdition) -> Book:
        book = self._books.get(edition)
        if book is None:
            book = self._books[edition] = Book(edition, self._person)
        return book

    def _read_on(self, reading: Reading) -> None:
        """Tally the items of a session from where its reading stands."""
        stream, history = reading.stream, self._history
        for item in stream.reader.read(history, reading.name, reading.mark):
            if item.dropped is None and stream.first_day <= item.day <= stream.last_day:
                agent = agent_of(item, history, stream.definition)
                reading.add(item, agent, group_of(item, history, stream.definition))
        if reading.mark.all_answered:
            self._waiting.pop(reading, None)
        else:
            self._waiting[reading] = None

    def _count_ratings(self, changes: Changes) -> None:
        """Count all ratings of the buyer anew; there are few."""
        history = History({(self._shop, self._buyer): self._history}, tuple(self._ratings), None)
        rated: dict[CountKey, list[int]] = {}
        for edition in self.plan.ratings:
            for rating in taken_ratings(history, edition.definition, edition.calendar):
                if not edition.first_day <= rating.day <= edition.last_day:
                    continue
                day = rating.day.isoformat()
                for split, key in (
                    (ALL, ""),
                    (AGENT, agent_rated(rating, history)),
                    (GROUP, extra_text(rating.event, "group")),
                    (ARRIVAL, quarter(rating.clock)),
                ):
                    total = rated.setdefault(CountKey(edition.measure, split, day, key), [0, 0])
                    total[0] += rating.positive
                    total[1] += 1
        for count_key in self._rated.keys() | rated.keys():
            old, new = self._rated.get(count_key, [0, 0]), rated.get(count_key, [0, 0])
            if old != new:
                changes.add(count_key, new[0] - old[0], new[1] - old[1])
        self._rated = rated


def _place(entry: tuple[int, str, Event]) -> tuple[int, str]:
    return entry[:2]
