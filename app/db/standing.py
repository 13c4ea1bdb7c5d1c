"""The rows of the standing counts: few statements, many rows each, in plain SQL that both databases understand.

A commit changes some hundred rows here; through the ORM they would cost more than counting them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import orjson
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import Event, parse_event
from app.core.measures.history import micros
from app.core.measures.shares import AGENT, ALL, GROUP, Changes, Open
from app.core.measures.standing import Count, Pending, Span
from app.db.tables import EventRow, MeasureStandingRow

_BUYERS_AT_ONCE: Final = 400
_STREAMED: Final = 5_000
_ROLLED_UP: Final = frozenset({ALL, AGENT, GROUP})
"""Splits that are also kept by month."""
_TABLES: Final = ("measure_count", "measure_month", "measure_pending", "measure_span", "measure_standing")


# Who may change them


def share_shop(db: Database, shop_id: str) -> None:
    """Keep another process from making the shop's counts anew until the transaction ends."""
    if db.get_bind().dialect.name == "postgresql":
        _run(db, "SELECT pg_advisory_xact_lock_shared(?)", [(_shop_lock(shop_id),)])


def take_shop(db: Database, shop_id: str) -> None:
    """Wait until nobody else changes the shop's counts, and keep everybody from it until the transaction ends."""
    if db.get_bind().dialect.name == "postgresql":
        _run(db, "SELECT pg_advisory_xact_lock(?)", [(_shop_lock(shop_id),)])


def read_standing(db: Database, shop_id: str) -> tuple[str, str] | None:
    """(fingerprint, owner) of a shop's counts as they are now; None if there are none."""
    row = _run(db, "SELECT fingerprint, owner FROM measure_standing WHERE shop_id = ?", [(shop_id,)]).first()
    return None if row is None else (row[0], row[1])


def has_events(db: Database, shop_id: str) -> bool:
    return db.exec(select(EventRow.id).where(EventRow.shop_id == shop_id).limit(1)).first() is not None


def write_standing(db: Database, shop_id: str, fingerprint: str, owner: str) -> None:
    _run(
        db,
        "INSERT INTO measure_standing (shop_id, fingerprint, owner) VALUES (?, ?, ?) "
        "ON CONFLICT (shop_id) DO UPDATE SET fingerprint = excluded.fingerprint, owner = excluded.owner",
        [(shop_id, fingerprint, owner)],
    )


# Writing


def write_changes(db: Database, shop_id: str, changes: Changes) -> None:
    """Add to the counts, and set or delete the spans. In the order of keys, so that processes do not deadlock."""
    days = []
    months: dict[tuple[str, str, str, str], list[int]] = {}
    for (measure, split, day, key), (good, counted) in sorted(changes.counts.items()):
        if not good and not counted:
            continue
        days.append((shop_id, measure, split, day, key, good, counted))
        if split in _ROLLED_UP:
            total = months.setdefault((measure, split, day[:7], key), [0, 0])
            total[0] += good
            total[1] += counted
    _add(db, "measure_count", "day", days)
    _add(db, "measure_month", "month", [(shop_id, *key, *total) for key, total in months.items()])
    kept = [
        (shop_id, *key, _json(tally)) for key, tally in sorted(changes.spans.items()) if tally is not None
    ]
    _run(
        db,
        "INSERT INTO measure_span (shop_id, measure, split, day, key, unit, tally) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id, measure, split, day, key, unit) DO UPDATE SET tally = excluded.tally",
        kept,
    )
    _run(
        db,
        "DELETE FROM measure_span "
        "WHERE shop_id = ? AND measure = ? AND split = ? AND day = ? AND key = ? AND unit = ?",
        [(shop_id, *key) for key, tally in sorted(changes.spans.items()) if tally is None],
    )


def _add(db: Database, table: str, period: str, rows: Sequence[tuple[Any, ...]]) -> None:
    _run(
        db,
        f"INSERT INTO {table} (shop_id, measure, split, {period}, key, good, counted) "  # noqa: S608
        f"VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id, measure, split, {period}, key) "
        f"DO UPDATE SET good = {table}.good + excluded.good, counted = {table}.counted + excluded.counted",
        rows,
    )


