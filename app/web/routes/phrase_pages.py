"""The pages of the phrase bank: list, form, history. Their forms work without a script, too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import QueryParams

from app.usecases.bank_care import PhraseError, save_phrase
from app.usecases.browse_phrases import Entry, Wanted, browse
from app.usecases.edit_phrase import ChangedMeanwhileError, read_phrase, save_edited
from app.usecases.service import Service
from app.web.auth import ServiceDep
from app.web.dashboard import error_page
from app.web.page_access import AnswerInstead, Viewer, first, html, submitted, viewer_of, wants_part
from app.web.phrase_forms import Fields, base_of, check_lengths, new_record, record_of
from app.web.phrase_pages import (
    Clash,
    Form,
    Frame,
    check_part,
    checked,
    clash_of,
    edit_page,
    entry_part,
    finding_words,
    form_of,
    list_page,
    results_part,
)
from phrasebank import Phrase
from phrasebank.categories import categories_of
from phrasebank.phrase import PhraseError as ColumnError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
MAX_WORDS = 400
DONE = {"saved": "已保存，马上生效", "restored": "已恢复"}


def frame_of(service: Service, viewer: Viewer) -> Frame:
    """What stands around every page of phrases."""
    names = {key: profile.name for key, profile in service.knowledge.profiles.items()}
    return Frame(viewer.shop.name, viewer.may_edit, viewer.token, names)


@router.get("/phrases")
async def get_list(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    wanted = _wanted(request.query_params)
    listing = await service.read(
        lambda db: browse(service.knowledge.bank(db, viewer.shop), wanted, viewer.today)
    )
    show = results_part if wants_part(request) else list_page
    return html(show(frame_of(service, viewer), listing))


@router.get("/phrases/new")
async def get_new(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    record = new_record({name: request.query_params.getlist(name) for name in request.query_params})
    return await _form_page(service, viewer, record, None, Form())


@router.get("/phrases/edit")
async def get_edit(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    phrase = await _phrase(service, viewer, request.query_params.get("id", ""))
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
    form = Form(why=first(fields, "why"), gone=gone)
    if base is not None and (column := first(fields, "take")):
        record[column] = base.get(column)
        disputed = tuple((name, record.get(name), base.get(name)) for name in fields.get("disputed", ()))
        clash = Clash("还没有保存", disputed=tuple(each for each in disputed if each[1] != each[2]))
        return await _form_page(service, viewer, record, base, replace(form, clash=clash))
    linter = service.knowledge.linter
    try:
        check_lengths(record)
        Phrase.from_json(record)
        phrase = await service.write(
            lambda db: save_edited(db, linter, viewer.shop.id, None if gone else base, record, viewer.now)
        )
    except ColumnError as error:
        form = replace(form, problem="还没有保存，有一格要改。", fault=(error.column, error.reason))
    except PhraseError as error:
        form = replace(
            form, problem="还没有保存：话术里有违规用语，改好再存。", findings=tuple(error.findings)
        )
    except ChangedMeanwhileError as error:
        return await _clashing(service, viewer, record, base or {}, error.now_is, form)
    else:
        return RedirectResponse(f"/phrases/edit?{urlencode({'id': phrase.id, 'done': 'saved'})}", 303)
    return await _form_page(service, viewer, record, base, form, 422)


@router.post("/phrases/state")
async def post_state(request: Request, service: ServiceDep) -> Response:
    """Approve, retire or bring back a phrase."""
    viewer, fields = await submitted(request)
    phrase = await _phrase(service, viewer, first(fields, "id"))
    changed = phrase.to_json() | {"state": first(fields, "state")}
    try:
        phrase = await service.write(
            lambda db: save_phrase(db, service.knowledge.linter, viewer.shop.id, changed, viewer.now)
        )
    except PhraseError as error:
        raise AnswerInstead(html(error_page(422, "没有改成", _reasons(error)), 422)) from None
    if wants_part(request):
        return html(entry_part(frame_of(service, viewer), Entry(phrase), viewer.today))
    return RedirectResponse("/phrases", 303)


async def _phrase(service: Service, viewer: Viewer, phrase_id: str) -> Phrase:
    phrase = await service.read(lambda db: read_phrase(db, viewer.shop.id, phrase_id))
    if phrase is None:
        body = error_page(404, "没有这条话术", "它可能已经被删除了；修改历史里能找回来。")
        raise AnswerInstead(html(body, 404))
    return phrase


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
    now_is: Phrase | None,
    form: Form,
) -> Response:
    if now_is is None:
        clash = Clash("你编辑的时候，别人删除了这条话术；再点保存，就按下面的内容恢复它")
        return await _form_page(service, viewer, record, base, replace(form, clash=clash, gone=True), 409)
    theirs = now_is.to_json()
    merged, clash = clash_of(base, record, theirs, "别人")
    return await _form_page(service, viewer, merged, theirs, replace(form, clash=clash, gone=False), 409)


def _base(fields: Fields) -> dict[str, Any] | None:
    return base_of(fields) or None


def _reasons(error: PhraseError) -> str:
    found = "；".join(finding_words(finding) for finding in error.findings)
    return f"{error}：{found}" if found else str(error)


def _wanted(query: QueryParams) -> Wanted:
    category = query.get("category", "")
    start = query.get("start", "")
    return Wanted(
        words=query.get("q", "")[:MAX_WORDS],
        category=category.removeprefix("=") if category else None,
        state=query.get("state", ""),
        owner=query.get("owner", ""),
        platform=query.get("platform", ""),
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 0,
    )
