"""What the machine did, and what it wants to say: acts and the outbox.

Both are written once under a name made of what they are about, so that doing the same work twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session as Database

from app.core.auto_reply import Decision, Say
from app.core.clocks import OpenItem
from app.core.sessions import Message, Session
from app.db.tables import ActRow, OutboxRow, OutboxState
from app.db.upserts import insert_new
from app.usecases.alerts import queue_alerts
from app.usecases.consoles import console_for_reply
from app.usecases.picture import Picture

CONSIDERED: Final = "considered"
"""The kind of act that only explains: what was looked at and left alone when a message came."""


def record_act(db: Database, shop_id: str, **what: Any) -> None:
    """Note what the machine did, once for each (kind, about, part); the arguments are those of `act`."""
    record_acts(db, [act(shop_id, **what)])


def record_acts(db: Database, acts: Sequence[Mapping[str, Any]]) -> None:
    """Note several at once, and what the shop's people are to be told of those that were not noted before."""
    new = insert_new(db, ActRow, acts)
    queue_alerts(db, [act for act in acts if act["id"] in new])


def act(
    shop_id: str,
    *,
    kind: str,
    at: datetime,
    session: str,
    buyer: str,
    about: str,
    title: str,
    text: str = "",
    detail: Mapping[str, Any] | None = None,
    late: bool = False,
    part: str = "",
) -> dict[str, Any]:
    """What the machine did, as a row to be noted."""
    return {
        "shop_id": shop_id,
        "id": _name(kind, about, part),
        "at": at,
        "kind": kind,
        "session": session,
        "buyer": buyer,
        "about": about,
        "title": title,
        "text": text,
        "detail": dict(detail or {}),
        "late": late,
    }


def record_decision(
    db: Database, picture: Picture, item: OpenItem, decision: Decision, *, late: bool = False
) -> str | None:
    """Carry a decision into the outbox and note it; the outbox id if something is to be said."""
    if isinstance(decision, Say):
        sends = (
            picture.shop.callback_url is not None
            or console_for_reply(db, picture.shop.id, item.session) is not None
        )
        reply_id = say(db, picture, item, decision, sends=sends)
        if reply_id is None:
            return None
        record_act(
            db,
            picture.shop.id,
            kind="queued" if sends else "offered",
            at=picture.now,
            session=item.session,
            buyer=item.buyer,
            about=reply_id,
            title="准备自动回复" if sends else "已备好回复，请一键发送",
            text=decision.text,
            detail={
                "reasons": list(decision.reasons),
                "purpose": decision.purpose.value,
                "item": item.item_id,
            },
            late=late,
        )
        return reply_id
    record_act(
        db,
        picture.shop.id,
        kind="held_back",
        at=picture.now,
        session=item.session,
        buyer=item.buyer,
        about=item.item_id,
        title="没有自动回复",
        detail={"code": decision.code, "reasons": list(decision.reasons)},
        late=late,
        part=decision.code,
    )
    return None


def record_at_once(db: Database, picture: Picture, item: OpenItem, decision: Decision) -> bool:
    """Carry out what was decided about a message that has just come; whether something is to be said.

    A silence is noted for those who ask why, and only where the shop lets the machine answer at once.
    """
    if isinstance(decision, Say):
        return record_decision(db, picture, item, decision) is not None
    if picture.shop.policy.answer == "at_once":
        record_act(
            db,
            picture.shop.id,
            kind=CONSIDERED,
            at=picture.now,
            session=item.session,
            buyer=item.buyer,
            about=item.item_id,
            title="收到时没有立即回答",
            detail={"code": decision.code, "reasons": list(decision.reasons)},
        )
    return False


def say(db: Database, picture: Picture, item: OpenItem, decision: Say, *, sends: bool) -> str | None:
    """Put a reply into the outbox, to be sent or offered; its id, or None if the same was already decided."""
    shop = picture.shop
    once = f"{item.buyer}:{decision.once}"
    reply_id = f"mh-{_name(shop.id, once)}"
    row = {
        "shop_id": shop.id,
        "id": reply_id,
        "once": once,
        "session": item.session,
        "buyer": item.buyer,
        "item_id": item.item_id,
        "purpose": decision.purpose.value,
        "sender": decision.sender.value,
        "text": decision.text,
        "phrase_id": decision.phrase_id,
        "created_at": picture.now,
        "expires_at": decision.expires_at,
        "state": (OutboxState.QUEUED if sends else OutboxState.OFFERED).value,
        "due_at": picture.now if sends else None,
        "attempts": 0,
    }
    return reply_id if insert_new(db, OutboxRow, [row]) else None


def record_findings(
    db: Database, picture: Picture, session: Session, message: Message, findings: Iterable[dict[str, Any]]
) -> None:
    """Findings become acts, which the live page shows."""
    record_acts(
        db,
        [
            act(
                picture.shop.id,
                kind="finding",
                at=message.at,
                session=session.id,
                buyer=session.buyer,
                about=message.id,
                title=found["name"],
                text=message.text,
                detail=found | {"agent": message.agent},
                part=f"{found['rule']}:{found['start']}",
            )
            for found in findings
        ],
    )


def _name(*parts: str) -> str:
    """A short stable name made of what something is about."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
