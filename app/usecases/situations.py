"""Gather what a decision to speak looks at, and where its words come from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, or_, select

from app.core.auto_reply import Sources
from app.core.clocks import OpenItem
from app.core.inviting import INVITE_WITHIN, invite_due_at
from app.core.sessions import Message, Session
from app.core.situations import Purpose, Situation, last_words, phrases_chosen
from app.db.tables import OutboxRow, OutboxState, SessionRow
from app.usecases.considered import Considered, message_of, values_of
from app.usecases.picture import mood_of, said_to
from phrasebank import Result

_STANDING = (OutboxState.QUEUED.value, OutboxState.OFFERED.value, OutboxState.SENT.value)
"""States of words that the buyer has heard or is about to hear."""


def situation_of(considered: Considered, session: Session, item: OpenItem) -> Situation:
    """The situation of an open item as of the picture's time."""
    return _situation(
        considered,
        session,
        item,
        message_of(session, item),
        item.at,
        item.deadline_at,
        decided=lambda: considered.records.decided(session.id),
    )


def situation_to_invite(considered: Considered, session: Session) -> Situation:
    """The situation of a session in which nothing may be waiting, as of the picture's time."""
    last = last_words(session)
    said_at = last.at if last is not None else considered.picture.now
    due_at = invite_due_at(session, considered.picture.shop.policy) or said_at
    return _situation(
        considered,
        session,
        None,
        session.last_buyer_message,
        said_at,
        due_at + INVITE_WITHIN,
        decided=lambda: considered.records.decided(session.id),
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
        phrases=lambda purpose: (
            considered.invitations(session)
            if purpose is Purpose.INVITE
            else considered.phrases(session, phrases_chosen(purpose, policy))
        ),
        linter=considered.knowledge.reports,
    )


def _situation(
    considered: Considered,
    session: Session,
    item: OpenItem | None,
    message: Message | None,
    asked_at: datetime,
    expires_at: datetime,
    *,
    decided: Callable[[], frozenset[str]] = frozenset,
    but_not: str = "",
) -> Situation:
    knowledge, picture, records = considered.knowledge, considered.picture, considered.records
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
        flagged=lambda: records.flagged(session.buyer),
        staffing=records.staffing,
        decided=decided,
        heard_at=lambda purpose: _heard_at(considered.db, shop.id, session, purpose, picture.now, but_not),
        advice=lambda: considered.advice_now(session),
        invited=lambda: _invited(considered.db, shop.id, session, but_not),
    )


def _invited(db: Database, shop_id: str, session: Session, but_not: str) -> bool:
    """Is another invitation under way, offered or sent? One that never left the outbox is none."""
    never_left = (
        col(OutboxRow.state).in_((OutboxState.DROPPED.value, OutboxState.EXPIRED.value))
        & col(OutboxRow.last_error).is_(None)
        & (OutboxRow.attempts == 0)
    )
    found = db.exec(
        select(OutboxRow.id)
        .where(
            OutboxRow.shop_id == shop_id,
            OutboxRow.session == session.id,
            OutboxRow.purpose == Purpose.INVITE.value,
            OutboxRow.id != but_not,
            ~never_left,
        )
        .limit(1)
    )
    return found.first() is not None


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
