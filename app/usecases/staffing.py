"""Gather: is anybody there to answer?"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session as Database
from sqlmodel import select

from app.core.situations import Staffing
from app.db.tables import PresenceRow
from app.usecases.shops import Shop


def staffing_of(db: Database, shop: Shop, now: datetime) -> Staffing:
    """By who is online: nobody is there if agents are known to come and go and none is online."""
    online = db.exec(
        select(PresenceRow.online).where(PresenceRow.shop_id == shop.id, PresenceRow.at <= now)
    ).all()
    return Staffing(staffed=any(online)) if online else Staffing()
