"""The pages of words: try a text, the rules, what agents sent, and the sessions in which they did."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from app.usecases.lint_overrides import list_overrides
from app.usecases.past_findings import PAGE, FindingFilter, read_findings, read_session
from app.usecases.service import Service
from app.web.auth import ServiceDep
from app.web.date_ranges import read_range, shortcuts
from app.web.page_access import (
    Viewer,
    first,
    frame_of,
    html,
    needs_scope,
    page_error,
    submitted,
    viewer_of,
    wants_part,
)
from app.web.words_pages import (
    MAX_TEXT,
    FindingsView,
    TryForm,
    findings_page,
    found_rules,
    overrides_page,
    rule_page,
    rules_page,
    session_page,
    tried,
    tried_part,
    try_page,
)
from lint import CHANNELS

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "read"
USUAL_DAYS: Final = 7
MOST_DAYS: Final = 92
MOST_EARLIER: Final = 50
OVERRIDES: Final = 100


@router.get("/words")
async def get_words(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    return html(try_page(frame_of(service, viewer), TryForm(platform=viewer.shop.profile.platform)))


@router.post("/words/try")
async def post_try(request: Request, service: ServiceDep) -> Response:
    """What the linter says of the text in the form; nothing is stored."""
    viewer, fields = await submitted(request, SCOPE)
    form = await _tried(service, _form_of(service, viewer, fields))
    status = 422 if form.problem else 200
    if wants_part(request):
        return html(tried_part(form), status)
    return html(try_page(frame_of(service, viewer), form), status)


@router.get("/words/rules")
async def get_rules(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    words, category = (request.query_params.get(name, "").strip() for name in ("q", "category"))
    every = service.knowledge.linter.rules
    found = found_rules(every, words, category)
    return html(rules_page(frame_of(service, viewer), found, words, category, every))


@router.get("/words/rules/{category}/{name}")
async def get_rule(category: str, name: str, request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    rule = service.knowledge.linter.rule(f"{category}/{name}")
    if rule is None:
        raise page_error(404, "没有这条规则", "它可能改了名字，或者地址不全；在规则列表里搜一下。")
    return html(rule_page(frame_of(service, viewer), rule))


@router.get("/words/findings")
async def get_findings(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    query = request.query_params
    days = read_range(query, viewer.today, days=USUAL_DAYS, most=MOST_DAYS)
    wanted = FindingFilter(*(query.get(name, "") for name in ("agent", "rule", "severity")))
    start = _start(query.get("start", ""))
    report = await service.read(
        lambda db: read_findings(db, viewer.shop, days.first, days.last, wanted, start)
    )
    view = FindingsView(
        days,
        shortcuts(days, viewer.today)[:6],
        wanted,
        start,
        report,
        viewer.shop.profile.timezone,
    )
    return html(findings_page(frame_of(service, viewer), view), 422 if days.problem else 200)


@router.get("/words/overrides")
async def get_overrides(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    agent = request.query_params.get("agent", "")
    found = await service.read(
        lambda db: list_overrides(db, viewer.shop.id, agent=agent or None, limit=OVERRIDES)
    )
    frame = frame_of(service, viewer)
    return html(overrides_page(frame, found, agent, OVERRIDES, viewer.shop.profile.timezone))


@router.get("/words/session")
async def get_session(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    session_id = request.query_params.get("id", "")
    found = await service.read(lambda db: read_session(db, viewer.shop, session_id))
    if found is None:
        raise page_error(404, "没有这个会话", "它可能属于别的店铺，或者按要求删除了。")
    return html(session_page(frame_of(service, viewer), found, viewer.shop.profile.timezone))


async def _viewer(request: Request) -> Viewer:
    viewer = await viewer_of(request)
    if not viewer.may(SCOPE):
        raise page_error(403, "没有查看的权限", needs_scope(SCOPE))
    return viewer


def _form_of(service: Service, viewer: Viewer, fields: Mapping[str, list[str]]) -> TryForm:
    channel, platform = first(fields, "channel"), first(fields, "platform")
    return TryForm(
        text=first(fields, "text").replace("\r\n", "\n"),
        channel=channel if channel in CHANNELS else "live",
        platform=platform if platform in service.knowledge.profiles else "",
        earlier=first(fields, "earlier").replace("\r\n", "\n"),
    )


async def _tried(service: Service, form: TryForm) -> TryForm:
    earlier = [line for line in form.earlier.splitlines() if line.strip()]
    if len(form.text) > MAX_TEXT or len(form.earlier) > MAX_TEXT or len(earlier) > MOST_EARLIER:
        return replace(form, problem=f"一次最多查 {MAX_TEXT} 字，前面的话最多 {MOST_EARLIER} 条；请分几次。")
    if not form.text.strip():
        return form
    found = await asyncio.to_thread(
        tried, service.knowledge.linter, form.text, form.channel, form.platform or None, earlier
    )
    return replace(form, tried=found)


def _start(text: str) -> int:
    """The number of the first sentence of a page; 0 for what is none."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
    return number - number % PAGE
