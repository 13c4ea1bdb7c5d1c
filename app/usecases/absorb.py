"""Apply: bring sessions, deadlines and acts up to what the journal now says of a buyer, and decide what follows.

Everything written here can be rebuilt from the journal or is written once under a name made of what it is about, so
that doing the same work twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Decision, Say, Silence, Situation, decide_at_once
from app.core.clocks import OpenItem
from app.core.events import Event, EventType, Kind, Sender
from app.core.invites import InviteAdvice, InviteRules, advise
from app.core.ladder import steps
from app.core.routing import RoutingAdvice
from app.core.sessions import HUMAN_SENDERS, Message, Session
from app.db.journal import lock_buyers
from app.db.tables import ActRow, DeadlineRow, OutboxRow, OutboxState, PresenceRow, SessionRow
from app.db.upserts import insert_new, upsert
from app.usecases.knowledge import Knowledge
from app.usecases.picture import (
    Picture,
    context_of,
    look_at_buyer,
    mood_of,
    route,
    said_to,
    sessions_with_open_items,
)
from app.usecases.shops import Shop
from phrasebank import Hit, Result
from phrasebank.filling import fill

SUGGESTIONS = 3
LEAST_SCORE = 0.1
"""A reply that is right less than once in ten times is not worth an agent's look."""


@dataclass(frozen=True, slots=True)
class EventDecision:
    """What the answer to one event says beside its status."""

    item: OpenItem | None = None
    edition: str | None = None
    suggestions: tuple[dict[str, Any], ...] = ()
    auto_reply: Decision | None = None
    advice: InviteAdvice | None = None
    routing: RoutingAdvice | None = None
    findings: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class Considered:
    """What bank, mood model and invite rules say of one buyer's picture; each is asked once."""

    db: Database
    knowledge: Knowledge
    picture: Picture
    _found: dict[str, Result] = field(default_factory=dict)
    _advice: dict[str, InviteAdvice | None] = field(default_factory=dict)

    def found(self, session: Session, message: Message | None) -> Result:
        """The replies that fit a message, as seen from its place in the session; none for what is no text."""
        if message is None or message.kind is not Kind.TEXT:
            return Result("", (), confident=False)
        if message.id not in self._found:
            shop = self.picture.shop
            result = self.knowledge.bank(self.db, shop).search(
                message.text,
                context=context_of(session, message.at),
                top=SUGGESTIONS,
                platform=shop.profile.platform,
            )
            hits = tuple(hit for hit in result.hits if hit.score >= LEAST_SCORE)
            self._found[message.id] = replace(result, hits=hits)
        return self._found[message.id]

    def found_for(self, session: Session, item: OpenItem) -> Result:
        """The replies that fit an open item; for one that a hand-over opened, what the buyer said last."""
        message = next((m for m in session.messages if m.id == item.item_id), session.last_buyer_message)
        return self.found(session, message)

    def advice(self, session: Session) -> InviteAdvice | None:
        """Rating advice as of the session's last event; None before anybody of the shop has spoken."""
        if session.id not in self._advice:
            self._advice[session.id] = self._advise(session)
        return self._advice[session.id]

    def _advise(self, session: Session) -> InviteAdvice | None:
        if not any(m.sender in HUMAN_SENDERS for m in session.messages):
            return None
        last = session.last_buyer_message
        moods = self.knowledge.moods
        earlier = [
            (at, other.agent)
            for other in self.picture.sessions.values()
            if other.id != session.id and other.agent is not None
            for at, _ in other.invites
        ]
        return advise(
            session,
            mood_of(session, moods),
            InviteRules.of_profile(self.picture.shop.profile),
            session.last_event_at or self.picture.now,
            open_items=len(self.picture.items_of(session.id)),
            earlier_invites=earlier,
            last_turn=moods.turn(last.text, last.kind.value) if last is not None else None,
        )


def absorb(
    db: Database, knowledge: Knowledge, shop: Shop, events: Sequence[Event], now: datetime
) -> dict[str, EventDecision]:
    """Work the events, which are already in the journal, into the projections; decisions by event id."""
    _note_presence(db, shop.id, events)
    by_buyer = _by_buyer(events)
    lock_buyers(db, shop.id, by_buyer)
    decisions: dict[str, EventDecision] = {}
    for buyer, own in by_buyer.items():
        # A reply in one session may answer what waits in another of the same buyer.
        sessions = {event.session for event in own if event.session} | sessions_with_open_items(
            db, shop.id, buyer
        )
        picture = look_at_buyer(db, shop, buyer, sessions, now)
        considered = Considered(db, knowledge, picture)
        decided = _decide(db, considered, own)
        project_deadlines(db, picture)
        project_sessions(db, considered)
        decisions |= decided
    return decisions


