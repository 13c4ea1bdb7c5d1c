"""Somebody of the shop is typing: the machine waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.core.situations import Typed
from app.db.tables import SessionRow
from app.usecases.shops import read_shop
from app.web.auth import ServiceDep, bearer_of, principal_of, signed_in
from app.web.bodies import json_object, text_field
from app.web.examples import TYPING_OPENAPI
from app.web.forgery import same_origin
from app.web.problems import Problem

router = APIRouter(tags=["events"])


@router.post("/v1/typing", openapi_extra=TYPING_OPENAPI, summary="客服正在输入 / an agent is typing")
async def post_typing(request: Request, service: ServiceDep) -> JSONResponse:
    """Pauses the machine in a session for the policy's `typing_pause_s`; repeat it while the typing goes on.

    With a key of scope `events`, or from the dashboard. Not journalled, and known to this process only.
    """
    shop_id = await _shop_of(request)
    raw = await json_object(request)
    session, agent = text_field(raw, "session", limit=200), text_field(raw, "agent", limit=200)
    now = service.clock()

    def pause(db: Database) -> datetime | None:
        if db.get(SessionRow, (shop_id, session)) is None:
            return None
        policy = read_shop(db, service.knowledge.profiles, shop_id).policy
        return now + timedelta(seconds=policy.typing_pause_s)

    paused_until = await service.read(pause)
    if paused_until is None:
        raise Problem(404, "unknown_session", f"没有会话 {session} / unknown session", field="session")
    service.knowledge.typists.note(shop_id, session, Typed(agent, now))
    return JSONResponse({"session": session, "paused_until": paused_until.isoformat()})


async def _shop_of(request: Request) -> str:
    """The shop of a key of scope `events`, or of whoever is signed in to the dashboard."""
    principal = None
    if bearer_of(request) is None and same_origin(request):
        principal = await signed_in(request)
    if principal is None:
        principal = await principal_of(request, "events")
    return principal.shop_id
