"""The page of the shop's scale for good ratings: what the past says of it, and its switch."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.usecases.rating_scales import ScaleRefusedError, read_versions, switch_off, switch_on
from app.usecases.service import Service
from app.web.auth import ServiceDep
from app.web.page_access import Viewer, first, html, page_error, plain_frame_of, submitted, viewer_of
from app.web.rating_scale_pages import Board, scale_page
from app.web.routes.rating_scale import learning_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "policy"
DONE: Final = {"on": "校准已开，邀评建议马上按新的把握算", "off": "校准已关，邀评建议按原来的把握算"}


@router.get("/quality/scale")
async def get_scale(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    return await _board(service, viewer, done=DONE.get(request.query_params.get("done", ""), ""))


@router.post("/quality/scale/switch")
async def post_switch(request: Request, service: ServiceDep) -> Response:
    """Switch on what the outcomes speak for now, or switch off."""
    viewer, fields = await submitted(request, SCOPE)
    on, number = first(fields, "on") == "1", first(fields, "based_on")
    if not number.isdecimal() or len(number) > 9:
        raise page_error(422, "内容不全", "请从校准页上的按钮操作。")
    author, based_on = viewer.author(first(fields, "why")), int(number)
    try:
        if on:
            seen = await learning_of(service, viewer.shop.id)
            await service.write(lambda db: switch_on(db, viewer.shop.id, seen, author, based_on=based_on))
        else:
            await service.write(lambda db: switch_off(db, viewer.shop.id, author, based_on=based_on))
    except ScaleRefusedError as error:
        return await _board(service, viewer, problem=str(error).partition(" / ")[0], status=409)
    service.changes.tell([viewer.shop.id])
    return RedirectResponse(f"/quality/scale?{urlencode({'done': 'on' if on else 'off'})}", 303)


async def _board(
    service: Service, viewer: Viewer, *, done: str = "", problem: str = "", status: int = 200
) -> Response:
    board = Board(
        learning=await learning_of(service, viewer.shop.id),
        versions=await service.read(lambda db: read_versions(db, viewer.shop.id, limit=20)),
        timezone=viewer.shop.profile.timezone,
        done=done,
        problem=problem,
    )
    return html(scale_page(plain_frame_of(viewer, SCOPE), board), status)
