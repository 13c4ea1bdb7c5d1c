"""Why a message was answered or not: everything that was decided about it, in the order in which it happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Say, decide_before_deadline
from app.db.tables import ActRow, DeadlineRow, EventRow, OutboxRow
from app.usecases.considered import Considered, message_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyer
from app.usecases.shops import read_shop
from app.usecases.situations import situation_of, sources_of


def explain(
    db: Database, knowledge: Knowledge, shop_id: str, event_id: str, now: datetime
) -> dict[str, Any] | None:
    """The clock, the acts, the outbox, and what would be decided now. None for an event that is not known."""
    event = db.get(EventRow, (shop_id, event_id))
    if event is None:
        return None
    shop = read_shop(db, knowledge.profiles, shop_id)
    deadline = db.get(DeadlineRow, (shop_id, event_id))
    replies = db.exec(
        select(OutboxRow).where(OutboxRow.shop_id == shop_id, OutboxRow.item_id == event_id)
    ).all()
    about = [event_id, *(reply.id for reply in replies)]
    acts = db.exec(
        select(ActRow)
        .where(ActRow.shop_id == shop_id, col(ActRow.about).in_(about))
        .order_by(col(ActRow.at), col(ActRow.id))
    ).all()
    out: dict[str, Any] = {
        "event": event.body,
        "received_at": event.received_at.isoformat(),
        "clock": None,
        "replies": [_reply(reply) for reply in replies],
        "acts": [_act(act) for act in acts],
        "now": None,
    }
    if deadline is not None:
        out["clock"] = {
            "opened_at": deadline.opened_at.isoformat(),
            "deadline_at": deadline.deadline_at.isoformat(),
            "counted": deadline.counted,
            "missed": deadline.missed,
            "next_step": deadline.step,
            "next_step_at": deadline.due_at.isoformat() if deadline.due_at else None,
        }
    if event.buyer is None or event.session is None:
        return out
    picture = look_at_buyer(db, shop, event.buyer, {event.session}, now)
    item = picture.item(event_id)
    if item is None:
        out["now"] = {"open": False, "reasons": ["这条消息现在不在等待回复 / not waiting"]}
        return out
    session = picture.sessions[event.session]
    considered = Considered(db, knowledge, picture)
    found = considered.found_for(session, item)
    decision = decide_before_deadline(
        situation_of(considered, session, item), sources_of(considered, session, message_of(session, item))
    )
    out["now"] = {
        "open": True,
        "would_say": decision.text if isinstance(decision, Say) else None,
        "code": decision.purpose.value if isinstance(decision, Say) else decision.code,
        "reasons": list(decision.reasons),
        "suggestions": considered.hits_json(session, found),
    }
    return out


def _reply(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "purpose": row.purpose,
        "sender": row.sender,
        "text": row.text,
        "state": row.state,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
    }


def _act(row: ActRow) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "title": row.title,
        "text": row.text,
        "detail": row.detail,
        "late": row.late,
    }
