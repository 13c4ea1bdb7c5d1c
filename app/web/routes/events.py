"""Events in: `POST /v1/events` in our own schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.core.fields import Refused
from app.db.journal import Delivery
from app.usecases.own_words import mark_own_words
from app.usecases.service import Service
from app.usecases.take_events import MAX_BATCH, Taken, read_events, take_events
from app.web.answers import answer_json
from app.web.auth import ServiceDep, bearer_of, principal_of, signed_shop
from app.web.bodies import parse_json
from app.web.counting import EVENTS, REQUEST_SECONDS
from app.web.examples import EVENTS_OPENAPI
from app.web.problems import Problem

router = APIRouter(tags=["events"])


@router.post("/v1/events", openapi_extra=EVENTS_OPENAPI, summary="送入事件 / take events")
async def post_events(request: Request, service: ServiceDep) -> JSONResponse:
    """One event or an array of up to 500. The answer is sent when they are durable.

    A single event that cannot be taken is answered 422, one whose id is known with other content 409; in an array it
    is `rejected` and the rest stand.
    """
    body = await request.body()
    shop_id = await sender_of(request, body, None)
    raw = parse_json(body)
    single = not isinstance(raw, list)
    entries = [raw] if single else raw
    return await take(
        service, shop_id, entries, body, single=single, delivery_id=request.headers.get("webhook-id")
    )


async def sender_of(
    request: Request, body: bytes, shop: str | None, key_in_address: str | None = None
) -> str:
    """The shop that speaks: by API key, by signature, or by the key in a hook's address where a console cannot sign."""
    key = bearer_of(request) or key_in_address
    if key is None:
        return await signed_shop(request, body, shop)
    principal = await principal_of(request, "events", key)
    if shop is not None and shop != principal.shop_id:
        raise Problem(403, "other_shop", "密钥属于另一家店 / the key belongs to another shop")
    return principal.shop_id


async def take(
    service: Service,
    shop_id: str,
    entries: Sequence[object],
    body: bytes,
    *,
    single: bool,
    delivery_id: str | None,
    marks_senders: bool = True,
) -> JSONResponse:
    """Take raw events and say what became of each, after the commit.

    `delivery_id` names the request they came in, with `body`; without `marks_senders` what we said ourselves is looked
    up. Raises a 409, 413 or 422 `Problem`.
    """
    if not entries and not single:
        return JSONResponse({"results": []})
    if len(entries) > MAX_BATCH:
        raise Problem(
            413,
            "too_many_events",
            f"一次最多 {MAX_BATCH} 个事件，收到 {len(entries)} 个 / too many events in one request",
        )
    wait_s = service.rates.take(shop_id, len(entries), service.transport_clock())
    if wait_s:
        rate = service.settings.event_rate
        raise Problem(
            429,
            "too_many_requests",
            f"这家店每秒最多 {rate:g} 个事件，请 {wait_s} 秒后再发 / more events than this shop may send",
            headers={"retry-after": str(wait_s)},
        )
    now = service.clock()
    read = read_events(entries, now, timedelta(seconds=service.settings.future_tolerance_s))
    if single and isinstance(read[0], Refused):
        refused = read[0]
        raise Problem(422, refused.reason, refused.message, field=refused.field, id=refused.id)
    delivery = Delivery.of(delivery_id, body) if delivery_id else None
    raw_body = body.decode("utf-8", "replace").replace("\x00", "")

    def unit(db: Database) -> Taken:
        known = read if marks_senders else mark_own_words(db, shop_id, read, now)
        return take_events(db, service.knowledge, shop_id, known, delivery, raw_body, now)

    with REQUEST_SECONDS.time():
        taken = await service.write(unit, shop_id)
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
