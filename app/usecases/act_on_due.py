"""A deadline has come: warn, hold, or note the miss. Claim, decision and outbox are one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import decide_before_deadline
from app.core.ladder import Step, next_step
from app.db.journal import try_lock_buyer
from app.db.tables import DeadlineRow
from app.usecases.acts import record_act, record_decision
from app.usecases.considered import Considered, situation_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyer
from app.usecases.projections import has_ladder, project_sessions
from app.usecases.shops import read_shop

LATE_AFTER = timedelta(seconds=5)
"""A step handled later than this after it was due is marked late: the process was down or overloaded."""


@dataclass(frozen=True, slots=True)
class DueWork:
    """`shops`: where something changed; `handled`: how many due items were worked on."""

    shops: frozenset[str]
    handled: int


def next_due_at(db: Database) -> datetime | None:
    """When the next deadline step is due, from the index."""
    return db.exec(select(func.min(DeadlineRow.due_at))).one()


def act_on_due(db: Database, knowledge: Knowledge, now: datetime, limit: int = 100) -> DueWork:
    """Work on at most `limit` due items. Several processes can share the work: rows that one holds the others skip."""
    claim = (
        select(DeadlineRow)
        .where(col(DeadlineRow.due_at) <= now)
        .order_by(col(DeadlineRow.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    shops: set[str] = set()
    handled = 0
    for row in db.exec(claim).all():
        if row.due_at is None or not try_lock_buyer(db, row.shop_id, row.buyer):
            continue
        shop = read_shop(db, knowledge.profiles, row.shop_id)
        picture = look_at_buyer(db, shop, row.buyer, {row.session}, now)
        considered = Considered(db, knowledge, picture)
        _take_step(db, considered, row, late=now - row.due_at > LATE_AFTER)
        project_sessions(db, considered)
        shops.add(row.shop_id)
        handled += 1
    return DueWork(frozenset(shops), handled)


def _take_step(db: Database, considered: Considered, row: DeadlineRow, *, late: bool) -> None:
    knowledge, picture = considered.knowledge, considered.picture
    item = picture.item(row.item_id)
    session = picture.sessions.get(row.session)
    if item is None or session is None:
        db.delete(row)
        return
    if not has_ladder(row, picture):
        row.step, row.due_at = None, None
        return
    step = Step(row.step) if row.step else Step.MISS
    counted = [other for other in picture.items_of(row.session) if other.counted]
    leads = not counted or counted[0].item_id == item.item_id
    if step is Step.WARN and leads:
        record_act(
            db,
            picture.shop.id,
            kind="warned",
            at=picture.now,
            session=item.session,
            buyer=item.buyer,
            about=item.item_id,
            title=f"买家已等 {int((picture.now - item.at).total_seconds())} 秒，请尽快回复",
            detail={"reasons": [f"提醒线 {picture.shop.policy.warn_after_s} 秒"]},
            late=late,
        )
    elif step is Step.HOLD and leads:
        situation = situation_of(knowledge, picture, item, session)
        decision = decide_before_deadline(
            situation,
            lambda: considered.found_for(session, item),
            considered.holding(session),
            knowledge.linter,
        )
        record_decision(db, picture, item, decision, late=late)
    elif step is Step.MISS:
        row.missed = True
        if leads:
            record_act(
                db,
                picture.shop.id,
                kind="missed",
                at=picture.now,
                session=item.session,
                buyer=item.buyer,
                about=item.item_id,
                title="超过时限仍未回复",
                detail={"reasons": [f"口径：{picture.edition.id}"]},
                late=late,
            )
    due = next_step(row.opened_at, row.deadline_at, picture.shop.policy, step)
    row.step, row.due_at = (due.step, due.at) if due is not None else (None, None)
