"""Texts that the linter stopped and a person sent all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from app.core.fields import MAX_ID_LENGTH, FieldError
from app.core.lint_overrides import parse_lint_override
from app.usecases.lint_overrides import OverrideConflictError, list_overrides, record_override
from app.web.auth import LintUser, Reader, ServiceDep
from app.web.bodies import json_object
from app.web.examples import OVERRIDE_OPENAPI, OVERRIDES_RESPONSES
from app.web.problems import Problem

router = APIRouter(tags=["lint"])
MOST = 500
Name = Annotated[str | None, Query(max_length=MAX_ID_LENGTH)]


@router.post(
    "/v1/lint/overrides", openapi_extra=OVERRIDE_OPENAPI, summary="记下仍要发送 / record an override"
)
async def post_override(request: Request, service: ServiceDep, principal: LintUser) -> JSONResponse:
    """Keeps that an agent sent a text which the linter had stopped, once by its id; personal data are masked first."""
    raw = await json_object(request)
    now = service.clock()
    try:
        given = parse_lint_override(raw, now + timedelta(seconds=service.settings.future_tolerance_s))
    except FieldError as error:
        raise Problem(422, error.reason, error.message, field=error.field) from None
    linter, shop_id = service.knowledge.linter, principal.shop_id
    try:
        new = await service.write(lambda db: record_override(db, linter, shop_id, given, now), shop_id)
    except OverrideConflictError as error:
        raise Problem(409, "conflict", str(error), id=given.id) from None
    return JSONResponse({"id": given.id, "status": "accepted" if new else "duplicate"})


@router.get("/v1/lint/overrides", summary="仍要发送的记录 / list overrides", responses=OVERRIDES_RESPONSES)
async def get_overrides(
    service: ServiceDep,
    principal: Reader,
    agent: Name = None,
    session: Name = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> JSONResponse:
    """What was sent though the linter had stopped it, the latest first; of all agents and sessions or of one. Texts are masked."""
    found = await service.read(
        lambda db: list_overrides(db, principal.shop_id, agent=agent, session=session, limit=limit)
    )
    return JSONResponse({"overrides": found})
