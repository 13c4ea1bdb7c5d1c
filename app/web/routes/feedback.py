"""Verdicts on suggestions over HTTP: accepted, rejected, undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from app.core.fields import Refused
from app.usecases.feedback import (
    Taken,
    UnknownFeedbackError,
    list_feedback,
    read_feedback,
    take_feedback,
    undo_feedback,
)
from app.usecases.take_events import MAX_BATCH
from app.web.auth import Reader, Sender, ServiceDep
from app.web.bodies import parse_json
from app.web.examples import FEEDBACK_OPENAPI
from app.web.problems import Problem

router = APIRouter(tags=["phrases"])
STATUSES = {"unknown_phrase": 404, "unknown_message": 404, "conflict": 409}
"""How a single verdict is answered that cannot be taken; 422 for any other reason."""


@router.post("/v1/feedback", openapi_extra=FEEDBACK_OPENAPI, summary="采纳或否决推荐 / judge suggestions")
async def post_feedback(request: Request, service: ServiceDep, principal: Sender) -> JSONResponse:
    """One verdict or an array of up to 500, each taken once by its id.

    A single one that cannot be taken is answered with a problem; in an array it is `rejected` and the rest stand.
    """
    raw = parse_json(await request.body())
    single = not isinstance(raw, list)
    entries = [raw] if single else raw
    if len(entries) > MAX_BATCH:
        raise Problem(
            413,
            "too_many",
            f"一次最多 {MAX_BATCH} 条反馈，收到 {len(entries)} 条 / too many verdicts in one request",
        )
    now = service.clock()
    read = read_feedback(entries, now, timedelta(seconds=service.settings.future_tolerance_s))
    answers = await service.write(
        lambda db: take_feedback(db, service.knowledge, principal.shop_id, read, now)
    )
    service.changes.tell([principal.shop_id])
    if single and isinstance(answers[0], Refused):
        refused = answers[0]
        status = STATUSES.get(refused.reason, 422)
        raise Problem(status, refused.reason, refused.message, field=refused.field, id=refused.id)
    return JSONResponse({"results": [_json(answer) for answer in answers]})


@router.post("/v1/feedback/{feedback_id}/undo", summary="撤销反馈 / undo a verdict")
async def post_undo(feedback_id: str, service: ServiceDep, principal: Sender) -> JSONResponse:
    """As if the verdict had never been given; what the phrase learned from it is forgotten. Again changes nothing."""
    now = service.clock()
    try:
        await service.write(
            lambda db: undo_feedback(
                db, service.knowledge, principal.shop_id, feedback_id, principal.key_id, now
            )
        )
    except UnknownFeedbackError as error:
        raise Problem(404, "unknown_feedback", str(error)) from None
    service.changes.tell([principal.shop_id])
    return JSONResponse({"id": feedback_id, "status": "undone"})


@router.get("/v1/feedback", summary="反馈列表 / list verdicts")
async def get_feedback(
    service: ServiceDep, principal: Reader, phrase_id: str | None = None, message: str | None = None
) -> JSONResponse:
    """The latest 200 verdicts, of people and of replies that were an offered phrase; texts are masked."""
    found = await service.read(
        lambda db: list_feedback(db, principal.shop_id, phrase_id=phrase_id, about=message)
    )
    return JSONResponse({"feedback": found})


def _json(answer: Taken | Refused) -> dict[str, Any]:
    if isinstance(answer, Refused):
        refused = {"id": answer.id, "status": "rejected", "reason": answer.reason, "message": answer.message}
        return refused | ({"field": answer.field} if answer.field is not None else {})
    return {
        "id": answer.id,
        "status": "duplicate" if answer.duplicate else "accepted",
        "learned": answer.learned,
        "note": answer.note,
    }
