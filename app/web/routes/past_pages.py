"""The page of past measures, and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session as Database

from app.core.roles import ROLE_SCOPES
from app.gateways.spreadsheets import WRITERS
from app.usecases.members import shops_of
from app.usecases.past_measures import (
    MOST_DAYS,
    PERIODS,
    SHOPS,
    SPLITS,
    Past,
    past_table,
    read_past,
    side_by_side,
)
from app.usecases.service import Service
from app.usecases.shops import Shop
from app.web.auth import ServiceDep
from app.web.counted_shop import of_counted_shop
from app.web.date_ranges import read_range, shortcuts
from app.web.page_access import Viewer, html, needs_scope, page_error, plain_frame_of, viewer_of
from app.web.past_pages import PastView, Wanted, measure_views, past_page
from app.web.routes.measures import MEDIA_TYPES

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "read"
USUAL_DAYS: Final = 30


@router.get("/history")
async def get_history(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    shops = await _shops(service, viewer)
    wanted = _wanted(request, viewer, shops)
    past = await _read(service, viewer, wanted, shops)
    profile = viewer.shop.profile
    view = PastView(
        wanted,
        shortcuts(wanted.days, viewer.today),
        [measure for measure in profile.measures if measure.editions],
        past,
        measure_views(past),
        profile.name,
        len(shops) > 1,
    )
    return html(past_page(plain_frame_of(viewer, SCOPE), view), 422 if wanted.days.problem else 200)


@router.get("/history/table.{kind}")
async def get_history_table(kind: str, request: Request, service: ServiceDep) -> Response:
    """What the page shows, for a spreadsheet."""
    viewer = await _viewer(request)
    if f".{kind}" not in WRITERS:
        raise page_error(404, "没有这种格式", "可以下载 csv 或 xlsx。")
    shops = await _shops(service, viewer)
    wanted = _wanted(request, viewer, shops)
    if wanted.days.problem:
        raise page_error(422, "日期不对", wanted.days.problem)
    past = await _read(service, viewer, wanted, shops)
    days = f"{wanted.days.first}-{wanted.days.last}"
    return Response(
        WRITERS[f".{kind}"]("指标", *past_table(viewer.shop, past)),
        media_type=MEDIA_TYPES[kind],
        headers={"content-disposition": f'attachment; filename="history-{days}.{kind}"'},
    )


async def _viewer(request: Request) -> Viewer:
    viewer = await viewer_of(request)
    if not viewer.may(SCOPE):
        raise page_error(403, "没有查看指标的权限", needs_scope(SCOPE))
    return viewer


async def _shops(service: Service, viewer: Viewer) -> list[str]:
    """The ids of the shops that the viewer may compare: their own first, and the others in which they work."""
    own, member_id = viewer.shop.id, viewer.principal.member_id
    if not member_id:
        return [own]
    shops = await service.read(lambda db: shops_of(db, member_id))
    return [own, *(each.shop_id for each in shops if each.shop_id != own and SCOPE in ROLE_SCOPES[each.role])]


def _wanted(request: Request, viewer: Viewer, shops: Sequence[str]) -> Wanted:
    """What the address asks for; what it names and nobody knows is as if it were not named."""
    query = request.query_params
    days = read_range(query, viewer.today, days=USUAL_DAYS, most=MOST_DAYS)
    known = {measure.id for measure in viewer.shop.profile.measures}
    per, of, measure = (query.get(name, "") for name in ("per", "of", "measure"))
    of = of if of in SPLITS or (of == SHOPS and len(shops) > 1) else "shop"
    return Wanted(
        days,
        per if per in PERIODS else "day",
        of,
        measure if measure in known else "",
        "" if of in {"shop", SHOPS} else query.get("name", ""),
    )


async def _read(service: Service, viewer: Viewer, wanted: Wanted, shops: Sequence[str]) -> Past:
    def query(db: Database, shop: Shop) -> tuple[Shop, Past]:
        measures = [measure for measure in shop.profile.measures if wanted.measure in {"", measure.id}]
        return shop, read_past(
            db,
            shop,
            measures,
            viewer.now,
            wanted.days.first,
            wanted.days.last,
            per=wanted.per,
            of="shop" if wanted.of == SHOPS else wanted.of,
            name=wanted.name or None,
        )

    if wanted.of != SHOPS:
        return (await of_counted_shop(service, viewer.shop.id, viewer.now, query))[1]
    return side_by_side([await of_counted_shop(service, shop_id, viewer.now, query) for shop_id in shops])
