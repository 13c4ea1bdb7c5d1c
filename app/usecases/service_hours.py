"""A shop's service hours and roster are looked at and changed; what waits follows the change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.profiles import Profile
from app.core.roster import Roster, read_roster
from app.core.service_hours import ServiceHours, closes_at, hours_json, staffed
from app.core.service_hours_reading import read_hours
from app.db.journal import lock_buyers
from app.db.tables import DeadlineRow, SessionRow
from app.gateways.china_days import known_years
from app.usecases.opening import CALENDAR, state_of
from app.usecases.picture import look_at_buyers, sessions_with_open_items
from app.usecases.projections import project_deadlines
from app.usecases.shop_documents import (
    hold_hours,
    hold_roster,
    store_hours,
    store_roster,
    stored_roster,
)
from app.usecases.shops import Shop, read_shop
from app.usecases.staff import state_json
from app.usecases.standing import make_sure_counted

Profiles = Mapping[str, Profile]
Change = Callable[[ServiceHours], ServiceHours]


def hours_record(shop: Shop, now: datetime) -> dict[str, Any]:
    """The shop's hours as a document, what they say at `now`, and what to mind."""
    state = state_of(shop, now)
    closing = closes_at(shop.hours, now, CALENDAR) if state.open else None
    return {
        "hours": hours_json(shop.hours),
        "now": now.astimezone(shop.hours.zone).isoformat(),
        "state": state_json(state, closing),
        "staffed": list(staffed(shop.hours, now, CALENDAR)),
        "warnings": list(hours_warnings(shop.hours, now)),
    }


def put_hours(
    db: Database,
    profiles: Profiles,
    shop_id: str,
    raw: object,
    by: str,
    now: datetime,
    *,
    based_on: Collection[str] | None = None,
) -> Shop:
    """Take the document as the shop's hours. Raises `FaultsError` with all that is wrong, and changes nothing then.

    With `based_on` the hours must still be one of these versions; raises `DocumentChangedError` if they are not.
    """
    hold_hours(db, shop_id, based_on)
    timezone = read_shop(db, profiles, shop_id).profile.timezone
    return change_hours(db, profiles, shop_id, lambda _: read_hours(raw, timezone), by, now)


def change_hours(
    db: Database, profiles: Profiles, shop_id: str, change: Change, by: str, now: datetime
) -> Shop:
    """Change the shop's hours. Days that the platform does not assess take effect on what waits, and on the counts."""
    before = read_shop(db, profiles, shop_id)
    store_hours(db, shop_id, change(before.hours), by, now)
    shop = read_shop(db, profiles, shop_id)
    if shop.profile is not before.profile:
        _judge_anew(db, shop, before, now)
        make_sure_counted(db, shop, now)
    return shop


def roster_record(db: Database, shop_id: str) -> dict[str, Any]:
    return {"roster": stored_roster(db, shop_id).to_json()}


def put_roster(
    db: Database,
    shop_id: str,
    raw: object,
    by: str,
    now: datetime,
    *,
    based_on: Collection[str] | None = None,
) -> Roster:
    """Take the document as the shop's roster; as `put_hours`."""
    hold_roster(db, shop_id, based_on)
    roster = read_roster(raw)
    store_roster(db, shop_id, roster, by, now)
    return roster


def _judge_anew(db: Database, shop: Shop, before: Shop, now: datetime) -> None:
    """Have the clocks of what waits follow the days that are now, or no longer, assessed; future ones change none."""
    changed = set(shop.profile.suspended) ^ set(before.profile.suspended)
    if all(days.from_day > shop.day_of(now) for days in changed):
        return
    buyers = set(db.exec(select(DeadlineRow.buyer).where(DeadlineRow.shop_id == shop.id)))
    lock_buyers(db, shop.id, buyers)
    pictures = look_at_buyers(db, shop, sessions_with_open_items(db, shop.id, buyers), now)
    project_deadlines(db, pictures.values())
    waiting = select(SessionRow).where(
        SessionRow.shop_id == shop.id,
        col(SessionRow.buyer).in_(list(buyers)),
        col(SessionRow.waiting_since).is_not(None),
    )
    for row in db.exec(waiting):
        items = pictures[row.buyer].items_of(row.id)
        row.counted = bool(items) and items[0].counted
        db.add(row)


def hours_warnings(hours: ServiceHours, now: datetime) -> list[str]:
    """What to mind of the hours: years whose holidays are not known yet."""
    if not hours.holidays.follows or hours.week is None:
        return []
    today = now.astimezone(hours.zone).date()
    years = [today.year] if today.month < 11 else [today.year, today.year + 1]
    last = known_years()[-1]
    return [
        f"{year} 年的放假安排还不知道（已知到 {last} 年），按平常的星期算；国务院公布后升级 chinesecalendar，"
        "或在 days 里自己填 / the holidays of this year are not known yet"
        for year in years
        if not CALENDAR.knows(year)
    ]
