"""A deadline has come: warn, hold, note the miss, tell a supervisor. Claim, decision and outbox are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Decision, Silence, decide_before_deadline
from app.core.clocks import OpenItem
from app.core.ladder import Due, Step, next_after
from app.core.sessions import Session
from app.db.journal import try_lock_buyer
from app.db.tables import DeadlineRow
from app.usecases.acts import Decided, act, record_acts, record_decisions
from app.usecases.considered import Considered, message_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import Picture, look_at_buyers
from app.usecases.projections import has_ladder, ladder_of, leads
from app.usecases.records import Records
from app.usecases.shops import Shop, read_shop
from app.usecases.situations import situation_of, sources_of

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
    by_shop: dict[str, list[DeadlineRow]] = {}
    for row in db.exec(claim).all():
        if try_lock_buyer(db, row.shop_id, row.buyer):
            by_shop.setdefault(row.shop_id, []).append(row)
    for shop_id, rows in by_shop.items():
        _take_steps(db, knowledge, read_shop(db, knowledge.profiles, shop_id), rows, now)
    return DueWork(frozenset(by_shop), sum(map(len, by_shop.values())))


def _take_steps(
    db: Database, knowledge: Knowledge, shop: Shop, rows: Sequence[DeadlineRow], now: datetime
) -> None:
    """Take the steps that are due in one shop; the journals of all its buyers among them are read in one go."""
    sessions: dict[str, set[str]] = {}
    for row in rows:
        sessions.setdefault(row.buyer, set()).add(row.session)
    pictures = look_at_buyers(db, shop, sessions, now)
    records = Records.about(db, pictures.values())
    considered = {buyer: Considered(db, knowledge, picture, records) for buyer, picture in pictures.items()}
    decided: list[Decided] = []
    acts: list[dict[str, Any]] = []
    for row in rows:
        late = row.due_at is not None and now - row.due_at > LATE_AFTER
        taken = _take_step(db, considered[row.buyer], row, late=late)
        if isinstance(taken, Decided):
            decided.append(taken)
        elif taken is not None:
            acts.append(taken)
    record_decisions(db, decided)
    record_acts(db, acts)


def _take_step(
    db: Database, considered: Considered, row: DeadlineRow, *, late: bool
) -> Decided | dict[str, Any] | None:
    """Set what is next for an item, and return what is due: a decision, or an act to note.

    Of several items of a session the oldest speaks for all, so nothing here depends on what another step has led to.
    """
    picture = considered.picture
    item = picture.item(row.item_id)
    session = picture.sessions.get(row.session)
    if item is None or session is None:
        db.delete(row)
        return None
    if not has_ladder(picture, item):
        row.step, row.due_at = None, None
        return None
    done = Due(Step(row.step) if row.step else Step.MISS, row.due_at or picture.now)
    due = next_after(ladder_of(picture, item), done)
    taken: Decided | dict[str, Any] | None = None
    if leads(picture, item):
        if done.step is Step.HOLD:
            decision = _decide(considered, session, item)
            taken = Decided(picture, item, decision, late)
            if isinstance(decision, Silence) and decision.until is not None:
                due = _later(decision.until, item, due)
        else:
            taken = _note(picture, item, done, late=late)
    row.missed = row.missed or done.step is Step.MISS
    row.step, row.due_at = (due.step, due.at) if due is not None else (None, None)
    return taken


def _decide(considered: Considered, session: Session, item: OpenItem) -> Decision:
    return decide_before_deadline(
        situation_of(considered, session, item), sources_of(considered, session, message_of(session, item))
    )


def _later(until: datetime, item: OpenItem, due: Due | None) -> Due | None:
    """A person's typing pauses the machine: it asks again when the pause is over, if the deadline is not."""
    return Due(Step.HOLD, until) if until < item.deadline_at else due


def _note(picture: Picture, item: OpenItem, due: Due, *, late: bool) -> dict[str, Any]:
    """The act of a step that only people act on."""
    waited = int((picture.now - item.at).total_seconds())
    left = int((item.deadline_at - picture.now).total_seconds())
    after = int((due.at - item.at).total_seconds())
    before = int((item.deadline_at - due.at).total_seconds())
    kind, title, reason = {
        Step.WARN: ("warned", f"买家已等 {waited} 秒，请尽快回复", f"提醒线 {after} 秒"),
        Step.WARN_LAST: (
            "warned_last",
            f"还剩 {left} 秒就超时，请马上回复" if left > 0 else f"买家已等 {waited} 秒，已过时限",
            f"时限前 {before} 秒最后提醒",
        ),
        Step.MISS: ("missed", "超过时限仍未回复", f"口径：{picture.edition.id}"),
        Step.ESCALATE: (
            "escalated",
            f"买家已等 {waited} 秒，超时后仍无人回复，请主管处理",
            f"超时 {-before} 秒后告知主管",
        ),
    }[due.step]
    reasons = [reason]
    if due.step is Step.MISS and not item.counted:
        reasons.append("只由机器接待，平台目前不计；一旦人工接待，就按超时计")
    return act(
        picture.shop.id,
        kind=kind,
        at=picture.now,
        session=item.session,
        buyer=item.buyer,
        about=item.item_id,
        title=title,
        detail={"reasons": reasons},
        late=late,
    )
