"""Counting a log by one definition."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.core.definitions import Dedupe, Definition, MeasureKind, SessionRule, Unit
from app.core.events import Event, Sender
from app.core.measures.history import BuyerHistory, History, extra_text
from app.core.measures.items import Calendar, Item, read_items, within
from app.core.measures.ratings import count_ratings
from app.core.measures.results import KEYS, MeasureResult

_HUMAN = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST})
_ITEM_UNITS = frozenset({Unit.MESSAGE, Unit.TURN})


def evaluate(
    events: Iterable[Event] | History,
    definition: Definition,
    *,
    as_of: datetime | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
) -> list[MeasureResult]:
    """Count events by a definition.

    `events` may come in any order and repeat; equal stamps keep the given order. With a `History` its own `as_of`
    holds. `first_day` and `last_day` are inclusive days in the definition's zone. `by` is one of `KEYS`: one result
    per key, sorted, where sessions and persons are formed within the key; without it exactly one result. Raises
    ValueError for another `by`.
    """
    if by is not None and by not in KEYS:
        raise ValueError(f"by must be one of {', '.join(KEYS)}, not {by!r}")
    history = events if isinstance(events, History) else History.of(events, as_of=as_of)
    if definition.kind is MeasureKind.RATING:
        return count_ratings(history, definition, first_day=first_day, last_day=last_day, by=by)
    calendar = Calendar(definition.zone)
    totals: dict[str, list[int]] = {} if by else {"": [0, 0, 0]}
    for buyer in history.buyers.values():
        units: dict[tuple[str, object], _Tally] = {}
        for item in read_items(buyer, definition, calendar):
            if item.dropped is not None:
                continue
            if (first_day is not None and item.day < first_day) or (
                last_day is not None and item.day > last_day
            ):
                continue
            key = "" if by is None else _key_of(item, buyer, definition, by, calendar)
            state = _state(item, definition, history.as_of)
            if definition.unit in _ITEM_UNITS:
                totals.setdefault(key, [0, 0, 0])[state] += 1
                continue
            unit: object = item.session
            if definition.unit is Unit.PERSON:
                unit = item.day if definition.dedupe is Dedupe.DAY else None
            tally = units.get((key, unit))
            if tally is None:
                tally = units[(key, unit)] = _Tally()
            tally.add(item, state)
        for (key, _), tally in units.items():
            totals.setdefault(key, [0, 0, 0])[tally.state(definition)] += 1
    return [
        MeasureResult(good, good + missed, pending, None if by is None else (by, key))
        for key, (good, missed, pending) in sorted(totals.items())
    ]


_GOOD, _MISSED, _PENDING = range(3)


def _state(item: Item, definition: Definition, as_of: int | None) -> int:
    if item.wait is not None:
        return _GOOD if within(item.wait, definition) else _MISSED
    if as_of is not None and within(as_of - item.start, definition):
        return _PENDING
    return _MISSED


@dataclass(slots=True)
class _Tally:
    """The items of one session or person so far."""

    items: int = 0
    missed: int = 0
    pending: int = 0
    unanswered: int = 0
    waited: int = 0
    first: tuple[int, int] | None = None

    def add(self, item: Item, state: int) -> None:
        self.items += 1
        if state == _MISSED:
            self.missed += 1
            self.unanswered += item.wait is None
        elif state == _PENDING:
            self.pending += 1
        self.waited += item.wait or 0
        if self.first is None or item.at < self.first[0]:
            self.first = (item.at, state)

    def state(self, definition: Definition) -> int:
        """Good, missed or pending. What is missed for certain is not pending any more."""
        if definition.session_rule is SessionRule.FIRST_ITEM:
            assert self.first is not None
            return self.first[1]
        if definition.session_rule is SessionRule.ALL_ITEMS:
            return _MISSED if self.missed else _PENDING if self.pending else _GOOD
        if self.unanswered:
            return _MISSED
        if self.pending:
            return _PENDING
        window = definition.window_s * 1_000_000 * self.items
        return _GOOD if self.waited < window or (definition.inclusive and self.waited == window) else _MISSED


def _key_of(item: Item, buyer: BuyerHistory, definition: Definition, by: str, calendar: Calendar) -> str:
    if by == "shop":
        return buyer.shop
    if by == "agent":
        return _agent_of(item, buyer, definition)
    if by == "group":
        return _group_of(item, buyer, definition)
    return calendar.key(item.assessed_at, by)


def _agent_of(item: Item, buyer: BuyerHistory, definition: Definition) -> str:
    """Who answered; else who was assigned last before the deadline; "" if nobody."""
    if item.reply is not None and item.reply.sender in _HUMAN and item.reply.agent is not None:
        return item.reply.agent
    assignments = buyer.sessions[item.session].assignments
    deadline = item.start + definition.window_s * 1_000_000
    index = bisect_left(assignments, deadline, key=lambda assignment: assignment.at)
    return assignments[index - 1].agent if index else ""


def _group_of(item: Item, buyer: BuyerHistory, definition: Definition) -> str:
    """The group named by the reply, else by the last assignment before the deadline, else by the message itself."""
    if item.reply is not None and (group := extra_text(item.reply, "group")):
        return group
    assignments = buyer.sessions[item.session].assignments
    deadline = item.start + definition.window_s * 1_000_000
    index = bisect_left(assignments, deadline, key=lambda assignment: assignment.at)
    if index and assignments[index - 1].group:
        return assignments[index - 1].group
    return extra_text(item.event, "group")
