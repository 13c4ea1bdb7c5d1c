"""Care of the phrase bank over HTTP: what should be looked at, and the acts that put it right."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from app.core.fields import FIRST_YEAR, LAST_YEAR
from app.usecases.bank_findings import MAX_DAYS, StandingReplyError, act_on_bank, look_after
from app.usecases.phrase_history import Author
from app.usecases.shops import read_shop
from app.web.auth import Editor, Reader, ServiceDep
from app.web.bodies import json_object
from app.web.examples import CARE_ACTIONS_OPENAPI
from app.web.problems import Problem
from app.web.routes.phrases import Why, refused
from phrasebank.care import Action, Kind
from phrasebank.care.actions import ActionError, Changes, OutdatedError, action_from_json

router = APIRouter(tags=["phrases"])
MAX_ACTIONS = 500
MAX_FINDINGS = 2_000
WHY = "话术库体检"
"""What the history says of an act for which the caller gives no reason."""


@router.get("/v1/phrases/care", summary="话术库体检 / what should be looked at in the bank")
async def get_care(
    service: ServiceDep,
    principal: Reader,
    kind: Annotated[list[Kind] | None, Query()] = None,
    as_of: str | None = None,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 14,
    limit: Annotated[int, Query(ge=1, le=MAX_FINDINGS)] = 500,
) -> JSONResponse:
    """Duplicates, colliding keywords, expired and unused phrases, enquiries without an answer, suggested examples and keywords.

    `kind` may be repeated; without it all kinds are looked for. Each finding has an `action`, and some have `others`, to be sent
    back as they are to `POST /v1/phrases/care/actions`. `as_of` is a day (ISO, its end is meant) or a moment; the messages of the
    `days` days before it are read.
    """
    now = service.clock()
    kinds = frozenset(kind or Kind)

    def look(db: Any) -> dict[str, Any]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        at = _moment(as_of, now, shop.timezone)
        return look_after(db, service.knowledge, shop, at, kinds=kinds, days=days).to_json(limit)

    return JSONResponse(await service.read(look))


@router.post(
    "/v1/phrases/care/actions",
    openapi_extra=CARE_ACTIONS_OPENAPI,
    summary="执行体检建议 / carry out what findings propose",
)
async def post_care_actions(
    request: Request, service: ServiceDep, principal: Editor, dry_run: bool = False, why: Why = ""
) -> JSONResponse:
    """Carries out `actions`, all or none. A 409 says that the bank has changed since the finding; look again then."""
    raw = await json_object(request)
    records = raw.get("actions")
    if not isinstance(records, list) or not 1 <= len(records) <= MAX_ACTIONS:
        raise Problem(
            422, "wrong_type", f"actions 是 1 到 {MAX_ACTIONS} 项的列表 / actions is a list", field="actions"
        )
    actions = [_action(record, place) for place, record in enumerate(records)]
    author = Author(principal.name, service.clock(), why or WHY)

    def act(db: Any) -> Changes:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return act_on_bank(db, service.knowledge.linter, shop, actions, author, dry_run=dry_run)

    try:
        with refused():
            changes = await service.write(act)
    except OutdatedError as error:
        raise Problem(409, "finding_outdated", str(error), ids=list(error.ids)) from None
    except StandingReplyError as error:
        raise Problem(409, "holding_phrase", str(error), ids=list(error.ids)) from None
    except ActionError as error:
        raise Problem(422, "bad_action", str(error), field=error.field) from None
    return JSONResponse(
        {
            "dry_run": dry_run,
            "stored": [phrase.to_json() for phrase in changes.stored],
            "removed": list(changes.removed),
        }
    )


def _action(record: object, place: int) -> Action:
    try:
        return action_from_json(record)
    except ActionError as error:
        raise Problem(422, "bad_action", str(error), field=f"actions.{place}.{error.field}") from None


def _moment(text: str | None, now: datetime, timezone: ZoneInfo) -> datetime:
    """The moment meant by `as_of`: of a day its last one, and none means `now`."""
    if text is None:
        return now
    try:
        at = datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            at += timedelta(days=1, microseconds=-1)
    except (ValueError, OverflowError):
        raise _bad_time() from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise _bad_time()
    return at if at.tzinfo is not None else at.replace(tzinfo=timezone)


def _bad_time() -> Problem:
    return Problem(
        422, "bad_time", "as_of 写日期或时刻，如 2026-11-22 / as_of is a day or a moment", field="as_of"
    )
