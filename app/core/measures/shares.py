"""A buyer's share of the counts: the units of one edition, what they come to, and what changes when they do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from app.core.measures.history import SessionHistory
from app.core.measures.items import Bookmark, Item
from app.core.measures.plans import ItemStream, ReplyEdition
from app.core.measures.tallies import Tally, together

ALL, AGENT, GROUP, HOUR, ARRIVAL = "all", "agent", "group", "hour", "arrival"
"""What counts are split by. `hour` has the units formed within an hour ("10"), and only of sessions and persons;
`arrival` has the units of the day by the quarter in which their first item came ("10:45")."""

_HOUR = 3_600_000_000
_QUARTER = 900_000_000


class CountKey(NamedTuple):
    measure: str
    split: str
    day: str
    key: str


class SpanKey(NamedTuple):
    measure: str
    split: str
    day: str
    key: str
    unit: str


class Open(NamedTuple):
    """What is unanswered and may be in time yet: the keys under which it is counted, and until when each item is."""

    keys: tuple[CountKey, ...]
    untils: list[int]


class Changes:
    """What events changed: `counts` by how much (good, counted), `spans` to what (None: to nothing)."""

    __slots__ = ("counts", "spans")

    def __init__(self) -> None:
        self.counts: dict[CountKey, list[int]] = {}
        self.spans: dict[SpanKey, list[Any] | None] = {}

    def add(self, key: CountKey, good: int, counted: int) -> None:
        known = self.counts.get(key)
        if known is None:
            self.counts[key] = [good, counted]
        else:
            known[0] += good
            known[1] += counted


def quarter(clock: int) -> str:
    """The quarter of an hour that a local time of day (microseconds) lies in: "10:45"."""
    return _quarter_text(clock // _QUARTER)


def _quarter_text(number: int) -> str:
    return f"{number // 4:02}:{number % 4 * 15:02}"


class Place(NamedTuple):
    """Where an item is counted within its day: `part` is its hour, of item units its quarter of an hour."""

    agent: str
    group: str
    day: date
    part: int

    def keys(self, measure: str, last: str) -> tuple[CountKey, ...]:
        """The keys of all splits; `last` is the one by time of day."""
        day = self.day.isoformat()
        part = _quarter_text(self.part) if last == ARRIVAL else f"{self.part:02}"
        return (
            CountKey(measure, ALL, day, ""),
            CountKey(measure, AGENT, day, self.agent),
            CountKey(measure, GROUP, day, self.group),
            CountKey(measure, last, day, part),
        )


class Cell:
    """What one session adds at one place: its answered items, and those still unanswered."""

    __slots__ = ("answered", "book", "open", "place", "unit")

    def __init__(self, book: Book, unit: Items | UnitOfDay, place: Place) -> None:
        self.book = book
        self.unit = unit
        self.place = place
        self.answered: Tally | None = None
        self.open: Tally | None = None


class Items:
    """The items of an item unit at one place: every item counts by itself, and every split is the sum of places."""

    __slots__ = ("_counted", "_good", "_keys", "cells", "untils")

    def __init__(self, keys: tuple[CountKey, ...]) -> None:
        self.cells: list[Cell] = []
        self.untils: list[int] = []
        self._keys = keys
        self._good = 0
        self._counted = 0

    def settle(self, changes: Changes) -> None:
        counted = late = 0
        untils: list[int] = []
        for cell in self.cells:
            if cell.answered is not None:
                counted += cell.answered.items
                late += cell.answered.late
            if cell.open is not None:
                counted += cell.open.items
                untils += cell.open.untils
        good = counted - late - len(untils)
        if good != self._good or counted != self._counted:
            for key in self._keys:
                changes.add(key, good - self._good, counted - self._counted)
            self._good, self._counted = good, counted
        self.untils = untils

    def pending(self, newest: int) -> Iterator[Open]:
        # A buyer whom nobody ever answers must not make this grow without end.
        untils = [until for until in self.untils if until >= newest]
        if untils:
            yield Open(self._keys, untils)


class UnitOfDay:
    """A session or person on one day. Under each split it is formed anew, of the items that lie under one key."""

    __slots__ = (
        "_book",
        "_day",
        "_good",
        "_keys",
        "_name",
        "_quarter",
        "_single",
        "_under",
        "cells",
        "untils",
    )

    def __init__(self, book: Book, day: date, name: str) -> None:
        self.cells: list[Cell] = []
        self._book = book
        self._day = day
        self._name = name
        self._under: dict[CountKey, bool] = {}
        """Under which keys it is counted, and whether as good."""
        self._keys: tuple[CountKey, ...] = ()
        self.untils: list[Open] = []
        """Under which of them it is pending, and until when."""
        self._quarter = -1
        self._single: Place | None = None
        """The one place of all its items, if there is only one, and whether it is good there."""
        self._good = False

    def settle(self, changes: Changes) -> None:
        cells = self.cells
        if len(cells) != 1 or (cells[0].answered is None and cells[0].open is None):
            cells = _live(cells)
        if cells and all(cell.place == cells[0].place for cell in cells):
            self._settle_at(cells[0].place, _parts(cells), changes)
        else:
            self._settle_apart(cells, changes)
        if self._book.edition.spans_days:
            self._book.keep_days(self, self._day, self._name, bool(cells), changes)

    def _settle_at(self, place: Place, parts: list[Tally], changes: Changes) -> None:
        """All items lie at one place: under each of its keys the unit is the same."""
        good, until = self._book.edition.judge.verdict_of(parts)
        quarter_ = _first_quarter(parts)
        if place != self._single or quarter_ != self._quarter:
            self._come_under(dict.fromkeys(self._book.keys_of(place), good), quarter_, changes)
        elif good != self._good:
            for key in self._under:
                changes.add(key, 1 if good else -1, 0)
            self._under = dict.fromkeys(self._under, good)
        self._single, self._good = place, good
        self.untils = [Open(self._keys, [until])] if until >= 0 else []

    def _settle_apart(self, cells: list[Cell], changes: Changes) -> None:
        """The items lie at several places, or there are none any more: each key has its own verdict."""
        self._single = None
        self.untils = []
        under = {}
        for key, own in self._by_key(cells).items():
            good, until = self._book.edition.judge.verdict_of(_parts(own))
            under[key] = good
            if until >= 0:
                self.untils.append(Open((key,), [until]))
        self._come_under(under, _first_quarter(_parts(cells)) if cells else -1, changes)
        arrival = tuple(key for key in self._keys if key.split == ARRIVAL)
        whole = [open_.untils for open_ in self.untils if open_.keys[0].split == ALL]
        self.untils += [Open(arrival, untils) for untils in whole]

    def pending(self, _newest: int) -> Iterator[Open]:
        yield from self.untils

    def tallies(self) -> dict[CountKey, Tally]:
        """What it holds under each key of the splits that have a meaning beyond the day."""
        by_key = self._by_key(_live(self.cells))
        return {key: together(_parts(own)) for key, own in by_key.items() if key.split != HOUR}

    def _by_key(self, cells: list[Cell]) -> dict[CountKey, list[Cell]]:
        found: dict[CountKey, list[Cell]] = {}
        for cell in cells:
            for key in self._book.keys_of(cell.place):
                found.setdefault(key, []).append(cell)
        return found

    def _come_under(self, under: dict[CountKey, bool], quarter_: int, changes: Changes) -> None:
        """Be counted under these keys, and among the arrivals of this quarter of an hour (-1: none)."""
        measure, day = self._book.edition.measure, self._day.isoformat()
        if quarter_ >= 0:
            whole = under[CountKey(measure, ALL, day, "")]
            under[CountKey(measure, ARRIVAL, day, _quarter_text(quarter_))] = whole
        before = self._under
        for key, good in under.items():
            was = before.pop(key, None)
            if was is None:
                changes.add(key, int(good), 1)
            elif was != good:
                changes.add(key, good - was, 0)
        for key, was in before.items():
            changes.add(key, -int(was), -1)
        self._under = under
        self._keys = tuple(under)
        self._quarter = quarter_


class Reading:
    """How far a session was read by a stream, and the cells that its items went to in each of the stream's books."""

    __slots__ = ("_cells", "_open_cells", "books", "mark", "name", "session", "stream")

    def __init__(self, stream: ItemStream, books: list[Book], name: str, session: SessionHistory) -> None:
        self.stream = stream
        self.books = books
        self.name = name
        self.session = session
        self.mark = Bookmark()
        self._cells: dict[tuple[int, Place], Cell] = {}
        self._open_cells: list[Cell] = []

    def add(self, item: Item, agent: str, group: str) -> None:
        """Tally an item that counts."""
        for number, book in enumerate(self.books):
            edition = book.edition
            part = item.clock // (_QUARTER if edition.counts_items else _HOUR)
            place = Place(agent, group, item.day, part)
            cell = self._cells.get((number, place))
            if cell is None:
                unit = book.unit(place, self.name)
                cell = self._cells[(number, place)] = Cell(book, unit, place)
                unit.cells.append(cell)
            book.touched[cell.unit] = None
            if item.reply_at is not None:
                tally = cell.answered
                if tally is None:
                    tally = cell.answered = Tally()
            else:
                tally = cell.open
                if tally is None:
                    tally = cell.open = Tally()
                    self._open_cells.append(cell)
            if edition.counts_items:
                tally.count(item, edition.longest_wait)
            else:
                tally.add(item, self.session.began, edition.longest_wait)

    def forget_open(self) -> None:
        """Forget what is unanswered, to read it again."""
        for cell in self._open_cells:
            cell.open = None
            cell.book.touched[cell.unit] = None
        self._open_cells.clear()
        self.mark.back_to_unanswered()

    def forget(self) -> None:
        """Forget all that was read."""
        self.forget_open()
        for cell in self._cells.values():
            cell.answered = None
            cell.book.touched[cell.unit] = None
        self.mark = Bookmark()


