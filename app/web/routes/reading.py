"""What programs read: waiting sessions, explanations, and the stream of changes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from app.usecases.explain import explain
from app.usecases.read_advice import read_advice, read_advice_on
from app.usecases.read_live import read_waiting
from app.usecases.shops import read_shop
from app.web.auth import Reader, ServiceDep
from app.web.bodies import json_object, text_field
from app.web.examples import ADVICE_RESPONSES, EXPLAIN_OPENAPI
from app.web.problems import Problem
from app.web.streaming import HEADERS, changes_as_events

router = APIRouter(tags=["reading"])


@router.get("/v1/sessions", summary="会话列表 / sessions")
async def get_sessions(service: ServiceDep, principal: Reader, state: str = "waiting") -> JSONResponse:
    """Waiting buyers, in the order in which they should be answered."""
    if state != "waiting":
        raise Problem(422, "unknown_value", "state 目前只能是 waiting / only waiting is known", field="state")
    now = service.clock()

    def query(db: Any) -> list[dict[str, Any]]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return [
            {
                "session": view.session,
                "buyer": view.buyer,
                "agent": view.agent,
                "text": view.text,
                "kind": view.kind,
                "waiting_since": view.waiting_since.isoformat(),
                "deadline_at": view.deadline_at.isoformat(),
                "seconds_left": round((view.deadline_at - now).total_seconds(), 3),
                "counted": view.counted,
                "note": view.note,
                "summary": view.recap,
                "suggestions": [
                    {
                        "phrase_id": hit.phrase_id,
                        "title": hit.title,
                        "text": hit.text,
                        "score": hit.score,
                        "why": list(hit.why),
                        "missing": list(hit.missing),
                    }
                    for hit in view.suggestions
                ],
            }
            for view in read_waiting(db, shop, now)
        ]

    return JSONResponse({"now": now.isoformat(), "sessions": await service.read(query)})


@router.get("/v1/advice", summary="邀评建议 / rating advice", responses=ADVICE_RESPONSES)
async def get_advice(
    service: ServiceDep,
    principal: Reader,
    session: Annotated[
        str | None, Query(max_length=200, description="只看这个会话 / this session only")
    ] = None,
) -> JSONResponse:
    """The sessions in which inviting is advised now, and those whose invitation is at risk; or the advice on one session.

    `advice` is `invite`, `wait` (with `waits_for` and, where time alone may change it, `until`) or `no`. `effect` says what one
    more rating is expected to do to the rate of the period.
    """
    now = service.clock()
    if session is None:
        told = await service.read(lambda db: read_advice(db, service.knowledge, principal.shop_id, now))
        return JSONResponse(told)
    found = await service.read(
        lambda db: read_advice_on(db, service.knowledge, principal.shop_id, session, now)
    )
    if found is None:
        raise Problem(404, "unknown_session", f"没有会话 {session} / unknown session")
    return JSONResponse({"now": now.isoformat()} | found.to_json())


@router.post("/v1/explain", openapi_extra=EXPLAIN_OPENAPI, summary="为什么 / why it was answered or not")
async def post_explain(request: Request, service: ServiceDep, principal: Reader) -> JSONResponse:
    """All that was decided about one message, and what would be decided now."""
    event_id = text_field(await json_object(request), "event", limit=200)
    now = service.clock()
    found = await service.read(lambda db: explain(db, service.knowledge, principal.shop_id, event_id, now))
    if found is None:
        raise Problem(404, "unknown_event", f"没有事件 {event_id} / unknown event")
    return JSONResponse(found)


@router.get("/v1/stream", summary="变化流 / stream of changes (server-sent events)")
async def get_stream(service: ServiceDep, principal: Reader) -> StreamingResponse:
    """`event: changed` at most once a second, whenever something of the shop has changed."""
    return StreamingResponse(
        changes_as_events(service, principal.shop_id, ("changed",)),
        media_type="text/event-stream",
        headers=HEADERS,
    )
