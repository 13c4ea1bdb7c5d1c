"""Where a shop's good rate stands in the period that its platform judges."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session as Database

from app.core.measures.shares import ALL
from app.core.rating_effect import Standing, rating_period
from app.db import standing as rows
from app.usecases.shops import Shop


def rating_standing(db: Database, shop: Shop, now: datetime) -> Standing | None:
    """The period's ratings so far, from the standing counts. None where the platform has no measure of good ratings."""
    today = shop.day_of(now)
    judged = rating_period(shop.profile, today)
    if judged is None:
        return None
    first, last = judged.period.first_day, min(judged.period.last_day, today)
    counts = rows.read_counts(db, [shop.id], judged.measure.id, [ALL], first, last, by_day=False)[shop.id]
    return Standing.of(judged, sum(count.good for count in counts), sum(count.counted for count in counts))
