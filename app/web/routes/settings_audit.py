"""The audit of a shop: paged, filtered, and as a csv."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session as Database

from app.gateways.spreadsheets import as_csv
from app.usecases.audit import audit_actors, read_audit, whole_audit
from app.web.auth import ServiceDep
from app.web.page_access import html, plain_frame_of
from app.web.rendering import SECURITY_HEADERS
from app.web.settings_access import settings_viewer
from app.web.settings_pages import ACT_WORDS, AuditBoard, audit_page, detail_words

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "audit"
HEADERS: Final = ("时间", "做了什么", "谁", "对象", "详情")
MAX_FILTER: Final = 200


@router.get("/settings/audit")
async def get_audit(request: Request, service: ServiceDep) -> Response:
    viewer = await settings_viewer(request, SCOPE)
    act, actor, before = (_asked(request, name) for name in ("act", "actor", "before"))

    def read(db: Database) -> AuditBoard:
        page = read_audit(db, viewer.shop.id, act=act, actor=actor, before=before)
        actors = audit_actors(db, viewer.shop.id)
        return AuditBoard(page.entries, page.older, actors, act, actor, viewer.shop.profile.timezone)

    return html(audit_page(plain_frame_of(viewer, SCOPE), await service.read(read)))


@router.get("/settings/audit.csv")
async def get_audit_csv(request: Request, service: ServiceDep) -> Response:
    """Everything under the filter, in the shop's own time."""
    viewer = await settings_viewer(request, SCOPE)
    act, actor = _asked(request, "act"), _asked(request, "actor")
    zone = viewer.shop.timezone

    def read(db: Database) -> bytes:
        rows = (
            (
                row.at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
                ACT_WORDS.get(row.act, (row.act, ""))[0],
                row.actor,
                row.target,
                detail_words(row.detail),
            )
            for row in whole_audit(db, viewer.shop.id, act=act, actor=actor)
        )
        return as_csv("", HEADERS, rows)

    headers = {"content-disposition": f'attachment; filename="audit-{viewer.shop.id}.csv"'}
    headers |= dict(SECURITY_HEADERS) | {"cache-control": "no-store"}
    return Response(await service.read(read), media_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: Request, name: str) -> str:
    return request.query_params.get(name, "")[:MAX_FILTER]
