"""A forecast of a measure with what it would cost, and the record of it that programs read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.core.forecast import INTERVAL, DayCounts, Forecast, LineAhead, forecast_period, period_of
from app.core.penalties import PenaltyShown, PenaltyView, penalty_view
from app.core.profiles import Edition, Measure, Profile
from app.usecases.measure_tables import lines_of

PERIODS: Final = ("natural_day", "natural_week", "natural_month", "trailing_7d", "trailing_30d")
LOOK_BACK_DAYS: Final = 90
"""Days before today whose counts a forecast is made of."""
_SAME_PERIOD: Final = {"previous_day": "natural_day"}
"""The day that is judged tomorrow is today's."""


@dataclass(frozen=True, slots=True)
class MeasureForecast:
    """A measure's period ahead, of a whole shop or, by `key`, of one agent.

    `cost` is what the figure costs as it stands and as it is expected to end (None once the period is over); None for an
    agent, because a platform fines the shop, whoever of its agents was late.
    """

    profile: Profile
    measure: Measure
    edition: Edition
    forecast: Forecast
    cost: tuple[PenaltyView, PenaltyView | None] | None
    key: tuple[str, str] | None = None


def look_ahead(
    profile: Profile,
    measure: Measure,
    edition: Edition,
    days: Sequence[DayCounts],
    now: datetime,
    period: str | None = None,
    key: tuple[str, str] | None = None,
) -> MeasureForecast:
    """The forecast of a measure from its counts by day; see `forecast_period` for `days` and `now`.

    Without a `period` (one of `PERIODS`) the first that the platform judges by.
    """
    forecast = forecast_period(
        days,
        now,
        period_of(period or usual_period(edition), now.date()),
        dict(lines_of(edition)),
        higher_is_better=edition.own_goal.higher_is_better,
    )
    cost = None if key is not None and key[0] == "agent" else _costs(profile, measure, edition, forecast)
    return MeasureForecast(profile, measure, edition, forecast, cost, key)


def usual_period(edition: Edition) -> str:
    """The first of the edition's periods that we know how to look ahead in."""
    named = (_SAME_PERIOD.get(name, name) for name in edition.periods)
    return next((name for name in named if name in PERIODS), "natural_month")


def _costs(
    profile: Profile, measure: Measure, edition: Edition, forecast: Forecast
) -> tuple[PenaltyView, PenaltyView | None]:
    """What the figure costs as it stands, and as it is expected to end."""
    day = forecast.now.date()
    judged = forecast.period.name in {_SAME_PERIOD.get(name, name) for name in edition.periods}

    def view(num: int, den: int) -> PenaltyView:
        return penalty_view(profile, measure.id, day, num, den, volume=den if judged else None)

    standing = view(forecast.numerator, forecast.denominator)
    ending = forecast.ending
    if ending is None or forecast.over:
        return standing, None
    good = ending.counted - ending.missed
    return standing, view(good if forecast.higher_is_better else ending.missed, ending.counted)


def forecast_record(found: MeasureForecast) -> dict[str, Any]:
    """All of a forecast, for programs: rates of whole counts as reduced fractions, estimates as numbers."""
    forecast, edition = found.forecast, found.edition
    rate = forecast.rate
    record: dict[str, Any] = {
        "platform": found.profile.platform,
        "metric": found.measure.id,
        "name": found.measure.name,
    }
    if found.key is not None:
        # "" means that nobody or nothing is known to bear it.
        record[found.key[0]] = found.key[1] or None
    period = forecast.period
    record |= {
        "edition": edition.id,
        "status": edition.status.value,
        "period": {"name": period.name, "from": str(period.first_day), "to": str(period.last_day)},
        "as_of": forecast.now.isoformat(),
        "numerator": forecast.numerator,
        "denominator": forecast.denominator,
        "rate": None if rate is None else str(rate),
        "pending": forecast.pending,
        "over": forecast.over,
        "lines": {ahead.name: _line_record(ahead) for ahead in forecast.lines},
        "forecast": _ending_record(forecast),
        "reason": None if forecast.reason is None else forecast.reason.value,
        "widened": [each.value for each in forecast.widened],
        "history_days": forecast.history_days,
        "pace": None if forecast.pace is None else str(forecast.pace),
        "leaving": [
            {"day": str(day.day), "numerator": day.good, "denominator": day.counted}
            for day in forecast.leaving
        ],
    }
    if found.cost is not None:
        now, end = found.cost
        record["penalty"] = {
            "standing": _cost_record(now),
            "expected": None if end is None else _cost_record(end),
        }
    return record


def _line_record(ahead: LineAhead) -> dict[str, Any]:
    return {
        "op": ahead.line.op,
        "value": str(ahead.line.value),
        "relative_to": ahead.line.relative_to,
        "met": ahead.met,
        "needed": ahead.needed,
        "room": ahead.room,
        "chance": ahead.chance,
        "affordable": ahead.affordable,
        "affordable_high": ahead.affordable_high,
        "unreachable_at": _moment(ahead.unreachable_at),
        "unreachable_at_high": _moment(ahead.unreachable_at_high),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _ending_record(forecast: Forecast) -> dict[str, Any] | None:
    ending = forecast.ending
    if ending is None:
        return None
    return {
        "rate": ending.rate,
        "low": ending.low,
        "high": ending.high,
        "interval": INTERVAL,
        "counted": [ending.counted_low, ending.counted, ending.counted_high],
        "missed": [ending.missed_low, ending.missed, ending.missed_high],
        "remaining": ending.remaining,
        "remaining_high": ending.remaining_high,
    }


def _cost_record(view: PenaltyView) -> dict[str, Any]:
    return {
        "day": str(view.day),
        "met": view.met,
        "assessed": view.assessed,
        "in_force": view.in_force,
        "disputed": view.disputed,
        "penalties": [_penalty_record(shown) for shown in view.penalties],
    }


def _penalty_record(shown: PenaltyShown) -> dict[str, Any]:
    penalty = shown.penalty
    return {
        "id": penalty.id,
        "name": penalty.name,
        "from": None if penalty.from_day is None else str(penalty.from_day),
        "to": None if penalty.to_day is None else str(penalty.to_day),
        "status": penalty.status.value,
        "in_force": shown.in_force,
        "suspended": shown.suspended,
        "amounts_known": shown.amounts_known,
        "severity": penalty.severity,
        "levels": [
            {
                "level": level.level,
                "actions": list(level.actions),
                "fine_cny": None if level.fine_cny is None else list(level.fine_cny),
                "points": level.points,
            }
            for level in penalty.levels
        ],
        "tier_fines_cny": None if shown.fines is None else list(shown.fines.amounts),
        "tier_fine_assumed_cny": None if shown.fines is None else shown.fines.assumed,
        "tier_fines_disputed": None if shown.fines is None else shown.fines.disputed,
        "sources": [cited.url or cited.source for cited in penalty.provenance],
    }
