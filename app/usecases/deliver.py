"""The outbox: claim what is due, ask the guards once more, and note what became of it.

A reply keeps its id over every attempt, so a receiver that dedupes by id says it once, however often we crash.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import aliased
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import Purpose, Silence, decide_before_sending
from app.core.events import Event, EventType, Kind, Sender
from app.core.invitations import INVITATION
from app.db.journal import Stored, echoes_of, lock_buyers, store_events, try_lock_buyer
from app.db.tables import OutboxRow, OutboxState, ShopRow
from app.gateways.consoles import Reply, console_of
from app.usecases.absorb import absorb_own_words
from app.usecases.acts import act, called, record_acts
from app.usecases.considered import Considered
from app.usecases.consoles import ShopConsole, consoles_for_replies
from app.usecases.knowledge import Knowledge, may_be_said
from app.usecases.phrase_use import count_use
from app.usecases.picture import look_at_buyers
from app.usecases.records import WORDS_OF_INVITATION, Records
from app.usecases.shops import Shop, read_shop
from app.usecases.situations import situation_of_letter, sources_of
from phrasebank import Phrase
from phrasebank.variants import is_wording_of

LEASE = timedelta(seconds=15)
"""How long whoever claimed a reply may take; then another process may try."""
CLOCKS_DIFFER = timedelta(seconds=60)
"""How far a console's clock may be behind ours: what shows a reply may seem older than the reply."""
OUTCOME_UNKNOWN: Final = "已发出，没有等到结果，对方可能已收到 / sent, outcome not known"
"""What stands as the last error while an attempt is under way, and stays if nobody lives to note what became of it."""
RETRY_AFTER_S: Final = (1, 2, 4, 8, 15, 30)
"""Seconds between attempts. Together they fit a window of three minutes; the deadline ends them sooner."""
JITTER: Final = 0.25
"""By how much of itself a pause is shortened or drawn out, so that many replies that failed together do not come again
together."""


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
        return Reply(
            self.id,
            self.session,
            self.buyer,
            self.message,
            self.text,
            self.sender,
            invites=self.purpose == Purpose.INVITE.value,
        )


