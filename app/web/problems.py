"""Errors as RFC 9457 problem documents: a stable `type` and `reason`, and words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.core.faults import FaultsError
from app.core.policies import PolicyError
from app.db.writer import ClosedError, OverloadedError
from app.usecases.administration import AdministrationError
from app.usecases.shops import UnknownShopError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:miaohui:problem:"
RETRY_AFTER_S = 2
MAX_FAULTS = 100


class Problem(Exception):  # noqa: N818  (it is the document's name)
    """Raise it from a route; the answer is its document."""

    def __init__(
        self,
        status: int,
        reason: str,
        title: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.reason = reason
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        document = {
            "type": TYPE_BASE + self.reason,
            "title": self.title,
            "status": self.status,
            "reason": self.reason,
        }
        if self.detail:
            document["detail"] = self.detail
        document |= self.more
        return JSONResponse(document, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"where": ".".join(str(part) for part in fault["loc"]), "message": str(fault["msg"])}
            for fault in error.errors()[:20]
        ]
        return Problem(422, "invalid_request", "请求的字段不对 / a field is wrong", faults=faults).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        titles = {
            404: ("not_found", "没有这个地址 / no such address"),
            405: ("method_not_allowed", "方法不对 / wrong method"),
        }
        reason, title = titles.get(error.status_code, ("http_error", str(error.detail)))
        return Problem(error.status_code, reason, title, headers=error.headers).response()

    @app.exception_handler(OverloadedError)
    @app.exception_handler(ClosedError)
    async def _busy(request: Request, error: Exception) -> Response:
        headers = {"retry-after": str(RETRY_AFTER_S)}
        return Problem(
            503, "overloaded", "暂时太忙，请稍后重试 / too busy, come back soon", str(error), headers=headers
        ).response()

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    async def _no_database(request: Request, error: Exception) -> Response:
        log.error("no_database", path=request.url.path, error=type(error).__name__)
        headers = {"retry-after": str(RETRY_AFTER_S)}
        title = "数据库暂时不可用，请稍后重试 / the database cannot be reached, come back soon"
        return Problem(503, "no_database", title, headers=headers).response()

    @app.exception_handler(UnknownShopError)
    async def _shop(request: Request, error: UnknownShopError) -> Response:
        return Problem(404, "unknown_shop", str(error)).response()

    @app.exception_handler(AdministrationError)
    async def _refused(request: Request, error: Exception) -> Response:
        return Problem(422, "refused", str(error)).response()

    @app.exception_handler(PolicyError)
    async def _policy(request: Request, error: PolicyError) -> Response:
        faults = [
            {"knob": fault.knob, "label": fault.label, "message": fault.message} for fault in error.faults
        ]
        title = "策略里有设置不能用，什么都没有改 / some knobs cannot be used, nothing was changed"
        return Problem(422, "bad_policy", title, str(error), faults=faults).response()

    @app.exception_handler(FaultsError)
    async def _faulty(request: Request, error: FaultsError) -> Response:
        faults = [{"where": fault.where, "message": fault.message} for fault in error.faults[:MAX_FAULTS]]
        title = f"有 {len(error.faults)} 处不对，原来的没有改动 / nothing was changed"
        return Problem(422, "bad_document", title, faults=faults).response()

    @app.exception_handler(ClientDisconnect)
    async def _gone(request: Request, error: ClientDisconnect) -> Response:
        # Nobody reads this; the point is that a caller who hangs up is no fault of ours.
        return Problem(400, "client_gone", "请求没有发完 / the request was not finished").response()

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, error=type(error).__name__)
        return Problem(
            500, "internal_error", "服务出错了，已记录 / an error on our side, it was logged"
        ).response()
