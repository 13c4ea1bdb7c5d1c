"""The form of one phrase: shown, checked while it is written, saved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.usecases.bank_care import PhraseError
from app.usecases.edit_phrase import ChangedMeanwhileError, read_phrase, save_edited
from app.usecases.service import Service
from app.web.auth import ServiceDep
from app.web.form_pages import Clash, Form, check_part, checked, clash_of, edit_page, form_of
from app.web.page_access import Viewer, first, frame_of, html, no_such_phrase, submitted, viewer_of
from app.web.phrase_forms import Fields, base_of, check_lengths, new_record, record_of
from phrasebank import Phrase
from phrasebank.categories import categories_of
from phrasebank.phrase import PhraseError as ColumnError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
DONE = {"saved": "已保存，马上生效", "restored": "已恢复"}


@router.get("/phrases/new")
async def get_new(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    record = new_record({name: request.query_params.getlist(name) for name in request.query_params})
    return await _form_page(service, viewer, record, None, Form())


@router.get("/phrases/edit")
async def get_edit(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    phrase_id = request.query_params.get("id", "")
    phrase = await service.read(lambda db: read_phrase(db, viewer.shop.id, phrase_id))
    if phrase is None:
        raise no_such_phrase()
    record = phrase.to_json()
    form = Form(done=DONE.get(request.query_params.get("done", ""), ""))
    return await _form_page(service, viewer, record, record, form)


@router.post("/phrases/check")
async def post_check(request: Request, service: ServiceDep) -> Response:
    """The linter's word on a form that is being written; nothing is stored."""
    _, fields = await submitted(request)
    record = record_of(fields, _base(fields) or new_record({}))
    return html(check_part(await asyncio.to_thread(checked, service.knowledge.linter, record)))


@router.post("/phrases/save")
async def post_save(request: Request, service: ServiceDep) -> Response:
    """A phrase as it stands in the form; with `take` nothing is stored, but one column becomes that of the other editor."""
    viewer, fields = await submitted(request)
    base, gone = _base(fields), "gone" in fields
    record = record_of(fields, base or new_record({}))
    author = viewer.author(first(fields, "why"))
    form = Form(why=author.why, gone=gone)
    if base is not None and (column := first(fields, "take")):
        record[column] = base.get(column)
        disputed = tuple((name, record.get(name), base.get(name)) for name in fields.get("disputed", ()))
        clash = Clash("还没有保存", disputed=tuple(each for each in disputed if each[1] != each[2]))
        return await _form_page(service, viewer, record, base, replace(form, clash=clash), 409)
    linter = service.knowledge.linter
    try:
        check_lengths(record)
        Phrase.from_json(record)
        phrase = await service.write(
            lambda db: save_edited(db, linter, viewer.shop.id, None if gone else base, record, author)
        )
    except ColumnError as error:
        form = replace(form, problem="还没有保存，有一格要改。", fault=(error.column, error.reason))
    except PhraseError as error:
        form = replace(
            form, problem="还没有保存：话术里有违规用语，改好再存。", findings=tuple(error.findings)
        )
    except ChangedMeanwhileError as error:
        return await _clashing(service, viewer, record, base or {}, error, form)
    else:
        return RedirectResponse(f"/phrases/edit?{urlencode({'id': phrase.id, 'done': 'saved'})}", 303)
    return await _form_page(service, viewer, record, base, form, 422)


async def _form_page(
    service: Service,
    viewer: Viewer,
    record: Mapping[str, Any],
    base: Mapping[str, Any] | None,
    form: Form,
    status: int = 200,
) -> Response:
    bank = await service.read(lambda db: service.knowledge.bank(db, viewer.shop))
    form = replace(
        form_of(record, base, form),
        categories=tuple(filter(None, categories_of(bank.phrases))),
        owners=tuple(sorted({phrase.owner for phrase in bank.phrases} - {"team"})),
    )
    check = await asyncio.to_thread(checked, service.knowledge.linter, record)
    return html(edit_page(frame_of(service, viewer), form, check), status)


async def _clashing(
    service: Service,
    viewer: Viewer,
    record: Mapping[str, Any],
    base: Mapping[str, Any],
    error: ChangedMeanwhileError,
    form: Form,
) -> Response:
    who = error.by or "别人"
    if error.now_is is None:
        clash = Clash(f"你编辑的时候，{who}删除了这条话术；再点保存，就按下面的内容恢复它")
        return await _form_page(service, viewer, record, base, replace(form, clash=clash, gone=True), 409)
    theirs = error.now_is.to_json()
    merged, clash = clash_of(base, record, theirs, who)
    return await _form_page(service, viewer, merged, theirs, replace(form, clash=clash, gone=False), 409)


def _base(fields: Fields) -> dict[str, Any] | None:
    return base_of(fields) or None
