"""Replies of the machine: what became of them, and another try for those that were not delivered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.db.tables import OutboxState
from app.usecases.replies import UNDELIVERED, Replayed, UnknownReplyError, list_replies, replay, reply_json
from app.usecases.shops import read_shop
from app.web.auth import Reader, Sender, ServiceDep
from app.web.examples import REPLAY_PROBLEMS
from app.web.problems import Problem

router = APIRouter(tags=["replies"])
MAX_REPLIES = 500


@router.get("/v1/replies", summary="自动回复 / replies of the machine")
async def get_replies(
    service: ServiceDep,
    principal: Reader,
    state: Annotated[list[OutboxState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_REPLIES)] = 100,
) -> JSONResponse:
    """The newest first. `state` may be repeated; without it those that were not delivered: dead and expired."""
    states = state or UNDELIVERED
    rows = await service.read(lambda db: list_replies(db, principal.shop_id, states, limit))
    return JSONResponse({"replies": [reply_json(row) for row in rows]})


@router.post(
    "/v1/replies/{reply_id}/replay", summary="重新发送 / deliver once more", responses=REPLAY_PROBLEMS
)
async def post_replay(reply_id: str, service: ServiceDep, principal: Sender) -> JSONResponse:
    """Puts an undelivered reply back into the queue, under its id. A 409 says why it is not sent: too late, or no longer wanted."""

    def again(db: Any) -> Replayed:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return replay(db, service.knowledge, shop, reply_id, service.clock(), principal.name)

    try:
        replayed = await service.write(again, principal.shop_id)
    except UnknownReplyError as error:
        raise Problem(404, "unknown_reply", str(error)) from None
    service.changes.tell([principal.shop_id])
    if not replayed.queued:
        raise Problem(409, "not_replayed", replayed.reasons[0], id=reply_id, reasons=list(replayed.reasons))
    return JSONResponse({"id": reply_id, "state": OutboxState.QUEUED.value})
