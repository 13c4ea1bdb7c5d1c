"""The settings of API keys: made, shown once, listed and revoked."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.usecases.administration import AdministrationError, add_key, list_keys, revoke_key
from app.usecases.pairing import Pairing, pair_extension
from app.usecases.service import Service
from app.usecases.shop_documents import stored_roster
from app.web.asked_forms import Form
from app.web.auth import ServiceDep
from app.web.page_access import Viewer, first, html, plain_frame_of, submitted
from app.web.settings_access import address_of, settings_viewer
from app.web.settings_pages import KeyBoard, Told, keys_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "keys"
MAX_LABEL: Final = 80


@router.get("/settings/keys")
async def get_keys(request: Request, service: ServiceDep) -> Response:
    viewer = await settings_viewer(request, SCOPE)
    done = "已停用，马上不能用了" if request.query_params.get("done") == "revoked" else ""
    return await _page(service, viewer, Told(done))


@router.post("/settings/keys/add")
async def post_key(request: Request, service: ServiceDep) -> Response:
    """The answer has the key, this once."""
    viewer, fields = await submitted(request, SCOPE)
    label, scopes = " ".join(first(fields, "label").split()), frozenset(fields.get("scopes", ()))

    def make(db: Database) -> str:
        if not 0 < len(label) <= MAX_LABEL:
            raise AdministrationError(f"请写给谁用，最多 {MAX_LABEL} 个字 / a label is needed", "label")
        if not scopes:
            raise AdministrationError("至少勾一项 / tick at least one", "scopes")
        by = viewer.principal.name
        return add_key(db, viewer.shop.id, viewer.now, label=label, scopes=scopes, by=by)

    try:
        key = await service.write(make)
    except AdministrationError as error:
        form = Form({"label": first(fields, "label")}, (error.field, str(error)))
        return await _page(service, viewer, form=form, ticked=scopes, status=422)
    return await _page(service, viewer, Told(secret=(f"新密钥：{label}", key)))


@router.post("/settings/keys/pair")
async def post_pairing(request: Request, service: ServiceDep) -> Response:
    """The answer has the code that an agent pastes into the browser extension, this once."""
    viewer, fields = await submitted(request, SCOPE)
    written = {name: first(fields, name).strip() for name in ("agent", "agent_name")}
    server = address_of(request, service, "")

    def pair(db: Database) -> Pairing:
        return pair_extension(
            db,
            viewer.shop.id,
            viewer.now,
            server=server,
            agent_id=written["agent"],
            agent_name=written["agent_name"],
            by=viewer.principal.name,
        )

    try:
        pairing = await service.write(pair)
    except AdministrationError as error:
        return await _page(service, viewer, form=Form(written, (error.field, str(error))), status=422)
    secret = (f"配对码，给 {pairing.agent_name} 粘贴到浏览器扩展的选项页", pairing.code())
    return await _page(service, viewer, Told(secret=secret))


@router.post("/settings/keys/revoke")
async def post_revoke(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)
    key_id, by = first(fields, "id"), viewer.principal.name
    try:
        await service.write(lambda db: revoke_key(db, viewer.shop.id, key_id, viewer.now, by=by))
    except AdministrationError as error:
        return await _page(service, viewer, Told(problem=str(error)), status=422)
    return RedirectResponse(f"/settings/keys?{urlencode({'done': 'revoked'})}", 303)


async def _page(
    service: Service,
    viewer: Viewer,
    told: Told = Told(),  # noqa: B008  (frozen)
    *,
    form: Form = Form(),  # noqa: B008
    ticked: frozenset[str] | None = None,
    status: int = 200,
) -> Response:
    keys, roster = await service.read(
        lambda db: (list_keys(db, viewer.shop.id), stored_roster(db, viewer.shop.id))
    )
    in_order = sorted(keys, key=lambda key: (key.revoked_at is not None, -key.created_at.timestamp(), key.id))
    more = {} if ticked is None else {"ticked": ticked}
    agents = [agent.id for agent in roster.agents]
    board = KeyBoard(in_order, agents, viewer.shop.profile.timezone, form, **more)
    return html(keys_page(plain_frame_of(viewer, SCOPE), board, told), status)
