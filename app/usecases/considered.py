"""What bank, mood model and rules say of one buyer's picture: asked once, and shown to others as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session as Database

from app.core.auto_reply import Situation
from app.core.clocks import OpenItem
from app.core.events import Kind
from app.core.invites import InviteAdvice, InviteRules, advise
from app.core.sessions import HUMAN_SENDERS, Message, Session
from app.core.utterances import utterance_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import (
    Picture,
    mood_of,
    said_to,
)
from app.usecases.shops import Shop
from phrasebank import Hit, Result
from phrasebank.filling import fill

SUGGESTIONS = 3
CONTEXT_TURNS = 3
"""How many earlier buyer texts of a session help to read the newest ones."""
LEAST_SCORE = 0.2
"""A reply that is right less than once in five times is not worth an agent's look."""


@dataclass(slots=True)
class Considered:
    """What bank, mood model and invite rules say of one buyer's picture; each is asked once."""

    db: Database
    knowledge: Knowledge
    picture: Picture
    _found: dict[str, Result] = field(default_factory=dict)
    _advice: dict[str, InviteAdvice | None] = field(default_factory=dict)

    def found(self, session: Session, message: Message | None) -> Result:
        """The replies that fit a message together with what the buyer said in one go with it; none for what is no text."""
        if message is None or message.kind is not Kind.TEXT:
            return Result("", (), confident=False)
        if message.id not in self._found:
            shop = self.picture.shop
            said = utterance_of(session, message)
            result = self.knowledge.bank(self.db, shop).search(
                said.text,
                context=said.context[-CONTEXT_TURNS:],
                top=SUGGESTIONS,
                platform=shop.profile.platform,
            )
            hits = tuple(hit for hit in result.hits if hit.score >= LEAST_SCORE)
            found = replace(result, hits=hits)
            self._found.update((one.id, found) for one in said.messages)
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