def look_again(
    db: Database, knowledge: Knowledge, shop: Shop, events: Sequence[Event], now: datetime
) -> dict[str, EventDecision]:
    """Decisions, as of now, on events that were worked in before. Writes nothing.

    A console that sends an event again may never have got the first answer.
    """
    decisions: dict[str, EventDecision] = {}
    for buyer, own in _by_buyer(events).items():
        picture = look_at_buyer(db, shop, buyer, {event.session for event in own if event.session}, now)
        decisions |= _decide(db, Considered(db, knowledge, picture), own, record=False)
    return decisions


def _by_buyer(events: Iterable[Event]) -> dict[str, list[Event]]:
    by_buyer: dict[str, list[Event]] = {}
    for event in events:
        if event.buyer is not None and event.session is not None:
            by_buyer.setdefault(event.buyer, []).append(event)
    return by_buyer


def project_deadlines(db: Database, picture: Picture) -> None:
    """One row for each open item, and none for any other: what is answered has no deadline."""
    shop_id = picture.shop.id
    rows = db.exec(
        select(DeadlineRow).where(DeadlineRow.shop_id == shop_id, DeadlineRow.buyer == picture.buyer)
    ).all()
    known = {row.item_id: row for row in rows}
    open_ids = {item.item_id for item in picture.items}
    for row in rows:
        if row.item_id not in open_ids and row.session in picture.sessions:
            db.delete(row)
    fresh = []
    for item in picture.items:
        before = known.get(item.item_id)
        if before is not None:
            moved = before.deadline_at != item.deadline_at or before.counted != item.counted
            before.deadline_at, before.counted = item.deadline_at, item.counted
            if moved or (before.due_at is None and not before.missed):
                _arm(before, picture)
            db.add(before)
            continue
        row = DeadlineRow(
            shop_id=shop_id,
            item_id=item.item_id,
            session=item.session,
            buyer=item.buyer,
            opened_at=item.at,
            deadline_at=item.deadline_at,
            counted=item.counted,
        )
        _arm(row, picture)
        fresh.append(row)
    db.add_all(fresh)
    db.flush()


def _arm(row: DeadlineRow, picture: Picture) -> None:
    """Set the next step of an item's ladder: the first that still lies ahead, else the miss at once."""
    if not row.counted:
        row.step, row.due_at = None, None
        return
    ladder = steps(row.opened_at, row.deadline_at, picture.shop.policy)
    due = next((due for due in ladder if due.at > picture.now), ladder[-1])
    row.step, row.due_at = due.step, due.at


def project_sessions(db: Database, considered: Considered) -> None:
    """The live page's row of each of the buyer's sessions in view."""
    picture = considered.picture
    rows = []
    for session in picture.sessions.values():
        items = picture.items_of(session.id)
        # Nobody waits in a session that is over, whatever its items count for.
        waits = bool(items) and session.flag is None and session.closed_at is None
        waiting = items[0] if waits else None
        last = session.last_buyer_message
        hits = considered.found(session, last).hits if waiting is not None else ()
        advice = considered.advice(session)
        rows.append(
            {
                "shop_id": picture.shop.id,
                "id": session.id,
                "buyer": session.buyer,
                "agent": session.agent,
                "last_event_at": session.last_event_at,
                "closed_at": session.closed_at,
                "waiting_since": waiting.at if waiting else None,
                "deadline_at": waiting.deadline_at if waiting else None,
                "counted": waiting.counted if waiting else False,
                "last_text": last.text if last else "",
                "last_kind": (last.kind if last else Kind.TEXT).value,
                "suggestions": [hit_json(hit, picture.shop) for hit in hits],
                "advice": advice_json(advice) if advice else None,
            }
        )
    upsert(db, SessionRow, rows)


def hit_json(hit: Hit, shop: Shop) -> dict[str, Any]:
    """A suggestion as others see it, with what we know filled in; `missing` is what an agent still has to fill."""
    filled = fill(hit.phrase.text, {"shop": shop.name})
    return {
        "phrase_id": hit.phrase.id,
        "title": hit.phrase.title,
        "category": hit.phrase.category,
        "text": filled.text,
        "score": round(hit.score, 4),
        "why": list(hit.why),
        "missing": list(filled.missing),
    }


def advice_json(advice: InviteAdvice) -> dict[str, Any]:
    return {
        "advice": advice.advice,
        "p_satisfied": round(advice.p_satisfied, 4),
        "reasons": list(advice.reasons),
        "text": advice.text,
    }


def say(db: Database, picture: Picture, item: OpenItem, decision: Say) -> str | None:
    """Put a reply into the outbox; its id, or None if the same was already decided."""
    shop = picture.shop
    once = f"{item.buyer}:{decision.once}"
    reply_id = f"mh-{_name(shop.id, once)}"
    by_callback = shop.callback_url is not None
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
        "expires_at": item.deadline_at,
        "state": (OutboxState.QUEUED if by_callback else OutboxState.OFFERED).value,
        "due_at": picture.now if by_callback else None,
        "attempts": 0,
    }
    return reply_id if insert_new(db, OutboxRow, [row]) else None


