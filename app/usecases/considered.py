"""What bank, mood model and rules say of one buyer's picture: asked once, and shown to others as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session as Database

from app.core.clocks import OpenItem
from app.core.events import Kind
from app.core.invitations import INVITATION, INVITATIONS
from app.core.invites import InviteAdvice, InviteRules, advise
from app.core.mood import Mood
from app.core.rating_effect import Effect
from app.core.recap import Recap
from app.core.sessions import HUMAN_SENDERS, Message, Session
from app.core.utterances import utterance_of
from app.usecases.knowledge import Knowledge
from app.usecases.picture import (
    Picture,
    mood_of,
    said_to,
)
from app.usecases.recaps import recap_for
from app.usecases.records import Records
from app.usecases.shops import Shop
from phrasebank import Hit, Phrase, Result
from phrasebank.filling import fill
from phrasebank.occasion import Occasion
from phrasebank.variables import variable_named
from phrasebank.variants import choose_text

SUGGESTIONS = 3
CONTEXT_TURNS = 3
"""How many earlier buyer texts of a session help to read the newest ones."""
LEAST_SCORE = 0.2
"""A reply that is right less than once in five times is not worth an agent's look."""
MOST_TEXTS: Final = 3
"""Wordings of an invitation that are offered."""
_VALUES: Final = {"buyer": "buyer_name", "item": "item_name", "order_no": "order_no"}
"""Variables that the events of a session may give, and by what they are mentioned there."""


@dataclass(slots=True)
class Considered:
    """What bank, mood model and invite rules say of one buyer's picture; each is asked once."""

    db: Database
    knowledge: Knowledge
    picture: Picture
    shared: InitVar[Records | None] = None
    """Records of more buyers than this one, read for all of them together."""
    records: Records = field(init=False)
    _found: dict[tuple[str, str | None], Result] = field(default_factory=dict)
    _advice: dict[tuple[str, datetime], InviteAdvice | None] = field(default_factory=dict)
    _recaps: dict[str, Recap | None] = field(default_factory=dict)

    def __post_init__(self, shared: Records | None) -> None:
        self.records = shared or Records.about(self.db, [self.picture])

    def found(self, session: Session, message: Message | None) -> Result:
        """The team's replies that fit a message with what the buyer said in one go with it; none for what is no text."""
        return self._search(session, message, None)

    def offered(self, session: Session, message: Message | None) -> Result:
        """The same with those that are the session's agent's own."""
        return self._search(session, message, session.agent)

    def found_for(self, session: Session, item: OpenItem) -> Result:
        """The replies that fit an open item; for one that a hand-over opened, what the buyer said last."""
        return self.found(session, message_of(session, item))

    def phrases(self, session: Session, phrase_ids: Sequence[str]) -> tuple[Phrase, ...]:
        """Those of the phrases that may be said unattended to the buyer of this session, in this order."""
        return self.knowledge.phrases_unattended(
            self.db, self.picture.shop, phrase_ids, self.occasion(session)
        )

    def invitations(self, session: Session) -> tuple[Phrase, ...]:
        """What may be said to invite the buyer of this session: the shop's own phrases, or ours where it chose none."""
        chosen = self.picture.shop.policy.invite_phrases
        return self.phrases(session, chosen) if chosen else (INVITATION,)

    def hits_json(self, session: Session, result: Result) -> list[dict[str, Any]]:
        """Suggestions as others see them, in words that the buyer has not read, with what is known filled in."""
        values, said = values_of(self.picture.shop, session), said_to(session)
        return [hit_json(hit, values, said) for hit in result.hits]

    def occasion(
        self, session: Session, message: Message | None = None, agent: str | None = None
    ) -> Occasion:
        """For what a reply in the session is wanted now; for a message, what was known when it came."""
        shop = self.picture.shop
        item = session.mentioned("item", message.at if message is not None else None)
        return Occasion(shop.profile.platform, item, agent, shop.day_of(self.picture.now))

    def _search(self, session: Session, message: Message | None, agent: str | None) -> Result:
        if message is None or message.kind is not Kind.TEXT:
            return Result("", (), confident=False)
        bank = self.knowledge.bank(self.db, self.picture.shop)
        agent = agent if bank.has_own_of(agent) else None
        if (message.id, agent) not in self._found:
            occasion = self.occasion(session, message, agent)
            said = utterance_of(session, message)
            acceptance = self.knowledge.banks.acceptance(
                self.db, self.picture.shop, self.picture.shop.day_of(self.picture.now)
            )
            context = said.context[-CONTEXT_TURNS:]
            result = self.knowledge.searches.ask(
                self.picture.shop.id,
                bank,
                acceptance,
                (said.text, context, occasion.platform, occasion.item, occasion.agent, occasion.today),
                lambda: bank.search(
                    said.text,
                    context=context,
                    top=SUGGESTIONS,
                    platform=occasion.platform,
                    item=occasion.item,
                    agent=occasion.agent,
                    today=occasion.today,
                    acceptance=acceptance,
                ),
            )
            hits = tuple(hit for hit in result.hits if hit.score >= LEAST_SCORE)
            found = replace(result, hits=hits)
            self._found.update(((one.id, agent), found) for one in said.messages)
        return self._found[message.id, agent]

    def advice(self, session: Session) -> InviteAdvice | None:
        """Rating advice as of the session's last event; None before anybody of the shop has spoken."""
        return self._advised(session, session.last_event_at or self.picture.now)

    def advice_now(self, session: Session) -> InviteAdvice | None:
        """The same as of now, since silence says something too."""
        return self._advised(session, max(self.picture.now, session.last_event_at or self.picture.now))

    def chance(self, session: Session) -> Mood:
        """The chances that a rating of the session would be good and bad: the one place where they are made."""
        return self.picture.shop.rating_scale.mood(mood_of(session, self.knowledge.moods))

    def effect(self, advice: InviteAdvice) -> Effect:
        """What following the advice is expected to do to the shop's rate."""
        return replace(advice.effect, standing=self.records.rating_standing())

    def recap(self, session: Session) -> Recap | None:
        """What whoever takes over the session should know; None where there is nothing but the message that waits."""
        if session.id not in self._recaps:
            self._recaps[session.id] = recap_for(self.db, self.knowledge, self.picture, session)
        return self._recaps[session.id]

    def _advised(self, session: Session, at: datetime) -> InviteAdvice | None:
        if (session.id, at) not in self._advice:
            self._advice[session.id, at] = self._advise(session, at)
        return self._advice[session.id, at]

    def _advise(self, session: Session, at: datetime) -> InviteAdvice | None:
        if not any(m.sender in HUMAN_SENDERS for m in session.messages):
            return None
        last = session.last_buyer_message
        return advise(
            session,
            self.chance(session),
            invite_rules(self.picture.shop),
            at,
            open_items=len(self.picture.items_of(session.id)),
            last_turn=self.knowledge.moods.turn(last.text, last.kind.value) if last is not None else None,
            past=lambda: self.records.past(session),
            wordings=self._wordings(session),
        )

    def _wordings(self, session: Session) -> tuple[str, ...]:
        """All wordings of the invitations, with what is known filled in."""
        if not self.picture.shop.policy.invite_phrases:
            return INVITATIONS
        values = values_of(self.picture.shop, session)
        filled = (
            fill(text, values)
            for phrase in self.invitations(session)
            for text in (phrase.text, *phrase.variants)
        )
        return tuple(one.text for one in filled if not one.unfilled)


