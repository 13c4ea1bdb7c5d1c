"""Signing in and out: by login and password, by an API key, by a link from the command line."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.usecases.administration import Principal, principal_of_key
from app.usecases.audit import AuditAct, note
from app.usecases.members import house_is_empty
from app.usecases.service import Service
from app.usecases.sign_in import SignInError, TooManyTriesError, sign_in
from app.usecases.web_sessions import (
    close_web_session,
    open_web_session,
    principal_of_web_session,
)
from app.web.auth import COOKIE, MAX_HEADER, ServiceDep
from app.web.cookies import led_in, led_out, visitor_of
from app.web.page_access import first, html, sent_by_anybody
from app.web.sign_in_pages import sign_in_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/sign-in")
async def get_sign_in(service: ServiceDep) -> Response:
    if await service.read(house_is_empty):
        return RedirectResponse("/first-run", 303)
    return html(sign_in_page())


@router.post("/sign-in")
async def post_sign_in(request: Request, service: ServiceDep) -> Response:
    """The session that the browser had ends, whoever's it was."""
    fields = await sent_by_anybody(request)
    if key := first(fields, "key").strip():
        return await _by_key(request, service, key)
    login, password = first(fields, "login"), first(fields, "password")
    old_token = request.cookies.get(COOKIE, "")
    try:
        token = await sign_in(service, login, password, visitor_of(request), old_token)
    except TooManyTriesError as error:
        answer = html(sign_in_page(str(error), login), 429)
        answer.headers["retry-after"] = str(error.after_s)
        return answer
    except SignInError as error:
        return html(sign_in_page(str(error), login), 403)
    return led_in(request, service, token)


@router.get("/sign-in/{token}")
async def get_sign_in_link(token: str, request: Request, service: ServiceDep) -> Response:
    """A link from the command line, such as the demo prints. Each browser that opens it gets a session of its own."""
    now = service.clock()
    principal = await service.read(
        lambda db: principal_of_web_session(db, token, now) if len(token) <= MAX_HEADER else None
    )
    if principal is None:
        return html(sign_in_page("登录链接无效或已过期。"), 403)
    return await _let_in(request, service, principal)


@router.post("/sign-out")
async def post_sign_out(request: Request, service: ServiceDep) -> Response:
    await sent_by_anybody(request)
    token = request.cookies.get(COOKIE, "")
    now = service.clock()

    def leave(db: Database) -> None:
        principal = principal_of_web_session(db, token, now)
        if principal is not None:
            note(db, principal.shop_id, AuditAct.SIGNED_OUT, by=principal.name, now=now)
        close_web_session(db, token)

    await service.write(leave)
    return led_out()


async def _by_key(request: Request, service: Service, key: str) -> Response:
    principal = await service.read(lambda db: principal_of_key(db, key))
    if principal is None or "dashboard" not in principal.scopes:
        return html(sign_in_page("密钥无效、已停用，或没有看板权限。", by_key=True), 403)
    return await _let_in(request, service, principal)


async def _let_in(request: Request, service: Service, principal: Principal) -> Response:
    now, visitor = service.clock(), visitor_of(request)
    old_token = request.cookies.get(COOKIE, "")

    def enter(db: Database) -> str:
        close_web_session(db, old_token)
        detail = {"address": visitor.address} if visitor.address else {}
        note(db, principal.shop_id, AuditAct.SIGNED_IN, by=principal.name, now=now, detail=detail)
        return open_web_session(db, principal, now, visitor)

    return led_in(request, service, await service.write(enter))