def next_letter_at(db: Database, busy: Collection[str] = ()) -> datetime | None:
    """When the next reply of a shop that is not `busy` wants to be sent, from the index."""
    query = select(OutboxRow.due_at).where(
        col(OutboxRow.due_at).is_not(None), col(OutboxRow.shop_id).not_in(list(busy))
    )
    return db.exec(query.order_by(col(OutboxRow.due_at)).limit(1)).first()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of sending a letter. `error` is None where the receiver has it; `gone`: it wants no more of them.

    `retry_after_s`: the receiver asked for such a pause. `chance` in 0..1 spreads the pauses of many letters.
    """

    letter: Letter
    error: str | None = None
    gone: bool = False
    retry_after_s: float | None = None
    chance: float = 0.5


def claim_letters(
    db: Database, knowledge: Knowledge, now: datetime, limit: int = 100, busy: Collection[str] = ()
) -> list[Letter]:
    """Take due replies for `LEASE`. Per session only the oldest; what is no longer wanted or too late is dropped.

    Shops that are `busy` are left out.
    """
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
        .where(col(OutboxRow.due_at) <= now, col(OutboxRow.shop_id).not_in(list(busy)), ~blocked)
        .order_by(col(OutboxRow.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    by_shop: dict[str, list[OutboxRow]] = {}
    for row in db.exec(claim).all():
        if try_lock_buyer(db, row.shop_id, row.buyer):
            by_shop.setdefault(row.shop_id, []).append(row)
    letters = []
    for shop_id, rows in by_shop.items():
        letters += _open(db, knowledge, read_shop(db, knowledge.profiles, shop_id), rows, now)
    return letters


def _open(
    db: Database, knowledge: Knowledge, shop: Shop, rows: Sequence[OutboxRow], now: datetime
) -> list[Letter]:
    """The letters to send now; what the guards no longer let through is closed."""
    sessions: dict[str, set[str]] = {}
    for row in rows:
        sessions.setdefault(row.buyer, set()).add(row.session)
    pictures = look_at_buyers(db, shop, sessions, now)
    records = Records.about(db, pictures.values())
    consoles = consoles_for_replies(db, shop.id)
    letters: list[Letter] = []
    acts: list[dict[str, Any]] = []
    shown: list[Attempt] = []
    for row in rows:
        considered = Considered(db, knowledge, pictures[row.buyer], records)
        console = consoles.get(console_of(row.session))
        if _is_shown(db, row):
            # An attempt got through whose answer never reached us, or whose sender died.
            shown.append(Attempt(_letter(row, shop, console, considered)))
            continue
        unknown = (OUTCOME_UNKNOWN,) if row.last_error == OUTCOME_UNKNOWN else ()
        if now > row.expires_at:
            title = f"{called(row.purpose)}已过时限，{'可能已送达' if unknown else '没有发送'}"
            acts.append(_close(row, OutboxState.EXPIRED, now, title, unknown))
            continue
        no = objection(considered, row)
        if no is not None and no.until is not None and no.until <= row.expires_at:
            row.due_at = no.until
        elif no is not None:
            title = "不再发送，可能已送达" if unknown else _withdrawn(row.purpose)
            acts.append(_close(row, OutboxState.DROPPED, now, title, (*no.reasons, *unknown), no.code))
        elif console is None and (shop.callback_url is None or shop.callback_secret is None):
            acts.append(
                _close(row, OutboxState.OFFERED, now, "已备好回复，请一键发送", ("店铺没有回调地址",))
            )
        else:
            row.due_at, row.last_error = now + LEASE, OUTCOME_UNKNOWN
            letters.append(_letter(row, shop, console, considered))
    record_acts(db, acts)
    record_attempts(db, knowledge, shown, now)
    return letters


def _is_shown(db: Database, row: OutboxRow) -> bool:
    """Has the console told that it shows this reply? Nobody has tried one that is due as soon as it was made."""
    if row.due_at == row.created_at:
        return False
    return bool(echoes_of(db, row.shop_id, row.session, row.id, row.created_at - CLOCKS_DIFFER))


def objection(considered: Considered, row: OutboxRow) -> Silence | None:
    """Ask the guards once more, and mark the words as what they are by now. None: the reply may leave."""
    session = considered.picture.sessions[row.session]
    situation = situation_of_letter(considered, session, row)
    phrase = _phrase_of(considered, row)
    admitted = (
        phrase is not None
        and (phrase is INVITATION or may_be_said(phrase, considered.occasion(session, situation.message)))
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


def _phrase_of(considered: Considered, row: OutboxRow) -> Phrase | None:
    """The phrase that the words were taken from, as it is now."""
    if row.phrase_id == INVITATION.id:
        return INVITATION
    if row.phrase_id is None:
        return None
    return considered.knowledge.bank(considered.db, considered.picture.shop).get(row.phrase_id)


def _letter(row: OutboxRow, shop: Shop, console: ShopConsole | None, considered: Considered) -> Letter:
    asked = considered.picture.sessions[row.session].last_buyer_message
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


def record_attempts(db: Database, knowledge: Knowledge, attempts: Sequence[Attempt], now: datetime) -> None:
    """Note what became of letters, and journal what buyers have now read as our own record of it."""
    by_shop: dict[str, dict[str, Attempt]] = {}
    for attempt in attempts:
        by_shop.setdefault(attempt.letter.shop_id, {})[attempt.letter.id] = attempt
    for shop_id, own in by_shop.items():
        shop = read_shop(db, knowledge.profiles, shop_id)
        lock_buyers(db, shop_id, {attempt.letter.buyer for attempt in own.values()})
        rows = db.exec(
            select(OutboxRow)
            .where(
                OutboxRow.shop_id == shop_id,
                col(OutboxRow.id).in_(list(own)),
                OutboxRow.state == OutboxState.QUEUED,
            )
            .order_by(col(OutboxRow.created_at), col(OutboxRow.id))
        ).all()
        acts: list[dict[str, Any]] = []
        sent = []
        for row in rows:
            # Counted here and not when it was claimed: a process that dies in between has not been refused.
            row.attempts = own[row.id].letter.attempt
            if own[row.id].error is None:
                row.sent_at, row.last_error = now, None
                acts.append(_close(row, OutboxState.SENT, now, _done(row.purpose)))
                sent.append(row)
            else:
                acts += _note_failure(row, own[row.id], now)
        gone = next((attempt for attempt in own.values() if attempt.gone), None)
        if gone is not None and gone.letter.console is None and gone.letter.url == shop.callback_url:
            acts.append(_switch_off(db, gone, now))
        record_acts(db, acts)
        _note_said(db, knowledge, shop, sent, now)


def _note_failure(row: OutboxRow, attempt: Attempt, now: datetime) -> list[dict[str, Any]]:
    """Try again in time, or give the reply up."""
    error = attempt.error or ""
    row.last_error = error[:500]
    tried = attempt.letter.attempt
    if attempt.gone or tried > len(RETRY_AFTER_S):
        return [_close(row, OutboxState.DEAD, now, f"{called(row.purpose)}没有送达", (error,))]
    pause = RETRY_AFTER_S[tried - 1] * (1 + JITTER * (2 * attempt.chance - 1))
    row.due_at = now + timedelta(seconds=max(pause, attempt.retry_after_s or 0))
    return []


def _done(purpose: str) -> str:
    return "已自动邀请评价" if purpose == Purpose.INVITE.value else "已自动回复"


def _withdrawn(purpose: str) -> str:
    return "发送前已撤回邀请" if purpose == Purpose.INVITE.value else "发送前已取消"


def _switch_off(db: Database, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Send nothing more to this address until somebody sets it anew; people are offered what it would get."""
    letter = attempt.letter
    shop = db.get_one(ShopRow, letter.shop_id)
    shop.callback_url = None
    return act(
        letter.shop_id,
        kind="callback_off",
        at=now,
        session=letter.session,
        buyer=letter.buyer,
        about=letter.id,
        title="回调地址已停用",
        detail={
            "reasons": [
                f"{letter.url} 不再接收（{attempt.error}）；确认后用 miaohui shop callback {letter.shop_id} 地址 重新设置"
            ]
        },
    )


