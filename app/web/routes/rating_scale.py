"""The shop's own scale for the chance of a good rating over HTTP: what the past says of it, and its switch."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.usecases.phrase_history import Author
from app.usecases.rating_scales import (
    Learning,
    ScaleRefusedError,
    learn,
    read_versions,
    switch_off,
    switch_on,
)
from app.usecases.service import Service
from app.usecases.shops import read_shop
from app.web.auth import PolicyEditor, Reader, ServiceDep
from app.web.bodies import json_object, text_field
from app.web.examples import RATING_SCALE_OPENAPI
from app.web.problems import Problem
from app.web.routes.policy import MAX_WHY, version_field

router = APIRouter(tags=["ratings"])


@router.get("/v1/rating-scale", summary="好评把握校准 / the shop's scale for good ratings")
async def get_rating_scale(service: ServiceDep, principal: Reader) -> JSONResponse:
    """What the shop's invitations teach: a scale for the chance of a good rating, what it would have been worth so far, and which is in force.

    Looks at the sessions of the last 1,000 ratings, which takes some seconds in a busy shop.
    """
    seen = await learning_of(service, principal.shop_id)
    versions = await service.read(lambda db: read_versions(db, principal.shop_id))
    return JSONResponse(seen.to_json() | {"versions": [version.to_json() for version in versions]})


@router.put(
    "/v1/rating-scale", openapi_extra=RATING_SCALE_OPENAPI, summary="开关校准 / switch the scale on or off"
)
async def put_rating_scale(request: Request, service: ServiceDep, principal: PolicyEditor) -> JSONResponse:
    """Switch on the scale that the outcomes speak for now, if the past says that it is better; or switch it off."""
    raw = await json_object(request)
    on = raw.get("on")
    if not isinstance(on, bool):
        raise Problem(422, "wrong_type", "on 必须是 true 或 false / on must be a boolean", field="on")
    based_on = version_field(raw, required=True)
    assert based_on is not None
    author = Author(principal.name, service.clock(), text_field(raw, "why", default="", limit=MAX_WHY))
    shop_id = principal.shop_id
    try:
        if on:
            seen = await learning_of(service, shop_id)
            version = await service.write(lambda db: switch_on(db, shop_id, seen, author, based_on=based_on))
        else:
            version = await service.write(lambda db: switch_off(db, shop_id, author, based_on=based_on))
    except ScaleRefusedError as error:
        raise Problem(409, error.reason, str(error)) from None
    service.changes.tell([shop_id])
    return JSONResponse(version.to_json())


async def learning_of(service: Service, shop_id: str) -> Learning:
    """What a shop's invitations teach, read in a thread."""
    now = service.clock()
    knowledge = service.knowledge
    return await service.read(
        lambda db: learn(db, read_shop(db, knowledge.profiles, shop_id), knowledge.moods, now)
    )
