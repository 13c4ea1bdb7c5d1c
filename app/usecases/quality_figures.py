"""Rates of ratings over some days, split and beside the days before, from whatever counts them: stored counts or a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlmodel import Session as Database

from app.core.measures import History, evaluate_measure
from app.core.measures.ratings import count_ratings
from app.core.profiles import Edition, Measure, Profile
from app.core.quality.figures import Keyed, RateFigure, Tally, rating_measures, total
from app.core.quality.weeks import Week
from app.db.ratings import rating_events
from app.usecases.measures import read_figures
from app.usecases.quality_reviews import span_of
from app.usecases.shops import Shop

TREND_WEEKS: Final = 8
"""Weeks of a trend, the last one included."""

Count = Callable[[Measure, date, date, str | None], Sequence[Keyed]]
"""What counts a measure over days (inclusive), split by a key; without one it gives a single entry."""
Refer = Callable[[Measure, Edition, date, date], Tally]
"""What counts by an edition that is no longer in force."""


def rate_figures(
    profile: Profile, first: date, last: date, count: Count, refer: Refer
) -> tuple[RateFigure, ...]:
    """The platform's measures of ratings over these days."""
    return tuple(_figure(measure, first, last, count, refer) for measure in rating_measures(profile))


def _figure(measure: Measure, first: date, last: date, count: Count, refer: Refer) -> RateFigure:
    editions = measure.editions_between(first, last)
    days = (last - first).days + 1
    before = (first - timedelta(days=days), first - timedelta(days=1))
    if not editions:
        old = measure.latest
        return RateFigure(
            measure, (old,), False, refer(measure, old, first, last), refer(measure, old, *before)
        )
    start = Week.of(last).first - timedelta(weeks=TREND_WEEKS - 1)
    return RateFigure(
        measure=measure,
        editions=editions,
        in_force=True,
        whole=total(each.tally for each in count(measure, first, last, None)),
        before=total(each.tally for each in count(measure, *before, None)),
        by_agent=tuple(count(measure, first, last, "agent")),
        by_group=tuple(count(measure, first, last, "group")),
        by_day=tuple(count(measure, first, last, "day")),
        by_week=tuple(count(measure, start, last, "week")),
    )


def stored_figures(
    db: Database, shop: Shop, first: date, last: date, now: datetime
) -> tuple[RateFigure, ...]:
    """The same of a shop, from its standing counts, which must have been made."""

    def count(measure: Measure, start: date, end: date, by: str | None) -> list[Keyed]:
        [found] = read_figures(db, shop, [measure], now, start, end, by)
        return [
            Keyed("" if figure.key is None else figure.key[1], Tally(figure.good, figure.counted))
            for figure in found.figures
        ]

    def refer(measure: Measure, edition: Edition, start: date, end: date) -> Tally:
        # Nothing is stored for an edition that judges none of the days; there are few ratings.
        history = History.of(rating_events(db, shop.id, *span_of(shop, start, end)))
        return _referred(history, edition, start, end)

    return rate_figures(shop.profile, first, last, count, refer)


def logged_figures(profile: Profile, history: History, first: date, last: date) -> tuple[RateFigure, ...]:
    """The same of a log."""

    def count(measure: Measure, start: date, end: date, by: str | None) -> list[Keyed]:
        report = evaluate_measure(history, measure, first_day=start, last_day=end, by=by)
        return [
            Keyed("" if each.key is None else each.key[1], Tally(each.numerator, each.denominator))
            for each in report.results
        ]

    def refer(measure: Measure, edition: Edition, start: date, end: date) -> Tally:
        return _referred(history, edition, start, end)

    return rate_figures(profile, first, last, count, refer)


def _referred(history: History, edition: Edition, first: date, last: date) -> Tally:
    [result] = count_ratings(history, edition.definition, first_day=first, last_day=last)
    return Tally(result.numerator, result.denominator)