def invite_rules(shop: Shop) -> InviteRules:
    """The platform's rules with what the shop set."""
    return replace(
        InviteRules.of_profile(shop.profile),
        cooldown_days=shop.policy.invite_cooldown_days,
        after_bad_days=shop.policy.invite_after_bad_days,
    )


def message_of(session: Session, item: OpenItem) -> Message | None:
    """The message that waits; for a wait that a hand-over opened or whose first message is withdrawn, what the buyer said last."""
    own = next((m for m in session.standing if m.id == item.item_id), None)
    return own or session.last_buyer_message


def values_of(shop: Shop, session: Session | None = None) -> dict[str, str]:
    """The values of variables that the shop and the events of a session give."""
    values = {"shop": shop.name}
    if session is not None:
        named = {name: session.mentioned(what) for name, what in _VALUES.items()}
        values |= {name: value for name, value in named.items() if value is not None}
    return values


def hit_json(hit: Hit, values: Mapping[str, str], said: Collection[str] = ()) -> dict[str, Any]:
    """A suggestion as others see it, in words that are not `said` yet if there are such, with `values` filled in.

    `missing` names what an agent still has to fill, and `variables` says of each what it is; `said` is true where the buyer
    has read all of its wordings.
    """
    text = choose_text(hit.phrase, said)
    filled = fill(hit.phrase.text if text is None else text, values)
    return {
        "phrase_id": hit.phrase.id,
        "title": hit.phrase.title,
        "category": hit.phrase.category,
        "text": filled.text,
        "score": round(hit.score, 4),
        "why": list(hit.why),
        "missing": list(filled.unfilled),
        "variables": [variable_named(name).to_json() for name in filled.unfilled],
        "images": list(hit.phrase.images),
        "owner": hit.phrase.owner,
        "said": text is None,
    }


def advice_json(advice: InviteAdvice) -> dict[str, Any]:
    """The advice as it is kept; what it would do to the rate depends on the moment and is added by `advice_with_effect`."""
    return {
        "advice": advice.advice,
        "code": advice.code,
        "p_satisfied": round(advice.p_satisfied, 4),
        "reasons": list(advice.reasons),
        "text": advice.text,
        "texts": list(advice.texts[:MOST_TEXTS]),
        "waits_for": advice.waits_for.value if advice.waits_for is not None else None,
        "until": advice.until.isoformat() if advice.until is not None else None,
        "invitation": advice.invitation.to_json() if advice.invitation is not None else None,
        "at_risk": advice.at_risk,
    }


def advice_with_effect(advice: InviteAdvice, effect: Effect | None) -> dict[str, Any]:
    """The advice as others see it. `effect` is null where inviting is out of the question."""
    return advice_json(advice) | {"effect": effect.to_json() if effect is not None else None}
