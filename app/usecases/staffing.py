"""Gather: is anybody there to answer?"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session as Database
from sqlmodel import select

from app.core.situations import Staffing
from app.db.tables import PresenceRow
from app.usecases.opening import state_of
from app.usecases.shops import Shop


def staffing_of(db: Database, shop: Shop, now: datetime) -> Staffing:
    """By the shop's hours, and by who is online now."""
    return staffing_by_hours(shop, now, agents_online(db, shop, now))


def staffing_by_hours(shop: Shop, at: datetime, online: bool | None) -> Staffing:
    """By the shop's hours at a time, and while it is open, or has set none, by whether anybody was `online` (None: not known).

    A closed shop is not staffed, though a console may be left open over night. Of an open one, agents are known to come and go
    and none is online: nobody is there either, and nobody knows until when.
    """
    state = state_of(shop, at)
    if state.open is False:
        return Staffing(staffed=False, opens_at=state.opens_at)
    return Staffing(staffed=state.open if online is None else online)


def agents_online(db: Database, shop: Shop, now: datetime) -> bool | None:
    """Is an agent online? None where agents are not known to come and go."""
    online = db.exec(
        select(PresenceRow.online).where(PresenceRow.shop_id == shop.id, PresenceRow.at <= now)
    ).all()
    return any(online) if online else None
