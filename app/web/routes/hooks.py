"""Hooks: `/v1/hooks/{adapter}/{shop}`, where a console sends what happened in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.core.situations import Typed
from app.gateways.consoles import ADAPTERS, Console, ConsoleError, Hook, ProofError, Settings
from app.usecases.consoles import find_console
from app.usecases.pull_consoles import note_arrival
from app.usecases.service import Service
from app.web.auth import MAX_HEADER, ServiceDep, bearer_of
from app.web.examples import HANDSHAKE_OPENAPI, HOOK_OPENAPI
from app.web.problems import Problem
from app.web.routes.events import sender_of, take

router = APIRouter(tags=["events"])

_NOTHING_SET: Final[Settings] = {}


@router.post(
    "/v1/hooks/{adapter}/{shop}", openapi_extra=HOOK_OPENAPI, summary="客服台回调 / a console's webhook"
)
async def post_hook(adapter: str, shop: str, request: Request, service: ServiceDep) -> Response:
    """A console's own format. What the adapter does not need is answered with an empty list of results."""
    console = _console(adapter)
    hook = await _hook(request, service)
    settings = await _believed(request, service, console, hook, shop)
    with _problems():
        heard = console.read(hook, settings)
    if heard.pull is not None:
        token = heard.pull
        await service.write(lambda db: note_arrival(db, shop, adapter, token, service.clock()))
        service.changes.tell([shop])
    for session, agent in heard.typing:
        service.knowledge.typists.note(shop, session, Typed(agent, service.clock()))
    delivery = heard.delivery if console.name == "generic" else f"{console.name}:{heard.delivery}"
    answer = await take(
        service,
        shop,
        heard.events,
        hook.body,
        single=False,
        delivery_id=delivery if heard.delivery and len(heard.delivery) <= MAX_HEADER else None,
        marks_senders=console.marks_senders,
    )
    return answer if heard.answer is None else Response(heard.answer.body, media_type=heard.answer.media_type)


@router.get(
    "/v1/hooks/{adapter}/{shop}",
    openapi_extra=HANDSHAKE_OPENAPI,
    summary="客服台验证回调地址 / a console checks the address",
)
async def get_hook(adapter: str, shop: str, request: Request, service: ServiceDep) -> Response:
    """Some consoles check an address by GET before they use it; what they want to read is given back."""
    console = _console(adapter)
    hook = await _hook(request, service)
    if console.settings:
        found = await service.read(lambda db: find_console(db, shop, console.name))
        settings = found.settings if found is not None else _NOTHING_SET
    else:
        settings = await _believed(request, service, console, hook, shop)
    with _problems():
        answer = console.handshake(hook, settings)
    return Response(answer.body, media_type=answer.media_type)


def _console(adapter: str) -> Console:
    console = ADAPTERS.get(adapter)
    if console is None:
        names = "、".join(sorted(ADAPTERS))
        raise Problem(404, "unknown_adapter", f"没有适配器 {adapter}；可用：{names} / unknown adapter")
    return console


async def _hook(request: Request, service: Service) -> Hook:
    return Hook(
        body=await request.body(),
        headers=dict(request.headers),
        query=dict(request.query_params),
        now=service.transport_clock(),
        tolerance_s=service.settings.signature_tolerance_s,
    )


async def _believed(request: Request, service: Service, console: Console, hook: Hook, shop: str) -> Settings:
    """What the shop set for the console, once the request has proved itself: by a key of the shop, or as the console signs.

    A console with nothing to set signs with the shop's own secrets. Raises a 401 `Problem` that tells neither whether
    the shop exists nor what it has set, and with a good key a 404 if it has set nothing.
    """
    key = bearer_of(request) or hook.query.get("key")
    if key is not None or not console.settings:
        await sender_of(request, hook.body, shop, key)
    if not console.settings:
        return _NOTHING_SET
    found = await service.read(lambda db: find_console(db, shop, console.name))
    if key is None:
        with _problems():
            console.verify(hook, found.settings if found is not None else _NOTHING_SET)
    if found is None:
        raise Problem(
            404,
            "console_not_set",
            f"店铺 {shop} 还没有配置 {console.name}：miaohui shop console set {shop} {console.name} --set … / not configured",
        )
    return found.settings


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except ProofError as error:
        headers = {"www-authenticate": "Bearer"}
        raise Problem(401, error.reason, str(error), headers=headers) from None
    except ConsoleError as error:
        raise Problem(400, error.reason, str(error)) from None
