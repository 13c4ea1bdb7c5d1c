"""Service quality for programs: rates of ratings with their editions, and the sessions to look at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.core.quality.reviews import Kind
from app.core.quality.weeks import Week
from app.usecases.quality_report import shop_report
from app.usecases.quality_tables import report_json, review_json
from app.usecases.shops import read_shop
from app.web.auth import ServiceDep, Supervisor
from app.web.problems import Problem

router = APIRouter(tags=["quality"])
MAX_DAYS: Final = 62
PAGE: Final = 100


@router.get("/v1/quality", summary="服务质量 / service quality")
async def get_quality(
    service: ServiceDep,
    principal: Supervisor,
    week: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    agent: str | None = None,
    group: str | None = None,
    label: str | None = None,
    kind: str | None = None,
    start: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = PAGE,
) -> JSONResponse:
    """Rates of ratings, why buyers rated badly, and the badly rated and at-risk sessions, the gravest first.

    `week` is an ISO week (2026-W47), else `first_day` to `last_day`; without any, the week that runs. `agent`, `group`,
    `label` and `kind` narrow the sessions, never the rates; `start` and `limit` page them.
    """
    if kind is not None and kind not in set(Kind):
        known = "、".join(Kind)
        raise Problem(422, "unknown_value", f"kind 只能是 {known} / unknown value", field="kind")
    shop = await service.read(lambda db: read_shop(db, service.knowledge.profiles, principal.shop_id))
    first, last, name = _days(week, first_day, last_day, shop.day_of(service.clock()))
    report = await shop_report(service, shop.id, first, last)
    found = [
        review
        for review in report.cases
        if agent in {None, review.agent}
        and group in {None, review.group}
        and label in {None, review.label}
        and (kind is None or kind in review.kinds)
    ]
    return JSONResponse(
        report_json(report, name)
        | {
            "total": len(found),
            "start": start,
            "sessions": [review_json(review) for review in found[start : start + limit]],
        }
    )


def _days(
    week: str | None, first: date | None, last: date | None, today: date
) -> tuple[date, date, str | None]:
    """The days that are asked for, and the name of the week if they are one."""
    if week is not None or (first is None and last is None):
        if first is not None or last is not None:
            raise Problem(
                422, "bad_range", "week 和日期只能给一种 / give either a week or days", field="week"
            )
        try:
            named = Week.of(today) if week is None else Week.named(week)
        except ValueError as error:
            raise Problem(422, "bad_week", str(error), field="week") from None
        if not 2000 <= named.first.year <= 2200:
            raise Problem(422, "bad_week", "年份要在 2000 到 2200 之间 / year out of range", field="week")
        return named.first, named.last, named.name
    end = last or (first or today)
    begin = first or end - timedelta(days=6)
    if not (0 <= (end - begin).days < MAX_DAYS and begin.year >= 2000 and end.year <= 2200):
        raise Problem(
            422,
            "bad_range",
            f"日期要先后相接，最多 {MAX_DAYS} 天 / the days must be in order",
            field="last_day",
        )
    return begin, end, None
