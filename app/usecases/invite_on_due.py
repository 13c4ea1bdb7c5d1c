"""A talk has gone quiet: look at its rating advice again, and ask for the rating where the shop lets the machine do so.

Claim, decision and outbox are one transaction. Everything is asked once more when the invitation is about to leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Decision, Silence, decide_to_invite
from app.core.sessions import Session
from app.db.journal import try_lock_buyer
from app.db.tables import SessionRow
from app.gateways.consoles import console_of
from app.usecases.act_on_due import LATE_AFTER, DueWork
from app.usecases.acts import Decided, Talk, held_back, record_acts, record_decisions
from app.usecases.considered import Considered, advice_json
from app.usecases.consoles import ShopConsole, consoles_for_replies
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyers, sessions_with_open_items
from app.usecases.records import Records
from app.usecases.shops import Shop, read_shop
from app.usecases.situations import situation_to_invite, sources_of

NOT_ADVISED = frozenset(
    {"no_human", "invited", "invite_upset", "invite_hours", "unresolved", "invite_rest", "just_talked"}
)
"""Codes of silences that the advice itself explains; they are no act."""


def next_look_at(db: Database) -> datetime | None:
    """When the next talk is to be looked at, from the index."""
    return db.exec(select(func.min(SessionRow.look_at))).one()


def invite_on_due(db: Database, knowledge: Knowledge, now: datetime, limit: int = 100) -> DueWork:
    """Look at at most `limit` talks. Several processes can share the work: rows that one holds the others skip."""
    claim = (
        select(SessionRow)
        .where(col(SessionRow.look_at) <= now)
        .order_by(col(SessionRow.look_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    by_shop: dict[str, list[SessionRow]] = {}
    for row in db.exec(claim).all():
        if try_lock_buyer(db, row.shop_id, row.buyer):
            by_shop.setdefault(row.shop_id, []).append(row)
    for shop_id, rows in by_shop.items():
        _look(db, knowledge, read_shop(db, knowledge.profiles, shop_id), rows, now)
    return DueWork(frozenset(by_shop), sum(map(len, by_shop.values())))


def _look(db: Database, knowledge: Knowledge, shop: Shop, rows: Sequence[SessionRow], now: datetime) -> None:
    sessions = sessions_with_open_items(db, shop.id, {row.buyer for row in rows})
    for row in rows:
        sessions[row.buyer].add(row.id)
    pictures = look_at_buyers(db, shop, sessions, now)
    records = Records.about(db, pictures.values())
    considered = {buyer: Considered(db, knowledge, picture, records) for buyer, picture in pictures.items()}
    consoles = None if shop.callback_url is not None else consoles_for_replies(db, shop.id)
    said: list[Decided] = []
    acts: list[dict[str, Any]] = []
    for row in rows:
        own = considered[row.buyer]
        session = own.picture.sessions[row.id]
        advice = own.advice_now(session)
        row.advice = advice_json(advice) if advice is not None else None
        decision = _decide(own, session, consoles)
        late = row.look_at is not None and now - row.look_at > LATE_AFTER
        row.look_at = None
        asked = session.last_buyer_message
        if decision is None or asked is None:
            continue
        one = Decided(own.picture, Talk(asked.id, session.id, session.buyer), decision, late)
        if not isinstance(decision, Silence):
            said.append(one)
        elif decision.until is not None and decision.until > now:
            row.look_at = decision.until
        elif decision.code not in NOT_ADVISED:
            acts.append(held_back(one, decision, "没有自动邀请评价"))
    record_decisions(db, said)
    record_acts(db, acts)


def _decide(
    considered: Considered, session: Session, consoles: dict[str, ShopConsole] | None
) -> Decision | None:
    """What the machine does about inviting; None where the shop does not let it."""
    if not considered.picture.shop.policy.invite:
        return None
    situation = situation_to_invite(considered, session)
    decision = decide_to_invite(situation, sources_of(considered, session, situation.message))
    if not isinstance(decision, Silence) and consoles is not None and console_of(session.id) not in consoles:
        # To offer it for a click would be the advice once more.
        return Silence("no_way", ("没有回调地址，也没有能直接发送的客服台：请客服自己点邀请",))
    return decision
