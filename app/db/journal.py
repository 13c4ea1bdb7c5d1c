"""The journal: every fact once, in the words in which it came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import func, text
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import Event, content_digest, parse_event
from app.db.tables import ConflictRow, DeliveryRow, EventRow
from app.db.upserts import insert_new


class Stored(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery: the console's id for it, and a hash of its body."""

    id: str
    body_digest: str

    @classmethod
    def of(cls, delivery_id: str, body: bytes) -> Delivery:
        return cls(delivery_id, hashlib.sha256(body).hexdigest())


def store_events(db: Database, shop_id: str, events: Sequence[Event], received_at: datetime) -> list[Stored]:
    """Store what is new; says of each event, in order, what became of it.

    An id that is known with the same content is a duplicate; with other content it is refused and recorded. Within
    `events` too: the first of two stands.
    """
    digests = [content_digest(event) for event in events]
    first: dict[str, int] = {}
    for position, event in enumerate(events):
        first.setdefault(event.id, position)
    inserted = insert_new(
        db,
        EventRow,
        [
            {
                "shop_id": shop_id,
                "id": events[position].id,
                "type": events[position].type.value,
                "at": events[position].at,
                "session": events[position].session,
                "buyer": events[position].buyer,
                "body": events[position].to_json(),
                "digest": digests[position],
                "received_at": received_at,
            }
            for position in first.values()
        ],
    )
    known = {event_id: digests[position] for event_id, position in first.items() if event_id in inserted}
    known |= _digests(db, shop_id, [event_id for event_id in first if event_id not in inserted])
    out: list[Stored] = []
    refused: list[tuple[Event, str]] = []
    for position, (event, digest) in enumerate(zip(events, digests, strict=True)):
        if known[event.id] != digest:
            out.append(Stored.CONFLICT)
            refused.append((event, digest))
        elif event.id in inserted and first[event.id] == position:
            out.append(Stored.ACCEPTED)
        else:
            out.append(Stored.DUPLICATE)
    for event, digest in refused:
        body = orjson.dumps(event.to_json()).decode()
        record_conflict(db, shop_id, "event", event.id, digest, body, received_at)
    return out


def record_conflict(
    db: Database, shop_id: str, scope: str, refused_id: str, digest: str, body: str, received_at: datetime
) -> None:
    """Keep what was refused, once, so that it can be looked at."""
    key = hashlib.sha256(f"{scope}\n{refused_id}\n{digest}".encode()).hexdigest()
    row = {
        "shop_id": shop_id,
        "id": key,
        "scope": scope,
        "refused_id": refused_id,
        "body": body,
        "received_at": received_at,
    }
    insert_new(db, ConflictRow, [row])


def take_delivery(db: Database, shop_id: str, delivery: Delivery, received_at: datetime) -> Stored:
    """Note a delivery; CONFLICT if its id was taken before with another body."""
    row = {
        "shop_id": shop_id,
        "id": delivery.id,
        "body_digest": delivery.body_digest,
        "received_at": received_at,
    }
    if insert_new(db, DeliveryRow, [row]):
        return Stored.ACCEPTED
    known = db.exec(
        select(DeliveryRow.body_digest).where(DeliveryRow.shop_id == shop_id, DeliveryRow.id == delivery.id)
    ).one()
    return Stored.DUPLICATE if known == delivery.body_digest else Stored.CONFLICT


def lock_buyers(db: Database, shop_id: str, buyers: Iterable[str]) -> None:
    """Make other processes wait that work on one of these buyers, until the transaction ends.

    SQLite has one writer at a time anyhow.
    """
    if db.get_bind().dialect.name != "postgresql":
        return
    for buyer in sorted(buyers):
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(shop_id, buyer)})


def try_lock_buyer(db: Database, shop_id: str, buyer: str) -> bool:
    """Like `lock_buyers`, but False at once where another process works on the buyer."""
    if db.get_bind().dialect.name != "postgresql":
        return True
    held = db.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _lock_key(shop_id, buyer)})
    return bool(held.scalar_one())


def events_about_sessions(db: Database, shop_id: str, buyer: str, sessions: Iterable[str]) -> list[Event]:
    """All that is known of a buyer since the first of these sessions began, in the tidy order.

    Other sessions of the buyer are included.
    """
    return events_about_buyers(db, shop_id, {buyer: sessions})[buyer]


def events_about_buyers(
    db: Database, shop_id: str, sessions: Mapping[str, Iterable[str]]
) -> dict[str, list[Event]]:
    """The same for several buyers, by buyer, of each since the first of `sessions[buyer]` began; read in one go."""
    out: dict[str, list[Event]] = {buyer: [] for buyer in sessions}
    names = {name for own in sessions.values() for name in own}
    if not names:
        return out
    begun = (
        select(EventRow.buyer, func.min(EventRow.at).label("since"))
        .where(
            EventRow.shop_id == shop_id,
            col(EventRow.buyer).in_(list(sessions)),
            col(EventRow.session).in_(list(names)),
        )
        .group_by(EventRow.buyer)
        .subquery()
    )
    # Sorted here: asked to sort by time, SQLite would read all of the shop's events in that order.
    rows = db.exec(
        select(EventRow.buyer, EventRow.body)
        .join(begun, (col(EventRow.buyer) == begun.c.buyer) & (col(EventRow.at) >= begun.c.since))
        .where(EventRow.shop_id == shop_id, col(EventRow.buyer).in_(list(sessions)))
    )
    for buyer, body in rows:
        if buyer is not None:
            out[buyer].append(parse_event(body))
    for events in out.values():
        # Equal stamps are common where a console counts whole seconds: without the id, arrival would decide.
        events.sort(key=lambda event: event.order)
    return out


def echoes_of(db: Database, shop_id: str, session: str, reply_id: str, since: datetime) -> list[str]:
    """Ids of the events since then by which a console says (`echo_of`) that it shows this reply of ours."""
    rows = db.exec(
        select(EventRow.id, EventRow.body).where(
            EventRow.shop_id == shop_id, EventRow.session == session, EventRow.at >= since
        )
    )
    return [event_id for event_id, body in rows if body.get("echo_of") == reply_id]


def events_of_sessions(db: Database, shop_id: str, sessions: Iterable[str]) -> list[Event]:
    """All events of some sessions, in the tidy order."""
    rows = db.exec(
        select(EventRow.body)
        .where(EventRow.shop_id == shop_id, col(EventRow.session).in_(list(sessions)))
        .order_by(col(EventRow.at), col(EventRow.id))
    )
    return [parse_event(body) for body in rows]


def events_between(db: Database, shop_id: str, since: datetime, until: datetime) -> list[Event]:
    """The shop's events with `since <= at < until`, in the tidy order."""
    rows = db.exec(
        select(EventRow.body)
        .where(EventRow.shop_id == shop_id, EventRow.at >= since, EventRow.at < until)
        .order_by(col(EventRow.at), col(EventRow.id))
    )
    return [parse_event(body) for body in rows]


def _digests(db: Database, shop_id: str, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = db.exec(
        select(EventRow.id, EventRow.digest).where(EventRow.shop_id == shop_id, col(EventRow.id).in_(ids))
    )
    return dict(rows.all())


def _lock_key(shop_id: str, buyer: str) -> int:
    digest = hashlib.blake2b(f"{shop_id}\n{buyer}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
