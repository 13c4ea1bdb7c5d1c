"""The settings of consoles: which the shop uses, what it set for them, and whether what they send is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.gateways.consoles import ADAPTERS, Console, Hook
from app.usecases.administration import AdministrationError
from app.usecases.console_check import check_hook
from app.usecases.consoles import find_console, list_consoles, remove_console, set_console
from app.usecases.service import Service
from app.web.asked_forms import Form
from app.web.auth import ServiceDep
from app.web.page_access import AnswerInstead, Viewer, first, html, page_error, plain_frame_of, submitted
from app.web.settings_access import address_of, settings_viewer
from app.web.settings_pages import ConsoleEntry, ConsoleForm, Told, console_page, consoles_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "consoles"
DONE: Final = {"saved": "已保存，马上生效", "removed": "配置和密钥都删除了"}


@router.get("/settings/consoles")
async def get_consoles(request: Request, service: ServiceDep) -> Response:
    viewer = await settings_viewer(request, SCOPE)
    done = DONE.get(request.query_params.get("done", ""), "")
    entries = await service.read(lambda db: _entries(db, viewer.shop.id))
    return html(consoles_page(plain_frame_of(viewer, SCOPE), entries, Told(done)))


@router.get("/settings/consoles/edit")
async def get_console(request: Request, service: ServiceDep) -> Response:
    viewer = await settings_viewer(request, SCOPE)
    name = request.query_params.get("console", "")
    done = DONE.get(request.query_params.get("done", ""), "")
    return await _page(request, service, viewer, name, told=Told(done))


@router.post("/settings/consoles/save")
async def post_console(request: Request, service: ServiceDep) -> Response:
    """A secret whose field is left empty stays; any other setting is what its field says."""
    viewer, given = await submitted(request, SCOPE)
    console = _console(first(given, "console"))
    fields = {setting.name: first(given, f"set-{setting.name}").strip() for setting in console.settings}
    dropped = frozenset(given.get("drop", ()))
    changes = {
        setting.name: fields[setting.name]
        for setting in console.settings
        if fields[setting.name] or not setting.secret or setting.name in dropped
    }
    try:
        await service.write(
            lambda db: set_console(
                db, viewer.shop.id, console.name, changes, viewer.now, by=viewer.principal.name
            )
        )
    except AdministrationError as error:
        form = Form(fields, (error.field, str(error)))
        return await _page(request, service, viewer, console.name, form=form, status=422)
    return RedirectResponse(
        f"/settings/consoles/edit?{urlencode({'console': console.name, 'done': 'saved'})}", 303
    )


@router.post("/settings/consoles/check")
async def post_check(request: Request, service: ServiceDep) -> Response:
    """Would this request be believed and understood? Writes nothing."""
    viewer, given = await submitted(request, SCOPE)
    name = _console(first(given, "console")).name
    captured = {field: first(given, field) for field in ("headers", "body", "query")}
    shop_console = await service.read(lambda db: find_console(db, viewer.shop.id, name))
    if shop_console is None:
        raise _no_such_console()
    lines = (line.partition(":") for line in captured["headers"].splitlines() if ":" in line)
    hook = Hook(
        # A form's lines end in CR LF; what consoles send has plain line feeds, if any.
        body=captured["body"].replace("\r\n", "\n").encode(),
        headers={header.strip().lower(): value.strip() for header, _, value in lines},
        query=dict(parse_qsl(captured["query"].removeprefix("?"), keep_blank_values=True)),
        now=service.transport_clock(),
        tolerance_s=service.settings.signature_tolerance_s,
    )
    found = check_hook(shop_console, hook, timedelta(seconds=service.settings.future_tolerance_s))
    shown = asdict(found) | {"events": list(found.read)}
    return await _page(request, service, viewer, name, check=Form(captured), found=shown)


@router.post("/settings/consoles/remove")
async def post_remove(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)
    name, by = first(fields, "console"), viewer.principal.name
    try:
        await service.write(lambda db: remove_console(db, viewer.shop.id, name, viewer.now, by=by))
    except AdministrationError:
        raise _no_such_console() from None
    return RedirectResponse(f"/settings/consoles?{urlencode({'done': 'removed'})}", 303)


async def _page(
    request: Request,
    service: Service,
    viewer: Viewer,
    name: str,
    *,
    told: Told = Told(),  # noqa: B008  (frozen)
    form: Form | None = None,
    check: Form = Form(),  # noqa: B008
    found: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Response:
    console = _console(name)
    entries = await service.read(lambda db: _entries(db, viewer.shop.id))
    entry = next(entry for entry in entries if entry.console is console)
    kept = dict(entry.row.settings) if entry.row is not None else {}
    secret = {setting.name for setting in console.settings if setting.secret}
    shown = {name: value for name, value in kept.items() if name not in secret}
    board = ConsoleForm(
        entry=entry,
        hook=address_of(request, service, f"/v1/hooks/{console.name}/{viewer.shop.id}"),
        kept=frozenset(kept) & secret,
        form=form or Form(shown),
        check=check,
        found=found,
    )
    return html(console_page(plain_frame_of(viewer, SCOPE), board, told), status)


def _entries(db: Database, shop_id: str) -> Sequence[ConsoleEntry]:
    rows = {row.adapter: row for row in list_consoles(db, shop_id)}
    entries = []
    for name, console in ADAPTERS.items():
        if not console.settings:
            continue
        found = find_console(db, shop_id, name)
        missing = [need for need in console.replies_with if found is not None and need not in found.settings]
        replies = found is not None and found.replies
        entries.append(ConsoleEntry(console, rows.get(name), replies, missing))
    return sorted(entries, key=lambda entry: (entry.row is None, entry.console.title))


def _console(name: str) -> Console:
    console = ADAPTERS.get(name)
    if console is None or not console.settings:
        raise _no_such_console()
    return console


def _no_such_console() -> AnswerInstead:
    return page_error(404, "没有这个客服台", "它可能已经被删除了，或者地址不全。")
