"""Counting a log by one definition."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime

from app.core.definitions import Dedupe, Definition, MeasureKind, Unit
from app.core.events import Event, Sender
from app.core.measures.history import BuyerHistory, History, extra_text
from app.core.measures.items import Bookmark, Calendar, Item, ItemReader
from app.core.measures.ratings import count_ratings
from app.core.measures.results import KEYS, MeasureResult
from app.core.measures.tallies import ITEM_UNITS, Judge, Tally

_HUMAN = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST})


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
    reader = ItemReader(definition)
    judge = Judge(definition)
    as_of_micros = history.as_of
    totals: dict[str, list[int]] = {} if by else {"": [0, 0, 0]}
    for buyer in history.buyers.values():
        units: dict[tuple[str, object], Tally] = {}
        for place, name in enumerate(buyer.sessions):
            for item in reader.read(buyer, name, Bookmark()):
                if item.dropped is not None:
                    continue
                if (first_day is not None and item.day < first_day) or (
                    last_day is not None and item.day > last_day
                ):
                    continue
                key = "" if by is None else _key_of(item, buyer, definition, by, reader.calendar)
                if definition.unit in ITEM_UNITS:
                    state = _state_of_item(item, reader.longest_wait, as_of_micros)
                    totals.setdefault(key, [0, 0, 0])[state] += 1
                    continue
                unit: object = item.session
                if definition.unit is Unit.PERSON:
                    unit = item.day if definition.dedupe is Dedupe.DAY else None
                tally = units.get((key, unit))
                if tally is None:
                    tally = units[(key, unit)] = Tally()
                tally.add(item, (place, name), reader.longest_wait)
        for (key, _), tally in units.items():
            good, until = judge.verdict(tally)
            open_ = as_of_micros is not None and as_of_micros <= until
            totals.setdefault(key, [0, 0, 0])[_GOOD if good else _PENDING if open_ else _MISSED] += 1
    return [
        MeasureResult(good, good + missed, pending, None if by is None else (by, key))
        for key, (good, missed, pending) in sorted(totals.items())
    ]


_GOOD, _MISSED, _PENDING = range(3)


def _state_of_item(item: Item, longest: int, as_of: int | None) -> int:
    if item.reply_at is not None:
        return _GOOD if item.reply_at - item.start <= longest else _MISSED
    return _PENDING if as_of is not None and as_of - item.start <= longest else _MISSED


def _key_of(item: Item, buyer: BuyerHistory, definition: Definition, by: str, calendar: Calendar) -> str:
    if by == "shop":
        return buyer.shop
    if by == "agent":
        return agent_of(item, buyer, definition)
    if by == "group":
        return group_of(item, buyer, definition)
    return calendar.key(item.assessed_at, by)


def agent_of(item: Item, buyer: BuyerHistory, definition: Definition) -> str:
    """Who answered; else who was assigned last before the deadline; "" if nobody."""
    if item.reply is not None and item.reply.sender in _HUMAN and item.reply.agent is not None:
        return item.reply.agent
    assignments = buyer.sessions[item.session].assignments
    deadline = item.start + definition.window_s * 1_000_000
    index = bisect_left(assignments, deadline, key=lambda assignment: assignment.at)
    return assignments[index - 1].agent if index else ""


def group_of(item: Item, buyer: BuyerHistory, definition: Definition) -> str:
    """The group named by the reply, else by the last assignment before the deadline, else by the message itself."""
    if item.reply is not None and item.reply.extra and (group := extra_text(item.reply, "group")):
        return group
    assignments = buyer.sessions[item.session].assignments
    if assignments:
        deadline = item.start + definition.window_s * 1_000_000
        index = bisect_left(assignments, deadline, key=lambda assignment: assignment.at)
        if index and assignments[index - 1].group:
            return assignments[index - 1].group
    return extra_text(item.event, "group") if item.event.extra else ""
