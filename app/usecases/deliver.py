"""The outbox: claim what is due, ask the guards once more, and note what became of it.

A reply keeps its id over every attempt, so a receiver that dedupes by id says it once, however often we crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Purpose, Silence, decide_before_sending
from app.core.events import Event, EventType, Kind, Sender
from app.core.sessions import Message
from app.db.journal import Stored, echoes_of, store_events, try_lock_buyer
from app.db.tables import OutboxRow, OutboxState
from app.gateways.consoles import Reply
from app.usecases.absorb import absorb
from app.usecases.acts import record_act
from app.usecases.considered import Considered
from app.usecases.consoles import ShopConsole, console_for_reply
from app.usecases.knowledge import Knowledge, may_be_said
from app.usecases.phrase_use import count_use
from app.usecases.picture import look_at_buyer
from app.usecases.shops import Shop, read_shop
from app.usecases.situations import situation_of_letter, sources_of
from phrasebank.variants import is_wording_of

LEASE = timedelta(seconds=15)
"""How long whoever claimed a reply may take; then another process may try."""
CLOCKS_DIFFER = timedelta(seconds=60)
"""How far a console's clock may be behind ours: what shows a reply may seem older than the reply."""
RETRY_AFTER_S = (1, 2, 4, 8, 15, 30)
"""Seconds between attempts. Together they fit a window of three minutes; the deadline ends them sooner."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply to send now: the words, and the console that takes them or an address with a secret to sign with."""

    shop_id: str
    id: str
    console: ShopConsole | None
    """By whose API it goes; None: by the shop's callback, to `url`, signed with `secret`."""
    url: str
    secret: str
    session: str
    buyer: str
    message: str
    """The buyer's last message, which it answers."""
    purpose: str
    sender: str
    text: str
    created_at: datetime
    expires_at: datetime
    attempt: int

    @property
    def reply(self) -> Reply:
        """As a console takes it."""
        return Reply(self.id, self.session, self.buyer, self.message, self.text, self.sender)


def next_letter_at(db: Database) -> datetime | None:
    """When the next reply wants to be sent, from the index."""
    return db.exec(select(func.min(OutboxRow.due_at))).one()


