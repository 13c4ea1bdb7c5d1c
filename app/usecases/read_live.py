"""Read what the live page shows."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.clocks import note_after_machine
from app.core.invites import InviteRules
from app.core.rating_effect import Effect
from app.db.tables import ActRow, OutboxRow, OutboxState, SessionRow
from app.usecases.acts import CONSIDERED
from app.usecases.considered import invite_rules
from app.usecases.knowledge import Knowledge
from app.usecases.live import (
    ActView,
    AdviceView,
    FindingView,
    LiveView,
    SuggestionView,
    WaitingView,
)
from app.usecases.measures import RateBoard
from app.usecases.rating_standing import rating_standing
from app.usecases.shops import Shop, read_shop
from app.usecases.staff import StaffView, read_staff

ACTS = 40
FINDINGS = 20
ADVICE = 12
WAITING = 200


def read_live(db: Database, knowledge: Knowledge, board: RateBoard, shop_id: str, now: datetime) -> LiveView:
    """Everything on the live page. Raises `UnknownShopError`."""
    shop = read_shop(db, knowledge.profiles, shop_id)
    return LiveView(
        shop=shop.id,
        shop_name=shop.name,
        platform_name=shop.profile.name,
        now=now,
        timezone=shop.profile.timezone,
        robot_on=shop.policy.robot_on,
        waiting=read_waiting(db, shop, now),
        acts=_acts(db, shop),
        findings=_findings(db, shop, now),
        advice=_advice(db, shop, now),
        rates=board.rates(db, shop),
        staff=_staff(db, shop, now),
    )


def _staff(db: Database, shop: Shop, now: datetime) -> StaffView | None:
    view = read_staff(db, shop, now)
    return view if view.agents or view.state.open is not None else None


def read_waiting(db: Database, shop: Shop, now: datetime) -> tuple[WaitingView, ...]:
    """Waiting buyers: the counted that are not yet missed by time left, then the missed, then the uncounted."""
    rows = db.exec(
        select(SessionRow)
        .where(SessionRow.shop_id == shop.id, col(SessionRow.waiting_since).is_not(None))
        .order_by(col(SessionRow.waiting_since).desc())
        .limit(WAITING)
    ).all()
    answered = _answered_by_machine(db, shop.id, [row.id for row in rows])
    views = [_waiting(row, row.id in answered) for row in rows]
    return tuple(
        sorted(
            views, key=lambda view: (not view.counted, view.deadline_at < now, view.deadline_at, view.session)
        )
    )


def _waiting(row: SessionRow, answered: bool) -> WaitingView:
    assert row.waiting_since is not None
    assert row.deadline_at is not None
    return WaitingView(
        session=row.id,
        buyer=row.buyer,
        agent=row.agent,
        text=row.last_text,
        kind=row.last_kind,
        waiting_since=row.waiting_since,
        deadline_at=row.deadline_at,
        counted=row.counted,
        suggestions=tuple(_suggestion(raw) for raw in row.suggestions),
        note=note_after_machine(row.counted) if answered else None,
        recap=row.recap,
    )


def _suggestion(raw: dict[str, Any]) -> SuggestionView:
    return SuggestionView(
        phrase_id=raw["phrase_id"],
        title=raw["title"],
        text=raw["text"],
        score=raw["score"],
        why=tuple(raw["why"]),
        missing=tuple(raw["missing"]),
        message=raw.get("message"),
    )


def _answered_by_machine(db: Database, shop_id: str, sessions: list[str]) -> set[str]:
    """Sessions whose present wait has a reply of the machine, which did not end it."""
    rows = db.exec(
        select(OutboxRow.session, SessionRow.waiting_since, OutboxRow.sent_at)
        .join(
            SessionRow,
            (col(SessionRow.shop_id) == col(OutboxRow.shop_id))
            & (col(SessionRow.id) == col(OutboxRow.session)),
        )
        .where(
            OutboxRow.shop_id == shop_id,
            col(OutboxRow.session).in_(sessions),
            OutboxRow.state == OutboxState.SENT.value,
        )
    ).all()
    return {session for session, since, sent_at in rows if since and sent_at and sent_at >= since}


def _acts(db: Database, shop: Shop) -> tuple[ActView, ...]:
    rows = db.exec(
        select(ActRow)
        .where(ActRow.shop_id == shop.id, col(ActRow.kind).not_in(("finding", CONSIDERED)))
        .order_by(col(ActRow.at).desc(), col(ActRow.id))
        .limit(ACTS)
    )
    return tuple(
        ActView(
            at=row.at,
            kind=row.kind,
            session=row.session,
            buyer=row.buyer,
            title=row.title,
            text=row.text,
            reasons=tuple(row.detail.get("reasons", ())),
            late=row.late,
        )
        for row in rows
    )


def _findings(db: Database, shop: Shop, now: datetime) -> tuple[FindingView, ...]:
    """Today's findings, the newest first."""
    rows = db.exec(
        select(ActRow)
        .where(ActRow.shop_id == shop.id, ActRow.kind == "finding", ActRow.at >= _midnight(shop, now))
        .order_by(col(ActRow.at).desc(), col(ActRow.id))
        .limit(FINDINGS)
    )
    return tuple(
        FindingView(
            at=row.at,
            session=row.session,
            agent=row.detail.get("agent"),
            text=row.text,
            start=row.detail["start"],
            end=row.detail["end"],
            severity=row.detail["severity"],
            rule=row.detail["rule"],
            name=row.detail["name"],
            message=row.detail["message"],
            suggestion=row.detail["suggestion"],
        )
        for row in rows
    )


def _midnight(shop: Shop, now: datetime) -> datetime:
    """When the shop's day began."""
    return datetime.combine(shop.day_of(now), time(0), shop.timezone)


def _advice(db: Database, shop: Shop, now: datetime) -> tuple[AdviceView, ...]:
    """Today's sessions that have advice: those at risk first, then those to invite, then the newest."""
    rows = db.exec(
        select(SessionRow)
        .where(SessionRow.shop_id == shop.id, SessionRow.last_event_at >= _midnight(shop, now))
        .order_by(col(SessionRow.last_event_at).desc())
        .limit(ADVICE * 8)
    )
    rules, standing = invite_rules(shop), rating_standing(db, shop, now)
    views = [
        _advised(row, row.advice, Effect(row.advice["p_satisfied"], rules.target, standing), rules, now)
        for row in rows
        if row.advice is not None
    ]
    return tuple(sorted(views, key=lambda view: (not view.at_risk, view.advice != "invite"))[:ADVICE])


def _advised(
    row: SessionRow, advice: dict[str, Any], effect: Effect, rules: InviteRules, now: datetime
) -> AdviceView:
    """`advice` is as of the session's last event, and may have been kept by an earlier version, which said less."""
    if advice["advice"] == "invite" and not rules.in_hours(now):
        opens_at = rules.opens_at(now)
        reasons = ("现在不在评价考核时段，发出的卡片不计",)
        return AdviceView(row.id, row.buyer, "wait", advice["p_satisfied"], reasons, until=opens_at)
    invitation = advice.get("invitation")
    until = advice.get("until")
    return AdviceView(
        session=row.id,
        buyer=row.buyer,
        advice=advice["advice"],
        p_satisfied=advice["p_satisfied"],
        reasons=tuple(advice["reasons"]),
        text=advice["text"],
        texts=tuple(advice.get("texts", ())),
        effect=effect.text if advice.get("code") in {"ready", "chance"} else None,
        until=datetime.fromisoformat(until) if until is not None else None,
        invitation=invitation["state"] if invitation is not None else None,
        at_risk=advice.get("at_risk", False),
    )
