"""`POST /lint`: one text or many, as JSON or SARIF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.web.auth import LintUser, ServiceDep
from app.web.bodies import json_object, text_field, texts_field
from app.web.examples import LINT_OPENAPI
from app.web.problems import Problem
from lint import CHANNELS, Linter, Report, to_sarif
from lint.rewriting import Rewrites, sentences_instead
from lint.sarif import Located

router = APIRouter(tags=["lint"])
SARIF = "application/sarif+json"


@router.post("/lint", openapi_extra=LINT_OPENAPI, summary="检查用语 / lint texts", operation_id="lint")
@router.post("/v1/lint", openapi_extra=LINT_OPENAPI, summary="检查用语 / lint texts", operation_id="lint_v1")
async def post_lint(request: Request, service: ServiceDep, principal: LintUser) -> Response:
    """`text` gives one report, `texts` a list under `reports`, in order.

    `channel` is live (default), template, auto or listing; `earlier` are the agent's earlier messages. With `fixes` a finding
    that has them says what to write in its place: `fix`, a safe rewrite, or `instead`, another sentence for a person to read.
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
    fixes = raw.get("fixes", False)
    if not isinstance(fixes, bool):
        raise Problem(
            422, "wrong_type", "fixes 必须是 true 或 false / fixes must be a boolean", field="fixes"
        )
    linter = service.knowledge.linter
    single = "text" in raw
    texts = [text_field(raw, "text")] if single else texts_field(raw, "texts")
    if any(len(text) > 20_000 for text in texts):
        raise Problem(422, "too_long", "每条文字最多 20000 字 / a text is too long", field="texts")

    def check(text: str) -> Report:
        return linter.check(text, channel=channel, platform=platform, earlier=earlier)

    reports = [check(text) for text in texts]
    if SARIF in request.headers.get("accept", ""):
        return JSONResponse(_sarif(reports, linter), media_type=SARIF)
    answers = [report.to_json() for report in reports]
    if fixes:
        for report, answer in zip(reports, answers, strict=True):
            _add_fixes(report, answer["findings"], service.knowledge.rewrites, check)
    return JSONResponse(answers[0] if single else {"reports": answers})


def _add_fixes(
    report: Report, findings: list[dict[str, Any]], rewrites: Rewrites, check: Callable[[str], Report]
) -> None:
    safe = rewrites.of(report, check)
    for index, rewrite in sentences_instead(report, check).items():
        findings[index]["instead"] = rewrite.to_json()
    for index, rewrite in safe.items():
        findings[index]["fix"] = rewrite.to_json()


def _sarif(reports: list[Report], linter: Linter) -> dict[str, Any]:
    return to_sarif(
        (Located(report=report, uri=f"text-{number}") for number, report in enumerate(reports, start=1)),
        linter.rules,
    )
