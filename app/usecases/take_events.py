"""Events come in: store each once, work them in, decide, and answer only after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session as Database

from app.core.events import Event, parse_event
from app.core.fields import FieldError, Refused
from app.db.journal import Delivery, Stored, record_conflict, store_events, take_delivery
from app.usecases.absorb import EventDecision, absorb, look_again
from app.usecases.knowledge import Knowledge
from app.usecases.shops import read_shop

MAX_BATCH = 500
"""Events in one request at most."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one event. `status` is accepted, duplicate or rejected."""

    id: str | None
    status: str
    reason: str | None = None
    message: str | None = None
    field: str | None = None
    decision: EventDecision | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The answers, one for each event in order.

    `delivery_conflict`: the delivery's id is known with another body, and nothing was taken.
    """

    answers: tuple[Answer, ...]
    delivery_conflict: bool = False


def read_events(raw: Sequence[object], now: datetime, future_tolerance: timedelta) -> list[Event | Refused]:
    """Parse each raw event, or say why it cannot be taken."""
    out: list[Event | Refused] = []
    for entry in raw:
        try:
            event = parse_event(entry)
        except FieldError as error:
            out.append(Refused(_id_of(entry), error.reason, error.message, error.field))
            continue
        if event.at > now + future_tolerance:
            out.append(
                Refused(
                    event.id,
                    "time_in_future",
                    "时间在未来，请校对发送方的时钟 / the time lies in the future: check the sender's clock",
                    "at",
                )
            )
            continue
        out.append(event)
    return out


def take_events(
    db: Database,
    knowledge: Knowledge,
    shop_id: str,
    read: Sequence[Event | Refused],
    delivery: Delivery | None,
    raw_body: str,
    now: datetime,
) -> Taken:
    """Store and work in what was read. Raises `UnknownShopError`."""
    shop = read_shop(db, knowledge.profiles, shop_id)
    if delivery is not None and take_delivery(db, shop_id, delivery, now) is Stored.CONFLICT:
        record_conflict(db, shop_id, "delivery", delivery.id, delivery.body_digest, raw_body, now)
        return Taken((), delivery_conflict=True)
    events = [entry for entry in read if isinstance(entry, Event)]
    stored = iter(store_events(db, shop_id, events, now))
    statuses = [next(stored) if isinstance(entry, Event) else None for entry in read]

    def of_status(wanted: Stored) -> list[Event]:
        pairs = zip(read, statuses, strict=True)
        return [entry for entry, status in pairs if isinstance(entry, Event) and status is wanted]

    decisions = look_again(db, knowledge, shop, of_status(Stored.DUPLICATE), now)
    decisions |= absorb(db, knowledge, shop, of_status(Stored.ACCEPTED), now)
    return Taken(
        tuple(_answer(entry, status, decisions) for entry, status in zip(read, statuses, strict=True))
    )


def _answer(entry: Event | Refused, status: Stored | None, decisions: dict[str, EventDecision]) -> Answer:
    if isinstance(entry, Refused):
        return Answer(entry.id, "rejected", entry.reason, entry.message, entry.field)
    if status is Stored.CONFLICT:
        return Answer(
            entry.id,
            "rejected",
            "conflict",
            "同一个 id 已有不同内容，原有内容保持不变 / the id is known with other content, which stands",
            "id",
        )
    if status is Stored.DUPLICATE:
        return Answer(entry.id, "duplicate", decision=decisions.get(entry.id))
    return Answer(entry.id, "accepted", decision=decisions.get(entry.id))


def _id_of(entry: Any) -> str | None:
    value = entry.get("id") if isinstance(entry, dict) else None
    return value if isinstance(value, str) else None
