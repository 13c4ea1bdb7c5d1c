"""Forecasts of a shop's measures, from its standing counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session as Database

from app.core.forecast import DayCounts
from app.core.measures.history import micros
from app.core.measures.shares import AGENT, ALL, ARRIVAL
from app.core.measures.standing import Pending
from app.core.profiles import Measure
from app.db import standing as rows
from app.usecases.forecast_records import LOOK_BACK_DAYS, MeasureForecast, look_ahead
from app.usecases.shops import Shop

Hours = tuple[tuple[int, int], ...]
"""(good, counted) of the hours 0 to 23."""


def read_forecasts(
    db: Database,
    shop: Shop,
    measures: Sequence[Measure],
    now: datetime,
    *,
    period: str | None = None,
    by_agent: bool = False,
) -> list[MeasureForecast]:
    """The period of each of the measures that has an edition in force, of the shop or of each agent, in order of names.

    `period` is one of `forecast_records.PERIODS`; without it the one that the platform judges by.
    """
    here = now.astimezone(shop.timezone)
    split = AGENT if by_agent else ALL
    pending = [each for each in rows.read_pending(db, [shop.id], now)[shop.id] if each[1].split == split]
    found = []
    for measure in measures:
        edition = measure.edition_on(here.date())
        if edition is None:
            continue
        own = [each for name, each in pending if name == measure.id]
        for name, days in _days_by_name(db, shop, measure, own, here, split).items():
            key = ("agent", name) if by_agent else None
            found.append(look_ahead(shop.profile, measure, edition, days, here, period, key))
    return found


def _days_by_name(
    db: Database, shop: Shop, measure: Measure, open_: Sequence[Pending], now: datetime, split: str
) -> dict[str, list[DayCounts]]:
    """The counts by day of the shop (under "") or of each agent, in order of names."""
    today = now.date()
    first = today - timedelta(days=LOOK_BACK_DAYS)
    counts = rows.read_counts(db, [shop.id], measure.id, [split, ARRIVAL], first, today, by_day=True)[shop.id]
    totals: dict[tuple[str, str], tuple[int, int]] = {} if split == AGENT else {("", str(today)): (0, 0)}
    quarters: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for count in counts:
        if count.split == ARRIVAL:
            quarters[count.day].append((count.key, count.good, count.counted))
        else:
            totals[count.key, count.day] = (count.good, count.counted)
    pending: dict[tuple[str, str], int] = defaultdict(int)
    for each in open_:
        pending[each.key, each.day] += each.count(micros(now))
    by_name: dict[str, list[DayCounts]] = defaultdict(list)
    # How the day ran is the whole shop's: one agent has too few items to tell.
    hours = {day: _hours(parts) for day, parts in quarters.items()}
    for (name, day), (good, counted) in sorted(totals.items()):
        waiting = pending[name, day]
        by_name[name].append(
            DayCounts(date.fromisoformat(day), good, counted - waiting, waiting, hours.get(day))
        )
    return by_name


def _hours(quarters: Sequence[tuple[str, int, int]]) -> Hours:
    sums = [(0, 0)] * 24
    for at, good, counted in quarters:
        hour = int(at[:2])
        sums[hour] = (sums[hour][0] + good, sums[hour][1] + counted)
    return tuple(sums)