def pending_row(pending: Sequence[Open]) -> tuple[int, str] | None:
    """What a buyer has open as a row has it: until when at the latest, and the body; None if nothing is."""
    if not pending:
        return None
    # Plain tuples: the JSON writer does not know named ones.
    body = [(list(map(tuple, open_.keys)), open_.untils) for open_ in pending]
    return max(max(open_.untils) for open_ in pending), _json(body)


def write_pending(db: Database, found: Mapping[tuple[str, str], tuple[int, str] | None]) -> None:
    """What each (shop, buyer) has open now, by `pending_row`; None deletes the row."""
    ordered = sorted(found.items())
    _run(
        db,
        "INSERT INTO measure_pending (shop_id, buyer, until, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (shop_id, buyer) DO UPDATE SET until = excluded.until, body = excluded.body",
        [(*key, *row) for key, row in ordered if row is not None],
    )
    _run(
        db,
        "DELETE FROM measure_pending WHERE shop_id = ? AND buyer = ?",
        [key for key, row in ordered if row is None],
    )


def delete_past(db: Database, shop_id: str, before: datetime) -> None:
    """Forget what was open until `before`: it says nothing any more."""
    _run(db, "DELETE FROM measure_pending WHERE shop_id = ? AND until < ?", [(shop_id, micros(before))])


def clear(db: Database, shop_id: str) -> None:
    for table in _TABLES:
        _run(db, f"DELETE FROM {table} WHERE shop_id = ?", [(shop_id,)])  # noqa: S608


# Reading


def read_counts(
    db: Database,
    shop_ids: Sequence[str],
    measure: str,
    splits: Sequence[str],
    first: date,
    last: date,
    *,
    by_day: bool,
) -> dict[str, list[Count]]:
    """The counts of these days (inclusive) by shop; without `by_day` summed over them, whole months from their rows."""
    found: dict[str, list[Count]] = {shop_id: [] for shop_id in shop_ids}
    shops = ", ".join("?" * len(shop_ids))
    if by_day:
        rows = _run(
            db,
            "SELECT shop_id, split, day, key, good, counted FROM measure_count "  # noqa: S608
            f"WHERE shop_id IN ({shops}) AND measure = ? AND split IN ({', '.join('?' * len(splits))}) "
            "AND day BETWEEN ? AND ?",
            [(*shop_ids, measure, *splits, first.isoformat(), last.isoformat())],
        )
        for shop_id, split, day, key, good, counted in rows:
            found[shop_id].append(Count(split, day, key, good, counted))
        return found
    for table, period, start, end in _pieces(first, last):
        for split in splits:
            rows = _run(
                db,
                f"SELECT shop_id, key, SUM(good), SUM(counted) FROM {table} "  # noqa: S608
                f"WHERE shop_id IN ({shops}) AND measure = ? AND split = ? AND {period} BETWEEN ? AND ? "
                "GROUP BY shop_id, key",
                [(*shop_ids, measure, split, start, end)],
            )
            for shop_id, key, good, counted in rows:
                found[shop_id].append(Count(split, start, key, int(good), int(counted)))
    return found


def _pieces(first: date, last: date) -> Iterator[tuple[str, str, str, str]]:
    """A span of days as whole months and the days before and after them: (table, column, from, to)."""
    month_after = _next_month(first) if first.day > 1 else first
    month_end = (
        last.replace(day=1) if _next_month(last).toordinal() - last.toordinal() > 1 else _next_month(last)
    )
    if month_after >= month_end:
        yield "measure_count", "day", first.isoformat(), last.isoformat()
        return
    if first < month_after:
        yield "measure_count", "day", first.isoformat(), _day_before(month_after)
    yield "measure_month", "month", month_after.isoformat()[:7], _day_before(month_end)[:7]
    if month_end <= last:
        yield "measure_count", "day", month_end.isoformat(), last.isoformat()


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _day_before(day: date) -> str:
    return date.fromordinal(day.toordinal() - 1).isoformat()


