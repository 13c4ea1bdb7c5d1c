"""Somebody's own account: their password, their shops, and where they are signed in."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.db.tables import MemberRow
from app.usecases.administration import AdministrationError
from app.usecases.audit import AuditAct, note
from app.usecases.members import set_password, shops_of
from app.usecases.service import Service
from app.usecases.sign_in import SignInError, TooManyTriesError, new_hash, principal_for, prove
from app.usecases.web_sessions import (
    end_session,
    move_to_shop,
    session_id_of,
    sessions_of,
)
from app.web.asked_forms import Form
from app.web.auth import COOKIE, ServiceDep
from app.web.cookies import led_in, visitor_of
from app.web.page_access import Viewer, first, html, page_error, plain_frame_of, submitted, viewer_of
from app.web.settings_access import settings_viewer
from app.web.settings_pages import Account, Told, account_page, start_page
from app.web.sign_in_pages import new_password_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "dashboard"
DONE: Final = {
    "password": "密码改好了，别处登录着的都已退出",
    "ended": "已退出",
    "moved": "已换到这家店",
}


@router.get("/settings")
async def get_account(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    done = DONE.get(request.query_params.get("done", ""), "")
    return await _page(request, service, viewer, told=Told(done))


@router.get("/settings/start")
async def get_start(request: Request) -> Response:
    viewer = await settings_viewer(request, "shop")
    return html(start_page(plain_frame_of(viewer, "shop")))


@router.post("/settings/password")
async def post_password(request: Request, service: ServiceDep) -> Response:
    """Asks for the password of now, and signs out everywhere else."""
    viewer, fields = await submitted(request, SCOPE)
    token = request.cookies[COOKIE]
    login = await service.read(lambda db: _login(db, viewer))
    if not login:
        raise page_error(403, "密钥没有密码", "你是用 API 密钥登录的；请店主邀请你当成员。")
    try:
        await prove(service, login, first(fields, "current"), visitor_of(request).address)
        known = (login, viewer.principal.name, viewer.shop.name)
        password_hash = await new_hash(service, new_password_of(fields, known=known))
    except TooManyTriesError as error:
        answer = await _page(request, service, viewer, fault=("current", str(error)), status=429)
        answer.headers["retry-after"] = str(error.after_s)
        return answer
    except SignInError:
        return await _page(request, service, viewer, fault=("current", "现在的密码不对"), status=422)
    except AdministrationError as error:
        return await _page(request, service, viewer, fault=(error.field, str(error)), status=422)
    member_id = viewer.principal.member_id
    await service.write(
        lambda db: set_password(db, member_id, password_hash, now=viewer.now, keep_token=token)
    )
    return _done("password")


@router.post("/settings/sessions/end")
async def post_end(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)

    def end(db: Database) -> None:
        if end_session(db, viewer.principal, first(fields, "id"), viewer.now):
            _note_ended(db, viewer)

    await service.write(end)
    return _done("ended")


@router.post("/settings/sessions/end-others")
async def post_end_others(request: Request, service: ServiceDep) -> Response:
    viewer, _ = await submitted(request, SCOPE)
    own = session_id_of(request.cookies[COOKIE])

    def end(db: Database) -> None:
        for session in sessions_of(db, viewer.principal, viewer.now):
            if session.id != own:
                end_session(db, viewer.principal, session.id, viewer.now)
        _note_ended(db, viewer)

    await service.write(end)
    return _done("ended")


@router.post("/settings/switch")
async def post_switch(request: Request, service: ServiceDep) -> Response:
    """Goes on in another shop of the member, under a new session."""
    viewer, fields = await submitted(request, SCOPE)
    token, wanted = request.cookies[COOKIE], first(fields, "shop")

    def move(db: Database) -> str | None:
        if not viewer.principal.member_id:
            return None
        principal = principal_for(db, viewer.principal.member_id, wanted)
        if principal is None or not wanted:
            return None
        member = db.get_one(MemberRow, principal.member_id)
        member.last_shop_id = wanted
        db.add(member)
        return move_to_shop(db, token, principal, viewer.now)

    moved = await service.write(move)
    if moved is None:
        raise page_error(404, "换不到这家店", "你不在这家店，或者已被停用。")
    return led_in(request, service, moved, f"/settings?{urlencode({'done': 'moved'})}")


async def _page(
    request: Request,
    service: Service,
    viewer: Viewer,
    *,
    told: Told = Told(),  # noqa: B008  (frozen)
    fault: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    def read(db: Database) -> Account:
        member_id = viewer.principal.member_id
        return Account(
            login=_login(db, viewer),
            shop_id=viewer.shop.id,
            shops=shops_of(db, member_id) if member_id else (),
            sessions=sessions_of(db, viewer.principal, viewer.now),
            session_id=session_id_of(request.cookies[COOKIE]),
            timezone=viewer.shop.profile.timezone,
            form=Form(fault=fault),
        )

    return html(account_page(plain_frame_of(viewer, SCOPE), await service.read(read), told), status)


def _login(db: Database, viewer: Viewer) -> str:
    member = db.get(MemberRow, viewer.principal.member_id)
    return "" if member is None else member.login


def _note_ended(db: Database, viewer: Viewer) -> None:
    note(db, viewer.shop.id, AuditAct.SESSIONS_ENDED, by=viewer.principal.name, now=viewer.now)


def _done(what: str) -> Response:
    return RedirectResponse(f"/settings?{urlencode({'done': what})}", 303)
