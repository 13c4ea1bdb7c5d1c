"""When the shop is open, who works for it, and who is there now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.usecases.service import Service
from app.usecases.service_hours import hours_record, put_hours, put_roster, roster_record
from app.usecases.shop_documents import DocumentChangedError, hours_version, roster_version
from app.usecases.shops import read_shop
from app.usecases.staff import read_staff, staff_json
from app.web.auth import Reader, ServiceDep, Staffer
from app.web.bodies import json_object
from app.web.examples import HOURS_OPENAPI, ROSTER_OPENAPI
from app.web.preconditions import versions_of
from app.web.problems import Problem

router = APIRouter(tags=["staff"])
Tagged = tuple[dict[str, Any], str]
"""A record with the version of its document."""
IfMatch = Annotated[str | None, Header(description="读到的 etag；别人改过就不保存 / the etag that was read")]


@router.get("/v1/service-hours", summary="服务时间 / service hours")
async def get_hours(service: ServiceDep, principal: Reader) -> JSONResponse:
    """The shop's hours, and whether it is open now. The `etag` names this version of the document."""
    now = service.clock()

    def query(db: Database) -> Tagged:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return hours_record(shop, now), hours_version(db, shop.id)

    return _tagged(await service.read(query))


@router.put("/v1/service-hours", openapi_extra=HOURS_OPENAPI, summary="改服务时间 / set the service hours")
async def put_service_hours(
    request: Request, service: ServiceDep, principal: Staffer, if_match: IfMatch = None
) -> JSONResponse:
    """Replace the whole document; what it leaves out is not set any more.

    With `if-match` (an `etag` that was read) it is refused with 412 if somebody else changed the hours meanwhile.
    """
    raw = await json_object(request)
    now = service.clock()

    def unit(db: Database) -> Tagged:
        shop = put_hours(
            db,
            service.knowledge.profiles,
            principal.shop_id,
            raw,
            principal.name,
            now,
            based_on=versions_of(if_match),
        )
        return hours_record(shop, now), hours_version(db, shop.id)

    return await _put(service, principal.shop_id, unit)


@router.get("/v1/roster", summary="客服与分组 / agents and groups")
async def get_roster(service: ServiceDep, principal: Reader) -> JSONResponse:
    """The agents with their limits, and the groups with what selects them. The `etag` names this version of the document."""
    shop_id = principal.shop_id
    return _tagged(await service.read(lambda db: (roster_record(db, shop_id), roster_version(db, shop_id))))


@router.put("/v1/roster", openapi_extra=ROSTER_OPENAPI, summary="改客服与分组 / set agents and groups")
async def put_whole_roster(
    request: Request, service: ServiceDep, principal: Staffer, if_match: IfMatch = None
) -> JSONResponse:
    """Replace the whole document; `if-match` as for the service hours."""
    raw = await json_object(request)
    now = service.clock()

    def unit(db: Database) -> Tagged:
        roster = put_roster(db, principal.shop_id, raw, principal.name, now, based_on=versions_of(if_match))
        return {"roster": roster.to_json()}, roster_version(db, principal.shop_id)

    return await _put(service, principal.shop_id, unit)


@router.get("/v1/agents", summary="客服与负荷 / who is online, and how much each has to do")
async def get_agents(service: ServiceDep, principal: Reader) -> JSONResponse:
    """Online, on shift, load and limit of every agent; the groups; what would free a place where none is free."""
    now = service.clock()

    def query(db: Database) -> dict[str, Any]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return {"now": now.isoformat()} | staff_json(read_staff(db, shop, now))

    return JSONResponse(await service.read(query))


async def _put(service: Service, shop_id: str, unit: Callable[[Database], Tagged]) -> JSONResponse:
    """Change a document, and tell everybody who looks at the shop."""
    try:
        answer = await service.write(unit)
    except DocumentChangedError as error:
        raise Problem(412, "changed_meanwhile", str(error), headers={"etag": f'"{error.current}"'}) from None
    service.changes.tell([shop_id])
    return _tagged(answer)


def _tagged(answer: Tagged) -> JSONResponse:
    record, version = answer
    return JSONResponse(record, headers={"etag": f'"{version}"'})