def read_pending(
    db: Database, shop_ids: Sequence[str], now: datetime
) -> dict[str, list[tuple[str, Pending]]]:
    """What each shop has open at `now`: (measure, pending)."""
    found: dict[str, list[tuple[str, Pending]]] = {shop_id: [] for shop_id in shop_ids}
    rows = _run(
        db,
        "SELECT shop_id, body FROM measure_pending "  # noqa: S608
        f"WHERE shop_id IN ({', '.join('?' * len(shop_ids))}) AND until >= ?",
        [(*shop_ids, micros(now))],
    )
    for shop_id, body in rows:
        found[shop_id] += [
            (measure, Pending(split, day, key, untils))
            for keys, untils in orjson.loads(body)
            for measure, split, day, key in keys
        ]
    return found


def read_spans(
    db: Database, shop_ids: Sequence[str], measure: str, split: str, first: date, last: date
) -> dict[str, list[Span]]:
    """The days of units that have several, by shop."""
    found: dict[str, list[Span]] = {shop_id: [] for shop_id in shop_ids}
    rows = _run(
        db,
        "SELECT shop_id, split, day, key, unit, tally FROM measure_span "  # noqa: S608
        f"WHERE shop_id IN ({', '.join('?' * len(shop_ids))}) AND measure = ? AND split = ? "
        "AND day BETWEEN ? AND ?",
        [(*shop_ids, measure, split, first.isoformat(), last.isoformat())],
    )
    for shop_id, which, day, key, unit, tally in rows:
        found[shop_id].append(Span(which, day, key, unit, orjson.loads(tally)))
    return found


def events_of_buyers(
    db: Database, shop_id: str, buyers: Sequence[str], without: Collection[str]
) -> dict[str, list[Event]]:
    """All events of these buyers but those `without` names by id, in no order."""
    found: dict[str, list[Event]] = {buyer: [] for buyer in buyers}
    for start in range(0, len(buyers), _BUYERS_AT_ONCE):
        some = buyers[start : start + _BUYERS_AT_ONCE]
        rows = _run(
            db,
            "SELECT buyer, id, body FROM event "  # noqa: S608
            f"WHERE shop_id = ? AND buyer IN ({', '.join('?' * len(some))})",
            [(shop_id, *some)],
        )
        for buyer, event_id, body in rows:
            if event_id not in without:
                found[buyer].append(parse_event(orjson.loads(body)))
    return found


def events_by_buyer(db: Database, shop_id: str) -> Iterator[tuple[str, list[Event]]]:
    """All events of a shop, one buyer after the other, without holding more than one buyer's."""
    rows = db.exec(
        select(EventRow.buyer, EventRow.body)
        .where(EventRow.shop_id == shop_id, col(EventRow.buyer).is_not(None))
        .order_by(col(EventRow.buyer))
        .execution_options(yield_per=_STREAMED)
    )
    buyer = ""
    events: list[Event] = []
    for name, body in rows:
        assert name is not None
        if name != buyer and events:
            yield buyer, events
            events = []
        buyer = name
        events.append(parse_event(body))
    if events:
        yield buyer, events


def shops_standing(db: Database) -> dict[str, str]:
    """The fingerprint of each shop that has counts."""
    rows = db.exec(select(MeasureStandingRow.shop_id, MeasureStandingRow.fingerprint))
    return dict(rows.all())


def _run(db: Database, statement: str, rows: Iterable[tuple[Any, ...]]) -> Any:
    """Run a statement, once for each row of parameters (written `?`); the result, if it was one row."""
    given = list(rows)
    if not given:
        return None
    if db.get_bind().dialect.name == "postgresql":
        statement = statement.replace("?", "%s")
    return db.connection().exec_driver_sql(statement, given[0] if len(given) == 1 else given)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _shop_lock(shop_id: str) -> int:
    digest = hashlib.blake2b(f"measures\n{shop_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