class Book:
    """The units of one buyer under one edition."""

    __slots__ = ("_days", "_keys", "_person", "_told", "_units", "edition", "pending", "touched")

    def __init__(self, edition: ReplyEdition, person: str) -> None:
        self.edition = edition
        self.touched: dict[Items | UnitOfDay, None] = {}
        self.pending: dict[Items | UnitOfDay, None] = {}
        self._person = person
        self._units: dict[Place | tuple[date, str], Items | UnitOfDay] = {}
        self._keys: dict[Place, tuple[CountKey, ...]] = {}
        self._days: dict[str, dict[date, UnitOfDay]] = {}
        """Of sessions or persons that may span days: by name, what they are on each."""
        self._told: dict[str, dict[SpanKey, list[Any]]] = {}
        """What is stored of those that do."""

    def keys_of(self, place: Place) -> tuple[CountKey, ...]:
        keys = self._keys.get(place)
        if keys is None:
            last = ARRIVAL if self.edition.counts_items else HOUR
            keys = self._keys[place] = place.keys(self.edition.measure, last)
        return keys

    def unit(self, place: Place, session: str) -> Items | UnitOfDay:
        """What an item at this place is counted in."""
        edition = self.edition
        if edition.counts_items:
            items = self._units.get(place)
            if items is None:
                items = self._units[place] = Items(self.keys_of(place))
            return items
        name = self._person
        if edition.by_session:
            name = f"{name}\x1f{session}"
        unit = self._units.get((place.day, name))
        if unit is None:
            unit = self._units[(place.day, name)] = UnitOfDay(self, place.day, name)
        return unit

    def forget_all(self) -> None:
        """Forget all readings; the units stay until it is settled what they come to now."""
        for unit in self._units.values():
            unit.cells = []
            self.touched[unit] = None

    def settle(self, changes: Changes) -> None:
        """Bring the counts of all units that were touched up to date."""
        for unit in self.touched:
            unit.settle(changes)
            if unit.untils:
                self.pending[unit] = None
            else:
                self.pending.pop(unit, None)
        self.touched.clear()

    def keep_days(self, unit: UnitOfDay, day: date, name: str, there: bool, changes: Changes) -> None:
        """Note whether a unit is there on a day; once it has several, what each of them holds is stored."""
        days = self._days.setdefault(name, {})
        had = len(days)
        if there:
            days[day] = unit
        else:
            days.pop(day, None)
        if had < 2 and len(days) < 2:
            return
        by_key: dict[tuple[str, str], list[tuple[SpanKey, Tally]]] = {}
        for each in days.values():
            for key, tally in each.tallies().items():
                by_key.setdefault((key.split, key.key), []).append((SpanKey(*key, name), tally))
        told = self._told.get(name, {})
        tells = {key: tally.to_json() for own in by_key.values() if len(own) > 1 for key, tally in own}
        for span_key in told.keys() - tells.keys():
            changes.spans[span_key] = None
        for span_key, tally_json in tells.items():
            if told.get(span_key) != tally_json:
                changes.spans[span_key] = tally_json
        self._told[name] = tells


def _live(cells: list[Cell]) -> list[Cell]:
    """The cells that hold anything."""
    return [cell for cell in cells if cell.answered is not None or cell.open is not None]


def _parts(cells: list[Cell]) -> list[Tally]:
    found = []
    for cell in cells:
        if cell.answered is not None:
            found.append(cell.answered)
        if cell.open is not None:
            found.append(cell.open)
    return found


def _first_quarter(parts: list[Tally]) -> int:
    """The quarter of the day in which the first item came."""
    first = parts[0].first
    if len(parts) > 1:
        first = min(part.first for part in parts if part.first is not None)
    assert first is not None
    return first.clock // _QUARTER
