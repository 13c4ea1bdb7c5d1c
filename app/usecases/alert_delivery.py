"""Alerts on their way: when a message may go, what it says, and what became of it.

A message is made at the moment of sending, of what still holds then. Somebody who dies between sending and noting it leaves
a lease behind; when that is over the message is sent again. So a message arrives at least once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from sqlalchemy import func, union
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.alert_limits import DAY, HOUR, next_allowed
from app.core.alert_words import Matter, compose, trial, urgency
from app.core.alerts import WAITING, Channel, Occasion
from app.core.masking import masked
from app.db.tables import (
    AlertChannelRow,
    AlertMessageRow,
    AlertMessageState,
    AlertRow,
    AlertState,
    DeadlineRow,
    SessionRow,
)
from app.usecases.acts import record_act
from app.usecases.alert_channels import channel_row
from app.usecases.alerts import channel_of
from app.usecases.knowledge import Knowledge
from app.usecases.shops import Shop, read_shop

LEASE: Final = timedelta(seconds=30)
"""How long whoever claimed a message may take; longer than an attempt is given."""
LOOK_AGAIN: Final = timedelta(seconds=2)
"""How soon to see whether the message before is through."""
RETRY_AFTER_S: Final = (5, 30, 120, 600)
"""Seconds between attempts; after the last one the message has failed."""
MAX_QUOTES: Final = 40
"""No message has room for the words of more buyers."""
MAX_AT_ONCE: Final = 5000
"""Things that one message can tell of; what goes beyond it follows with the next."""
_PENDING: Final = (AlertState.QUEUED.value, AlertState.HELD.value)


class TooOftenError(RuntimeError):
    """The limits of the channel allow no message now. `allowed_at`: when they do."""

    def __init__(self, allowed_at: datetime) -> None:
        super().__init__("已到这个渠道的发送上限，请稍后再试 / the limits of the channel are reached")
        self.allowed_at = allowed_at


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A message to send now."""

    shop_id: str
    id: str
    channel: str
    address: str = field(repr=False)
    title: str
    body: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """`handled`: on how many channels something was due, also where nothing is to be sent."""

    dispatches: tuple[Dispatch, ...]
    handled: int


def next_alert_at(db: Database) -> datetime | None:
    """When the next alert or message is due, from the indexes."""
    found = [db.exec(select(func.min(table.due_at))).one() for table in (AlertRow, AlertMessageRow)]
    return min((at for at in found if at is not None), default=None)


def claim_dispatches(
    db: Database, knowledge: Knowledge, now: datetime, public_url: str = "", limit: int = 50
) -> Claimed:
    """Messages to send now, each taken for `LEASE`.

    One message of a channel is under way at a time; channels that another process holds are skipped.
    """
    due = union(
        *(
            select(table.shop_id, table.channel).where(col(table.due_at) <= now)
            for table in (AlertRow, AlertMessageRow)
        )
    ).subquery()
    claim = (
        select(AlertChannelRow)
        .join(due, (due.c.shop_id == AlertChannelRow.shop_id) & (due.c.channel == AlertChannelRow.id))
        .order_by(AlertChannelRow.shop_id, AlertChannelRow.id)
        .limit(limit)
        .with_for_update(of=AlertChannelRow, skip_locked=True)
    )
    channels = db.exec(claim).all()
    found = (_dispatch(db, knowledge, row, now, public_url) for row in channels)
    return Claimed(tuple(dispatch for dispatch in found if dispatch is not None), len(channels))


def claim_trial(db: Database, shop: Shop, channel_id: str, now: datetime) -> Dispatch:
    """The message of a channel's test button, which counts as any other but may go at any hour.

    Raises `UnknownChannelError` and `TooOftenError`.
    """
    row = channel_row(db, shop.id, channel_id)
    channel = channel_of(row)
    sent = _sent_at(db, row, now)
    counted = sum(at > now - HOUR for at in sent) >= channel.limits.max_per_hour
    if counted or sum(at > now - DAY for at in sent) >= channel.limits.max_per_day:
        raise TooOftenError(next_allowed(channel.limits, sent, now, shop.timezone))
    words = trial(shop.name, channel.name)
    message = AlertMessageRow(
        shop_id=shop.id,
        id=secrets.token_hex(8),
        channel=row.id,
        at=now,
        title=words.title,
        body=words.body,
    )
    db.add(message)
    db.flush()
    return _dispatch_of(row, message)


def record_sent(db: Database, dispatch: Dispatch) -> None:
    """The service took the message: what it tells of is told."""
    message = _close_message(db, dispatch, AlertMessageState.SENT, None)
    if message is not None:
        for alert in _alerts_of(db, message):
            alert.state = (AlertState.SENT if alert.named else AlertState.DIGESTED).value


