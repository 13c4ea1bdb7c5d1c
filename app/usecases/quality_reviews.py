"""Look at the sessions of some days: badly rated and at risk, lot by lot, so that a big shop's week blocks nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final

from sqlmodel import Session as Database

from app.core.events import Event
from app.core.quality.reviews import Review, Reviewer
from app.db.journal import events_about_buyers
from app.db.ratings import events_counted, sessions_between
from app.db.tables import SessionRow
from app.usecases.knowledge import Knowledge
from app.usecases.leaves import leaves_of, with_leave
from app.usecases.picture import mood_of, with_courtesy
from app.usecases.service import Service
from app.usecases.shops import Shop, read_shop

LOT: Final = 25
"""Sessions that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The reviews of a span of days, and how many sessions of it there was no time for."""

    reviews: tuple[Review, ...]
    unread: int


async def look_at_sessions(
    service: Service, shop_id: str, first: date, last: date, *, most: int | None = None
) -> Looked:
    """The reviews of all sessions of these days (inclusive, in the shop's zone); at most `most` of them made anew.

    A session belongs to the day on which it was rated badly, else to that of its last event. Raises `UnknownShopError`.
    """
    now = service.clock()
    profiles = service.knowledge.profiles
    shop = await service.read(lambda db: read_shop(db, profiles, shop_id))
    since, until = span_of(shop, first, last)

    def find(db: Database) -> tuple[dict[str, str], dict[str, int]]:
        buyers = sessions_between(db, shop.id, since, until)
        return buyers, events_counted(db, shop.id, buyers)

    buyers, counts = await service.read(find)
    done = service.reviews.standing(shop.id, counts, now)
    missing = [session for session in counts if session not in done]
    for lot in _lots(missing[:most]):
        async with service.reviewing:
            made = await service.read(
                lambda db, lot=lot: review_sessions(  # type: ignore[misc]
                    db, service.knowledge, shop, {session: buyers[session] for session in lot}, now
                )
            )
        for review in made:
            service.reviews.put(shop.id, review, counts[review.session], now)
            done[review.session] = review
    found = sorted(
        (review for review in done.values() if first <= review.day <= last),
        key=lambda review: (review.at, review.session),
    )
    return Looked(tuple(found), max(0, len(missing) - (len(missing) if most is None else most)))


def review_sessions(
    db: Database, knowledge: Knowledge, shop: Shop, buyers: Mapping[str, str], now: datetime
) -> list[Review]:
    """Review these sessions, given with their buyers, as they stand at `now`."""
    return reviewer_of(knowledge, shop, now).review(events_around(db, shop, buyers), now, frozenset(buyers))


def events_around(db: Database, shop: Shop, buyers: Mapping[str, str]) -> list[Event]:
    """The events of these sessions and what else their buyers were told meanwhile, with the hints that are inferred."""
    sessions: dict[str, list[str]] = {}
    for session, buyer in buyers.items():
        sessions.setdefault(buyer, []).append(session)
    found = events_about_buyers(db, shop.id, sessions)
    events = [event for own in found.values() for event in own]
    leaves = leaves_of(db, shop, events)
    return [with_leave(with_courtesy(event), leaves) for event in events]


def reviewer_of(knowledge: Knowledge, shop: Shop, now: datetime) -> Reviewer:
    """Who reviews the shop's sessions, by the reply measure in force at `now`."""
    return Reviewer(shop.profile, shop.reply_edition(now), knowledge.linter, knowledge.moods, mood_of)


def buyer_of(db: Database, shop_id: str, session: str) -> str | None:
    """The buyer of a session of this shop; None if the shop has no such session."""
    row = db.get(SessionRow, (shop_id, session))
    return None if row is None else row.buyer


def span_of(shop: Shop, first: date, last: date) -> tuple[datetime, datetime]:
    """The moments between which whole days (inclusive) of the shop lie, half-open."""
    zone = shop.timezone
    since = datetime.combine(first, time(0), zone)
    until = datetime.combine(last + timedelta(days=1), time(0), zone)
    return since.astimezone(UTC), until.astimezone(UTC)


def _lots(sessions: Iterable[str]) -> Iterator[Collection[str]]:
    left = iter(sessions)
    while lot := list(islice(left, LOT)):
        yield lot
