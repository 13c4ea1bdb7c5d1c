"""One session of a shop with its talk, as a supervisor looks at it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session as Database

from app.core.quality.reviews import Review
from app.core.quality.transcript import Line, Moment, transcript
from app.core.sessions import fold_session
from app.usecases.knowledge import Knowledge
from app.usecases.quality_reviews import buyer_of, events_around, reviewer_of
from app.usecases.shops import Shop

Talk = tuple[Line | Moment, ...]


def look_at_session(
    db: Database, knowledge: Knowledge, shop: Shop, session: str, now: datetime
) -> tuple[Review, Talk] | None:
    """The review and the talk of a session; None if the shop has no such session."""
    buyer = buyer_of(db, shop.id, session)
    if buyer is None:
        return None
    events = [each for each in events_around(db, shop, {session: buyer}) if each.at <= now]
    reviews = reviewer_of(knowledge, shop, now).review(events, now, {session})
    if not reviews:
        return None
    folded = fold_session(each for each in events if each.session == session)
    return reviews[0], transcript(folded, reviews[0], knowledge.linter)
