"""A shop's service hours and roster: read as values, and changed as whole documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlmodel import Session as Database

from app.core.roster import Roster, read_roster
from app.core.service_hours import Closing, ServiceHours, hours_json
from app.core.service_hours_reading import read_hours
from app.db.tables import RosterRow, ServiceHoursRow, ShopRow
from app.usecases.audit import AuditAct, note

_TEXTS_HELD = 1024
NOTHING_STORED: Final = "0"
"""The version of a document that the shop has never set."""


class DocumentChangedError(Exception):
    """The document is no longer the version that the editor started from. `current` is the version that stands now."""

    def __init__(self, current: str) -> None:
        super().__init__(
            "别人刚改过，您的还没有保存；请取最新的再改 / somebody else changed it meanwhile, nothing is stored"
        )
        self.current = current


def stored_hours(db: Database, shop_id: str, timezone: str) -> ServiceHours:
    """The shop's service hours; hours of which nothing is known where it has set none."""
    row = db.get(ServiceHoursRow, shop_id)
    return ServiceHours(timezone) if row is None else _hours_of(row.body)


def stored_roster(db: Database, shop_id: str) -> Roster:
    """The shop's agents and groups; an empty roster where it has set none."""
    row = db.get(RosterRow, shop_id)
    return Roster() if row is None else _roster_of(row.body)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it stands. `at` is None, and `by` empty, where the shop has never set it."""

    document: dict[str, Any]
    version: str
    by: str = ""
    at: datetime | None = None


def hours_document(db: Database, shop_id: str, timezone: str) -> StoredDocument:
    """The shop's service hours as a document that is edited."""
    document = hours_json(stored_hours(db, shop_id, timezone))
    return _stored(document, db.get(ServiceHoursRow, shop_id))


def roster_document(db: Database, shop_id: str) -> StoredDocument:
    """The shop's roster as a document that is edited."""
    return _stored(stored_roster(db, shop_id).to_json(), db.get(RosterRow, shop_id))


def hours_version(db: Database, shop_id: str) -> str:
    """Names the shop's service hours as they stand: the same for the same document."""
    return _version(db.get(ServiceHoursRow, shop_id, populate_existing=True))


def roster_version(db: Database, shop_id: str) -> str:
    """Names the shop's roster as it stands: the same for the same document."""
    return _version(db.get(RosterRow, shop_id, populate_existing=True))


def hold_hours(db: Database, shop_id: str, based_on: Collection[str] | None) -> None:
    """Keep others from changing the hours until the transaction ends; they must be one of the versions, unless any will do.

    Raises `DocumentChangedError`.
    """
    _hold(db, hours_version, shop_id, based_on)


def hold_roster(db: Database, shop_id: str, based_on: Collection[str] | None) -> None:
    """The same for the roster."""
    _hold(db, roster_version, shop_id, based_on)


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


def _hold(
    db: Database,
    version_of: Callable[[Database, str], str],
    shop_id: str,
    based_on: Collection[str] | None,
) -> None:
    # The document's row may not be there yet, so it is the shop's that is locked.
    db.get(ShopRow, shop_id, with_for_update=True)
    current = version_of(db, shop_id)
    if based_on is not None and current not in based_on:
        raise DocumentChangedError(current)


def _stored(document: dict[str, Any], row: ServiceHoursRow | RosterRow | None) -> StoredDocument:
    if row is None:
        return StoredDocument(document, _version(row))
    return StoredDocument(document, _version(row), row.updated_by, row.updated_at)


def _version(row: ServiceHoursRow | RosterRow | None) -> str:
    return NOTHING_STORED if row is None else hashlib.blake2b(row.body.encode(), digest_size=12).hexdigest()


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