def record_failure(
    db: Database,
    dispatch: Dispatch,
    now: datetime,
    error: str,
    *,
    retry_after_s: float | None = None,
    final: bool = False,
) -> None:
    """An attempt failed: try again after a while, or give the message up (at once if `final`) and let the live page say so."""
    if not final and dispatch.attempt <= len(RETRY_AFTER_S):
        message = _close_message(db, dispatch, AlertMessageState.RETRYING, error)
        if message is not None:
            wait = max(RETRY_AFTER_S[dispatch.attempt - 1], retry_after_s or 0)
            message.due_at = now + timedelta(seconds=wait)
        return
    message = _close_message(db, dispatch, AlertMessageState.FAILED, error)
    if message is None:
        return
    alerts = _alerts_of(db, message)
    _close(alerts, AlertState.FAILED)
    name = channel_row(db, dispatch.shop_id, dispatch.channel).settings["name"]
    for alert in alerts[:1]:
        record_act(
            db,
            dispatch.shop_id,
            kind="alert_failed",
            at=now,
            session=alert.session,
            buyer=alert.buyer,
            about=message.id,
            title=f"提醒没有送达渠道“{name}”，请当面转告",
            detail={"reasons": [error], "count": len(alerts)},
        )


def _dispatch(
    db: Database, knowledge: Knowledge, row: AlertChannelRow, now: datetime, public_url: str
) -> Dispatch | None:
    channel = channel_of(row)
    message = _message_under_way(db, row)
    alerts = [alert for alert in _pending(db, row) if alert.due_at is None or alert.due_at <= now]
    if message is not None and message.due_at is not None and message.due_at > now:
        # What is under way, or waits for its next attempt, goes first.
        sending = message.state == AlertMessageState.SENDING
        until = min(message.due_at, now + LOOK_AGAIN) if sending else message.due_at
        _put_off((alert for alert in alerts if alert.due_at is not None), until)
        return None
    if not channel.active:
        _close(alerts, AlertState.DROPPED)
        _drop(message)
        return None
    live, settled = _sort_out(db, row.shop_id, alerts)
    # What was never held back needs no word once somebody has seen to it.
    _close([alert for alert in settled if alert.state == AlertState.QUEUED], AlertState.DROPPED)
    held = [alert for alert in settled if alert.state == AlertState.HELD]
    for alert in held:
        alert.due_at = None
    if not live:
        _drop(message)
        return None
    shop = read_shop(db, knowledge.profiles, row.shop_id)
    allowed_at = next_allowed(channel.limits, _sent_at(db, row, now, message), now, shop.timezone)
    if allowed_at > now:
        _put_off(live, allowed_at)
        if allowed_at - now > timedelta(seconds=channel.limits.digest_s):
            for alert in live:
                alert.state = AlertState.HELD.value
        _drop(message)
        return None
    message = message or AlertMessageRow(shop_id=row.shop_id, id=secrets.token_hex(8), channel=row.id, at=now)
    message.at, message.due_at, message.state = now, now + LEASE, AlertMessageState.SENDING.value
    _write(db, knowledge, shop, channel, message, live, held, public_url)
    db.add(message)
    db.flush()
    return _dispatch_of(row, message)


def _write(
    db: Database,
    knowledge: Knowledge,
    shop: Shop,
    channel: Channel,
    message: AlertMessageRow,
    live: Sequence[AlertRow],
    held: Sequence[AlertRow],
    public_url: str,
) -> None:
    """Put into the message what holds now, and mark what it tells of."""
    told = sorted(_by_matter(live), key=lambda pair: urgency(pair[0]))
    matters = [
        _with_words(db, knowledge, matter, alerts[0]) if number < MAX_QUOTES else matter
        for number, (matter, alerts) in enumerate(told)
    ]
    words = compose(shop.name, matters, message.at, kind=channel.kind, settled=len(held), link=public_url)
    message.title, message.body = words.title, words.body
    for alert in held:
        alert.message, alert.named = message.id, False
    for number, (_, alerts) in enumerate(told):
        for alert in alerts:
            alert.message, alert.named, alert.due_at = message.id, number < words.named, None


def _by_matter(alerts: Iterable[AlertRow]) -> list[tuple[Matter, list[AlertRow]]]:
    """What a message tells of: of several things about one item only the worst."""

    def subject(alert: AlertRow) -> tuple[bool, str]:
        return alert.occasion in WAITING, alert.item_id or alert.id

    found = []
    for _, group in groupby(sorted(alerts, key=subject), key=subject):
        ranked = sorted(group, key=lambda alert: urgency(_matter(alert)))
        found.append((_matter(ranked[0]), ranked))
    return found


