"""The record of alerts: what was told, held back, dropped and lost, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.tables import AlertMessageRow, AlertRow, AlertState


def list_alerts(
    db: Database,
    shop_id: str,
    *,
    channel: str | None = None,
    state: AlertState | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """The latest things to tell. `due_at` is when it is looked at next, None where nothing is left to do."""
    query = select(AlertRow).where(AlertRow.shop_id == shop_id)
    if channel is not None:
        query = query.where(AlertRow.channel == channel)
    if state is not None:
        query = query.where(AlertRow.state == state)
    rows = db.exec(query.order_by(col(AlertRow.at).desc(), AlertRow.id).limit(limit))
    return [
        {
            "id": row.id,
            "channel": row.channel,
            "occasion": row.occasion,
            "session": row.session,
            "buyer": row.buyer,
            "agent": row.agent,
            "item_id": row.item_id,
            "at": row.at.isoformat(),
            "due_at": _text(row.due_at),
            "state": row.state,
            "message": row.message,
        }
        for row in rows
    ]


def list_messages(
    db: Database, shop_id: str, *, channel: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The latest messages, with their words as they were sent."""
    query = select(AlertMessageRow).where(AlertMessageRow.shop_id == shop_id)
    if channel is not None:
        query = query.where(AlertMessageRow.channel == channel)
    rows = db.exec(query.order_by(col(AlertMessageRow.at).desc(), AlertMessageRow.id).limit(limit))
    return [
        {
            "id": row.id,
            "channel": row.channel,
            "at": row.at.isoformat(),
            "due_at": _text(row.due_at),
            "state": row.state,
            "attempts": row.attempts,
            "error": row.error,
            "title": row.title,
            "body": row.body,
        }
        for row in rows
    ]


def held_by_channel(db: Database, shop_id: str) -> dict[str, int]:
    """How many things each channel keeps back for now."""
    query = select(AlertRow.channel, func.count()).where(
        AlertRow.shop_id == shop_id, AlertRow.state == AlertState.HELD
    )
    return dict(db.exec(query.group_by(col(AlertRow.channel))).all())


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
