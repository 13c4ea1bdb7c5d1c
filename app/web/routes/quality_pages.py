"""The pages of service quality: the desk, one session, and the report of a week as a page and as files."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from app.core.quality.reviews import Kind
from app.core.quality.week_report import Report
from app.core.quality.weeks import Week
from app.core.roles import who_may
from app.gateways.spreadsheets import as_workbook_of
from app.usecases.quality_report import shop_report
from app.usecases.quality_session import look_at_session
from app.usecases.quality_tables import sheets
from app.web.auth import ServiceDep
from app.web.date_ranges import read_range, shortcuts
from app.web.page_access import Viewer, html, page_error, plain_frame_of, viewer_of
from app.web.quality_pages import Desk, Paper, Wanted, desk_page, report_page, session_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "quality"
DAYS: Final = 7
"""Days that the desk shows unless said."""
MAX_DAYS: Final = 62
MOST: Final = 600
"""Sessions that are looked at anew for one view; the page goes on with the rest."""
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/quality")
async def get_desk(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    wanted = _wanted(request, viewer)
    days = wanted.days
    report = await shop_report(service, viewer.shop.id, days.first, days.last, most=MOST)
    usual = [each for each in shortcuts(days, viewer.today) if (each.last - each.first).days < MAX_DAYS]
    desk = Desk(report, wanted, plain_frame_of(viewer, SCOPE), usual)
    return html(desk_page(desk), 422 if days.problem else 200)


@router.get("/quality/session")
async def get_session(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    session = request.query_params.get("id", "")
    now = service.clock()
    found = await service.read(lambda db: look_at_session(db, service.knowledge, viewer.shop, session, now))
    if found is None:
        raise page_error(404, "没有这个会话", "它可能属于别的店，或者地址不全。")
    review, talk = found
    back = request.query_params.get("back", "")
    return html(session_page(plain_frame_of(viewer, SCOPE), review, talk, viewer.shop.profile.timezone, back))


@router.get("/quality/report")
async def get_report(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    week = _week(request, viewer)
    report = await shop_report(service, viewer.shop.id, week.first, week.last, most=MOST)
    return html(report_page(report, Paper(True, week)))


@router.get("/quality/report.html")
async def get_report_file(request: Request, service: ServiceDep) -> Response:
    """The report as a file that needs nothing beside it."""
    week, report = await _whole(request, service)
    answer = html(report_page(report, Paper(False, week)))
    return _as_file(answer, report, f"{week.name}.html")


@router.get("/quality/report.xlsx")
async def get_report_workbook(request: Request, service: ServiceDep) -> Response:
    week, report = await _whole(request, service)
    answer = Response(as_workbook_of(sheets(report)), media_type=_XLSX)
    return _as_file(answer, report, f"{week.name}.xlsx")


async def _whole(request: Request, service: ServiceDep) -> tuple[Week, Report]:
    """The week that is asked for, with every session of it."""
    viewer = await _viewer(request)
    week = _week(request, viewer)
    return week, await shop_report(service, viewer.shop.id, week.first, week.last)


def _as_file(answer: Response, report: Report, ending: str) -> Response:
    name = quote(f"服务周报-{report.shop_name}-{ending}", safe="")
    answer.headers["content-disposition"] = (
        f"attachment; filename=\"quality-{ending}\"; filename*=UTF-8''{name}"
    )
    answer.headers["cache-control"] = "no-store"
    return answer


async def _viewer(request: Request) -> Viewer:
    """Who looks: buyers' words are not for everybody."""
    viewer = await viewer_of(request)
    if not viewer.may(SCOPE):
        words = f"这里只有{who_may(SCOPE)}能看；用密钥登录的，密钥要带 {SCOPE} 权限。"
        raise page_error(403, "没有看服务质量的权限", words)
    return viewer


def _week(request: Request, viewer: Viewer) -> Week:
    name = request.query_params.get("week", "")
    try:
        week = Week.named(name) if name else Week.of(viewer.today)
    except ValueError as error:
        raise page_error(422, "周写得不对", str(error)) from None
    if not 2000 <= week.first.year <= 2200:
        raise page_error(422, "周写得不对", "年份要在 2000 到 2200 之间。")
    return week


def _wanted(request: Request, viewer: Viewer) -> Wanted:
    """What the address asks for; what it names and nobody knows is as if it were not named."""
    given = request.query_params
    kind, start = given.get("kind", ""), given.get("start", "")
    return Wanted(
        read_range(given, viewer.today, days=DAYS, most=MAX_DAYS),
        agent=given.get("agent", ""),
        group=given.get("group", ""),
        label=given.get("label", ""),
        kind=kind if kind in set(Kind) else "",
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 0,
    )
