"""A shop's measures as its platform counts them, read from the standing counts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from threading import Lock
from typing import Any

from sqlmodel import Session as Database

from app.core.forecast import Forecast
from app.core.measures.history import micros
from app.core.measures.shares import ARRIVAL
from app.core.measures.standing import Figure, Pending, days_matter, figures, spanned, splits_for
from app.core.profiles import Edition, Measure
from app.db import standing as rows
from app.usecases.forecasts import read_forecasts
from app.usecases.live import RateView
from app.usecases.measure_tables import LINE_NAMES
from app.usecases.shops import Shop

CURVE_POINTS = 24
"""Points of the curve of a day at most."""
YOUNG = 4
"""With fewer quarters of an hour a day has no curve of its own yet."""
LOOK_EVERY = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class MeasureFigures:
    """A measure over some days: one figure, or one for each key that counts anything."""

    measure: Measure
    figures: tuple[Figure, ...]


AHEAD_HOLDS = timedelta(seconds=60)
"""A forecast takes tens of milliseconds, and moves slowly."""

Look = tuple[datetime, dict[str, tuple[int, int]]]
"""When rates were looked at, and the (numerator, denominator) of each measure then."""


class RateBoard:
    """Today's rates of each shop, with where they will end.

    While a day is too young for its quarters of an hour to make a curve, the curve is what earlier looks have seen.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._looks: dict[str, deque[Look]] = {}
        self._ahead: dict[str, tuple[datetime, Mapping[str, Forecast]]] = {}
        self._lock = Lock()

    def rates(self, db: Database, shop: Shop) -> tuple[RateView, ...]:
        """The rates of the shop's day so far. Called from several threads."""
        now = self._clock()
        rates = rates_today(db, shop, now)
        looks = self._note(shop, rates, now)
        ahead = self._look_ahead(db, shop, now)
        return tuple(
            replace(
                rate,
                curve=_as_seen(rate, looks, shop, now) if 0 < len(rate.curve) < YOUNG else rate.curve,
                ahead=ahead.get(rate.measure),
            )
            for rate in rates
        )

    def _look_ahead(self, db: Database, shop: Shop, now: datetime) -> Mapping[str, Forecast]:
        """The forecast of each primary measure by its id, made anew once a minute and day."""
        with self._lock:
            at, held = self._ahead.get(shop.id, (None, {}))
        if at is not None and at <= now < at + AHEAD_HOLDS and shop.day_of(at) == shop.day_of(now):
            return held
        primary = [measure for measure in shop.profile.measures if measure.primary]
        found = {each.measure.id: each.forecast for each in read_forecasts(db, shop, primary, now)}
        with self._lock:
            self._ahead[shop.id] = (now, found)
        return found

    def _note(self, shop: Shop, rates: Sequence[RateView], now: datetime) -> list[Look]:
        """Remember a look now and then; today's looks so far."""
        today = now.astimezone(shop.timezone).date()
        with self._lock:
            looks = self._looks.setdefault(shop.id, deque(maxlen=CURVE_POINTS))
            if not looks or now - looks[-1][0] >= LOOK_EVERY:
                looks.append((now, {rate.measure: (rate.numerator, rate.denominator) for rate in rates}))
            return [look for look in looks if look[0].astimezone(shop.timezone).date() == today]


def _as_seen(
    rate: RateView, looks: Sequence[Look], shop: Shop, now: datetime
) -> tuple[tuple[str, int, int], ...]:
    """What earlier looks saw of a measure, and what stands now."""
    seen = {at: counts[rate.measure] for at, counts in looks if rate.measure in counts}
    seen[now] = (rate.numerator, rate.denominator)
    return tuple((f"{at.astimezone(shop.timezone):%H:%M:%S}", *counts) for at, counts in seen.items())


def read_figures(
    db: Database,
    shop: Shop,
    measures: Sequence[Measure],
    now: datetime,
    first: date,
    last: date,
    by: str | None = None,
) -> list[MeasureFigures]:
    """The figures of these measures over these days (inclusive), as of `now`, each item by the edition of its day.

    Raises ValueError for a key that counts are not kept by.
    """
    of_shops = read_figures_of_shops(db, [shop.id], measures, now, first, last, by)
    return of_shops[shop.id]


