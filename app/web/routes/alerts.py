"""Alert channels over HTTP, and what was told on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session as Database

from app.core.alerts import ChannelError
from app.db.tables import AlertState
from app.usecases.alert_channels import (
    UnknownChannelError,
    add_channel,
    change_channel,
    list_channels,
    remove_channel,
)
from app.usecases.alert_delivery import TooOftenError
from app.usecases.alert_log import list_alerts, list_messages
from app.usecases.alert_sending import try_channel
from app.usecases.shops import read_shop
from app.web.auth import Alerter, ServiceDep
from app.web.bodies import json_object
from app.web.examples import CHANNEL_OPENAPI, TRIAL_OPENAPI
from app.web.problems import Problem

router = APIRouter(tags=["alerts"])


@router.get("/v1/alerts/channels", summary="提醒渠道 / alert channels")
async def get_channels(service: ServiceDep, principal: Alerter) -> JSONResponse:
    """All channels of the shop; of an address only so much that its owner knows it again."""
    return JSONResponse({"channels": await service.read(lambda db: list_channels(db, principal.shop_id))})


@router.post(
    "/v1/alerts/channels",
    status_code=201,
    openapi_extra=CHANNEL_OPENAPI,
    summary="新增提醒渠道 / add a channel",
)
async def post_channel(request: Request, service: ServiceDep, principal: Alerter) -> JSONResponse:
    """Makes a channel. What is left out has the default of its kind and role."""
    raw = await json_object(request)

    def add(db: Database) -> dict[str, Any]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return add_channel(db, shop, raw, service.clock(), by=principal.name)

    with _told():
        return JSONResponse(await service.write(add), 201)


@router.patch(
    "/v1/alerts/channels/{channel_id}",
    openapi_extra=CHANNEL_OPENAPI,
    summary="修改提醒渠道 / change a channel",
)
async def patch_channel(
    channel_id: str, request: Request, service: ServiceDep, principal: Alerter
) -> JSONResponse:
    """Changes the fields given; the others stay."""
    raw = await json_object(request)

    def change(db: Database) -> dict[str, Any]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return change_channel(db, shop, channel_id, raw, service.clock(), by=principal.name)

    with _told():
        return JSONResponse(await service.write(change))


@router.delete("/v1/alerts/channels/{channel_id}", status_code=204, summary="删除提醒渠道 / remove a channel")
async def delete_channel(channel_id: str, service: ServiceDep, principal: Alerter) -> Response:
    """Removes a channel with its record, and what was still to be told on it."""
    with _told():
        now, by = service.clock(), principal.name
        await service.write(lambda db: remove_channel(db, principal.shop_id, channel_id, now, by=by))
    return Response(status_code=204)


@router.post(
    "/v1/alerts/channels/{channel_id}/test",
    openapi_extra=TRIAL_OPENAPI,
    summary="试发一条 / send a test message",
)
async def post_test(channel_id: str, service: ServiceDep, principal: Alerter) -> JSONResponse:
    """Sends a message now and tells what became of it. It counts towards the limits of the channel."""
    with _told():
        try:
            failed = await try_channel(service, principal.shop_id, channel_id)
        except TooOftenError as error:
            wait = math.ceil((error.allowed_at - service.clock()).total_seconds())
            raise Problem(429, "too_often", str(error), headers={"retry-after": str(max(wait, 1))}) from None
    if failed is not None:
        raise Problem(
            502, "not_delivered", "测试消息没有送达 / the test message was not delivered", failed.error
        )
    return JSONResponse({"sent": True})


@router.get("/v1/alerts", summary="提醒记录 / what was told")
async def get_alerts(
    service: ServiceDep,
    principal: Alerter,
    channel: str | None = None,
    state: AlertState | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JSONResponse:
    """The latest things to tell, the newest first, and the messages that told them; words in them are masked."""

    def read(db: Database) -> dict[str, Any]:
        return {
            "alerts": list_alerts(db, principal.shop_id, channel=channel, state=state, limit=limit),
            "messages": list_messages(db, principal.shop_id, channel=channel, limit=limit),
        }

    return JSONResponse(await service.read(read))


@contextmanager
def _told() -> Iterator[None]:
    """What a channel is refused for becomes a problem document that names the field."""
    try:
        yield
    except UnknownChannelError as error:
        raise Problem(404, "unknown_channel", str(error)) from None
    except ChannelError as error:
        raise Problem(422, "bad_channel", str(error), field=error.field) from None
