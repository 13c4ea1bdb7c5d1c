"""Our own replies as a console reports them that does not tell machines from people: marked, before they are taken.

Without it such a reply would be known for ours (`app/core/sessions.py`) but keep the console's word that a person sent it,
and count as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import Event, EventType, Sender
from app.core.fields import Refused
from app.core.sessions import ECHO_WITHIN
from app.db.journal import echoes_of
from app.db.tables import OutboxRow, OutboxState


def mark_own_words(
    db: Database, shop_id: str, read: Sequence[Event | Refused], now: datetime
) -> list[Event | Refused]:
    """The same, with `echo_of` and our own sender on each message that says what we said there just before or say now."""
    return [
        _marked(db, shop_id, entry, now) if isinstance(entry, Event) and _may_be_ours(entry) else entry
        for entry in read
    ]


def _may_be_ours(event: Event) -> bool:
    return (
        event.type is EventType.MESSAGE
        and event.sender is Sender.AGENT
        and bool(event.text)
        and "echo_of" not in event.extra
    )


def _marked(db: Database, shop_id: str, event: Event, now: datetime) -> Event:
    said = db.exec(
        select(OutboxRow)
        .where(
            OutboxRow.shop_id == shop_id,
            OutboxRow.session == event.session,
            OutboxRow.text == event.text,
            # Somebody is sending it at this moment, or tried and heard no answer; or we know that it was sent.
            ((col(OutboxRow.state) == OutboxState.QUEUED.value) & (col(OutboxRow.due_at) > now))
            | (
                (col(OutboxRow.state) == OutboxState.SENT.value)
                & col(OutboxRow.sent_at).between(event.at - ECHO_WITHIN, event.at + ECHO_WITHIN)
            ),
        )
        .order_by(col(OutboxRow.created_at), col(OutboxRow.id))
    )
    ours = next((row for row in said if not _reported(db, event, row)), None)
    if ours is None:
        return event
    return event.evolve(sender=Sender(ours.sender), extra={**event.extra, "echo_of": ours.id})


def _reported(db: Database, event: Event, reply: OutboxRow) -> bool:
    """Does another event stand for this reply already? Then this one is a person who said the same."""
    since = reply.created_at - ECHO_WITHIN
    known = echoes_of(db, reply.shop_id, reply.session, reply.id, since)
    return any(event_id != event.id for event_id in known)