def read_figures_of_shops(
    db: Database,
    shop_ids: Sequence[str],
    measures: Sequence[Measure],
    now: datetime,
    first: date,
    last: date,
    by: str | None = None,
) -> dict[str, list[MeasureFigures]]:
    """The same for several shops of one platform together."""
    splits = splits_for(by)
    pending = rows.read_pending(db, shop_ids, now)
    days = (first.isoformat(), last.isoformat())
    out: dict[str, list[MeasureFigures]] = {shop_id: [] for shop_id in shop_ids}
    for measure in measures:
        counts = rows.read_counts(db, shop_ids, measure.id, splits, first, last, by_day=days_matter(by))
        spans: dict[str, list[Any]] = {}
        if first < last and spanned(measure):
            spans = rows.read_spans(db, shop_ids, measure.id, splits[0], first, last)
        for shop_id in shop_ids:
            found = figures(
                measure,
                by,
                micros(now),
                counts[shop_id],
                [
                    each
                    for name, each in pending[shop_id]
                    if name == measure.id and each.split in splits and days[0] <= each.day <= days[1]
                ],
                spans.get(shop_id, ()),
            )
            out[shop_id].append(MeasureFigures(measure, tuple(found)))
    return out


def rates_today(db: Database, shop: Shop, now: datetime) -> tuple[RateView, ...]:
    """Every measure that has an edition in force today; the primary ones with the curve of the day."""
    today = now.astimezone(shop.timezone).date()
    editions = {
        measure.id: edition
        for measure in shop.profile.measures
        if (edition := measure.edition_on(today)) is not None
    }
    measures = [measure for measure in shop.profile.measures if measure.id in editions]
    pending = [each for each in rows.read_pending(db, [shop.id], now)[shop.id] if _is_of(each[1], today)]
    views = []
    for found in read_figures(db, shop, measures, now, today, today):
        measure = found.measure
        own = [each for name, each in pending if name == measure.id]
        curve = _curve(db, shop, measure, own, now, today) if measure.primary else ()
        views.append(_view(measure, editions[measure.id], found.figures[0], curve))
    return tuple(views)


def _curve(
    db: Database, shop: Shop, measure: Measure, pending: Iterable[Pending], now: datetime, today: date
) -> tuple[tuple[str, int, int], ...]:
    """How the day's figure came together: the units that had come by each quarter of an hour, as they stand now."""
    counts = rows.read_counts(db, [shop.id], measure.id, [ARRIVAL], today, today, by_day=True)[shop.id]
    quarters: dict[str, list[int]] = {}
    for count in counts:
        if count.counted:
            quarters[count.key] = [count.good, count.counted]
    for each in pending:
        if each.key in quarters:
            quarters[each.key][1] -= each.count(micros(now))
    ordered = sorted(quarters.items())
    sums = accumulate((counted for _, counted in ordered), lambda a, b: [a[0] + b[0], a[1] + b[1]])
    points = [(quarter, good, counted) for (quarter, _), (good, counted) in zip(ordered, sums, strict=True)]
    step = -(-len(points) // CURVE_POINTS) or 1
    # The last point is the figure of now, whatever the step.
    return tuple(points[::-1][::step][::-1])


def _is_of(pending: Pending, day: date) -> bool:
    return pending.split == ARRIVAL and pending.day == day.isoformat()


def measure_json(figure: Figure, measure: Measure, edition: Edition) -> dict[str, Any]:
    """One line of `/v1/measures`; the rates are reduced fractions as text, null where nothing is counted."""
    live, settled = figure.live, figure.settled
    out: dict[str, Any] = {
        "metric": measure.id,
        "name": measure.name,
        "edition": edition.id,
        "status": edition.status,
        "numerator": live.numerator,
        "denominator": live.denominator,
        "rate": live.rate_text,
        "pending": live.pending,
        "settled": {
            "numerator": settled.numerator,
            "denominator": settled.denominator,
            "rate": settled.rate_text,
        },
    }
    if figure.key is not None:
        out[figure.key[0]] = figure.key[1]
    for name in LINE_NAMES:
        line = getattr(edition, name)
        out[name] = None if line is None else f"{line.op} {line.value}"
    return out


def _view(
    measure: Measure, edition: Edition, figure: Figure, curve: tuple[tuple[str, int, int], ...]
) -> RateView:
    cited = edition.provenance[0]
    live = figure.live
    return RateView(
        measure=measure.id,
        name=measure.name,
        edition=edition.id,
        status=edition.status,
        numerator=live.numerator,
        denominator=live.denominator,
        pending=live.pending,
        penalty_line=edition.penalty_line.value if edition.penalty_line else None,
        platform_target=edition.platform_target.value if edition.platform_target else None,
        own_goal=edition.own_goal.value,
        higher_is_better=edition.own_goal.higher_is_better,
        curve=curve,
        source=f"“{cited.quote}”（{cited.url or cited.source}）",
    )