def claim_letters(db: Database, knowledge: Knowledge, now: datetime, limit: int = 100) -> list[Letter]:
    """Take due replies for `LEASE`. Per session only the oldest; what is no longer wanted or too late is dropped."""
    earlier = aliased(OutboxRow)
    blocked = (
        select(earlier.id)
        .where(
            earlier.shop_id == OutboxRow.shop_id,
            earlier.session == OutboxRow.session,
            col(earlier.due_at).is_not(None),
            (earlier.created_at < OutboxRow.created_at)
            | ((earlier.created_at == OutboxRow.created_at) & (earlier.id < OutboxRow.id)),
        )
        .exists()
    )
    claim = (
        select(OutboxRow)
        .where(col(OutboxRow.due_at) <= now, ~blocked)
        .order_by(col(OutboxRow.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    letters = []
    for row in db.exec(claim).all():
        if not try_lock_buyer(db, row.shop_id, row.buyer):
            continue
        letter = _open(db, knowledge, row, now)
        if letter is not None:
            letters.append(letter)
    return letters


def _open(db: Database, knowledge: Knowledge, row: OutboxRow, now: datetime) -> Letter | None:
    shop = read_shop(db, knowledge.profiles, row.shop_id)
    console = console_for_reply(db, row.shop_id, row.session)
    considered = Considered(db, knowledge, look_at_buyer(db, shop, row.buyer, {row.session}, now))
    asked = considered.picture.sessions[row.session].last_buyer_message
    if echoes_of(db, row.shop_id, row.session, row.id, row.created_at - CLOCKS_DIFFER):
        # An attempt got through whose answer never reached us, or whose sender died.
        record_sent(db, knowledge, _letter(row, shop, console, asked), now)
        return None
    if now > row.expires_at:
        _close(db, row, OutboxState.EXPIRED, now, "自动回复已过时限，没有发送", ())
        return None
    no = _objection(db, considered, shop, row)
    if no is not None:
        if no.until is not None and no.until <= row.expires_at:
            row.due_at = no.until
            return None
        _close(db, row, OutboxState.DROPPED, now, "发送前已取消", no.reasons, code=no.code)
        return None
    if console is None and (shop.callback_url is None or shop.callback_secret is None):
        _close(db, row, OutboxState.OFFERED, now, "已备好回复，请一键发送", ("店铺没有回调地址",))
        return None
    row.due_at = now + LEASE
    return _letter(row, shop, console, asked)


def _letter(row: OutboxRow, shop: Shop, console: ShopConsole | None, asked: Message | None) -> Letter:
    return Letter(
        shop_id=row.shop_id,
        id=row.id,
        console=console,
        url=shop.callback_url or "" if console is None else "",
        secret=shop.callback_secret or "" if console is None else "",
        session=row.session,
        buyer=row.buyer,
        message=asked.id if asked is not None else row.item_id,
        purpose=row.purpose,
        sender=row.sender,
        text=row.text,
        created_at=row.created_at,
        expires_at=row.expires_at,
        attempt=row.attempts + 1,
    )


def _objection(db: Database, considered: Considered, shop: Shop, row: OutboxRow) -> Silence | None:
    """Ask the guards once more, and mark the words as what they are by now."""
    session = considered.picture.sessions[row.session]
    situation = situation_of_letter(considered, session, row)
    phrase = considered.knowledge.bank(db, shop).get(row.phrase_id) if row.phrase_id is not None else None
    admitted = (
        phrase is not None
        and may_be_said(phrase, considered.occasion(session, situation.message))
        and is_wording_of(phrase, row.text)
    )
    no = decide_before_sending(
        situation,
        Purpose(row.purpose),
        phrase,
        row.text,
        admitted=admitted,
        sources=sources_of(considered, session, situation.message),
    )
    if no is None:
        row.sender = situation.sender_for(Purpose(row.purpose)).value
    return no


def record_sent(db: Database, knowledge: Knowledge, letter: Letter, now: datetime) -> None:
    """The receiver has it: note it, and journal the message as our own record of what the buyer read."""
    row = _row(db, letter)
    if row is None or row.state != OutboxState.QUEUED:
        return
    row.attempts = letter.attempt
    row.sent_at = now
    _close(db, row, OutboxState.SENT, now, "已自动回复", ())
    shop = read_shop(db, knowledge.profiles, letter.shop_id)
    if row.phrase_id is not None:
        count_use(db, shop, row.phrase_id, now, used=True, sent=1)
    event = Event(
        id=letter.id,
        type=EventType.MESSAGE,
        at=now,
        session=letter.session,
        buyer=letter.buyer,
        sender=Sender(letter.sender),
        kind=Kind.TEXT,
        text=letter.text,
        extra={"outbox": letter.id, "purpose": letter.purpose},
    )
    # A console may have told of it under this id before we came to note it; then it is worked in already.
    if store_events(db, letter.shop_id, [event], now) == [Stored.ACCEPTED]:
        absorb(db, knowledge, shop, [event], now)


def record_failure(
    db: Database,
    letter: Letter,
    now: datetime,
    error: str,
    *,
    gone: bool = False,
    retry_after_s: float | None = None,
) -> None:
    """An attempt failed: try again in time, or give the reply up. `gone`: the receiver wants no more of it."""
    row = _row(db, letter)
    if row is None or row.state != OutboxState.QUEUED:
        return
    # Counted here and not when it was claimed: a process that dies in between has not been refused.
    row.attempts = letter.attempt
    row.last_error = error[:500]
    if gone or letter.attempt > len(RETRY_AFTER_S):
        _close(db, row, OutboxState.DEAD, now, "自动回复没有送达", (error,))
        return
    wait = max(RETRY_AFTER_S[letter.attempt - 1], retry_after_s or 0)
    row.due_at = now + timedelta(seconds=wait)


def _row(db: Database, letter: Letter) -> OutboxRow | None:
    return db.get(OutboxRow, (letter.shop_id, letter.id))


def _close(
    db: Database,
    row: OutboxRow,
    state: OutboxState,
    now: datetime,
    title: str,
    reasons: tuple[str, ...],
    code: str | None = None,
) -> None:
    row.state, row.due_at = state.value, None
    record_act(
        db,
        row.shop_id,
        kind=state.value,
        at=now,
        session=row.session,
        buyer=row.buyer,
        about=row.id,
        title=title,
        text=row.text,
        detail={"reasons": list(reasons), "purpose": row.purpose, "item": row.item_id, "code": code},
    )
