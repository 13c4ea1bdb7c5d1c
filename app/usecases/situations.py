"""Gather what a decision to speak looks at, and where its words come from."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, partial

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, or_, select

from app.core.auto_reply import Sources
from app.core.clocks import OpenItem
from app.core.events import EventType
from app.core.sessions import Message, Session
from app.core.situations import Purpose, Situation, phrases_chosen
from app.db.tables import EventRow, OutboxRow, OutboxState, SessionRow
from app.usecases.considered import Considered, message_of, values_of
from app.usecases.picture import mood_of, said_to
from app.usecases.staffing import staffing_of
from phrasebank import Result

FLAG_LASTS = timedelta(days=30)
"""So long nothing is said unattended to a buyer who was flagged, in whatever session."""
_STANDING = (OutboxState.QUEUED.value, OutboxState.OFFERED.value, OutboxState.SENT.value)
"""States of words that the buyer has heard or is about to hear."""


def situation_of(considered: Considered, session: Session, item: OpenItem) -> Situation:
    """The situation of an open item as of the picture's time."""
    picture = considered.picture
    return _situation(
        considered,
        session,
        item,
        message_of(session, item),
        item.at,
        item.deadline_at,
        decided=partial(_decided, considered.db, picture.shop.id, session.id, picture.now),
    )


def situation_of_letter(considered: Considered, session: Session, row: OutboxRow) -> Situation:
    """The situation of words that are about to leave. What was decided on before is they themselves."""
    item = considered.picture.item(row.item_id)
    message = next((m for m in session.messages if m.id == row.item_id), None)
    asked_at = item.at if item is not None else message.at if message is not None else row.created_at
    if item is not None:
        message = message_of(session, item)
    return _situation(considered, session, item, message, asked_at, row.expires_at, but_not=row.id)


def sources_of(considered: Considered, session: Session, message: Message | None) -> Sources:
    """Where words for a message of the session come from."""
    policy = considered.picture.shop.policy

    def found() -> Result:
        return considered.found(session, message)

    return Sources(
        found=found,
        phrases=lambda purpose: considered.phrases(session, phrases_chosen(purpose, policy)),
        linter=considered.knowledge.linter,
    )


def _situation(
    considered: Considered,
    session: Session,
    item: OpenItem | None,
    message: Message | None,
    asked_at: datetime,
    expires_at: datetime,
    *,
    decided: partial[frozenset[str]] | None = None,
    but_not: str = "",
) -> Situation:
    db, knowledge, picture = considered.db, considered.knowledge, considered.picture
    shop = picture.shop
    typed = knowledge.typists.typed(shop.id, session.id)
    return Situation(
        session=session,
        item=item,
        message=message,
        asked_at=asked_at,
        policy=shop.policy,
        platform=shop.profile.platform,
        now=picture.now,
        zone=shop.timezone,
        expires_at=expires_at,
        mood=lambda: mood_of(session, knowledge.moods),
        said=frozenset().union(*(said_to(other) for other in picture.sessions.values())),
        values=values_of(shop, session),
        typed=typed if typed is not None and typed.at <= picture.now else None,
        flagged=cache(lambda: _flagged(db, shop.id, session.buyer, picture.now)),
        staffing=lambda: staffing_of(db, shop, picture.now),
        decided=decided or frozenset,
        heard_at=lambda purpose: _heard_at(db, shop.id, session, purpose, picture.now, but_not),
    )


def _decided(db: Database, shop_id: str, session: str, by: datetime) -> frozenset[str]:
    rows = db.exec(
        select(OutboxRow.buyer, OutboxRow.once).where(
            OutboxRow.shop_id == shop_id, OutboxRow.session == session, OutboxRow.created_at <= by
        )
    )
    return frozenset(once.removeprefix(f"{buyer}:") for buyer, once in rows.all())


def _flagged(db: Database, shop_id: str, buyer: str, now: datetime) -> bool:
    flag = select(EventRow.id).where(
        EventRow.shop_id == shop_id,
        EventRow.buyer == buyer,
        EventRow.at > now - FLAG_LASTS,
        EventRow.at <= now,
        EventRow.type == EventType.BUYER_FLAGGED.value,
    )
    return db.exec(flag.limit(1)).first() is not None


def _heard_at(
    db: Database, shop_id: str, session: Session, purpose: Purpose, by: datetime, but_not: str
) -> datetime | None:
    sessions = select(SessionRow.id).where(SessionRow.shop_id == shop_id, SessionRow.buyer == session.buyer)
    return db.exec(
        select(func.max(OutboxRow.created_at)).where(
            OutboxRow.shop_id == shop_id,
            or_(OutboxRow.session == session.id, col(OutboxRow.session).in_(sessions)),
            OutboxRow.purpose == purpose.value,
            col(OutboxRow.state).in_(_STANDING),
            OutboxRow.created_at <= by,
            OutboxRow.id != but_not,
        )
    ).one()
