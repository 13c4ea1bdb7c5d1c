"""The settings of members: invited, given a role, disabled, and helped when they forgot their password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.usecases.administration import AdministrationError
from app.usecases.members import (
    change_role,
    disable_member,
    enable_member,
    invite,
    list_links,
    list_members,
    reset_link,
    withdraw_link,
)
from app.usecases.service import Service
from app.web.asked_forms import Form
from app.web.auth import ServiceDep
from app.web.page_access import Viewer, first, html, plain_frame_of, submitted
from app.web.settings_access import address_of, settings_viewer
from app.web.settings_pages import MemberBoard, Told, members_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "members"
DONE: Final = {
    "role": "角色改好了，马上生效",
    "disabled": "已停用，登录着的马上退出",
    "enabled": "已恢复",
    "withdrawn": "链接已作废",
}


@router.get("/settings/members")
async def get_members(request: Request, service: ServiceDep) -> Response:
    viewer = await settings_viewer(request, SCOPE)
    return await _page(service, viewer, Told(DONE.get(request.query_params.get("done", ""), "")))


@router.post("/settings/members/invite")
async def post_invite(request: Request, service: ServiceDep) -> Response:
    """The answer has the link, this once."""
    viewer, given = await submitted(request, SCOPE)
    fields = {name: first(given, name).strip() for name in ("login", "name", "role")}
    by = viewer.principal.name
    try:
        token = await service.write(
            lambda db: invite(
                db,
                viewer.shop.id,
                login=fields["login"],
                name=fields["name"],
                role=fields["role"],
                by=by,
                now=viewer.now,
            )
        )
    except AdministrationError as error:
        form = Form(fields, (error.field, str(error)))
        return await _page(service, viewer, form=form, status=422)
    link = address_of(request, service, f"/join/{token}")
    told = Told(secret=(f"邀请链接，发给 {fields['login']} 本人：三天内有效，只能用一次", link))
    return await _page(service, viewer, told)


@router.post("/settings/members/reset")
async def post_reset(request: Request, service: ServiceDep) -> Response:
    """The answer has the link, this once."""
    viewer, fields = await submitted(request, SCOPE)
    member_id, by = first(fields, "id"), viewer.principal.name
    try:
        token = await service.write(
            lambda db: reset_link(db, viewer.shop.id, member_id, by=by, now=viewer.now)
        )
    except AdministrationError as error:
        return await _page(service, viewer, Told(problem=str(error)), status=422)
    link = address_of(request, service, f"/join/{token}")
    told = Told(secret=("重设密码的链接，发给本人：三天内有效，只能用一次；原来的密码在那之前还能用", link))
    return await _page(service, viewer, told)


@router.post("/settings/members/role")
async def post_role(request: Request, service: ServiceDep) -> Response:
    return await _change(request, service, "role", change_role, "role")


@router.post("/settings/members/disable")
async def post_disable(request: Request, service: ServiceDep) -> Response:
    return await _change(request, service, "disabled", disable_member)


@router.post("/settings/members/enable")
async def post_enable(request: Request, service: ServiceDep) -> Response:
    return await _change(request, service, "enabled", enable_member)


@router.post("/settings/members/withdraw")
async def post_withdraw(request: Request, service: ServiceDep) -> Response:
    return await _change(request, service, "withdrawn", withdraw_link)


async def _change(
    request: Request,
    service: Service,
    done: str,
    change: Callable[..., None],
    *more: str,
) -> Response:
    """Change what the field `id` names; `more` are the fields that the change takes beside it."""
    viewer, fields = await submitted(request, SCOPE)
    given = [first(fields, name) for name in ("id", *more)]
    by = viewer.principal.name
    try:
        await service.write(lambda db: change(db, viewer.shop.id, *given, by=by, now=viewer.now))
    except AdministrationError as error:
        return await _page(service, viewer, Told(problem=str(error)), status=422)
    return RedirectResponse(f"/settings/members?{urlencode({'done': done})}", 303)


async def _page(
    service: Service,
    viewer: Viewer,
    told: Told = Told(),  # noqa: B008  (frozen)
    *,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    def read(db: Database) -> MemberBoard:
        return MemberBoard(
            members=list_members(db, viewer.shop.id),
            links=list_links(db, viewer.shop.id, viewer.now),
            own_id=viewer.principal.member_id,
            timezone=viewer.shop.profile.timezone,
            form=form or Form({"role": "agent"}),
        )

    return html(members_page(plain_frame_of(viewer, SCOPE), await service.read(read), told), status)
