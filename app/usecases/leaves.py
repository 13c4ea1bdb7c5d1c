"""Messages that buyers left while nobody was there (离线留言), where the console gives no hint and the platform does not count them.

That a message was left so is noted once, when it comes, and stands: hours that are changed later, and reports of agents that come
late, change no count of the past.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.definitions import OfflineLeave
from app.core.events import Event, EventType, Sender
from app.core.profiles import Profile
from app.db.tables import LeaveRow
from app.db.upserts import insert_new
from app.usecases.opening import state_of
from app.usecases.shops import Shop
from app.usecases.staffing import agents_online

FRESH: Final = timedelta(minutes=10)
"""Of a message that comes later than this nobody knows any more who was online."""
_ASKED_BY_ID: Final = 5000


def drops_leaves(profile: Profile) -> bool:
    """Does a measure of the platform leave such messages out?"""
    return any(
        edition.definition.offline_leave is OfflineLeave.DROP
        for measure in profile.measures
        for edition in measure.editions
    )


def note_leaves(db: Database, shop: Shop, events: Iterable[Event], now: datetime) -> None:
    """Note which of these events, which have just come, were left outside the hours while nobody was online."""
    if not drops_leaves(shop.profile):
        return
    closed = [
        event
        for event in events
        if _may_be_leave(event) and now - event.at <= FRESH and state_of(shop, event.at).open is False
    ]
    if closed and agents_online(db, shop, now) is False:
        insert_new(
            db,
            LeaveRow,
            [{"shop_id": shop.id, "event_id": event.id} for event in closed],
            returning="event_id",
        )


def leaves_of(db: Database, shop: Shop, events: Iterable[Event] | None = None) -> frozenset[str]:
    """The ids of messages that were left so, those of these events among them; without events, all of the shop's."""
    if not drops_leaves(shop.profile):
        return frozenset()
    query = select(LeaveRow.event_id).where(LeaveRow.shop_id == shop.id)
    if events is not None:
        ids = [event.id for event in events if _may_be_leave(event)]
        if not ids:
            return frozenset()
        if len(ids) <= _ASKED_BY_ID:
            query = query.where(col(LeaveRow.event_id).in_(ids))
    return frozenset(db.exec(query))


def with_leave(event: Event, leaves: Collection[str]) -> Event:
    """The event, marked if it was left so."""
    return event.evolve(offline=True) if event.id in leaves and event.offline is None else event


def _may_be_leave(event: Event) -> bool:
    return event.type is EventType.MESSAGE and event.sender is Sender.BUYER and event.offline is None
