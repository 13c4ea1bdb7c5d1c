"""One conversation as the agent who has it open wants it: what waits, what fits, what was said before, what the machine did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.clocks import OpenItem, note_after_machine
from app.core.invites import InviteAdvice
from app.core.rating_effect import Effect
from app.core.recap import Recap
from app.core.routing import RoutingAdvice
from app.core.sessions import Message, Session
from app.db.tables import ActRow, OutboxRow, OutboxState, SessionRow
from app.usecases.absorb import effect_of
from app.usecases.acts import CONSIDERED
from app.usecases.agents import route
from app.usecases.considered import Considered, hit_json, message_of, values_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyer, said_to, sessions_with_open_items
from app.usecases.shops import read_shop
from app.usecases.wordings import wordings_json

ACTS: Final = 6
"""How much of what the machine did is told, the newest."""
_FOR_OTHERS: Final = ("finding", CONSIDERED)
"""Kinds of acts that are shown elsewhere."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open item, what the buyer said there, and what must be seen of its clock."""

    item: OpenItem
    message: Message | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reply that the machine has ready for a person to send."""

    text: str
    purpose: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """A session as of `now`. `waiting` is the oldest first; `acts` the newest first."""

    now: datetime
    session: Session
    edition: str
    waiting: tuple[Waiting, ...]
    suggestions: tuple[dict[str, Any], ...]
    prepared: Prepared | None
    advice: InviteAdvice | None
    effect: Effect | None
    """What following the advice would do to the rate."""
    routing: RoutingAdvice | None
    recap: Recap | None
    acts: tuple[ActRow, ...]

    @property
    def message(self) -> Message | None:
        """What the buyer said last."""
        return self.session.last_buyer_message


def read_conversation(
    db: Database, knowledge: Knowledge, shop_id: str, session_id: str, now: datetime
) -> Conversation | None:
    """The conversation of a session; None if the shop has no such session. Raises `UnknownShopError`."""
    row = db.get(SessionRow, (shop_id, session_id))
    if row is None:
        return None
    shop = read_shop(db, knowledge.profiles, shop_id)
    sessions = sessions_with_open_items(db, shop_id, [row.buyer])[row.buyer] | {session_id}
    picture = look_at_buyer(db, shop, row.buyer, sessions, now)
    considered = Considered(db, knowledge, picture)
    session = picture.sessions[session_id]
    items = picture.items_of(session_id)
    advice = considered.advice(session)
    return Conversation(
        now=now,
        session=session,
        edition=picture.edition.id,
        waiting=tuple(Waiting(item, message_of(session, item), _note(session, item)) for item in items),
        suggestions=tuple(_suggestions(considered, session, items)),
        prepared=_prepared(db, session, items, shop_id, now),
        advice=advice,
        effect=effect_of(considered, advice),
        routing=route(db, picture, session) if items and session.agent is None else None,
        recap=considered.recap(session),
        acts=_acts(db, shop_id, session_id),
    )


def _note(session: Session, item: OpenItem) -> str | None:
    spoke = any(message.by_machine and message.at >= item.at for message in session.standing)
    return note_after_machine(item.counted) if spoke else None


def _suggestions(considered: Considered, session: Session, items: Sequence[OpenItem]) -> list[dict[str, Any]]:
    """For the buyer's last words while they are unanswered, a closing thanks included."""
    last = session.last_buyer_message
    if last is None or not (items or session.standing[-1].by_buyer):
        return []
    values, said = values_of(considered.picture.shop, session), said_to(session)
    return [
        hit_json(hit, values, said)
        | {"message": last.id, "wordings": wordings_json(hit.phrase, values, said)}
        for hit in considered.offered(session, last).hits
    ]


def _prepared(
    db: Database, session: Session, items: Sequence[OpenItem], shop_id: str, now: datetime
) -> Prepared | None:
    row = db.exec(
        select(OutboxRow)
        .where(
            OutboxRow.shop_id == shop_id,
            OutboxRow.session == session.id,
            OutboxRow.state == OutboxState.OFFERED.value,
            OutboxRow.expires_at > now,
            col(OutboxRow.item_id).in_([item.item_id for item in items]),
        )
        .order_by(col(OutboxRow.created_at).desc(), col(OutboxRow.id))
    ).first()
    return None if row is None else Prepared(row.text, row.purpose, row.expires_at)


def _acts(db: Database, shop_id: str, session_id: str) -> tuple[ActRow, ...]:
    return tuple(
        db.exec(
            select(ActRow)
            .where(
                ActRow.shop_id == shop_id,
                ActRow.session == session_id,
                col(ActRow.kind).not_in(_FOR_OTHERS),
            )
            .order_by(col(ActRow.at).desc(), col(ActRow.id))
            .limit(ACTS)
        )
    )
