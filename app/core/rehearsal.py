"""A log played again under a policy: what the machine would have said, and what would have come of it.

What people did is given: a human reply ends a wait at the moment at which it came. What our machine really said is taken out, and
what the policy would have said is put in. How buyers and agents would have acted on other words nobody can know.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from app.core.auto_reply import Decision, Say, Silence
from app.core.clocks import OpenItem, open_items
from app.core.definitions import Definition
from app.core.events import Event, EventType, Kind, Sender
from app.core.ladder import Due, Step
from app.core.sessions import Session, fold_session

HEARD_AFTER: Final = timedelta(seconds=1)
"""How long words of the machine take to reach the buyer."""
RECORDED_AS: Final = "outbox"
"""The field by which the fold knows a message as the machine's own."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of one buyer at `now`, to be used at once. `item` is None where nothing waits."""

    now: datetime
    buyer: str
    sessions: Mapping[str, Session]
    items: tuple[OpenItem, ...]
    session: Session
    item: OpenItem | None
    decided: frozenset[str]
    """What was decided on before, by `Say.once`."""
    heard_at: Mapping[str, datetime]
    """When the buyer heard words of each purpose last."""


class Machine(Protocol):
    """Decides as the service does. None: there is nothing to decide."""

    def on_arrival(self, look: Look) -> Decision | None: ...

    def before_deadline(self, look: Look) -> Decision | None: ...

    def ladder(self, look: Look, item: OpenItem) -> Sequence[Due]:
        """What is to be done about an item as its deadline comes; nothing where it has no ladder."""
        ...

    def leads(self, look: Look, item: OpenItem) -> bool:
        """Does the item speak for the others of its session?"""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """Words that the machine would have said to a buyer. `about` is the message or hand-over that they answer."""

    about: str
    session: str
    buyer: str
    at: datetime
    purpose: str
    text: str
    phrase_id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """That the machine would have kept silent, by the code of the reason, and the reasons for people."""

    about: str
    session: str
    buyer: str
    at: datetime
    code: str
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Rehearsed:
    """What a policy would have made of a log. `events` are those that are given, and those that the machine would have added."""

    said: list[Said] = field(default_factory=list)
    silent: list[Kept] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)
    """How often each step of the ladder but the holding one was taken, by its name."""
    events: list[Event] = field(default_factory=list)

    def add(self, other: Rehearsed) -> None:
        """Take in what was made of another buyer's log."""
        self.said += other.said
        self.silent += other.silent
        self.steps += other.steps
        self.events += other.events


@dataclass(frozen=True, slots=True)
class Difference:
    """What two policies make differently of one message. `said` are the words of each, `kept` the reason of one that says nothing."""

    kind: Literal["new", "gone", "changed"]
    about: str
    session: str
    buyer: str
    at: datetime
    said: tuple[tuple[Said, ...], tuple[Said, ...]]
    kept: tuple[Kept | None, Kept | None]


def given(events: Iterable[Event]) -> list[Event]:
    """The events of one buyer without what our machine said, in whatever form the log has it."""
    by_session: dict[str, list[Event]] = {}
    kept = list(events)
    for event in kept:
        if event.session is not None:
            by_session.setdefault(event.session, []).append(event)
    ours = {
        message.id
        for own in by_session.values()
        for message in fold_session(own).messages
        if message.by_machine
    }
    return [
        event for event in kept if event.id not in ours and not isinstance(event.extra.get(RECORDED_AS), str)
    ]


def rehearse(
    events: Iterable[Event],
    definition_at: Callable[[datetime], Definition],
    machine: Machine,
    *,
    since: datetime,
    until: datetime,
    stop: Callable[[], bool] = lambda: False,
) -> Rehearsed | None:
    """Play the events of one buyer, as `given` leaves them, with a machine that acts from `since` until `until`.

    What lies before `since` is known and not acted upon. None if `stop` says, before an event, that it takes too long.
    """
    return _Play(definition_at, machine, since, until).run(events, stop)


def differences(before: Rehearsed, after: Rehearsed) -> list[Difference]:
    """What two policies make differently of the same log, by message, the earliest first."""
    said = [_by_message(each.said) for each in (before, after)]
    kept = [{one.about: one for one in each.silent} for each in (before, after)]
    found = []
    for about in dict.fromkeys((*said[0], *said[1])):
        was, now = tuple(said[0].get(about, ())), tuple(said[1].get(about, ()))
        if [_words(one) for one in was] == [_words(one) for one in now]:
            continue
        first = (was or now)[0]
        kind: Literal["new", "gone", "changed"] = "changed" if was and now else "new" if now else "gone"
        reasons = (
            kept[0].get(about) if not was else None,
            kept[1].get(about) if not now else None,
        )
        found.append(Difference(kind, about, first.session, first.buyer, first.at, (was, now), reasons))
    return sorted(found, key=lambda one: (one.at, one.about))


def _by_message(said: Iterable[Said]) -> dict[str, list[Said]]:
    by_message: dict[str, list[Said]] = {}
    for one in said:
        by_message.setdefault(one.about, []).append(one)
    return by_message


def _words(said: Said) -> tuple[datetime, str, str]:
    return said.at, said.purpose, said.text


_EVENT, _DUE = 0, 1
"""Of what falls on the same moment, the event comes first."""


