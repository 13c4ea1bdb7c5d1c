"""Invitations and ratings in the journal, found by an index of their own: few events among many messages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session as Database
from sqlmodel import col, func, select

from app.core.events import Event, EventType, parse_event
from app.db.tables import EventRow, SessionRow

# As the index says it, word for word: a database takes the index only where it sees that the condition is the same.
_OF_RATINGS: Final = text("type IN ('rating', 'invite_sent')")
_AT_ONCE: Final = 5_000


def rating_events(db: Database, shop_id: str, since: datetime, until: datetime) -> list[Event]:
    """The shop's invitations and ratings with `since <= at < until`, in the tidy order."""
    rows = db.exec(
        select(EventRow.body)
        .where(EventRow.shop_id == shop_id, EventRow.at >= since, EventRow.at < until, _OF_RATINGS)
        .order_by(col(EventRow.at), col(EventRow.id))
    )
    return [parse_event(body) for body in rows]


def sessions_between(db: Database, shop_id: str, since: datetime, until: datetime) -> dict[str, str]:
    """Sessions whose last event, or a rating, lies in `since <= at < until`: their buyers by session."""
    found = dict(
        db.exec(
            select(SessionRow.id, SessionRow.buyer).where(
                SessionRow.shop_id == shop_id,
                SessionRow.last_event_at >= since,
                SessionRow.last_event_at < until,
            )
        ).all()
    )
    for event in rating_events(db, shop_id, since, until):
        if event.type is EventType.RATING and event.session is not None and event.buyer is not None:
            found.setdefault(event.session, event.buyer)
    return found


def events_counted(db: Database, shop_id: str, sessions: Collection[str]) -> dict[str, int]:
    """How many events each of the sessions has: grows with whatever comes, late events too."""
    names = sorted(sessions)
    counts: dict[str, int] = {}
    for start in range(0, len(names), _AT_ONCE):
        rows = db.exec(
            select(EventRow.session, func.count())
            .where(EventRow.shop_id == shop_id, col(EventRow.session).in_(names[start : start + _AT_ONCE]))
            .group_by(col(EventRow.session))
        )
        counts.update({name: count for name, count in rows if name is not None})
    return counts


def newest_rated_sessions(db: Database, shop_id: str, until: datetime, limit: int) -> list[str]:
    """The sessions of the last `limit` ratings that came no later than `until`, those rated last first."""
    rows = db.exec(
        select(EventRow.session)
        .where(
            EventRow.shop_id == shop_id,
            _OF_RATINGS,
            EventRow.type == EventType.RATING.value,
            EventRow.at <= until,
        )
        .order_by(col(EventRow.at).desc(), col(EventRow.id))
        .limit(limit)
    )
    return list(dict.fromkeys(session for session in rows if session is not None))
