"""Replies that were not delivered: what became of them, and another try where that still makes sense."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.journal import lock_buyers
from app.db.tables import OutboxRow, OutboxState
from app.usecases.acts import record_act
from app.usecases.considered import Considered
from app.usecases.consoles import console_for_reply
from app.usecases.deliver import objection
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyer
from app.usecases.shops import Shop

UNDELIVERED: Final = (OutboxState.DEAD, OutboxState.EXPIRED)
"""What was not delivered though nobody took it back."""


class UnknownReplyError(LookupError):
    """The shop has no reply with this id."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`queued`: it is sent again, under the same id. Else nothing is sent, and `reasons` say why."""

    reply_id: str
    queued: bool
    reasons: tuple[str, ...] = ()


def list_replies(
    db: Database, shop_id: str, states: Collection[OutboxState], limit: int = 100
) -> list[OutboxRow]:
    """The shop's replies in one of these states, the newest first."""
    return list(
        db.exec(
            select(OutboxRow)
            .where(OutboxRow.shop_id == shop_id, col(OutboxRow.state).in_(list(states)))
            .order_by(col(OutboxRow.created_at).desc(), col(OutboxRow.id))
            .limit(limit)
        )
    )


def replay(db: Database, knowledge: Knowledge, shop: Shop, reply_id: str, now: datetime, by: str) -> Replayed:
    """Try to deliver a reply once more, as somebody (`by`) asked for. What is too late, or no longer wanted, is never sent.

    Raises `UnknownReplyError`.
    """
    row = db.get(OutboxRow, (shop.id, reply_id))
    if row is None:
        raise UnknownReplyError(f"没有自动回复 {reply_id} / unknown reply")
    lock_buyers(db, shop.id, [row.buyer])
    reasons = _why_not(db, knowledge, shop, row, now)
    if not reasons:
        row.state, row.due_at, row.attempts = OutboxState.QUEUED.value, now, 0
        title = "重新发送自动回复"
    else:
        title = "没有重新发送"
    record_act(
        db,
        shop.id,
        kind="replayed" if not reasons else "held_back",
        at=now,
        session=row.session,
        buyer=row.buyer,
        about=row.id,
        title=title,
        text=row.text,
        detail={"reasons": list(reasons) or [f"{by} 要求重发"], "purpose": row.purpose},
        part=f"replay:{now.isoformat()}",
    )
    return Replayed(row.id, not reasons, reasons)


def _why_not(
    db: Database, knowledge: Knowledge, shop: Shop, row: OutboxRow, now: datetime
) -> tuple[str, ...]:
    """Why a reply is not sent again; empty if it is. In the order in which a person would ask."""
    if row.state not in UNDELIVERED:
        return (f"这条回复的状态是 {row.state}，不是未送达",)
    if now > row.expires_at:
        return ("已过时限，机器不再补发；需要时请人工回复",)
    if shop.callback_url is None and console_for_reply(db, shop.id, row.session) is None:
        return (f"店铺没有回调地址；先用 miaohui shop callback {shop.id} 地址 设置",)
    considered = Considered(db, knowledge, look_at_buyer(db, shop, row.buyer, {row.session}, now))
    no = objection(considered, row)
    # Who is typing now only makes it wait: the guards are asked again when it is sent.
    return no.reasons if no is not None and no.until is None else ()


def reply_json(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "session": row.session,
        "buyer": row.buyer,
        "item": row.item_id,
        "purpose": row.purpose,
        "text": row.text,
        "state": row.state,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
    }
