"""Events are worked in: gather, decide, apply, one buyer after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database

from app.core.auto_reply import Say, decide_at_once
from app.core.clocks import OpenItem, note_after_machine
from app.core.events import Event, EventType, Sender
from app.core.invites import InviteAdvice
from app.core.rating_effect import Effect
from app.core.recap import Recap
from app.core.routing import RoutingAdvice
from app.core.sessions import HUMAN_SENDERS, Message, Session
from app.db.journal import lock_buyers
from app.usecases.acts import record_at_once, record_findings, record_risk
from app.usecases.agents import route
from app.usecases.considered import Considered, message_of
from app.usecases.knowledge import Knowledge
from app.usecases.leaves import note_leaves
from app.usecases.offers import note_offers, note_taken
from app.usecases.picture import (
    Picture,
    look_at_buyer,
    look_at_buyers,
    sessions_asked_since,
    sessions_with_open_items,
)
from app.usecases.projections import note_presence, project_deadlines, project_sessions
from app.usecases.records import Records
from app.usecases.shops import Shop
from app.usecases.situations import situation_of, sources_of
from app.usecases.standing import count_events


@dataclass(frozen=True, slots=True)
class EventDecision:
    """What the answer to one event says beside its status."""

    item: OpenItem | None = None
    note: str | None = None
    """What everybody must see of the item's clock: that it still runs though the machine has answered."""
    edition: str | None = None
    suggestions: tuple[dict[str, Any], ...] = ()
    auto_reply: Say | None = None
    advice: InviteAdvice | None = None
    effect: Effect | None = None
    """What an invitation is expected to do to the shop's rate, where one is in question."""
    routing: RoutingAdvice | None = None
    recap: Recap | None = None
    """What was said before, for whoever gets the buyer by the routing advice."""
    findings: tuple[dict[str, Any], ...] = ()


def absorb(
    db: Database, knowledge: Knowledge, shop: Shop, events: Sequence[Event], now: datetime
) -> dict[str, EventDecision]:
    """Work the events, which this transaction has put into the journal, into the projections; decisions by event id."""
    note_presence(db, shop.id, events)
    by_buyer = _by_buyer(events)
    lock_buyers(db, shop.id, by_buyer)
    note_leaves(db, shop, events, now)
    count_events(db, shop, events, now)
    decisions: dict[str, EventDecision] = {}
    for considered in _considered(db, knowledge, shop, by_buyer, now):
        own = by_buyer[considered.picture.buyer]
        decided = _decide(db, considered, own)
        project_deadlines(db, [considered.picture])
        project_sessions(db, [considered])
        note_offers(db, considered, own)
        note_taken(db, [considered], own)
        decisions |= decided
    return decisions


def absorb_own_words(
    db: Database, knowledge: Knowledge, shop: Shop, events: Sequence[Event], now: datetime
) -> None:
    """Work in what the machine itself has said: as `absorb`, but nothing is to be decided, and many buyers go together."""
    by_buyer = _by_buyer(events)
    lock_buyers(db, shop.id, by_buyer)
    count_events(db, shop, events, now)
    considered = _considered(db, knowledge, shop, by_buyer, now)
    project_deadlines(db, [one.picture for one in considered])
    project_sessions(db, considered)
    note_taken(db, considered, events)


def _considered(
    db: Database, knowledge: Knowledge, shop: Shop, by_buyer: Mapping[str, Sequence[Event]], now: datetime
) -> list[Considered]:
    # A reply in one session may answer what waits in another of the same buyer.
    sessions = sessions_with_open_items(db, shop.id, by_buyer)
    for buyer, asked in sessions_asked_since(db, shop.id, by_buyer).items():
        sessions[buyer] |= asked
    for buyer, own in by_buyer.items():
        sessions[buyer] |= {event.session for event in own if event.session}
    pictures = look_at_buyers(db, shop, sessions, now)
    records = Records.about(db, pictures.values()) if pictures else None
    return [Considered(db, knowledge, pictures[buyer], records) for buyer in by_buyer]


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
        suggestions: tuple[dict[str, Any], ...] = ()
        auto_reply: Say | None = None
        findings: tuple[dict[str, Any], ...] = ()
        message = next((m for m in session.messages if m.id == event.id), None)
        if event.type is EventType.MESSAGE and message is not None:
            if event.sender is Sender.BUYER:
                offered = considered.offered(session, message)
                suggestions = tuple(considered.hits_json(session, offered))
                if item is not None and record:
                    auto_reply = _say_at_once(db, considered, session, item)
            elif event.sender in HUMAN_SENDERS and not message.by_machine:
                findings = _lint(knowledge, picture, session, message)
                if record:
                    record_findings(db, picture, session, message, findings)
        advice = considered.advice(session)
        if record and advice is not None and advice.at_risk:
            record_risk(db, picture, session, advice)
        needs_agent = session.agent is None and (item is not None or event.type is EventType.HANDOVER)
        decisions[event.id] = EventDecision(
            item=item,
            note=_note(session, item, auto_reply) if item is not None else None,
            edition=picture.edition.id,
            suggestions=suggestions,
            auto_reply=auto_reply,
            advice=advice,
            effect=effect_of(considered, advice),
            routing=route(db, picture, session) if needs_agent else None,
            recap=considered.recap(session) if needs_agent else None,
            findings=findings,
        )
    return decisions


def effect_of(considered: Considered, advice: InviteAdvice | None) -> Effect | None:
    """What following an advice would do to the rate; None where it is not the chance that decides."""
    return considered.effect(advice) if advice is not None and advice.code in {"ready", "chance"} else None


def _say_at_once(db: Database, considered: Considered, session: Session, item: OpenItem) -> Say | None:
    """What the machine says to a message that has just come, if anything; what it held back is noted too."""
    decision = decide_at_once(
        situation_of(considered, session, item), sources_of(considered, session, message_of(session, item))
    )
    said = record_at_once(db, considered.picture, item, decision)
    if not said or not isinstance(decision, Say):
        return None
    considered.records.decide(session.id, decision.once)
    return decision


def _note(session: Session, item: OpenItem, reply: Say | None) -> str | None:
    goes_on = reply is not None and not item.closed_by(reply.sender)
    went_on = any(m.by_machine and m.at >= item.at for m in session.standing)
    return note_after_machine(item.counted) if goes_on or went_on else None


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
