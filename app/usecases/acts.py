"""What the machine did, and what it wants to say: acts and the outbox.

Both are written once under a name made of what they are about, so that doing the same work twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlmodel import Session as Database

from app.core.auto_reply import Decision, Purpose, Say, Silence
from app.core.clocks import OpenItem
from app.core.invites import InviteAdvice
from app.core.sessions import Message, Session
from app.db.tables import ActRow, OutboxRow, OutboxState
from app.db.upserts import insert_new
from app.gateways.consoles import console_of
from app.usecases.alerts import queue_alerts
from app.usecases.consoles import ShopConsole, consoles_for_replies
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


class About(Protocol):
    """What is decided about: an open item, or the last words of a talk."""

    @property
    def item_id(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def buyer(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk in which nothing waits. `item_id` is the buyer's last message."""

    item_id: str
    session: str
    buyer: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about an item or a talk of a picture. `late`: long after the moment for it had come."""

    picture: Picture
    item: About
    decision: Decision
    late: bool = False


def record_decisions(db: Database, decided: Sequence[Decided]) -> set[str]:
    """Carry decisions of one shop into the outbox and note them; the outbox ids of what is to be said."""
    said: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    acts: list[dict[str, Any]] = []
    consoles: dict[str, ShopConsole] | None = None
    for one in decided:
        if not isinstance(one.decision, Say):
            acts.append(held_back(one, one.decision, "没有自动回复"))
            continue
        sends = one.picture.shop.callback_url is not None
        if not sends:
            consoles = consoles_for_replies(db, one.picture.shop.id) if consoles is None else consoles
            sends = console_of(one.item.session) in consoles
        row = _reply(one, one.decision, sends=sends)
        said.setdefault(row["id"], (row, _prepared(one, one.decision, row["id"], sends=sends)))
    new = insert_new(db, OutboxRow, [row for row, _ in said.values()])
    record_acts(db, acts + [prepared for reply_id, (_, prepared) in said.items() if reply_id in new])
    return new


def called(purpose: str) -> str:
    """What people call words that the machine says by itself for this purpose."""
    return "自动邀请评价" if purpose == Purpose.INVITE.value else "自动回复"


def held_back(one: Decided, silence: Silence, title: str) -> dict[str, Any]:
    """That the machine said nothing, and why, as a row to be noted."""
    item = one.item
    return act(
        one.picture.shop.id,
        kind="held_back",
        at=one.picture.now,
        session=item.session,
        buyer=item.buyer,
        about=item.item_id,
        title=title,
        detail={"code": silence.code, "reasons": list(silence.reasons)},
        late=one.late,
        part=silence.code,
    )


def record_at_once(db: Database, picture: Picture, item: OpenItem, decision: Decision) -> bool:
    """Carry out what was decided about a message that has just come; whether something is to be said.

    A silence is noted for those who ask why, and only where the shop lets the machine answer at once.
    """
    if isinstance(decision, Say):
        return bool(record_decisions(db, [Decided(picture, item, decision)]))
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


def _reply(decided: Decided, decision: Say, *, sends: bool) -> dict[str, Any]:
    """A reply as a row of the outbox, to be sent or offered. Its id is the same whenever the same is decided."""
    shop, item = decided.picture.shop, decided.item
    once = f"{item.buyer}:{decision.once}"
    return {
        "shop_id": shop.id,
        "id": f"mh-{_name(shop.id, once)}",
        "once": once,
        "session": item.session,
        "buyer": item.buyer,
        "item_id": item.item_id,
        "purpose": decision.purpose.value,
        "sender": decision.sender.value,
        "text": decision.text,
        "phrase_id": decision.phrase_id,
        "created_at": decided.picture.now,
        "expires_at": decision.expires_at,
        "state": (OutboxState.QUEUED if sends else OutboxState.OFFERED).value,
        "due_at": decided.picture.now if sends else None,
        "attempts": 0,
    }


def _prepared(decided: Decided, decision: Say, reply_id: str, *, sends: bool) -> dict[str, Any]:
    item = decided.item
    return act(
        decided.picture.shop.id,
        kind="queued" if sends else "offered",
        at=decided.picture.now,
        session=item.session,
        buyer=item.buyer,
        about=reply_id,
        title=f"准备{called(decision.purpose.value)}" if sends else "已备好回复，请一键发送",
        text=decision.text,
        detail={
            "reasons": list(decision.reasons),
            "purpose": decision.purpose.value,
            "item": item.item_id,
        },
        late=decided.late,
    )


def record_risk(db: Database, picture: Picture, session: Session, advice: InviteAdvice) -> None:
    """That an invitation is out and the buyer came back upset; once for each invitation."""
    assert advice.invitation is not None
    record_act(
        db,
        picture.shop.id,
        kind="rating_at_risk",
        at=picture.now,
        session=session.id,
        buyer=session.buyer,
        about=session.id,
        title="邀请已发出，买家又不满，可能带来差评",
        detail={"reasons": list(advice.reasons)},
        part=advice.invitation.at.isoformat(),
    )


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