def _note_said(
    db: Database, knowledge: Knowledge, shop: Shop, rows: Sequence[OutboxRow], now: datetime
) -> None:
    if not rows:
        return
    for row in rows:
        if row.phrase_id is not None and row.phrase_id != INVITATION.id:
            count_use(db, shop, row.phrase_id, now, used=True, sent=1)
    events = [
        Event(
            id=row.id,
            type=EventType.MESSAGE,
            at=now,
            session=row.session,
            buyer=row.buyer,
            sender=Sender(row.sender),
            kind=Kind.TEXT,
            text=row.text,
            extra={"outbox": row.id, "purpose": row.purpose},
        )
        for row in rows
    ]
    events += [_invitation(row, now) for row in rows if row.purpose == Purpose.INVITE.value]
    # A console may have told of it under this id before we came to note it; then it is worked in already.
    stored = store_events(db, shop.id, events, now)
    new = [event for event, one in zip(events, stored, strict=True) if one is Stored.ACCEPTED]
    absorb_own_words(db, knowledge, shop, new, now)


def _invitation(row: OutboxRow, now: datetime) -> Event:
    """That the one invitation of the session is used up."""
    return Event(
        id=f"{row.id}:invite",
        type=EventType.INVITE_SENT,
        at=now,
        session=row.session,
        buyer=row.buyer,
        by="system",
        extra={"reply": row.id, WORDS_OF_INVITATION: row.text},
    )


def _close(
    row: OutboxRow,
    state: OutboxState,
    now: datetime,
    title: str,
    reasons: Sequence[str] = (),
    code: str | None = None,
) -> dict[str, Any]:
    """Nothing is left to do about a reply; the act that says why."""
    row.state, row.due_at = state.value, None
    return act(
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
