"""The pages of alert channels: listed, added, changed, tried out and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.core.alerts import ChannelError
from app.usecases.alert_channels import (
    UnknownChannelError,
    add_channel,
    change_channel,
    channel_row,
    list_channels,
    remove_channel,
    shown,
)
from app.usecases.alert_delivery import TooOftenError
from app.usecases.alert_log import held_by_channel, list_messages
from app.usecases.alert_sending import try_channel
from app.usecases.service import Service
from app.web.alert_pages import (
    Board,
    board_page,
    form_of,
    form_page,
    settings_of,
    submitted_form,
)
from app.web.alert_pages import Form as ChannelForm
from app.web.auth import ServiceDep
from app.web.page_access import (
    Viewer,
    first,
    html,
    needs_scope,
    page_error,
    plain_frame_of,
    submitted,
    viewer_of,
)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "alerts"
DONE: Final = {
    "saved": "已保存，马上生效",
    "sent": "测试消息已送达，去看看收到没有",
    "removed": "渠道已删除",
    "on": "已启用",
    "off": "已停用，这个渠道什么也不发了",
}
MESSAGES: Final = 20


@router.get("/alerts")
async def get_board(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    return await _board(service, viewer, done=DONE.get(request.query_params.get("done", ""), ""))


@router.get("/alerts/new")
async def get_new(request: Request) -> Response:
    viewer = await _viewer(request)
    return html(form_page(plain_frame_of(viewer, SCOPE), ChannelForm({"role": "supervisor"})))


@router.get("/alerts/edit")
async def get_edit(request: Request, service: ServiceDep) -> Response:
    viewer = await _viewer(request)
    channel = await _channel(service, viewer, request.query_params.get("id", ""))
    return html(form_page(plain_frame_of(viewer, SCOPE), form_of(channel)))


@router.post("/alerts/save")
async def post_save(request: Request, service: ServiceDep) -> Response:
    """A new channel, or with an id the changes of one. An address that is left empty stays as it is."""
    viewer, fields = await submitted(request, SCOPE)
    form = submitted_form(fields, first(fields, "id"))
    if form.channel_id:
        known = await _channel(service, viewer, form.channel_id)
        form = replace(form, shown=known["address"])

    by = viewer.principal.name

    def save(db: Database) -> dict[str, Any]:
        if form.channel_id:
            return change_channel(db, viewer.shop, form.channel_id, settings_of(form), viewer.now, by=by)
        return add_channel(db, viewer.shop, settings_of(form), viewer.now, by=by)

    try:
        await service.write(save)
    except ChannelError as error:
        return html(
            form_page(plain_frame_of(viewer, SCOPE), replace(form, fault=(error.field, error.reason))), 422
        )
    return _done("saved")


@router.post("/alerts/test")
async def post_test(request: Request, service: ServiceDep) -> Response:
    """Sends a test message, and says at once what became of it."""
    viewer, fields = await submitted(request, SCOPE)
    try:
        failed = await try_channel(service, viewer.shop.id, first(fields, "id"))
    except UnknownChannelError:
        raise _no_such_channel() from None
    except TooOftenError as error:
        return await _board(service, viewer, problem=str(error), status=429)
    if failed is not None:
        return await _board(service, viewer, problem=f"测试消息没有送达：{failed.error}", status=502)
    return _done("sent")


@router.post("/alerts/switch")
async def post_switch(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)
    on = first(fields, "on") == "1"
    try:
        await service.write(
            lambda db: change_channel(
                db,
                viewer.shop,
                first(fields, "id"),
                {"active": on},
                viewer.now,
                by=viewer.principal.name,
            )
        )
    except UnknownChannelError:
        raise _no_such_channel() from None
    return _done("on" if on else "off")


@router.post("/alerts/remove")
async def post_remove(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)
    try:
        await service.write(
            lambda db: remove_channel(
                db, viewer.shop.id, first(fields, "id"), viewer.now, by=viewer.principal.name
            )
        )
    except UnknownChannelError:
        raise _no_such_channel() from None
    return _done("removed")


async def _viewer(request: Request) -> Viewer:
    """Who looks at these pages; where alerts go is not for everybody."""
    viewer = await viewer_of(request)
    if not viewer.may(SCOPE):
        raise page_error(403, "没有看提醒的权限", needs_scope(SCOPE))
    return viewer


async def _board(
    service: Service, viewer: Viewer, *, done: str = "", problem: str = "", status: int = 200
) -> Response:
    def read(db: Database) -> Board:
        return Board(
            channels=list_channels(db, viewer.shop.id),
            held=held_by_channel(db, viewer.shop.id),
            messages=list_messages(db, viewer.shop.id, limit=MESSAGES),
            timezone=viewer.shop.profile.timezone,
            done=done,
            problem=problem,
        )

    return html(board_page(plain_frame_of(viewer, SCOPE), await service.read(read)), status)


async def _channel(service: Service, viewer: Viewer, channel_id: str) -> Mapping[str, Any]:
    try:
        return await service.read(lambda db: shown(channel_row(db, viewer.shop.id, channel_id)))
    except UnknownChannelError:
        raise _no_such_channel() from None


def _done(what: str) -> Response:
    return RedirectResponse(f"/alerts?{urlencode({'done': what})}", 303)


def _no_such_channel() -> Exception:
    return page_error(404, "没有这个渠道", "它可能已经被删除了，或者地址不全。")
