"""The items of a log as columns, so that window, hours and unit are arithmetic.

What a definition says falls into two halves. The reading half decides which items there are, when their clock starts and
what answers them: `read_items` reads them, once for each setting of that half. The counting half (`window_s`, `inclusive`,
`hours`, `hours_end_inclusive`, `assess_by`, `unit`, `session_rule`, `dedupe`) only counts what was read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from app.core.calibration.observations import Key, Shape
from app.core.calibration.traits import Traits, traits_of
from app.core.definitions import AssessBy, Dedupe, Definition, SessionRule, Unit
from app.core.events import Sender
from app.core.measures.evaluator import agent_of
from app.core.measures.history import BuyerHistory, History
from app.core.measures.items import Calendar, Dropped, Item, LocalTime, longest_wait, read_items
from app.core.spans import WHOLE_DAY

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_UNANSWERED: Final = -1
_NO_AGENT: Final = -1
_KEPT_TABLES: Final = 48
"""Tables of the whole log that are kept; they are quickly put together again from those of the groups."""
_HUMAN: Final = frozenset({Sender.AGENT, Sender.ROBOT_ASSIST})


class Tables:
    """The items of a log, read for any definition and counted by it."""

    def __init__(self, history: History, shape: Shape) -> None:
        self._history = history
        self._shape = shape
        self._by_agent = shape in (Shape.AGENT, Shape.AGENT_DAY)
        self._names = _Names()
        self._groups: dict[str, list[_Group]] = {}
        self._tables: OrderedDict[Definition, _Table] = OrderedDict()

    def count(
        self, definition: Definition, first: date | None, last: date | None
    ) -> Iterator[tuple[Key, int, int]]:
        """(key, in time, counted) for each key that has anything; pending items are in neither."""
        table = self._table(reading_half(definition))
        by_session = definition.assess_by is AssessBy.SESSION_START
        day, clock = (table.first_day, table.first_clock) if by_session else (table.day, table.clock)
        chosen = _in_hours(clock, definition)
        if first is not None:
            chosen &= day >= first.toordinal()
        if last is not None:
            chosen &= day <= last.toordinal()
        rows = np.flatnonzero(chosen)
        keys = self._keys(table, day, definition)[rows]
        state = _states(table, rows, definition, self._history.as_of)
        if definition.unit in (Unit.SESSION, Unit.PERSON):
            keys, state = _units(table, rows, day[rows], keys, state, definition)
        settled = state != _PENDING
        found, place = np.unique(keys[settled], return_inverse=True)
        goods = np.bincount(place, weights=state[settled] == _GOOD, minlength=len(found))
        counted = np.bincount(place, minlength=len(found))
        for key, good, all_ in zip(found.tolist(), goods.tolist(), counted.tolist(), strict=True):
            yield self._key(key), int(good), all_

    def _keys(self, table: _Table, day: Ints, definition: Definition) -> Ints:
        """The key of each item as one number; `_key` reads it."""
        if self._shape is Shape.TOTAL:
            return np.zeros(len(day), dtype=np.int64)
        if self._shape is Shape.DAY:
            return day
        agents = table.agents(definition, self._names)
        return agents if self._shape is Shape.AGENT else day * len(self._names.texts) + agents

    def _key(self, key: int) -> Key:
        if self._shape is Shape.TOTAL:
            return (None, None)
        if self._shape is Shape.DAY:
            return (date.fromordinal(key), None)
        if self._shape is Shape.AGENT:
            return (None, self._names.texts[key])
        day, agent = divmod(key, len(self._names.texts))
        return (date.fromordinal(day), self._names.texts[agent])

    def _table(self, reading: Definition) -> _Table:
        found = self._tables.pop(reading, None)
        if found is None:
            groups = self._groups.get(reading.tz)
            if groups is None:
                groups = self._groups[reading.tz] = _groups(self._history, Calendar(reading.zone))
            names = self._names if self._by_agent else None
            found = _Table.of_parts([group.table(reading, names) for group in groups])
        self._tables[reading] = found
        if len(self._tables) > _KEPT_TABLES:
            self._tables.popitem(last=False)
        return found


def reading_half(definition: Definition) -> Definition:
    """The definition with its counting half at one value, so that equal readings are equal."""
    return replace(
        definition,
        name=None,
        window_s=1,
        inclusive=True,
        hours=WHOLE_DAY,
        hours_end_inclusive=False,
        assess_by=AssessBy.BUYER_MESSAGE,
        unit=Unit.MESSAGE,
        session_rule=SessionRule.ALL_ITEMS,
        dedupe=Dedupe.DAY,
    )


class _Names:
    """Agents by number."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return found


