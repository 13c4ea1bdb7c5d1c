"""The pages of service hours and of the roster: forms over their documents, kept by version, and the days to come."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core.days_ahead import days_ahead
from app.core.document_merge import part, with_part
from app.core.faults import FaultsError
from app.core.roster import Roster, read_roster
from app.core.service_hours import ServiceHours, hours_json, state
from app.core.service_hours_reading import read_hours
from app.usecases.opening import CALENDAR
from app.usecases.service import Service
from app.usecases.service_hours import hours_warnings, put_hours, put_roster
from app.usecases.shop_documents import (
    DocumentChangedError,
    StoredDocument,
    hours_document,
    roster_document,
    stored_roster,
)
from app.usecases.staff import read_staff
from app.web import hours_forms, roster_forms
from app.web.auth import ServiceDep
from app.web.form_pages import Clash
from app.web.hours_pages import (
    AHEAD_DAYS,
    HOURS_PARTS,
    ROSTER_PARTS,
    Ahead,
    Form,
    ahead_part,
    hours_page,
    merged,
    part_name,
    roster_page,
    told,
)
from app.web.page_access import (
    Viewer,
    first,
    html,
    page_error,
    plain_frame_of,
    submitted,
    viewer_of,
    wants_part,
)
from app.web.row_fields import Reading

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "staff"
DONE: Final = {"saved": "已保存，马上生效"}
UNSAVED: Final = "还没有保存，有 {} 处要改。"

Fields = Mapping[str, list[str]]


@router.get("/hours")
async def get_hours_page(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    stored = await _stored_hours(service, viewer)
    done = DONE.get(request.query_params.get("done", ""), "")
    return await _hours_page(service, viewer, _form_of(hours_forms, stored, done=done))


@router.post("/hours/save")
async def post_save_hours(request: Request, service: ServiceDep) -> Response:
    """The hours as they stand in the form; with `take` nothing is stored, but one part becomes that of the other editor."""
    viewer, fields = await submitted(request, SCOPE)
    base, version = _base(fields)
    reading = hours_forms.read_form(fields, base)
    hours = _hours_of(reading)
    if hours is None:
        problem = UNSAVED.format(len(reading.faults))
        return await _hours_page(
            service, viewer, _form_as_typed(hours_forms, fields, base, version, reading, problem), 422
        )
    mine = hours_json(hours)
    if take := first(fields, "take"):
        taken = with_part(mine, take, part(base, take), HOURS_PARTS)
        form = _form_of(
            hours_forms,
            StoredDocument(base, version),
            shown=hours_json(read_hours(taken)),
            clash=_still_disputed(fields, take, mine, base),
        )
        return await _hours_page(service, viewer, form, 409)
    try:
        await service.write(
            lambda db: put_hours(
                db,
                service.knowledge.profiles,
                viewer.shop.id,
                mine,
                viewer.principal.name,
                viewer.now,
                based_on=[version],
            )
        )
    except DocumentChangedError:
        stored = await _stored_hours(service, viewer)
        document, clash = merged(base, mine, stored.document, HOURS_PARTS, stored.by)
        form = _form_of(hours_forms, stored, shown=hours_json(read_hours(document)), clash=clash)
        return await _hours_page(service, viewer, form, 409)
    service.changes.tell([viewer.shop.id])
    return RedirectResponse("/hours?done=saved", 303)


@router.post("/hours/ahead")
async def post_ahead(request: Request, service: ServiceDep) -> Response:
    """What the form would make of the days to come; nothing is stored."""
    viewer, fields = await submitted(request, SCOPE)
    base, version = _base(fields)
    reading = hours_forms.read_form(fields, base)
    hours = _hours_of(reading)
    if wants_part(request):
        return html(ahead_part(_ahead(viewer, hours)), 422 if hours is None else 200)
    form = _form_as_typed(hours_forms, fields, base, version, reading)
    return await _hours_page(
        service, viewer, form, 422 if hours is None else 200, ahead=_ahead(viewer, hours)
    )


@router.get("/hours/roster")
async def get_roster_page(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    stored = await service.read(lambda db: roster_document(db, viewer.shop.id))
    done = DONE.get(request.query_params.get("done", ""), "")
    return await _roster_page(service, viewer, _form_of(roster_forms, stored, done=done))


@router.post("/hours/roster/save")
async def post_save_roster(request: Request, service: ServiceDep) -> Response:
    """The roster as it stands in the form; `take` as for the hours."""
    viewer, fields = await submitted(request, SCOPE)
    base, version = _base(fields)
    if not base:
        base = Roster().to_json()
    reading = roster_forms.read_form(fields, base)
    try:
        mine = read_roster(reading.document).to_json()
    except FaultsError as error:
        reading.take(error.faults)
        problem = UNSAVED.format(len(reading.faults))
        form = _form_as_typed(roster_forms, fields, base, version, reading, problem)
        return await _roster_page(service, viewer, form, 422)
    named, named_base = roster_forms.named(mine), roster_forms.named(base)
    if take := first(fields, "take"):
        taken = roster_forms.listed(with_part(named, take, part(named_base, take), ROSTER_PARTS))
        form = _form_of(
            roster_forms,
            StoredDocument(base, version),
            shown=taken,
            clash=_still_disputed(fields, take, named, named_base),
        )
        return await _roster_page(service, viewer, form, 409)
    try:
        await service.write(
            lambda db: put_roster(
                db, viewer.shop.id, mine, viewer.principal.name, viewer.now, based_on=[version]
            )
        )
    except DocumentChangedError:
        stored = await service.read(lambda db: roster_document(db, viewer.shop.id))
        document, clash = merged(
            named_base, named, roster_forms.named(stored.document), ROSTER_PARTS, stored.by
        )
        form = _form_of(roster_forms, stored, shown=roster_forms.listed(document), clash=clash)
        return await _roster_page(service, viewer, form, 409)
    service.changes.tell([viewer.shop.id])
    return RedirectResponse("/hours/roster?done=saved", 303)


async def _hours_page(
    service: Service, viewer: Viewer, form: Form, status: int = 200, *, ahead: Ahead | None = None
) -> Response:
    roster = await service.read(lambda db: stored_roster(db, viewer.shop.id))
    return html(
        hours_page(
            plain_frame_of(viewer, SCOPE),
            form,
            ahead or _ahead(viewer, viewer.shop.hours),
            [agent.id for agent in roster.agents],
        ),
        status,
    )


async def _roster_page(service: Service, viewer: Viewer, form: Form, status: int = 200) -> Response:
    staff = await service.read(lambda db: read_staff(db, viewer.shop, viewer.now))
    return html(roster_page(plain_frame_of(viewer, SCOPE), form, staff.agents, viewer.now), status)


async def _stored_hours(service: Service, viewer: Viewer) -> StoredDocument:
    timezone = viewer.shop.profile.timezone
    return await service.read(lambda db: hours_document(db, viewer.shop.id, timezone))


def _hours_of(reading: Reading) -> ServiceHours | None:
    """The hours that a form says; None if something in it is wrong, which stands beside its fields then."""
    try:
        hours = read_hours(reading.document)
    except FaultsError as error:
        reading.take(error.faults)
        return None
    return None if reading.faults else hours


def _ahead(viewer: Viewer, hours: ServiceHours | None) -> Ahead:
    if hours is None:
        return Ahead(problem="上面还有没写对的地方，改好再看。")
    today = viewer.now.astimezone(hours.zone).date()
    return Ahead(
        tuple(days_ahead(hours, today, AHEAD_DAYS, CALENDAR)),
        state(hours, viewer.now, CALENDAR).reason,
        hours_warnings(hours, viewer.now),
    )


def _form_of(
    forms: ModuleType,
    stored: StoredDocument,
    *,
    shown: Mapping[str, Any] | None = None,
    clash: Clash | None = None,
    done: str = "",
) -> Form:
    """The form of a stored document, or with `shown` of another that is based on it. `forms` is its module of fields."""
    document = stored.document if shown is None else shown
    return Form(
        stored.document,
        stored.version,
        forms.shown_of(document),
        forms.rows_shown(document),
        clash=clash,
        done=done,
    )


def _form_as_typed(
    forms: ModuleType,
    fields: Fields,
    base: Mapping[str, Any],
    version: str,
    reading: Reading,
    problem: str = "",
) -> Form:
    """The form as it was typed, with what is wrong in it."""
    return Form(
        base,
        version,
        forms.written(fields),
        forms.rows_written(fields),
        faults=reading.faults,
        problem=problem,
    )


def _still_disputed(fields: Fields, taken: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Clash:
    """What is left of a clash after one part was taken from the other editor."""
    names = [name for name in fields.get("disputed", ()) if name != taken]
    return Clash(
        f"已换成对方的「{part_name(taken)}」，还没有保存",
        disputed=tuple((name, told(part(mine, name)), told(part(theirs, name))) for name in names),
    )


def _base(fields: Fields) -> tuple[dict[str, Any], str]:
    """The document that a form was made from, and its version."""
    try:
        base = orjson.loads(first(fields, "base"))
    except orjson.JSONDecodeError:
        base = None
    if not isinstance(base, dict):
        raise page_error(422, "页面不完整", "请刷新页面再试一次；填了一半的内容请先复制下来。")
    return base, first(fields, "version")
