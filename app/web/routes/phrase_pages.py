"""The list of phrases and their history, and what is done to a phrase with one click. The forms work without a script, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database
from starlette.datastructures import QueryParams

from app.db.tables import PhraseChangeRow
from app.usecases.bank_care import PhraseError, change_phrase, restore_phrase, undo_change
from app.usecases.browse_phrases import Entry, Wanted, browse
from app.usecases.edit_phrase import read_phrase
from app.usecases.phrase_history import change_phrases, read_change, read_changes
from app.usecases.service import Service
from app.web.auth import ServiceDep
from app.web.history_pages import Change, history_of, history_page
from app.web.page_access import (
    Viewer,
    first,
    frame_of,
    html,
    no_such_phrase,
    page_error,
    submitted,
    viewer_of,
    wants_part,
)
from app.web.phrase_pages import (
    COLUMN_NAMES,
    Removed,
    entry_part,
    finding_words,
    list_page,
    removed_part,
    results_part,
)
from phrasebank import Phrase
from phrasebank.changes import ChangedSinceError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
MAX_WORDS = 400
CHANGES = 50
"""Changes on one page of a history."""


@router.get("/phrases")
async def get_list(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    wanted = _wanted(request.query_params)
    listing = await service.read(
        lambda db: browse(service.knowledge.bank(db, viewer.shop), wanted, viewer.today)
    )
    frame = frame_of(service, viewer)
    if wants_part(request):
        return html(results_part(frame, listing))
    query = request.query_params
    removed = await _removed(service, viewer, query.get("removed", ""), query.get("change", ""))
    return html(list_page(frame, listing, removed))


@router.post("/phrases/state")
async def post_state(request: Request, service: ServiceDep) -> Response:
    """Approve, retire or bring back a phrase."""
    viewer, fields = await submitted(request)
    phrase_id, state = first(fields, "id"), {"state": first(fields, "state")}
    with _told():
        phrase = await service.write(
            lambda db: change_phrase(
                db, service.knowledge.linter, viewer.shop.id, phrase_id, state, viewer.author()
            )
        )
    if phrase is None:
        raise no_such_phrase()
    if wants_part(request):
        return html(entry_part(frame_of(service, viewer), Entry(phrase), viewer.today))
    return RedirectResponse("/phrases", 303)


@router.post("/phrases/remove")
async def post_remove(request: Request, service: ServiceDep) -> Response:
    """Delete a phrase; what stands in its place afterwards can bring it back."""
    viewer, fields = await submitted(request)
    phrase_id = first(fields, "id")
    changes = await service.write(
        lambda db: change_phrases(db, viewer.shop.id, viewer.author(), removed_ids=[phrase_id])
    )
    if not changes:
        raise no_such_phrase()
    removed = await _removed(service, viewer, phrase_id, changes[0])
    if wants_part(request) and removed is not None:
        return html(removed_part(frame_of(service, viewer), removed))
    return RedirectResponse(f"/phrases?{urlencode({'removed': phrase_id, 'change': changes[0]})}", 303)


@router.post("/phrases/restore")
async def post_restore(request: Request, service: ServiceDep) -> Response:
    """With `change` a phrase as it stood after that change, with `undo` as it stood before it."""
    viewer, fields = await submitted(request)
    phrase_id = first(fields, "id")
    undo = first(fields, "undo")

    def restore(db: Database) -> Phrase | None:
        change = read_change(db, viewer.shop.id, phrase_id, undo or first(fields, "change"))
        if change is None:
            raise no_such_phrase()
        back = undo_change if undo else restore_phrase
        return back(db, service.knowledge.linter, viewer.shop.id, phrase_id, change, viewer.author())

    with _told():
        phrase = await service.write(restore)
    if phrase is None:
        return RedirectResponse(f"/phrases/history?{urlencode({'id': phrase_id})}", 303)
    if wants_part(request):
        return html(entry_part(frame_of(service, viewer), Entry(phrase), viewer.today))
    return RedirectResponse(f"/phrases/edit?{urlencode({'id': phrase_id, 'done': 'restored'})}", 303)


@router.get("/phrases/history")
async def get_history(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    phrase_id = request.query_params.get("id", "")
    older_than = request.query_params.get("before")

    def read(db: Database) -> tuple[Phrase | None, list[PhraseChangeRow]]:
        changes = read_changes(
            db, viewer.shop.id, phrase_id=phrase_id, older_than=older_than, limit=CHANGES + 1
        )
        return read_phrase(db, viewer.shop.id, phrase_id), changes

    phrase, changes = await service.read(read)
    if phrase is None and not changes:
        raise no_such_phrase()
    history = history_of(
        phrase_id,
        phrase,
        [_change(row) for row in changes[:CHANGES]],
        timezone=viewer.shop.profile.timezone,
        first_page=older_than is None,
        older=changes[CHANGES - 1].id if len(changes) > CHANGES else None,
    )
    return html(history_page(frame_of(service, viewer), history))


async def _removed(service: Service, viewer: Viewer, phrase_id: str, change_id: str) -> Removed | None:
    """The deletion that was just made; None if the change is none."""
    change = await service.read(lambda db: read_change(db, viewer.shop.id, phrase_id, change_id))
    if change is None or change.before is None or change.after is not None:
        return None
    return Removed(Phrase.from_json(change.before), change.id)


@contextmanager
def _told() -> Iterator[None]:
    """What keeps a phrase from being stored becomes a page that says so."""
    try:
        yield
    except PhraseError as error:
        raise page_error(422, "没有改成", _reasons(error)) from None
    except ChangedSinceError as error:
        columns = "、".join(COLUMN_NAMES.get(column, column) for column in error.columns)
        message = f"{columns}后来又改过，不能单独撤销这一次；可以在修改历史里恢复到某一版。"
        raise page_error(409, "没有改成", message) from None


def _change(row: PhraseChangeRow) -> Change:
    return Change(row.id, row.at, row.by, row.action, row.why, row.before, row.after)


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