class _Placed(NamedTuple):
    """An item, and whose it is. `place` is that of its session among its buyer's, `first` when that session began."""

    item: Item
    buyer: BuyerHistory
    number: int
    place: int
    first: LocalTime


@dataclass(slots=True)
class _Group:
    """Buyers of the same traits, and their items by each reading they were read by."""

    traits: Traits
    calendar: Calendar
    buyers: list[tuple[int, BuyerHistory]]
    """With a number for each that is the buyer's own in the log."""
    read: dict[Definition, _Table] = field(default_factory=dict)

    def table(self, reading: Definition, names: _Names | None) -> _Table:
        reading = self.traits.simplify(reading)
        found = self.read.get(reading)
        if found is None:
            found = self.read[reading] = _Table.of_items(self._items(reading), names)
        return found

    def _items(self, reading: Definition) -> Iterator[_Placed]:
        for number, buyer in self.buyers:
            firsts = self._firsts(buyer)
            for item in read_items(buyer, reading, self.calendar):
                # Hours belong to the counting half; over the whole day nothing is outside them.
                assert item.dropped is not Dropped.OUTSIDE_HOURS
                if item.dropped is None:
                    place, first = firsts[item.session]
                    yield _Placed(item, buyer, number, place, first or LocalTime(item.day, item.clock))

    def _firsts(self, buyer: BuyerHistory) -> dict[str, tuple[int, LocalTime | None]]:
        """Of each session its place among the buyer's, and when its first buyer message was."""
        return {
            name: (
                place,
                self.calendar.local(session.buyer_messages[0][0]) if session.buyer_messages else None,
            )
            for place, (name, session) in enumerate(buyer.sessions.items())
        }


def _groups(history: History, calendar: Calendar) -> list[_Group]:
    found: dict[Traits, list[tuple[int, BuyerHistory]]] = {}
    for number, buyer in enumerate(history.buyers.values()):
        found.setdefault(traits_of(buyer, calendar), []).append((number, buyer))
    return [_Group(traits, calendar, buyers) for traits, buyers in found.items()]


@dataclass(slots=True)
class _Table:
    """Items as columns, each buyer's together, each session's in time order. Stamps are `micros`."""

    at: Ints
    start: Ints
    wait: Ints
    """-1 where it is unanswered."""
    day: Ints
    """Ordinal of its local day."""
    clock: Ints
    """Its local time of day, microseconds since midnight."""
    first_day: Ints
    first_clock: Ints
    """The same of the session's first buyer message."""
    buyer: Ints
    session: Ints
    """A number of the session in its buyer's history."""
    replier: Ints
    """Number of the person who answered, -1 where nobody bears the answer: then the window decides whose it is."""
    unowned: list[tuple[Item, BuyerHistory]]
    """The items without a replier, in order of rows; kept only where agents are counted."""
    owned_by: dict[int, Ints] = field(default_factory=dict, init=False)
    """Whose the items are, by `window_s`."""

    @classmethod
    def of_items(cls, items: Iterable[_Placed], names: _Names | None) -> _Table:
        """Columns of items; `names` is None where nobody asks for agents."""
        rows = []
        unowned = []
        for item, buyer, number, place, first in items:
            replier = _NO_AGENT
            if names is None:
                pass
            elif item.reply is not None and item.reply.sender in _HUMAN and item.reply.agent is not None:
                replier = names.number(item.reply.agent)
            else:
                unowned.append((item, buyer))
            wait = _UNANSWERED if item.reply_at is None else max(0, item.reply_at - item.start)
            day, first_day = item.day.toordinal(), first.day.toordinal()
            rows.append(
                (item.at, item.start, wait, day, item.clock, first_day, first.micros, number, place, replier)
            )
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), len(_COLUMNS)).T
        return cls(**dict(zip(_COLUMNS, columns, strict=True)), unowned=unowned)

    @classmethod
    def of_parts(cls, parts: list[_Table]) -> _Table:
        nothing = np.zeros(0, dtype=np.int64)
        joined = {
            name: np.concatenate([nothing, *(getattr(part, name) for part in parts)]) for name in _COLUMNS
        }
        return cls(**joined, unowned=[pair for part in parts for pair in part.unowned])

    def agents(self, definition: Definition, names: _Names) -> Ints:
        """Whose each item is, as the evaluator has it, by number."""
        found = self.owned_by.get(definition.window_s)
        if found is None:
            found = self.owned_by[definition.window_s] = self.replier.copy()
            found[self.replier == _NO_AGENT] = [
                names.number(agent_of(item, buyer, definition)) for item, buyer in self.unowned
            ]
        return found


