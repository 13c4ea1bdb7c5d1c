"""The live page: for people, behind a sign-in."""

from __future__ import annotations

import secrets
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from sqlmodel import Session as Database

from app.core.fields import Refused
from app.usecases.administration import Principal
from app.usecases.feedback import (
    Taken,
    UnknownFeedbackError,
    read_feedback,
    show_anew,
    take_feedback,
    undo_feedback,
)
from app.usecases.live import LiveView
from app.usecases.members import house_is_empty
from app.usecases.read_live import read_live
from app.usecases.service import Service
from app.web.auth import COOKIE, ServiceDep, signed_in
from app.web.bodies import json_object, text_field
from app.web.dashboard import FRAGMENTS, fragment, page
from app.web.forgery import form_token, same_origin
from app.web.page_access import html
from app.web.problems import Problem
from app.web.streaming import HEADERS, changes_as_events
from app.web.who import who_is

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


async def _view(service: Service, principal: Principal) -> LiveView:
    return await service.read(
        lambda db: read_live(db, service.knowledge, service.board, principal.shop_id, service.clock())
    )


@router.get("/")
async def get_page(request: Request, service: ServiceDep) -> Response:
    principal = await signed_in(request)
    if principal is None:
        empty = await service.read(house_is_empty)
        return RedirectResponse("/first-run" if empty else "/sign-in", 303)
    token = form_token(request.cookies[COOKIE]) if "policy" in principal.scopes else ""
    return html(page(await _view(service, principal), token, who_is(principal)))


@router.get("/live/stream")
async def get_live_stream(request: Request, service: ServiceDep) -> Response:
    principal = await signed_in(request)
    if principal is None:
        raise _signed_out()
    return StreamingResponse(
        changes_as_events(service, principal.shop_id, FRAGMENTS),
        media_type="text/event-stream",
        headers=HEADERS,
    )


@router.get("/live/{name}")
async def get_fragment(name: str, request: Request, service: ServiceDep) -> Response:
    principal = await signed_in(request)
    if principal is None:
        raise _signed_out()
    if name not in FRAGMENTS:
        raise Problem(404, "not_found", "没有这个部分 / no such part")
    return html(fragment(name, await _view(service, principal)))


@router.post("/live/feedback")
async def post_live_feedback(request: Request, service: ServiceDep) -> Response:
    """A verdict on a suggestion of the page; the answer has its id, by which it can be undone."""
    principal = await _judging(request)
    raw = await json_object(request)
    now = service.clock()
    entry = {name: raw.get(name) for name in ("phrase_id", "message", "verdict")}
    entry |= {"id": f"live-{secrets.token_hex(12)}", "by": principal.name}
    read = read_feedback([entry], now, timedelta(0))

    def judge(db: Database) -> Taken | Refused:
        [answer] = take_feedback(db, service.knowledge, principal.shop_id, read, now)
        if isinstance(answer, Taken):
            show_anew(db, service.knowledge, principal.shop_id, answer.id, now)
        return answer

    answer = await service.write(judge)
    if isinstance(answer, Refused):
        raise Problem(422, answer.reason, answer.message, field=answer.field)
    service.changes.tell([principal.shop_id])
    return JSONResponse({"id": answer.id, "learned": answer.learned, "note": answer.note})


@router.post("/live/feedback/undo")
async def post_live_undo(request: Request, service: ServiceDep) -> Response:
    principal = await _judging(request)
    feedback_id = text_field(await json_object(request), "id", limit=200)
    now = service.clock()

    def undo(db: Database) -> None:
        undo_feedback(db, service.knowledge, principal.shop_id, feedback_id, principal.name, now)
        show_anew(db, service.knowledge, principal.shop_id, feedback_id, now)

    try:
        await service.write(undo)
    except UnknownFeedbackError as error:
        raise Problem(404, "unknown_feedback", str(error)) from None
    service.changes.tell([principal.shop_id])
    return JSONResponse({"id": feedback_id, "status": "undone"})


async def _judging(request: Request) -> Principal:
    if not same_origin(request):
        raise Problem(403, "other_origin", "请从看板操作 / please use the dashboard")
    principal = await signed_in(request)
    if principal is None:
        raise _signed_out()
    return principal


def _signed_out() -> Problem:
    return Problem(401, "signed_out", "请重新登录 / please sign in again")
