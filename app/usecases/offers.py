"""What was offered for a buyer's message is noted, and replies that took it become verdicts.

A verdict of a reply is a projection: the session is folded from the journal, whatever the order in which its events came,
and the verdicts that its fold no longer bears out do not stand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.acceptance import Taken, taken_replies
from app.core.events import Event, EventType, Sender
from app.core.feedback import RESERVED
from app.core.masking import masked
from app.core.sessions import HUMAN_SENDERS, SHOP_SENDERS, Message, Session
from app.db.tables import FeedbackRow, OfferRow
from app.db.upserts import insert_new
from app.usecases.considered import Considered
from app.usecases.phrase_use import count_use
from app.usecases.verdicts import BY_REPLY, NewVerdict, add_verdict, let_stand
from phrasebank import Bank
from phrasebank.variants import is_wording_of


def note_offers(db: Database, considered: Considered, events: Iterable[Event]) -> None:
    """Note which phrases were suggested for the buyer's messages among new `events`, and count it."""
    shop = considered.picture.shop
    offered: dict[str, tuple[datetime, list[str]]] = {}
    for event in events:
        if event.type is not EventType.MESSAGE or event.sender is not Sender.BUYER or event.session is None:
            continue
        session = considered.picture.sessions[event.session]
        message = next((m for m in session.messages if m.id == event.id), None)
        if hits := considered.offered(session, message).hits:
            offered[event.id] = (event.at, [hit.phrase.id for hit in hits])
    rows = [
        {"shop_id": shop.id, "message": message_id, "phrase_ids": phrase_ids}
        for message_id, (_, phrase_ids) in offered.items()
    ]
    for message_id in sorted(insert_new(db, OfferRow, rows, returning="message")):
        at, phrase_ids = offered[message_id]
        for phrase_id in phrase_ids:
            count_use(db, shop, phrase_id, at, offered=1)


def note_taken(db: Database, considered: Sequence[Considered], events: Sequence[Event]) -> None:
    """Bring the verdicts of replies in line with the sessions, in the pictures of one shop's buyers, of new `events`."""
    by_session: dict[str | None, list[Event]] = {}
    for event in events:
        by_session.setdefault(event.session, []).append(event)
    changed = [
        (one, session)
        for one in considered
        for session in one.picture.sessions.values()
        if _may_change(session, by_session.get(session.id, []))
    ]
    if not changed:
        return
    known: dict[str | None, list[FeedbackRow]] = {session.id: [] for _, session in changed}
    shop = considered[0].picture.shop
    for row in db.exec(
        select(FeedbackRow).where(
            FeedbackRow.shop_id == shop.id,
            col(FeedbackRow.session).in_(list(known)),
            FeedbackRow.source == BY_REPLY,
        )
    ).all():
        known[row.session].append(row)
    for one, session in changed:
        _project(db, one, session, {row.id: row for row in known[session.id]})


def _may_change(session: Session, events: Sequence[Event]) -> bool:
    """Buyer's messages that nobody has answered yet, the daily bread, change nothing of what replies say."""
    asked = [event.at for event in events if event.sender is Sender.BUYER]
    if any(event.type is EventType.MESSAGE_WITHDRAWN or event.sender in SHOP_SENDERS for event in events):
        return True
    return bool(asked) and any(
        message.sender in HUMAN_SENDERS and message.at >= min(asked) for message in session.messages
    )


def _project(
    db: Database, considered: Considered, session: Session, known: Mapping[str, FeedbackRow]
) -> None:
    shop, now = considered.picture.shop, considered.picture.now
    by_hand = any(m.sender in HUMAN_SENDERS and not m.by_machine for m in session.messages)
    offers = _offers(db, shop.id, session) if by_hand else {}
    if not offers and not known:
        return
    bank = considered.knowledge.bank(db, shop)
    taken = {_name(one): one for one in taken_replies(session, offers, _Wordings(bank, known.values()))}
    for name, row in known.items():
        let_stand(db, shop, row, now, stands=name in taken and row.undone_at is None)
    for name, one in taken.items():
        if name not in known:
            new = NewVerdict(
                id=name,
                reply=one.reply,
                phrase_id=one.phrase_id,
                about=one.message.id,
                session=session.id,
                text=masked(one.message.text, considered.knowledge.linter),
                accepted=True,
                source=BY_REPLY,
                by=one.agent or "",
                at=one.at,
            )
            add_verdict(db, shop, new, now)


class _Wordings:
    """Whether a reply reads as a phrase does, or did: what a reply was found to be it stays, however the phrase is edited."""

    def __init__(self, bank: Bank, known: Iterable[FeedbackRow]) -> None:
        self._bank = bank
        self._known = {(row.reply, row.phrase_id) for row in known}

    def __call__(self, phrase_id: str, reply: Message) -> bool:
        if (reply.id, phrase_id) in self._known:
            return True
        phrase = self._bank.get(phrase_id)
        return phrase is not None and bool(reply.text) and is_wording_of(phrase, reply.text)


def _offers(db: Database, shop_id: str, session: Session) -> dict[str, list[str]]:
    """The phrase ids that were offered for the session's messages, by message id."""
    asked = [message.id for message in session.messages if message.by_buyer]
    rows = db.exec(select(OfferRow).where(OfferRow.shop_id == shop_id, col(OfferRow.message).in_(asked)))
    return {row.message: row.phrase_ids for row in rows.all()}


def _name(taken: Taken) -> str:
    """The same for the same reply, message and phrase, so that finding it again is finding it once."""
    parts = "\n".join((taken.reply, taken.message.id, taken.phrase_id))
    return RESERVED + hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()
