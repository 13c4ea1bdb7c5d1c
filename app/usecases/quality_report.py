"""A period of a shop, or of a log, as the report that people read and forward."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session as Database

from app.core.courtesy import infer_hints
from app.core.events import Event, EventType
from app.core.measures import History
from app.core.mood import MoodModel
from app.core.profiles import Profile
from app.core.quality.figures import RateFigure
from app.core.quality.invitations import Invitations, invitations
from app.core.quality.reviews import Reviewer, is_good
from app.core.quality.week_report import Report
from app.db.ratings import rating_events
from app.usecases.picture import mood_of
from app.usecases.quality_figures import logged_figures, stored_figures
from app.usecases.quality_reviews import look_at_sessions, span_of
from app.usecases.service import Service
from app.usecases.shops import Shop, read_shop
from app.usecases.standing import is_counted, make_sure_counted
from lint import Linter

RATED_WITHIN: Final = timedelta(days=3)
"""A rating later than this after the period is no answer to an invitation of it any more."""


async def shop_report(
    service: Service, shop_id: str, first: date, last: date, *, most: int | None = None
) -> Report:
    """The report of a shop over these days (inclusive); at most `most` sessions are looked at anew.

    Raises `UnknownShopError`.
    """
    now = service.clock()
    profiles = service.knowledge.profiles
    if not await service.read(lambda db: is_counted(db, read_shop(db, profiles, shop_id))):
        await service.write(lambda db: make_sure_counted(db, read_shop(db, profiles, shop_id), now))

    def read(
        db: Database,
    ) -> tuple[Shop, tuple[RateFigure, ...], tuple[Invitations, ...]]:
        shop = read_shop(db, profiles, shop_id)
        since, until = span_of(shop, first, last)
        asked = rating_events(db, shop.id, since, until + RATED_WITHIN)
        sent = invitations(asked, since, until, lambda label: is_good(shop.profile, label))
        return shop, stored_figures(db, shop, first, last, now), sent

    shop, figures, sent = await service.read(read)
    looked = await look_at_sessions(service, shop_id, first, last, most=most)
    return Report(
        shop_name=shop.name,
        platform_name=shop.profile.name,
        timezone=shop.profile.timezone,
        first=first,
        last=last,
        as_of=now,
        figures=figures,
        invitations=sent,
        reviews=looked.reviews,
        unread=looked.unread,
    )


def log_report(
    events: Iterable[Event],
    profile: Profile,
    first: date,
    last: date,
    as_of: datetime,
    linter: Linter,
    moods: MoodModel,
    shop_name: str = "",
) -> Report:
    """The report of an event log over these days, as things stood at `as_of`."""
    known = [event for event in events if event.at <= as_of]
    zone = ZoneInfo(profile.timezone)
    since = datetime.combine(first, time(0), zone).astimezone(UTC)
    until = datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC)
    reply = profile.primary_reply
    reviewer = Reviewer(profile, reply.edition_on(last) or reply.latest, linter, moods, mood_of)
    reviews = sorted(
        (
            review
            for review in reviewer.review(infer_hints(known), as_of, _touched(known, since, until))
            if first <= review.day <= last
        ),
        key=lambda review: (review.at, review.session),
    )
    asked = [event for event in known if event.type in (EventType.INVITE_SENT, EventType.RATING)]
    return Report(
        shop_name=shop_name,
        platform_name=profile.name,
        timezone=profile.timezone,
        first=first,
        last=last,
        as_of=as_of,
        figures=logged_figures(profile, History.of(known), first, last),
        invitations=invitations(asked, since, until, lambda label: is_good(profile, label)),
        reviews=reviews,
    )


def _touched(events: Iterable[Event], since: datetime, until: datetime) -> frozenset[str]:
    """The sessions in which anything happened in the period."""
    return frozenset(
        event.session for event in events if event.session is not None and since <= event.at < until
    )
