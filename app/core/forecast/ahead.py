"""A period looked at while it runs: what stands, what each line still needs, and where it will end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

import numpy as np

from app.core.forecast.arrivals import DayCurve
from app.core.forecast.chance import interval
from app.core.forecast.lines import good_side, misses_allowed, outlook
from app.core.forecast.period_end import Rest, play_rest
from app.core.forecast.periods import DayCounts, Period, leaving
from app.core.profiles import Line
from app.core.spans import DAY_S

INTERVAL: Final = 0.8
LEAST_ITEMS: Final = 20
"""With fewer items behind it a forecast would say more of our assumptions than of the shop."""
_LITTLE_HISTORY_DAYS: Final = 14
_KNOWN_CURVE_ITEMS: Final = 60
_PACE_ITEMS: Final = 30
_PACE_DAYS: Final = 7


class NoForecast(StrEnum):
    """Why there is no estimate of a period's end."""

    NOTHING_COUNTED = "nothing_counted"
    TOO_FEW_ITEMS = "too_few_items"


class Widened(StrEnum):
    """Why an interval is wider than it might be."""

    NO_HISTORY = "no_history"
    LITTLE_HISTORY = "little_history"
    HOURS_ASSUMED = "hours_assumed"
    """How the day runs is not known yet; an even day is assumed."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a period will end. Rates are on the measure's own scale; an interval holds 80 % (`INTERVAL`)."""

    rate: float | None
    """The median; None if nothing at all is expected to be counted."""
    low: float | None
    high: float | None
    counted: int
    """Items of the whole period, expected."""
    counted_low: int
    counted_high: int
    missed: int
    """Items on the bad side in the whole period, expected."""
    missed_low: int
    missed_high: int
    remaining: int
    """Items still to come, expected; what is pending is among them."""
    remaining_high: int
    """Their upper 90 %."""


@dataclass(frozen=True, slots=True)
class LineAhead:
    """One line beside a running period. Misses are items on the bad side."""

    name: str
    line: Line
    met: bool | None
    needed: int | None
    """Items on the good side, and none on the bad, to recover; 0 if met, None if out of reach."""
    room: int | None
    """Misses that the figure as it stands can bear; None if no number of them breaks the line."""
    chance: float | None
    """Of ending on the good side of the line."""
    affordable: int | None
    """Misses that are left until the period's end at the expected volume; negative once the line is out of reach."""
    affordable_high: int | None
    """The same at the upper 90 % of the volume."""
    unreachable_at: datetime | None
    """When, at the present pace, the line gets out of reach though every later item were good. Misses must stop
    before. None if not in this period; now (or before) if it is so already."""
    unreachable_at_high: datetime | None
    """The same at the upper 90 % of the volume."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A period as it stands and as it will end.

    `numerator` of `denominator` on the measure's own scale; `pending` in neither.
    """

    period: Period
    now: datetime
    higher_is_better: bool
    numerator: int
    denominator: int
    pending: int
    over: bool
    """The period has ended: what stands is the end."""
    lines: tuple[LineAhead, ...]
    ending: Ending | None
    reason: NoForecast | None
    """Why there is no ending."""
    widened: tuple[Widened, ...]
    history_days: int
    """Days before today that held items."""
    pace: Fraction | None
    """Share of misses at present: of today, or of the last seven days while today has few items."""
    leaving: tuple[DayCounts, ...]
    """The next days to drop out of a trailing period, on the measure's own scale."""

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.numerator, self.denominator) if self.denominator else None


