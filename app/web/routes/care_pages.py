"""The page of care: findings, one click to act on one, one to take that back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.usecases.bank_care import PhraseError
from app.usecases.bank_findings import StandingReplyError, look_after
from app.usecases.care_clicks import click, take_back
from app.usecases.care_dismissals import dismiss, restore
from app.usecases.phrase_history import phrases_by_id
from app.web.auth import ServiceDep
from app.web.care_pages import (
    Done,
    Group,
    care_page,
    done_part,
    done_words,
    findings_part,
    groups_of,
    name_of,
)
from app.web.page_access import first, frame_of, html, page_error, submitted, viewer_of, wants_part
from phrasebank.care import Kind
from phrasebank.care.actions import ActionError, OutdatedError, action_from_json
from phrasebank.changes import ChangedSinceError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
DAYS: Final = 14
"""Of so many days the messages of buyers are looked at."""
MAX_CHANGES: Final = 500
_FINDING: Final = re.compile(r"c-[0-9a-f]{16}")
_STATE: Final = re.compile(r"[0-9a-f]{16}")


@router.get("/phrases/care")
async def get_care_page(request: Request, service: ServiceDep) -> Response:
    """At first without findings, since looking for them takes a while; with `now` they are there."""
    viewer = await viewer_of(request)
    frame = frame_of(service, viewer)
    if "now" not in request.query_params:
        return html(care_page(frame, None))

    def look(db: Database) -> tuple[tuple[Group, ...], int]:
        care = look_after(db, service.knowledge, viewer.shop, viewer.now, kinds=frozenset(Kind), days=DAYS)
        return groups_of(care.findings, care.phrases), care.dismissed

    groups, dismissed = await service.read(look)
    drawn = findings_part if wants_part(request) else care_page
    return html(drawn(frame, groups, dismissed))


@router.post("/phrases/care/act")
async def post_act(request: Request, service: ServiceDep) -> Response:
    """Carry out one action of a finding, as its button has it."""
    viewer, fields = await submitted(request)
    finding = first(fields, "finding")
    author = viewer.author(f"体检：{first(fields, 'reason')}")

    def act(db: Database) -> Done:
        action = action_from_json(orjson.loads(first(fields, "action")))
        changes, change_ids = click(db, service.knowledge.linter, viewer.shop, action, author)
        stored = changes.stored[0] if changes.stored else None
        named = phrases_by_id(db, viewer.shop.id, [*action.ids, action.into])
        return Done(
            finding,
            done_words(action, named),
            (stored.id, name_of(stored.id, named)) if stored is not None else None,
            change_ids,
        )

    with _told():
        done = await service.write(act)
    return _answer(request, done_part(frame_of(service, viewer), done))


@router.post("/phrases/care/undo")
async def post_undo(request: Request, service: ServiceDep) -> Response:
    """Take back what one click did."""
    viewer, fields = await submitted(request)
    changes = fields.get("change", [])[:MAX_CHANGES]
    with _told():
        await service.write(
            lambda db: take_back(
                db, service.knowledge.linter, viewer.shop.id, changes, viewer.author("撤销体检的改动")
            )
        )
    done = Done(first(fields, "finding"), "已撤销，下次体检还会列出来")
    return _answer(request, done_part(frame_of(service, viewer), done))


@router.post("/phrases/care/dismiss")
async def post_dismiss(request: Request, service: ServiceDep) -> Response:
    """Leave a finding out until one of its phrases is changed."""
    viewer, fields = await submitted(request)
    finding, state = first(fields, "finding"), first(fields, "state")
    if not (_FINDING.fullmatch(finding) and _STATE.fullmatch(state)):
        raise page_error(422, "没有记下", "这一步不完整，请刷新页面再试。")
    await service.write(lambda db: dismiss(db, viewer.shop.id, finding, state, viewer.author("不用处理")))
    done = Done(finding, "不再列出；话术改动之后会再看一次", dismissed=True)
    return _answer(request, done_part(frame_of(service, viewer), done))


@router.post("/phrases/care/restore")
async def post_restore(request: Request, service: ServiceDep) -> Response:
    """List a dismissed finding again; without `finding` all of them."""
    viewer, fields = await submitted(request)
    finding = first(fields, "finding")
    await service.write(lambda db: restore(db, viewer.shop.id, finding or None))
    if not finding:
        return RedirectResponse("/phrases/care", 303)
    done = Done(finding, "下次体检还会列出来")
    return _answer(request, done_part(frame_of(service, viewer), done))


def _answer(request: Request, part: str) -> Response:
    return html(part) if wants_part(request) else RedirectResponse("/phrases/care?now=1", 303)


@contextmanager
def _told() -> Iterator[None]:
    """What keeps an act from being carried out becomes a page that says so."""
    try:
        yield
    except (OutdatedError, StandingReplyError) as error:
        raise page_error(409, "没有改", str(error)) from None
    except (ActionError, orjson.JSONDecodeError) as error:
        raise page_error(422, "没有改", f"这一步不完整，请刷新页面再试。{error}") from None
    except ChangedSinceError:
        message = "这些话术后来又改过，不能一起撤销；可以在各自的修改历史里恢复。"
        raise page_error(409, "没有撤销", message) from None
    except PhraseError as error:
        reasons = "；".join(str(finding["message"]) for finding in error.findings)
        raise page_error(422, "没有改", f"{error}：{reasons}" if reasons else str(error)) from None
