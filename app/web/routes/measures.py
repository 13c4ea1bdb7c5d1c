"""The measures of a shop, as they stand and as their periods will end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from app.core.measures.standing import STORED_KEYS
from app.core.profiles import Measure
from app.gateways.spreadsheets import WRITERS
from app.usecases.forecast_records import PERIODS, forecast_record
from app.usecases.forecasts import read_forecasts
from app.usecases.measure_tables import measure_record, measure_table
from app.usecases.measures import MeasureFigures, measure_json, read_figures
from app.usecases.shops import Shop
from app.web.auth import Reader, ServiceDep
from app.web.counted_shop import of_counted_shop
from app.web.problems import Problem

router = APIRouter(tags=["measures"])
MAX_DAYS: Final = 400
MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("/v1/measures", summary="指标 / measures", response_model=None)
async def get_measures(
    service: ServiceDep,
    principal: Reader,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
    measure: str | None = None,
    format: str = "json",
) -> Response:
    """The measures of the shop's platform over some days (today, unless said), each by the editions in force.

    `measure` names one of them; `by` splits them; `format` is json, csv or xlsx. Beside the live counts, which leave out
    what is still pending, a line of JSON has the settled ones, in which what is unanswered is missed.
    """
    _check("by", by, ("shop", *STORED_KEYS))
    _check("format", format, ("json", *MEDIA_TYPES))
    now = service.clock()

    def query(db: Any, shop: Shop) -> tuple[Shop, date, date, list[MeasureFigures]]:
        today = now.astimezone(shop.timezone).date()
        first, last = first_day or last_day or today, last_day or first_day or today
        if not 0 <= (last - first).days < MAX_DAYS:
            raise Problem(
                422,
                "bad_range",
                f"日期要先后相接，最多 {MAX_DAYS} 天 / the days must be in order",
                field="last_day",
            )
        found = read_figures(db, shop, _wanted(shop, measure), now, first, last, None if by == "shop" else by)
        return shop, first, last, [_of(shop, each) for each in found] if by == "shop" else found

    shop, first, last, found = await of_counted_shop(service, principal.shop_id, now, query)
    if format != "json":
        return _table_answer(shop, found, first, last, by, format)
    lines = [
        measure_json(figure, each.measure, edition)
        for each in found
        if (edition := each.measure.edition_on(last)) is not None
        for figure in each.figures
    ]
    return JSONResponse(
        {"as_of": now.isoformat(), "first_day": str(first), "last_day": str(last), "measures": lines}
    )


@router.get("/v1/forecast", summary="周期末预测 / where each period will end")
async def get_forecast(
    service: ServiceDep,
    principal: Reader,
    measure: str | None = None,
    period: str | None = None,
    by: str | None = None,
) -> JSONResponse:
    """Where each measure's period will end, what its lines still need, and what the figure would cost.

    `period` is the one that the platform judges by, unless said; `by=agent` gives a forecast for each agent. Estimates
    come with an interval that holds the end eight times in ten.
    """
    _check("period", period, PERIODS)
    _check("by", by, ("shop", "agent"))
    now = service.clock()

    def query(db: Any, shop: Shop) -> list[dict[str, Any]]:
        wanted = _wanted(shop, measure)
        found = read_forecasts(db, shop, wanted, now, period=period, by_agent=by == "agent")
        return [forecast_record(each) for each in found]

    return JSONResponse(
        {"as_of": now.isoformat(), "forecasts": await of_counted_shop(service, principal.shop_id, now, query)}
    )


def _check(field: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise Problem(422, "unknown_value", f"{field} 只能是 {'、'.join(known)} / unknown value", field=field)


def _wanted(shop: Shop, measure: str | None) -> tuple[Measure, ...]:
    _check("measure", measure, tuple(each.id for each in shop.profile.measures))
    return tuple(each for each in shop.profile.measures if measure in {None, each.id})


def _of(shop: Shop, found: MeasureFigures) -> MeasureFigures:
    """The figures of the whole shop, under its name."""
    return MeasureFigures(
        found.measure, tuple(replace(figure, key=("shop", shop.id)) for figure in found.figures)
    )


def _table_answer(
    shop: Shop, found: list[MeasureFigures], first: date, last: date, by: str | None, kind: str
) -> Response:
    """The live counts as a table for Excel, its columns those of `miaohui metrics --output`."""
    records = [
        measure_record(
            shop.profile.platform, each.measure, each.measure.editions_between(first, last), figure.live
        )
        for each in found
        for figure in each.figures
    ]
    return Response(
        WRITERS[f".{kind}"]("指标", *measure_table(records, by)),
        media_type=MEDIA_TYPES[kind],
        headers={"content-disposition": f'attachment; filename="measures-{first}-{last}.{kind}"'},
    )
