"""The pages of the policy: the form with its dry run, the versions, and the switch that silences the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.core.policies import Policy, PolicyError
from app.usecases.policy_versions import (
    PolicyChangedError,
    PolicyVersion,
    UnknownVersionError,
    change_policy,
    read_policy,
    read_version,
    read_versions,
    replace_policy,
    restore_policy,
)
from app.usecases.rehearse_policy import DAYS, MOST_DAYS
from app.usecases.service import Service
from app.web.auth import ServiceDep
from app.web.dry_runs import RehearsingError, dry_run
from app.web.form_pages import Clash
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
from app.web.policy_forms import policy_of, shown_of
from app.web.policy_pages import (
    PICKED_FROM,
    Choice,
    Form,
    Trial,
    clash_of,
    edit_page,
    history_of,
    history_page,
    trial_part,
)
from phrasebank import Phrase
from phrasebank.categories import categories_of
from phrasebank.phrase import TEAM
from phrasebank.validity import APPROVED

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SCOPE: Final = "policy"
DONE: Final = {
    "saved": "已保存，马上生效",
    "restored": "已恢复，马上生效",
    "off": "机器已停止自动回复",
    "on": "机器恢复自动回复",
}
VERSIONS: Final = 20


@router.get("/policies")
async def get_policies(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    current = await service.read(lambda db: read_policy(db, viewer.shop.id))
    done = DONE.get(request.query_params.get("done", ""), "")
    return await _form_page(service, viewer, current, current.policy.to_json(), done=done)


@router.post("/policies/save")
async def post_save_policy(request: Request, service: ServiceDep) -> Response:
    """The policy as it stands in the form; with `take` nothing is stored, but one knob becomes that of the other editor."""
    viewer, fields = await submitted(request, SCOPE)
    started, policy = await _read_form(service, viewer, fields)
    author = viewer.author(first(fields, "why"))
    if take := first(fields, "take"):
        theirs = started.policy.to_json()
        policy[take] = theirs.get(take)
        disputed = tuple((name, policy.get(name), theirs.get(name)) for name in fields.get("disputed", ()))
        clash = Clash("还没有保存", disputed=tuple(each for each in disputed if each[1] != each[2]))
        return await _form_page(service, viewer, started, policy, status=409, why=author.why, clash=clash)
    try:
        await service.write(
            lambda db: replace_policy(
                db, service.knowledge.profiles, viewer.shop.id, policy, author, based_on=started.number
            )
        )
    except PolicyError as error:
        return await _form_page(
            service,
            viewer,
            started,
            policy,
            status=422,
            why=author.why,
            faults=_by_knob(error),
            problem=f"还没有保存，有 {len(error.faults)} 处要改。",
        )
    except PolicyChangedError as error:
        merged, clash = clash_of(error.base, policy, error.current)
        return await _form_page(
            service, viewer, error.current, merged, status=409, why=author.why, clash=clash
        )
    service.changes.tell([viewer.shop.id])
    return RedirectResponse("/policies?done=saved", 303)


@router.post("/policies/try")
async def post_try_policy(request: Request, service: ServiceDep) -> Response:
    """What the policy in the form would have made of the last days; nothing is stored."""
    viewer, fields = await submitted(request, SCOPE)
    started, policy = await _read_form(service, viewer, fields)
    days = _days(first(fields, "days"))
    faults: Mapping[str, str] = {}
    try:
        trial = Trial(await dry_run(service, viewer.shop.id, policy, days, whole=True))
    except RehearsingError as error:
        trial = Trial(problem=str(error))
    except PolicyError as error:
        faults = _by_knob(error)
        trial = Trial(problem=f"这份策略还不能用：{error}")
    if wants_part(request):
        return html(trial_part(trial), 422 if faults else 200)
    return await _form_page(
        service, viewer, started, policy, why=first(fields, "why"), faults=faults, trial=trial, days=days
    )


@router.get("/policies/history")
async def get_policy_history(request: Request, service: ServiceDep) -> Response:
    return await _history_page(service, await viewer_of(request), request.query_params.get("before", ""))


@router.post("/policies/restore")
async def post_restore_policy(request: Request, service: ServiceDep) -> Response:
    viewer, fields = await submitted(request, SCOPE)
    number = _number(first(fields, "number"))
    author = viewer.author(first(fields, "why"))
    try:
        await service.write(
            lambda db: restore_policy(db, service.knowledge.profiles, viewer.shop.id, number, author)
        )
    except UnknownVersionError:
        raise page_error(404, "没有这一版", "它可能属于别的店铺，或者地址不全。") from None
    except PolicyError as error:
        return await _history_page(
            service, viewer, "", problem=f"第 {number} 版现在不能直接恢复：{error}", status=422
        )
    service.changes.tell([viewer.shop.id])
    return RedirectResponse("/policies?done=restored", 303)


@router.post("/policies/switch")
async def post_switch(request: Request, service: ServiceDep) -> Response:
    """Silence the machine, or let it speak again, from whatever page."""
    viewer, fields = await submitted(request, SCOPE)
    on = first(fields, "on") == "1"
    author = viewer.author(first(fields, "why") or ("恢复自动回复" if on else "一键停止自动回复"))
    await service.write(
        lambda db: change_policy(db, service.knowledge.profiles, viewer.shop.id, {"robot_on": on}, author)
    )
    service.changes.tell([viewer.shop.id])
    if first(fields, "back") == "live":
        return RedirectResponse("/", 303)
    return RedirectResponse(f"/policies?{urlencode({'done': 'on' if on else 'off'})}", 303)


async def _read_form(
    service: Service, viewer: Viewer, fields: Mapping[str, list[str]]
) -> tuple[PolicyVersion, dict[str, Any]]:
    """The version that the form was made from, and the policy that it says."""
    number = _number(first(fields, "based_on"))

    def read(db: Database) -> PolicyVersion:
        return read_version(db, viewer.shop.id, number) if number else read_policy(db, viewer.shop.id)

    try:
        started = await service.read(read)
    except UnknownVersionError:
        raise page_error(404, "没有这一版", "请刷新页面再试一次；填了一半的内容请先复制下来。") from None
    return started, policy_of(fields, started.policy.to_json())


async def _form_page(
    service: Service,
    viewer: Viewer,
    started: PolicyVersion,
    policy: Mapping[str, Any],
    *,
    status: int = 200,
    days: int = DAYS,
    **more: Any,
) -> Response:
    def read(db: Database) -> tuple[PolicyVersion, tuple[Phrase, ...]]:
        return read_policy(db, viewer.shop.id), service.knowledge.bank(db, viewer.shop).phrases

    current, phrases = await service.read(read)
    whole = Policy().to_json() | dict(policy)
    form = Form(
        based_on=started.number,
        robot_on=current.policy.robot_on,
        shown=shown_of(whole),
        phrases=_choices(phrases, whole),
        categories=categories_of(phrases),
        last=current,
        timezone=viewer.shop.profile.timezone,
        days=days,
    )
    return html(edit_page(plain_frame_of(viewer, SCOPE), replace(form, **more)), status)


def _choices(phrases: tuple[Phrase, ...], policy: Mapping[str, Any]) -> dict[str, Choice]:
    """The phrases that may be picked, and those that are picked already, by id."""
    chosen = {name for value in policy.values() if isinstance(value, list) for name in value}
    sayable = [
        phrase
        for phrase in phrases
        if phrase.state == APPROVED and phrase.owner == TEAM and not phrase.images
    ]
    offered = {phrase.id: Choice.of(phrase) for phrase in sayable[:PICKED_FROM]}
    return offered | {phrase.id: Choice.of(phrase) for phrase in phrases if phrase.id in chosen}


async def _history_page(
    service: Service, viewer: Viewer, before: str, *, problem: str = "", status: int = 200
) -> Response:
    number = _number(before) or None
    versions = await service.read(
        lambda db: read_versions(db, viewer.shop.id, before=number, limit=VERSIONS + 1)
    )
    timezone = viewer.shop.profile.timezone
    history = history_of(versions, VERSIONS, timezone, newest=number is None, problem=problem)
    return html(history_page(plain_frame_of(viewer, SCOPE), history), status)


def _by_knob(error: PolicyError) -> dict[str, str]:
    return {fault.knob: fault.message for fault in error.faults}


def _number(text: str) -> int:
    """The number of a version; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _days(text: str) -> int:
    return min(max(_number(text), 1), MOST_DAYS)