def _matter(alert: AlertRow) -> Matter:
    return Matter(Occasion(alert.occasion), alert.buyer, alert.agent, "", alert.opened_at, alert.deadline_at)


def _with_words(db: Database, knowledge: Knowledge, matter: Matter, alert: AlertRow) -> Matter:
    session = db.get(SessionRow, (alert.shop_id, alert.session))
    words = masked(session.last_text, knowledge.linter) if session is not None else ""
    agent = session.agent if session is not None else matter.agent
    return Matter(matter.occasion, matter.buyer, agent, words, matter.opened_at, matter.deadline_at)


def _sort_out(
    db: Database, shop_id: str, alerts: Iterable[AlertRow]
) -> tuple[list[AlertRow], list[AlertRow]]:
    """What still holds, and what is over: answered, or the session closed."""
    alerts = list(alerts)
    items = select(DeadlineRow.item_id).where(
        DeadlineRow.shop_id == shop_id, col(DeadlineRow.item_id).in_({alert.item_id for alert in alerts})
    )
    closed = select(SessionRow.id).where(
        SessionRow.shop_id == shop_id,
        col(SessionRow.id).in_({alert.session for alert in alerts}),
        col(SessionRow.closed_at).is_not(None),
    )
    open_items, closed_sessions = set(db.exec(items)), set(db.exec(closed))
    live: list[AlertRow] = []
    settled: list[AlertRow] = []
    for alert in alerts:
        waits = alert.item_id in open_items and alert.session not in closed_sessions
        (live if waits or alert.occasion not in WAITING else settled).append(alert)
    return live, settled


def _sent_at(
    db: Database, row: AlertChannelRow, now: datetime, but: AlertMessageRow | None = None
) -> list[datetime]:
    """When messages went to a channel in the last two days, all but one."""
    query = select(AlertMessageRow.at).where(
        AlertMessageRow.shop_id == row.shop_id,
        AlertMessageRow.channel == row.id,
        AlertMessageRow.at > now - 2 * DAY,
    )
    return list(db.exec(query if but is None else query.where(AlertMessageRow.id != but.id)))


def _message_under_way(db: Database, row: AlertChannelRow) -> AlertMessageRow | None:
    query = select(AlertMessageRow).where(
        AlertMessageRow.shop_id == row.shop_id,
        AlertMessageRow.channel == row.id,
        col(AlertMessageRow.due_at).is_not(None),
    )
    return db.exec(query.order_by(col(AlertMessageRow.due_at).desc())).first()


def _pending(db: Database, row: AlertChannelRow) -> Sequence[AlertRow]:
    query = select(AlertRow).where(
        AlertRow.shop_id == row.shop_id, AlertRow.channel == row.id, col(AlertRow.state).in_(_PENDING)
    )
    # What is due goes before what only waits to be counted, so that every look gets on.
    in_turn = (col(AlertRow.due_at).is_(None), col(AlertRow.due_at), AlertRow.id)
    return db.exec(query.order_by(*in_turn).limit(MAX_AT_ONCE)).all()


def _alerts_of(db: Database, message: AlertMessageRow) -> Sequence[AlertRow]:
    return db.exec(
        select(AlertRow)
        .where(
            AlertRow.shop_id == message.shop_id,
            AlertRow.message == message.id,
            col(AlertRow.state).in_(_PENDING),
        )
        .order_by(col(AlertRow.at), AlertRow.id)
    ).all()


def _close_message(
    db: Database, dispatch: Dispatch, state: AlertMessageState, error: str | None
) -> AlertMessageRow | None:
    """Note what became of an attempt; None if somebody else has noted it already."""
    message = db.get(AlertMessageRow, (dispatch.shop_id, dispatch.id))
    if message is None or message.state != AlertMessageState.SENDING or message.attempts >= dispatch.attempt:
        return None
    message.attempts, message.state, message.error = dispatch.attempt, state.value, error
    message.due_at = None
    return message


def _put_off(alerts: Iterable[AlertRow], until: datetime) -> None:
    for alert in alerts:
        alert.due_at = until


def _close(alerts: Iterable[AlertRow], state: AlertState) -> None:
    for alert in alerts:
        alert.state, alert.due_at = state.value, None


def _drop(message: AlertMessageRow | None) -> None:
    if message is not None:
        message.state, message.due_at = AlertMessageState.DROPPED.value, None


def _dispatch_of(row: AlertChannelRow, message: AlertMessageRow) -> Dispatch:
    return Dispatch(
        row.shop_id, message.id, row.id, row.address, message.title, message.body, message.attempts + 1
    )
