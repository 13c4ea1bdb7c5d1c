"""`POST /lint`: one text or many, as JSON or SARIF."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.web.auth import LintUser, ServiceDep
from app.web.bodies import json_object, text_field, texts_field
from app.web.examples import LINT_OPENAPI
from app.web.problems import Problem
from lint import CHANNELS, Linter, Report, to_sarif
from lint.sarif import Located

router = APIRouter(tags=["lint"])
SARIF = "application/sarif+json"


@router.post("/lint", openapi_extra=LINT_OPENAPI, summary="检查用语 / lint texts", operation_id="lint")
@router.post("/v1/lint", openapi_extra=LINT_OPENAPI, summary="检查用语 / lint texts", operation_id="lint_v1")
async def post_lint(request: Request, service: ServiceDep, principal: LintUser) -> Response:
    """`text` gives one report, `texts` a list under `reports`, in order.

    `channel` is live (default), template, auto or listing; `earlier` are the agent's earlier messages.
    """
    raw = await json_object(request)
    if ("text" in raw) == ("texts" in raw):
        raise Problem(
            422, "text_or_texts", "请给 text 或 texts 其中之一 / give either text or texts", field="text"
        )
    channel = text_field(raw, "channel", default="live")
    if channel not in CHANNELS:
        raise Problem(
            422, "unknown_value", f"channel 只能是 {'、'.join(CHANNELS)} / unknown channel", field="channel"
        )
    platform = text_field(raw, "platform", default="") or None
    earlier = texts_field(raw, "earlier")
    linter = service.knowledge.linter
    single = "text" in raw
    texts = [text_field(raw, "text")] if single else texts_field(raw, "texts")
    if any(len(text) > 20_000 for text in texts):
        raise Problem(422, "too_long", "每条文字最多 20000 字 / a text is too long", field="texts")
    reports = [linter.check(text, channel=channel, platform=platform, earlier=earlier) for text in texts]
    if SARIF in request.headers.get("accept", ""):
        return JSONResponse(_sarif(reports, linter), media_type=SARIF)
    if single:
        return JSONResponse(reports[0].to_json())
    return JSONResponse({"reports": [report.to_json() for report in reports]})


def _sarif(reports: list[Report], linter: Linter) -> dict[str, Any]:
    return to_sarif(
        (Located(report=report, uri=f"text-{number}") for number, report in enumerate(reports, start=1)),
        linter.rules,
    )
