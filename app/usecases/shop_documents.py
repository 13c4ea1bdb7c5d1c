"""A shop's service hours and roster: read as values, and changed as whole documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlmodel import Session as Database

from app.core.roster import Roster, read_roster
from app.core.service_hours import Closing, ServiceHours, hours_json
from app.core.service_hours_reading import read_hours
from app.db.tables import RosterRow, ServiceHoursRow
from app.usecases.audit import AuditAct, note

_TEXTS_HELD = 1024


def stored_hours(db: Database, shop_id: str, timezone: str) -> ServiceHours:
    """The shop's service hours; hours of which nothing is known where it has set none."""
    row = db.get(ServiceHoursRow, shop_id)
    return ServiceHours(timezone) if row is None else _hours_of(row.body)


def stored_roster(db: Database, shop_id: str) -> Roster:
    """The shop's agents and groups; an empty roster where it has set none."""
    row = db.get(RosterRow, shop_id)
    return Roster() if row is None else _roster_of(row.body)


def store_hours(db: Database, shop_id: str, hours: ServiceHours, by: str, now: datetime) -> None:
    _store(db, ServiceHoursRow, shop_id, hours_json(hours), by, now)
    note(db, shop_id, AuditAct.HOURS_CHANGED, by=by, now=now)


def store_roster(db: Database, shop_id: str, roster: Roster, by: str, now: datetime) -> None:
    _store(db, RosterRow, shop_id, roster.to_json(), by, now)
    note(db, shop_id, AuditAct.ROSTER_CHANGED, by=by, now=now)


def closed_until(hours: ServiceHours, now: datetime, until: datetime, reason: str) -> ServiceHours:
    """The hours with a temporary closing from `now` on in place of one that holds now; those that are over are dropped."""
    return replace(hours, closings=(Closing(now, until, reason), *_later(hours, now)))


def opened_again(hours: ServiceHours, now: datetime) -> ServiceHours:
    """The hours without the temporary closing that holds now; those that are over are dropped."""
    return replace(hours, closings=_later(hours, now))


def _later(hours: ServiceHours, now: datetime) -> tuple[Closing, ...]:
    return tuple(each for each in hours.closings if now < each.from_at)


def _store(
    db: Database,
    table: type[ServiceHoursRow] | type[RosterRow],
    shop_id: str,
    document: dict[str, Any],
    by: str,
    now: datetime,
) -> None:
    row = db.get(table, shop_id, with_for_update=True)
    if row is None:
        row = table(shop_id=shop_id, body="", updated_at=now)
    row.body = orjson.dumps(document).decode()
    row.updated_at, row.updated_by = now, by
    db.add(row)
    db.flush()


@lru_cache(_TEXTS_HELD)
def _hours_of(body: str) -> ServiceHours:
    return read_hours(orjson.loads(body))


@lru_cache(_TEXTS_HELD)
def _roster_of(body: str) -> Roster:
    return read_roster(orjson.loads(body))