_COLUMNS: Final = (
    "at",
    "start",
    "wait",
    "day",
    "clock",
    "first_day",
    "first_clock",
    "buyer",
    "session",
    "replier",
)


def _in_hours(clock: Ints, definition: Definition) -> Flags:
    inside: Flags = np.zeros(len(clock), dtype=np.bool_)
    for span in definition.hours:
        start, end = span.start_s * 1_000_000, span.end_s * 1_000_000
        before_end = clock <= end if definition.hours_end_inclusive else clock < end
        inside |= (clock >= start) & before_end if start < end else (clock >= start) | before_end
    return inside


_GOOD, _MISSED, _PENDING = range(3)


def _states(table: _Table, rows: Ints, definition: Definition, as_of: int | None) -> Ints:
    longest = longest_wait(definition)
    wait = table.wait[rows]
    answered = wait != _UNANSWERED
    state: Ints = np.where(answered & (wait <= longest), _GOOD, _MISSED).astype(np.int64)
    if as_of is not None:
        state[~answered & (as_of - table.start[rows] <= longest)] = _PENDING
    return state


def _units(
    table: _Table, rows: Ints, day: Ints, keys: Ints, state: Ints, definition: Definition
) -> tuple[Ints, Ints]:
    """(key, state) of each session or person that has an item in these rows."""
    if not len(rows):
        return keys, state
    buyer = table.buyer[rows]
    if definition.unit is Unit.SESSION:
        within = table.session[rows]
    elif definition.dedupe is Dedupe.DAY:
        within = day
    else:
        within = np.zeros(len(rows), dtype=np.int64)
    # Items of a unit together, in order of time; equal stamps keep the order of sessions.
    order = np.lexsort((table.at[rows], within, buyer, keys))
    keys, state, buyer, within = keys[order], state[order], buyer[order], within[order]
    begins = np.flatnonzero(
        np.concatenate(
            (
                [True],
                (np.diff(keys) != 0) | (np.diff(buyer) != 0) | (np.diff(within) != 0),
            )
        )
    )
    return keys[begins], _verdicts(table.wait[rows][order], state, begins, definition)


def _verdicts(wait: Ints, state: Ints, begins: Ints, definition: Definition) -> Ints:
    """The state of each unit, of which `begins` has the first row."""
    if definition.session_rule is SessionRule.FIRST_ITEM:
        return state[begins]

    def total(values: npt.NDArray[np.generic]) -> Ints:
        sums: Ints = np.add.reduceat(values.astype(np.int64), begins)
        return sums

    pending = total(state == _PENDING) > 0
    if definition.session_rule is SessionRule.ALL_ITEMS:
        missed = total(state == _MISSED) > 0
        return np.where(missed, _MISSED, np.where(pending, _PENDING, _GOOD))
    lost = total((wait == _UNANSWERED) & (state == _MISSED)) > 0
    items = np.diff(np.append(begins, len(state)))
    window = items * definition.window_s * 1_000_000
    waited = total(np.maximum(wait, 0))
    good = waited <= window if definition.inclusive else waited < window
    return np.where(lost, _MISSED, np.where(pending, _PENDING, np.where(good, _GOOD, _MISSED)))
