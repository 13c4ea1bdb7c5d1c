"""What agents propose: a phrase that waits for somebody's approval before it is offered or said."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.usecases.bank_care import PhraseError
from app.usecases.edit_phrase import save_edited
from app.web.asked_forms import Form
from app.web.auth import ServiceDep
from app.web.page_access import (
    first,
    frame_of,
    html,
    needs_scope,
    page_error,
    submitted,
    viewer_of,
)
from app.web.phrase_forms import check_lengths, new_record, record_of
from app.web.phrase_pages import proposal_page
from phrasebank import Phrase
from phrasebank.phrase import PhraseError as ColumnError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "propose"
FIELDS: Final = ("text", "examples", "title", "category")
WHY: Final = "客服提的"


@router.get("/phrases/propose")
async def get_proposal(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    if not viewer.may(SCOPE):
        raise page_error(403, "没有提话术的权限", needs_scope(SCOPE))
    done = "已交给主管，批准以后就能用" if request.query_params.get("done") == "proposed" else ""
    return html(proposal_page(frame_of(service, viewer), Form(), done))


@router.post("/phrases/propose")
async def post_proposal(request: Request, service: ServiceDep) -> Response:
    """A new phrase in the state of a draft, whatever else the form may say."""
    viewer, given = await submitted(request, SCOPE)
    fields = {name: first(given, name) for name in FIELDS}
    record: dict[str, Any] = record_of({name: [value] for name, value in fields.items()}, new_record({}))
    record["state"] = "draft"
    linter, author = service.knowledge.linter, viewer.author(WHY)
    try:
        check_lengths(record)
        Phrase.from_json(record)
        await service.write(lambda db: save_edited(db, linter, viewer.shop.id, None, record, author))
    except ColumnError as error:
        fault = (error.column, error.reason)
    except PhraseError as error:
        matches = "、".join(dict.fromkeys(str(finding["match"]) for finding in error.findings))
        fault = ("text", f"有违规用语，改好再交：{matches}")
    else:
        return RedirectResponse("/phrases/propose?done=proposed", 303)
    return html(proposal_page(frame_of(service, viewer), Form(fields, fault), ""), 422)
