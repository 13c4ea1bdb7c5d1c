"""Events in: `POST /v1/events` in our own schema, `POST /v1/hooks/{adapter}/{shop}` in the console's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.core.fields import Refused
from app.db.journal import Delivery
from app.gateways.consoles import ADAPTERS, ConsoleError
from app.usecases.service import Service
from app.usecases.take_events import MAX_BATCH, Taken, read_events, take_events
from app.web.answers import answer_json
from app.web.auth import ServiceDep, bearer_of, principal_of, signed_shop
from app.web.bodies import parse_json
from app.web.counting import EVENTS, REQUEST_SECONDS
from app.web.examples import EVENTS_OPENAPI, HOOK_OPENAPI
from app.web.problems import Problem

router = APIRouter(tags=["events"])


@router.post("/v1/events", openapi_extra=EVENTS_OPENAPI, summary="送入事件 / take events")
async def post_events(request: Request, service: ServiceDep) -> JSONResponse:
    """One event or an array of up to 500. The answer is sent when they are durable.

    A single event that cannot be taken is answered 422, one whose id is known with other content 409; in an array it
    is `rejected` and the rest stand.
    """
    body = await request.body()
    shop_id = await _sender(request, body, None)
    raw = parse_json(body)
    single = not isinstance(raw, list)
    entries = [raw] if single else raw
    return await _take(service, request, shop_id, entries, body, single=single)


@router.post(
    "/v1/hooks/{adapter}/{shop}", openapi_extra=HOOK_OPENAPI, summary="客服台回调 / a console's webhook"
)
async def post_hook(adapter: str, shop: str, request: Request, service: ServiceDep) -> JSONResponse:
    """A console's own format. What the adapter does not need is answered with an empty list of results."""
    console = ADAPTERS.get(adapter)
    if console is None:
        names = "、".join(sorted(ADAPTERS))
        raise Problem(404, "unknown_adapter", f"没有适配器 {adapter}；可用：{names} / unknown adapter")
    body = await request.body()
    shop_id = await _sender(request, body, shop, request.query_params.get("key"))
    try:
        entries = console(body)
    except ConsoleError as error:
        raise Problem(400, error.reason, str(error)) from None
    return await _take(service, request, shop_id, entries, body, single=False)


async def _sender(request: Request, body: bytes, shop: str | None, key_in_address: str | None = None) -> str:
    """The shop that speaks: by API key, by signature, or by the key in a hook's address where a console cannot sign."""
    key = bearer_of(request) or key_in_address
    if key is None:
        return await signed_shop(request, body, shop)
    principal = await principal_of(request, "events", key)
    if shop is not None and shop != principal.shop_id:
        raise Problem(403, "other_shop", "密钥属于另一家店 / the key belongs to another shop")
    return principal.shop_id


async def _take(
    service: Service, request: Request, shop_id: str, entries: Sequence[object], body: bytes, *, single: bool
) -> JSONResponse:
    if not entries and not single:
        return JSONResponse({"results": []})
    if len(entries) > MAX_BATCH:
        raise Problem(
            413,
            "too_many_events",
            f"一次最多 {MAX_BATCH} 个事件，收到 {len(entries)} 个 / too many events in one request",
        )
    now = service.clock()
    read = read_events(entries, now, timedelta(seconds=service.settings.future_tolerance_s))
    if single and isinstance(read[0], Refused):
        refused = read[0]
        raise Problem(422, refused.reason, refused.message, field=refused.field, id=refused.id)
    delivery_id = request.headers.get("webhook-id")
    delivery = Delivery.of(delivery_id, body) if delivery_id else None
    raw_body = body.decode("utf-8", "replace").replace("\x00", "")
    with REQUEST_SECONDS.time():
        taken = await service.write(
            lambda db: take_events(db, service.knowledge, shop_id, read, delivery, raw_body, now)
        )
    for answer in taken.answers:
        EVENTS.labels(answer.status).inc()
    if taken.delivery_conflict:
        raise Problem(
            409,
            "conflict",
            "这个 webhook-id 已用于另一份内容，未作改动 / the webhook-id is known with another body",
            id=delivery_id,
        )
    service.changes.tell([shop_id])
    if single and taken.answers[0].reason == "conflict":
        raise Problem(409, "conflict", str(taken.answers[0].message), id=taken.answers[0].id)
    return _answer(taken, now)


def _answer(taken: Taken, now: datetime) -> JSONResponse:
    return _Json({"results": [answer_json(answer, now) for answer in taken.answers]})


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)