def record_act(
    db: Database,
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
) -> None:
    """Note what the machine did, once for each (kind, about, part)."""
    row = {
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
    insert_new(db, ActRow, [row])


def record_decision(
    db: Database, picture: Picture, item: OpenItem, decision: Decision, *, late: bool = False
) -> str | None:
    """Carry a decision into the outbox and note it; the outbox id if something is to be said."""
    if isinstance(decision, Say):
        reply_id = say(db, picture, item, decision)
        if reply_id is None:
            return None
        offered = picture.shop.callback_url is None
        record_act(
            db,
            picture.shop.id,
            kind="offered" if offered else "queued",
            at=picture.now,
            session=item.session,
            buyer=item.buyer,
            about=reply_id,
            title="已备好回复，请一键发送" if offered else "准备自动回复",
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


def situation_of(knowledge: Knowledge, picture: Picture, item: OpenItem, session: Session) -> Situation:
    return Situation(
        session=session,
        item=item,
        policy=picture.shop.policy,
        mood=mood_of(session, knowledge.moods),
        platform=picture.shop.profile.platform,
        now=picture.now,
        said=said_to(session),
    )


def _decide(
    db: Database, considered: Considered, events: Iterable[Event], *, record: bool = True
) -> dict[str, EventDecision]:
    """The decision on each event; with `record` what follows from it goes to the outbox and the acts."""
    knowledge, picture = considered.knowledge, considered.picture
    decisions: dict[str, EventDecision] = {}
    for event in events:
        assert event.session is not None
        session = picture.sessions[event.session]
        item = picture.item(event.id)
        hits: tuple[Hit, ...] = ()
        auto_reply: Decision | None = None
        findings: tuple[dict[str, Any], ...] = ()
        message = next((m for m in session.messages if m.id == event.id), None)
        if event.type is EventType.MESSAGE and message is not None:
            if event.sender is Sender.BUYER:
                result = considered.found(session, message)
                hits = result.hits
                if item is not None and record:
                    situation = situation_of(knowledge, picture, item, session)
                    auto_reply = decide_at_once(situation, result, knowledge.linter)
                    if isinstance(auto_reply, Say) and record_decision(db, picture, item, auto_reply) is None:
                        auto_reply = None
            elif event.sender in HUMAN_SENDERS and not message.by_machine:
                findings = _lint(knowledge, picture, session, message)
                if record:
                    _record_findings(db, picture, session, message, findings)
        decisions[event.id] = EventDecision(
            item=item,
            edition=picture.edition.id,
            suggestions=tuple(hit_json(hit, picture.shop) for hit in hits),
            auto_reply=auto_reply if not isinstance(auto_reply, Silence) else None,
            advice=considered.advice(session),
            routing=route(db, picture) if item is not None and session.agent is None else None,
            findings=findings,
        )
    return decisions


def _lint(
    knowledge: Knowledge, picture: Picture, session: Session, message: Message
) -> tuple[dict[str, Any], ...]:
    """What the linter finds in something that a person sent."""
    earlier = [m.text for m in session.standing if m.sender in HUMAN_SENDERS and m.at < message.at and m.text]
    report = knowledge.linter.check(
        message.text, channel="live", platform=picture.shop.profile.platform, earlier=earlier
    )
    return tuple(
        {
            "rule": finding.rule,
            "name": finding.name,
            "category": finding.category,
            "severity": finding.severity,
            "start": finding.start,
            "end": finding.end,
            "match": finding.match,
            "message": finding.message,
            "suggestion": finding.suggestion,
        }
        for finding in report.findings
    )


def _record_findings(
    db: Database, picture: Picture, session: Session, message: Message, findings: Iterable[dict[str, Any]]
) -> None:
    """Findings become acts, which the live page shows."""
    for found in findings:
        record_act(
            db,
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


def _note_presence(db: Database, shop_id: str, events: Iterable[Event]) -> None:
    newest: dict[str, Event] = {}
    for event in events:
        if event.type in {EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE} and event.agent is not None:
            known = newest.get(event.agent)
            if known is None or known.order < event.order:
                newest[event.agent] = event
    if not newest:
        return
    rows = db.exec(
        select(PresenceRow).where(PresenceRow.shop_id == shop_id, col(PresenceRow.agent).in_(list(newest)))
    )
    for row in rows.all():
        if (row.at, row.event_id) >= newest[row.agent].order:
            del newest[row.agent]
    upsert(
        db,
        PresenceRow,
        [
            {
                "shop_id": shop_id,
                "agent": agent,
                "online": event.type is EventType.AGENT_ONLINE,
                "at": event.at,
                "event_id": event.id,
            }
            for agent, event in newest.items()
        ],
    )


def _name(*parts: str) -> str:
    """A short stable name made of what something is about."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
