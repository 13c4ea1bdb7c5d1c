"""Today's measures of a shop, from its journal, as its platform counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock
from typing import Any

from sqlmodel import Session as Database

from app.core.courtesy import infer_courtesy
from app.core.events import Event, EventType, Sender
from app.core.measures import History, MeasureResult, evaluate
from app.core.profiles import Edition, Measure
from app.db.journal import events_between
from app.usecases.live import RateView
from app.usecases.shops import Shop

BEFORE = timedelta(hours=12)
"""How far before the first day events are read, so that sessions which began earlier are seen whole."""


CURVE_POINTS = 16
CURVE_STEP = timedelta(minutes=1)
"""The curve has at most so many points, and none nearer to the next than this."""


class RateBoard:
    """Today's rates of each shop, counted anew only as often as is cheap.

    Counting a day takes longer the longer the day is; a result stands for ten times as long as it took, and for a
    second at least, so that no number of people who watch can make it the process's main work.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._boards: dict[str, tuple[datetime, tuple[RateView, ...]]] = {}
        self._lock = Lock()

    def rates(self, db: Database, shop: Shop) -> tuple[RateView, ...]:
        """The rates of the shop's day so far. Called from several threads."""
        now = self._clock()
        with self._lock:
            good_until, rates = self._boards.get(shop.id, (now, ()))
        if now < good_until:
            return rates
        today = now.astimezone(shop.timezone).date()
        rates = rates_today(shop, day_events(db, shop, today, today), now)
        took = self._clock() - now
        with self._lock:
            self._boards[shop.id] = (now + max(took * 11, timedelta(seconds=1)), rates)
        return rates


def day_events(db: Database, shop: Shop, first_day: date, last_day: date) -> list[Event]:
    """The events that the measures of these days (inclusive, in the platform's time zone) may depend on."""
    since = datetime.combine(first_day, time(0), shop.timezone) - BEFORE
    until = datetime.combine(last_day + timedelta(days=1), time(0), shop.timezone) + BEFORE
    return [
        infer(event) for event in events_between(db, shop.id, since.astimezone(UTC), until.astimezone(UTC))
    ]


def infer(event: Event) -> Event:
    """Fill in what a console does not tell: a closing thanks."""
    if event.type is EventType.MESSAGE and event.sender is Sender.BUYER and event.courtesy is None:
        return event.evolve(courtesy=infer_courtesy(event.text, event.kind))
    return event


def rates_today(shop: Shop, events: Sequence[Event], now: datetime) -> tuple[RateView, ...]:
    """Every measure that has an edition in force today; the primary ones with the curve of the day."""
    today = now.astimezone(shop.timezone).date()
    history = History.of(events, as_of=now)
    views = []
    for measure in shop.profile.measures:
        edition = measure.edition_on(today)
        if edition is None:
            continue
        (total,) = evaluate(history, edition.definition, first_day=today, last_day=today)
        curve = _curve(shop, events, edition, now) if measure.primary else ()
        views.append(_view(measure, edition, total, curve))
    return tuple(views)


def _curve(
    shop: Shop, events: Sequence[Event], edition: Edition, now: datetime
) -> tuple[tuple[str, int, int], ...]:
    """The day's measure as it stood at some moments since its first event."""
    today = now.astimezone(shop.timezone).date()
    midnight = datetime.combine(today, time(0), shop.timezone)
    first = min((event.at for event in events if event.at >= midnight), default=now)
    points = min(CURVE_POINTS, int((now - first) / CURVE_STEP))
    curve = []
    for point in range(1, points + 1):
        at = first + (now - first) * point / points
        (stood,) = evaluate(events, edition.definition, as_of=at, first_day=today, last_day=today)
        curve.append((f"{at.astimezone(shop.timezone):%H:%M}", stood.numerator, stood.denominator))
    return tuple(curve)


def measure_json(result: MeasureResult, measure: Measure, edition: Edition) -> dict[str, Any]:
    """One line of `/v1/measures`; the rate is a reduced fraction as text, null where nothing is counted."""
    out: dict[str, Any] = {
        "metric": measure.id,
        "name": measure.name,
        "edition": edition.id,
        "status": edition.status,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "rate": result.rate_text,
        "pending": result.pending,
    }
    if result.key is not None:
        out[result.key[0]] = result.key[1]
    for name in ("penalty_line", "platform_target", "own_goal"):
        line = getattr(edition, name)
        out[name] = None if line is None else f"{line.op} {line.value}"
    return out


def _view(
    measure: Measure, edition: Edition, total: MeasureResult, curve: tuple[tuple[str, int, int], ...]
) -> RateView:
    cited = edition.provenance[0]
    return RateView(
        measure=measure.id,
        name=measure.name,
        edition=edition.id,
        status=edition.status,
        numerator=total.numerator,
        denominator=total.denominator,
        pending=total.pending,
        penalty_line=edition.penalty_line.value if edition.penalty_line else None,
        platform_target=edition.platform_target.value if edition.platform_target else None,
        own_goal=edition.own_goal.value,
        higher_is_better=edition.own_goal.higher_is_better,
        curve=curve,
        source=f"“{cited.quote}”（{cited.url or cited.source}）",
    )
