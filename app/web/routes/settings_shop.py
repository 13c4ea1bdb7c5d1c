"""The settings of the shop itself: name, platform, callback, and the secrets that are signed with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.usecases.administration import (
    AdministrationError,
    add_signing_secret,
    list_signing_secrets,
    retire_signing_secret,
    shop_row,
)
from app.usecases.service import Service
from app.usecases.shop_settings import change_shop, renew_callback_secret
from app.web.asked_forms import Form
from app.web.auth import ServiceDep
from app.web.page_access import Viewer, first, html, plain_frame_of, submitted
from app.web.settings_access import settings_viewer
from app.web.settings_pages import ShopBoard, Told, shop_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "shop"
DONE: Final = {"saved": "已保存", "retired": "已停用，用它签名的事件不再收"}
FIELDS: Final = ("shop_name", "platform", "callback_url")
CALLBACK_SECRET: Final = "回调密钥，交给接收回调的一方"  # noqa: S105  (what it is called)


@router.get("/settings/shop")
async def get_shop(request: Request, service: ServiceDep) -> Response:
    viewer = await settings_viewer(request, SCOPE)
    return await _page(service, viewer, Told(DONE.get(request.query_params.get("done", ""), "")))


@router.post("/settings/shop/save")
async def post_shop(request: Request, service: ServiceDep) -> Response:
    viewer, given = await submitted(request, SCOPE)
    fields = {name: first(given, name).strip() for name in FIELDS}

    def save(db: Database) -> str | None:
        return change_shop(
            db,
            service.knowledge,
            viewer.shop.id,
            name=fields["shop_name"],
            platform=fields["platform"],
            callback_url=fields["callback_url"],
            by=viewer.principal.name,
            now=viewer.now,
        )

    try:
        made = await service.write(save)
    except AdministrationError as error:
        form = Form(fields, (error.field, str(error)))
        return await _page(service, viewer, form=form, status=422)
    service.changes.tell([viewer.shop.id])
    if made is not None:
        return await _page(service, viewer, Told("已保存", secret=(CALLBACK_SECRET, made)))
    return _done("saved")


@router.post("/settings/shop/secrets/add")
async def post_secret(request: Request, service: ServiceDep) -> Response:
    """The answer has the secret, this once."""
    viewer, _ = await submitted(request, SCOPE)
    by = viewer.principal.name
    made = await service.write(lambda db: add_signing_secret(db, viewer.shop.id, viewer.now, by=by))
    return await _page(service, viewer, Told(secret=("新的签名密钥，填到客服台", made)))


@router.post("/settings/shop/secrets/retire")
async def post_retire(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)
    secret_id, by = first(fields, "id"), viewer.principal.name
    try:
        await service.write(
            lambda db: retire_signing_secret(db, viewer.shop.id, secret_id, viewer.now, by=by)
        )
    except AdministrationError as error:
        return await _page(service, viewer, Told(problem=str(error)), status=422)
    return _done("retired")


@router.post("/settings/shop/callback-secret")
async def post_callback_secret(request: Request, service: ServiceDep) -> Response:
    """The answer has the new secret, this once."""
    viewer, _ = await submitted(request, SCOPE)
    by = viewer.principal.name
    try:
        made = await service.write(
            lambda db: renew_callback_secret(db, viewer.shop.id, by=by, now=viewer.now)
        )
    except AdministrationError as error:
        return await _page(service, viewer, Told(problem=str(error)), status=422)
    return await _page(service, viewer, Told(secret=(CALLBACK_SECRET, made)))


async def _page(
    service: Service,
    viewer: Viewer,
    told: Told = Told(),  # noqa: B008  (frozen)
    *,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    platforms: Mapping[str, str] = {key: profile.name for key, profile in service.knowledge.profiles.items()}

    def read(db: Database) -> ShopBoard:
        shop = shop_row(db, viewer.shop.id)
        shown = Form(
            {"shop_name": shop.name, "platform": shop.platform, "callback_url": shop.callback_url or ""}
        )
        secrets = list_signing_secrets(db, shop.id)
        return ShopBoard(shop, secrets, platforms, viewer.shop.profile.timezone, form or shown)

    return html(shop_page(plain_frame_of(viewer, SCOPE), await service.read(read), told), status)


def _done(what: str) -> Response:
    return RedirectResponse(f"/settings/shop?{urlencode({'done': what})}", 303)
