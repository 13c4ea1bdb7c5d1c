"""The shop's policy over HTTP: read, changed, its versions, and what a change would have made different."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from sqlmodel import Session as Database

from app.core.knobs import GROUPS
from app.core.policies import changes_between
from app.usecases.phrase_history import Author
from app.usecases.policy_versions import (
    PolicyChangedError,
    PolicyVersion,
    UnknownVersionError,
    change_policy,
    read_policy,
    read_versions,
    replace_policy,
    restore_policy,
)
from app.usecases.rehearse_policy import DAYS, MOST_DAYS
from app.usecases.service import Service
from app.web.auth import PolicyEditor, Reader, ServiceDep
from app.web.bodies import json_object, text_field
from app.web.dry_runs import BUDGET_S, RehearsingError, dry_run
from app.web.examples import DRY_RUN_OPENAPI, PATCH_POLICY_OPENAPI, PUT_POLICY_OPENAPI, RESTORE_POLICY_OPENAPI
from app.web.problems import Problem

router = APIRouter(tags=["policy"])
MAX_WHY = 500


@router.get("/v1/policy", summary="自动回复策略 / the policy")
async def get_policy(
    service: ServiceDep,
    principal: Reader,
    with_: Annotated[Literal["knobs"] | None, Query(alias="with")] = None,
) -> JSONResponse:
    """The policy with its version. With `with=knobs` also what each knob means and may be, by group."""
    current = await service.read(lambda db: read_policy(db, principal.shop_id))
    answer = current.to_json()
    if with_ == "knobs":
        answer["groups"] = [
            {"name": group.name, "help": group.help, "knobs": [knob.to_json() for knob in group.knobs]}
            for group in GROUPS
        ]
    return JSONResponse(answer)


@router.put("/v1/policy", openapi_extra=PUT_POLICY_OPENAPI, summary="整份修改策略 / set the whole policy")
async def put_policy(request: Request, service: ServiceDep, principal: PolicyEditor) -> JSONResponse:
    """A knob that is not named gets its default. `based_on` is the version that the change started from."""
    raw = await json_object(request)
    policy, based_on = knobs_field(raw, "policy"), version_field(raw, required=True)
    author = Author(principal.name, service.clock(), text_field(raw, "why", default="", limit=MAX_WHY))
    assert based_on is not None
    return await _changed(
        service,
        principal.shop_id,
        lambda db: replace_policy(
            db, service.knowledge.profiles, principal.shop_id, policy, author, based_on=based_on
        ),
    )


@router.patch("/v1/policy", openapi_extra=PATCH_POLICY_OPENAPI, summary="修改几项 / change some knobs")
async def patch_policy(request: Request, service: ServiceDep, principal: PolicyEditor) -> JSONResponse:
    """The knobs that are not named stay. Without `based_on` the change is made on whatever stands."""
    raw = await json_object(request)
    changes, based_on = knobs_field(raw, "changes"), version_field(raw)
    author = Author(principal.name, service.clock(), text_field(raw, "why", default="", limit=MAX_WHY))
    return await _changed(
        service,
        principal.shop_id,
        lambda db: change_policy(
            db, service.knowledge.profiles, principal.shop_id, changes, author, based_on=based_on
        ),
    )


@router.get("/v1/policy/versions", summary="策略的各版 / the versions of the policy")
async def get_versions(
    service: ServiceDep,
    principal: Reader,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JSONResponse:
    """The newest first, each with what it changed of the one before; `next` is the `before` of the next page."""
    found = await service.read(
        lambda db: read_versions(db, principal.shop_id, before=before, limit=limit + 1)
    )
    shown = found[:limit]
    return JSONResponse(
        {
            "versions": [
                version.to_json()
                | {"changes": changes_json(found[place + 1], version) if place + 1 < len(found) else []}
                for place, version in enumerate(shown)
            ],
            "next": shown[-1].number if len(found) > limit else None,
        }
    )


@router.post(
    "/v1/policy/versions/{number}/restore",
    openapi_extra=RESTORE_POLICY_OPENAPI,
    summary="恢复旧版 / restore a version",
)
async def post_restore_version(
    number: int, request: Request, service: ServiceDep, principal: PolicyEditor
) -> JSONResponse:
    """The policy of an old version becomes a new version; what lies between stays in the history."""
    raw = await json_object(request)
    based_on = version_field(raw)
    author = Author(principal.name, service.clock(), text_field(raw, "why", default="", limit=MAX_WHY))
    return await _changed(
        service,
        principal.shop_id,
        lambda db: restore_policy(
            db, service.knowledge.profiles, principal.shop_id, number, author, based_on=based_on
        ),
    )


@router.post("/v1/policy/dry-run", openapi_extra=DRY_RUN_OPENAPI, summary="试跑策略 / try a policy out")
async def post_dry_run(request: Request, service: ServiceDep, principal: PolicyEditor) -> JSONResponse:
    """What another policy would have made of the log of today and the `days` before, beside the present one. Stores nothing.

    `policy` is a whole one, `changes` some knobs of the present one. It takes some seconds, `BUDGET_S` at most: buyers for whom
    there was no time are counted in `left_out`.
    """
    raw = await json_object(request)
    if ("policy" in raw) == ("changes" in raw):
        raise Problem(
            422, "policy_or_changes", "请给 policy 或 changes 其中之一 / give either policy or changes"
        )
    days = raw.get("days", DAYS)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise Problem(
            422, "wrong_type", f"days 是 1 到 {MOST_DAYS} 的整数 / days is 1 to {MOST_DAYS}", field="days"
        )
    whole = "policy" in raw
    knobs = knobs_field(raw, "policy" if whole else "changes")
    try:
        report = await dry_run(service, principal.shop_id, knobs, days, whole=whole)
    except RehearsingError as error:
        headers = {"retry-after": str(int(BUDGET_S))}
        raise Problem(503, "rehearsing", str(error), headers=headers) from None
    return JSONResponse(report.to_json())


def changes_json(before: PolicyVersion, after: PolicyVersion) -> list[dict[str, Any]]:
    """What differs between two versions, knob by knob."""
    return [
        {"knob": knob, "before": was, "after": now}
        for knob, (was, now) in changes_between(before.policy, after.policy).items()
    ]


def knobs_field(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of knobs. Raises a 422 `Problem` that names the field."""
    value = raw.get(name)
    if not isinstance(value, dict):
        raise Problem(
            422, "wrong_type", f"字段 {name} 必须是 JSON 对象 / field {name} must be an object", field=name
        )
    return value


def version_field(raw: dict[str, Any], *, required: bool = False) -> int | None:
    """The number of a version under `based_on`. Raises a 422 `Problem`."""
    value = raw.get("based_on")
    if value is None and not required:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Problem(
            422,
            "wrong_type",
            "based_on 要写从哪一版开始改的（GET /v1/policy 的 number）/ based_on is the number of a version",
            field="based_on",
        )
    return value


async def _changed(
    service: Service, shop_id: str, change: Callable[[Database], PolicyVersion]
) -> JSONResponse:
    """Carry a change out and tell everybody who looks at the shop."""
    try:
        version = await service.write(change)
    except PolicyChangedError as error:
        raise Problem(
            409,
            "changed_meanwhile",
            str(error),
            current=error.current.to_json(),
            changes=changes_json(error.base, error.current) if error.base is not None else [],
        ) from None
    except UnknownVersionError as error:
        raise Problem(404, "unknown_version", str(error)) from None
    service.changes.tell([shop_id])
    return JSONResponse(version.to_json())