def forecast_period(
    days: Sequence[DayCounts],
    now: datetime,
    period: Period,
    lines: Mapping[str, Line],
    *,
    higher_is_better: bool = True,
) -> Forecast:
    """Look ahead to the end of a period.

    `days` are the counts by day up to `now`, the period's own and as many before it as there are (four weeks tell most);
    today's is as it stands. `good` is the measure's numerator; with `higher_is_better` false that is what is bad. `now`
    is aware and in the zone of the days. Units that are persons or sessions are treated as counts per day. With the
    same volume, one more good item today in place of a bad one never lowers the forecast (raises it, for a rate to be
    kept low). Raises ValueError for a `now` without zone, or before the period.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    today = now.date()
    if today < period.first_day:
        raise ValueError(f"the period begins on {period.first_day}, after {today}")
    sided = [day if higher_is_better else _other_side(day) for day in days if day.day <= today]
    own = [day for day in sided if period.holds(day.day)]
    good, counted = sum(day.good for day in own), sum(day.counted for day in own)
    pending = sum(day.pending for day in own)
    past = [day for day in sided if day.day < today]
    so_far = next((day for day in sided if day.day == today), DayCounts(today, 0, 0))
    over = today > period.last_day
    seen = sum(day.counted for day in past) + so_far.counted
    reason = None
    if not over and seen < LEAST_ITEMS:
        reason = NoForecast.TOO_FEW_ITEMS if seen else NoForecast.NOTHING_COUNTED
    curve = DayCurve.of(past)
    rest = None
    if over:
        none = np.zeros(1, dtype=np.int64)
        rest = Rest(none, none, ())
    elif reason is None:
        rest = play_rest(past, so_far, _second_of_day(now), period.last_day, curve)
    ending = None if rest is None else _ending(good, counted, rest, higher_is_better=higher_is_better)
    pace = _pace(past, so_far)
    history_days = sum(day.counted > 0 for day in past)
    return Forecast(
        period=period,
        now=now,
        higher_is_better=higher_is_better,
        numerator=good if higher_is_better else counted - good,
        denominator=counted,
        pending=pending,
        over=over,
        lines=tuple(
            _line_ahead(name, line, good, counted, rest, ending, pace, curve, now)
            for name, line in lines.items()
        ),
        ending=ending,
        reason=reason,
        widened=() if over or ending is None else _widened(history_days, curve),
        history_days=history_days,
        pace=pace,
        leaving=leaving(days, period),
    )


def _other_side(day: DayCounts) -> DayCounts:
    hours = None if day.hours is None else tuple((counted - good, counted) for good, counted in day.hours)
    return DayCounts(day.day, day.missed, day.counted, day.pending, hours)


def _second_of_day(now: datetime) -> float:
    return now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6


def _ending(good: int, counted: int, rest: Rest, *, higher_is_better: bool) -> Ending:
    totals = counted + rest.counted
    misses = counted - good + rest.missed
    rate = low = high = None
    if totals.any():
        some = totals > 0
        bad = misses[some] / totals[some]
        rates = 1 - bad if higher_is_better else bad
        rate = float(np.median(rates))
        low, high = interval(rates, INTERVAL)
        # Between the two middle paths there may be a gap in which no path lies.
        low, high = min(low, rate), max(high, rate)
    tail = (1 - INTERVAL) / 2
    return Ending(
        rate=rate,
        low=low,
        high=high,
        counted=round(float(totals.mean())),
        counted_low=_quantile(totals, tail),
        counted_high=_quantile(totals, 1 - tail),
        missed=round(float(misses.mean())),
        missed_low=_quantile(misses, tail),
        missed_high=_quantile(misses, 1 - tail),
        remaining=round(float(rest.counted.mean())),
        remaining_high=_quantile(rest.counted, 0.9),
    )


def _quantile(counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], share: float) -> int:
    return int(np.quantile(counts, share, method="inverted_cdf"))


def _widened(history_days: int, curve: DayCurve) -> tuple[Widened, ...]:
    found = []
    if history_days == 0:
        found.append(Widened.NO_HISTORY)
    elif history_days < _LITTLE_HISTORY_DAYS:
        found.append(Widened.LITTLE_HISTORY)
    if curve.items < _KNOWN_CURVE_ITEMS:
        found.append(Widened.HOURS_ASSUMED)
    return tuple(found)


def _pace(past: Sequence[DayCounts], today: DayCounts) -> Fraction | None:
    recent = [today]
    if today.counted < _PACE_ITEMS:
        since = today.day - timedelta(days=_PACE_DAYS)
        recent += [day for day in past if day.day >= since]
    counted = sum(day.counted for day in recent)
    return Fraction(sum(day.missed for day in recent), counted) if counted else None


def _line_ahead(
    name: str,
    line: Line,
    good: int,
    counted: int,
    rest: Rest | None,
    ending: Ending | None,
    pace: Fraction | None,
    curve: DayCurve,
    now: datetime,
) -> LineAhead:
    standing = outlook(good if line.higher_is_better else counted - good, counted, line)
    if rest is None or ending is None:
        return LineAhead(
            name, line, standing.met, standing.needed, standing.room, None, None, None, None, None
        )
    target, strict = good_side(line)
    missed = counted - good
    affordable, affordable_high = (
        misses_allowed(counted + more, target, strict=strict) - missed
        for more in (ending.remaining, ending.remaining_high)
    )
    unreachable_at, unreachable_at_high = (
        _unreachable_at(left, more, pace, rest, curve, now)
        for left, more in ((affordable, ending.remaining), (affordable_high, ending.remaining_high))
    )
    return LineAhead(
        name=name,
        line=line,
        met=standing.met,
        needed=standing.needed,
        room=standing.room,
        chance=_chance(line, good, counted, rest),
        affordable=affordable,
        affordable_high=affordable_high,
        unreachable_at=unreachable_at,
        unreachable_at_high=unreachable_at_high,
    )


def _chance(line: Line, good: int, counted: int, rest: Rest) -> float | None:
    totals, misses = counted + rest.counted, counted - good + rest.missed
    ends = [(missed, total) for missed, total in zip(misses.tolist(), totals.tolist(), strict=True) if total]
    kept = sum(
        line.met(total - missed if line.higher_is_better else missed, total) is True for missed, total in ends
    )
    return kept / len(ends) if ends else None


def _unreachable_at(
    affordable: int, remaining: int, pace: Fraction | None, rest: Rest, curve: DayCurve, now: datetime
) -> datetime | None:
    """When one miss more than is affordable has come, if they come at this pace with what is expected."""
    if affordable < 0:
        return now
    if not pace:
        return None
    items = math.ceil((affordable + 1) / pace)
    expected = sum(more for _, more in rest.by_day)
    if items > remaining or expected <= 0:
        return None
    # At a higher volume than expected every day brings more in the same proportion.
    return _when_come(items * expected / remaining, rest.by_day, curve, now)


def _when_come(
    items: float, by_day: Sequence[tuple[date, float]], curve: DayCurve, now: datetime
) -> datetime | None:
    """The moment by which so many items will have come, by the expected days and the day's curve."""
    for day, expected in by_day:
        if items <= expected:
            begun = curve.share_by(_second_of_day(now)) if day == now.date() else 0.0
            share = begun + (1 - begun) * items / expected
            midnight = datetime.combine(day, time(0), now.tzinfo)
            return max(now, midnight + timedelta(seconds=min(math.ceil(curve.second_of(share)), DAY_S)))
        items -= expected
    return None