@dataclass(frozen=True, slots=True)
class _Alarm:
    """A step of an item's ladder, good as long as the item's deadline is that for which it was set."""

    item_id: str
    deadline_at: datetime
    due: Due


class _Play:
    """One buyer's log on a heap of (moment, kind, sequence, event or alarm)."""

    def __init__(
        self,
        definition_at: Callable[[datetime], Definition],
        machine: Machine,
        since: datetime,
        until: datetime,
    ) -> None:
        self._definition_at, self._machine = definition_at, machine
        self._since, self._until = since, until
        self._heap: list[tuple[datetime, int, int, Event | _Alarm]] = []
        self._sequence = 0
        self._known: list[Event] = []
        self._of_session: dict[str, list[Event]] = {}
        self._sessions: dict[str, Session] = {}
        self._items: dict[str, OpenItem] = {}
        self._armed: dict[str, datetime] = {}
        self._taken: set[tuple[str, Step]] = set()
        self._decided: set[str] = set()
        self._heard_at: dict[str, datetime] = {}
        self._out = Rehearsed()

    def run(self, events: Iterable[Event], stop: Callable[[], bool]) -> Rehearsed | None:
        for event in sorted(events, key=lambda event: event.order):
            self._push(event.at, _EVENT, event)
        while self._heap and self._heap[0][0] <= self._until:
            at, _, _, thing = heapq.heappop(self._heap)
            if isinstance(thing, _Alarm):
                self._take_step(thing, at)
            elif stop():
                return None
            else:
                self._hear(thing)
        self._out.events = self._known
        return self._out

    def _push(self, at: datetime, kind: int, thing: Event | _Alarm) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (at, kind, self._sequence, thing))

    def _hear(self, event: Event) -> None:
        """An event has come: fold it in, set the alarms of what it opens, and decide on it if a buyer wrote it."""
        self._known.append(event)
        if event.session is None or event.buyer is None:
            return
        own = self._of_session.setdefault(event.session, [])
        own.append(event)
        session = self._sessions[event.session] = fold_session(own)
        found = open_items(self._known, self._definition_at(event.at), event.at)
        self._items = {item.item_id: item for item in found}
        self._arm(event.at)
        if event.type is EventType.MESSAGE and event.sender is Sender.BUYER and event.at >= self._since:
            look = self._look(event.at, session, self._items.get(event.id))
            self._conclude(look, event.id, self._machine.on_arrival(look))

    def _arm(self, now: datetime) -> None:
        """Set the steps of the items that are new, or whose deadline has moved. A miss is never skipped."""
        for item in self._items.values():
            if item.at < self._since or self._armed.get(item.item_id) == item.deadline_at:
                continue
            ladder = self._machine.ladder(self._look(now, self._sessions[item.session], item), item)
            if not ladder:
                continue
            self._armed[item.item_id] = item.deadline_at
            for due in ladder:
                if due.at > now or due.step is Step.MISS:
                    self._push(max(due.at, now), _DUE, _Alarm(item.item_id, item.deadline_at, due))

    def _take_step(self, alarm: _Alarm, now: datetime) -> None:
        item = self._items.get(alarm.item_id)
        if item is None or item.deadline_at != alarm.deadline_at:
            return
        look = self._look(now, self._sessions[item.session], item)
        if not self._machine.ladder(look, item) or not self._machine.leads(look, item):
            return
        step = alarm.due.step
        if step is not Step.HOLD:
            # A deadline that moved sets the same step again, and each is noted once.
            if (item.item_id, step) not in self._taken:
                self._taken.add((item.item_id, step))
                self._out.steps[step.value] += 1
            return
        decision = self._machine.before_deadline(look)
        self._conclude(look, item.item_id, decision)
        if (
            isinstance(decision, Silence)
            and decision.until is not None
            and now < decision.until < item.deadline_at
        ):
            again = Due(Step.HOLD, decision.until)
            self._push(again.at, _DUE, _Alarm(item.item_id, item.deadline_at, again))

    def _look(self, now: datetime, session: Session, item: OpenItem | None) -> Look:
        return Look(
            now=now,
            buyer=session.buyer,
            sessions=self._sessions,
            items=tuple(self._items.values()),
            session=session,
            item=item,
            decided=frozenset(self._decided),
            heard_at=self._heard_at,
        )

    def _conclude(self, look: Look, about: str, decision: Decision | None) -> None:
        if decision is None:
            return
        session = look.session
        if not isinstance(decision, Say):
            self._out.silent.append(
                Kept(about, session.id, session.buyer, look.now, decision.code, decision.reasons)
            )
            return
        if decision.once in self._decided:
            return
        self._decided.add(decision.once)
        purpose = decision.purpose.value
        self._heard_at[purpose] = look.now
        self._out.said.append(
            Said(
                about,
                session.id,
                session.buyer,
                look.now,
                purpose,
                decision.text,
                decision.phrase_id,
                decision.reasons,
            )
        )
        name = f"rehearsed-{session.buyer}-{len(self._out.said)}"
        at = look.now + HEARD_AFTER
        spoken = Event(
            id=name,
            type=EventType.MESSAGE,
            at=at,
            session=session.id,
            buyer=session.buyer,
            sender=decision.sender,
            kind=Kind.TEXT,
            text=decision.text,
            extra={RECORDED_AS: name, "purpose": purpose},
        )
        self._push(at, _EVENT, spoken)
