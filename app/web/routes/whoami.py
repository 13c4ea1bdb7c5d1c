"""Whom a key belongs to: what an extension or a console asks first, to say exactly what is wrong with a connection."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from app.usecases.shops import read_shop
from app.web.auth import KeyHolder, ServiceDep
from app.web.examples import WHOAMI_OPENAPI

router = APIRouter(tags=["health"])


@router.get("/v1/whoami", openapi_extra=WHOAMI_OPENAPI, summary="我是谁 / whom this key belongs to")
async def get_whoami(service: ServiceDep, principal: KeyHolder) -> JSONResponse:
    """The shop, the key and this service, for any key whatever it allows.

    `at` is the clock that signatures are judged by, within `signature_tolerance_s` seconds.
    """
    shop = await service.read(lambda db: read_shop(db, service.knowledge.profiles, principal.shop_id))
    return JSONResponse(
        {
            "shop": shop.id,
            "name": shop.name,
            "platform": shop.profile.platform,
            "key": {
                "id": principal.key_id,
                "label": principal.label,
                "scopes": sorted(principal.scopes),
            },
            "at": service.transport_clock().isoformat(),
            "signature_tolerance_s": service.settings.signature_tolerance_s,
            "version": version("miaohui"),
        }
    )
