"""When the shop is open, who works for it, and who is there now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.usecases.service_hours import hours_record, put_hours, put_roster, roster_record
from app.usecases.shops import read_shop
from app.usecases.staff import read_staff, staff_json
from app.web.auth import Reader, ServiceDep, Staffer
from app.web.bodies import json_object
from app.web.examples import HOURS_OPENAPI, ROSTER_OPENAPI

router = APIRouter(tags=["staff"])


@router.get("/v1/service-hours", summary="服务时间 / service hours")
async def get_hours(service: ServiceDep, principal: Reader) -> JSONResponse:
    """The shop's hours, and whether it is open now."""
    now = service.clock()

    def query(db: Database) -> dict[str, Any]:
        return hours_record(read_shop(db, service.knowledge.profiles, principal.shop_id), now)

    return JSONResponse(await service.read(query))


@router.put("/v1/service-hours", openapi_extra=HOURS_OPENAPI, summary="改服务时间 / set the service hours")
async def put_service_hours(request: Request, service: ServiceDep, principal: Staffer) -> JSONResponse:
    """Replace the whole document; what it leaves out is not set any more."""
    raw = await json_object(request)
    now = service.clock()

    def unit(db: Database) -> dict[str, Any]:
        shop = put_hours(db, service.knowledge.profiles, principal.shop_id, raw, principal.name, now)
        return hours_record(shop, now)

    answer = await service.write(unit)
    service.changes.tell([principal.shop_id])
    return JSONResponse(answer)


@router.get("/v1/roster", summary="客服与分组 / agents and groups")
async def get_roster(service: ServiceDep, principal: Reader) -> JSONResponse:
    """The agents with their limits, and the groups with what selects them."""
    return JSONResponse(await service.read(lambda db: roster_record(db, principal.shop_id)))


@router.put("/v1/roster", openapi_extra=ROSTER_OPENAPI, summary="改客服与分组 / set agents and groups")
async def put_whole_roster(request: Request, service: ServiceDep, principal: Staffer) -> JSONResponse:
    """Replace the whole document."""
    raw = await json_object(request)
    now = service.clock()
    roster = await service.write(lambda db: put_roster(db, principal.shop_id, raw, principal.name, now))
    service.changes.tell([principal.shop_id])
    return JSONResponse({"roster": roster.to_json()})


@router.get("/v1/agents", summary="客服与负荷 / who is online, and how much each has to do")
async def get_agents(service: ServiceDep, principal: Reader) -> JSONResponse:
    """Online, on shift, load and limit of every agent; the groups; what would free a place where none is free."""
    now = service.clock()

    def query(db: Database) -> dict[str, Any]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return {"now": now.isoformat()} | staff_json(read_staff(db, shop, now))

    return JSONResponse(await service.read(query))
