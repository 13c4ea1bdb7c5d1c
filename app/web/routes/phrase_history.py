"""The history of phrases over HTTP: who changed what and why, and the way back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.usecases.bank_care import restore_phrase, undo_change
from app.usecases.phrase_history import Author, change_json, phrases_by_id, read_change, read_changes
from app.web.auth import Editor, Reader, ServiceDep
from app.web.bodies import json_object, text_field
from app.web.examples import RESTORE_OPENAPI
from app.web.problems import Problem
from app.web.routes.phrases import Why, refused, unknown_phrase
from phrasebank.changes import ChangedSinceError

router = APIRouter(tags=["phrases"])
Limit = Annotated[int, Query(ge=1, le=200, description="最多几条 / at most")]
Before = Annotated[
    str | None, Query(max_length=200, description="只要比这一条更早的 / only those older than this change")
]


@router.get("/v1/phrase-changes", summary="话术库的修改历史 / changes of the bank")
async def get_bank_changes(
    service: ServiceDep, principal: Reader, limit: Limit = 50, before: Before = None
) -> JSONResponse:
    """Every change of the shop's phrases, the newest first. `next`, where there is one, is the next page's `before`."""
    return JSONResponse(await service.read(lambda db: _page(db, principal.shop_id, None, before, limit)))


@router.get("/v1/phrases/{phrase_id}/changes", summary="一条话术的修改历史 / changes of a phrase")
async def get_phrase_changes(
    phrase_id: str, service: ServiceDep, principal: Reader, limit: Limit = 50, before: Before = None
) -> JSONResponse:
    """The changes of one phrase, the newest first; also of one that was deleted."""

    def read(db: Database) -> dict[str, Any] | None:
        page = _page(db, principal.shop_id, phrase_id, before, limit)
        known = page["changes"] or before or phrases_by_id(db, principal.shop_id, [phrase_id])
        return page if known else None

    page = await service.read(read)
    if page is None:
        raise unknown_phrase(phrase_id)
    return JSONResponse(page)


@router.post(
    "/v1/phrases/{phrase_id}/restore", openapi_extra=RESTORE_OPENAPI, summary="恢复或撤销 / restore or undo"
)
async def post_restore(
    phrase_id: str, request: Request, service: ServiceDep, principal: Editor, why: Why = ""
) -> JSONResponse:
    """With `change`, the phrase as it stood after that change; with `undo`, that change alone is taken back.

    What came after it stays then. Either is itself a change of the history. `phrase` is null where the phrase is gone.
    """
    raw = await json_object(request)
    named = [name for name in ("change", "undo") if name in raw]
    if len(named) != 1:
        raise Problem(422, "change_or_undo", "请给 change 或 undo 其中之一 / give either change or undo")
    change_id = text_field(raw, named[0], limit=200)
    back = restore_phrase if named == ["change"] else undo_change
    author = Author(principal.name, service.clock(), why)

    def carry(db: Database) -> dict[str, Any]:
        change = read_change(db, principal.shop_id, phrase_id, change_id)
        if change is None:
            raise Problem(404, "unknown_change", f"话术 {phrase_id} 没有这条修改 / unknown change")
        phrase = back(db, service.knowledge.linter, principal.shop_id, phrase_id, change, author)
        return {"phrase": phrase.to_json() if phrase is not None else None}

    try:
        with refused():
            return JSONResponse(await service.write(carry))
    except ChangedSinceError as error:
        raise Problem(
            409,
            "changed_since",
            f"{error} 后来又改过，不能单独撤销；可用 change 恢复到某一版 / changed again since",
            columns=list(error.columns),
        ) from None


def _page(
    db: Database, shop_id: str, phrase_id: str | None, before: str | None, limit: int
) -> dict[str, Any]:
    rows = read_changes(db, shop_id, phrase_id=phrase_id, older_than=before, limit=limit + 1)
    return {
        "changes": [change_json(row) for row in rows[:limit]],
        "next": rows[limit - 1].id if len(rows) > limit else None,
    }
