"""Is the process alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from app.db.migrate import is_current
from app.web.auth import ServiceDep
from app.web.counting import WRITER_WAITING

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="进程活着 / alive")
async def get_healthz() -> JSONResponse:
    return JSONResponse({"status": "ok"})


@router.get("/readyz", summary="可以接活 / ready", responses={503: {"description": "还不能接活 / not ready"}})
async def get_readyz(service: ServiceDep) -> JSONResponse:
    """503 while the database cannot be read or written, or has not the tables of this version, or too many wait."""
    if service.writer.waiting >= service.settings.writer_queue // 2:
        return JSONResponse({"status": "overloaded"}, 503)
    try:
        async with asyncio.timeout(5):
            await service.write(lambda db: db.execute(text("SELECT 1")).scalar_one())
            current = await asyncio.to_thread(is_current, service.engine)
    except Exception as error:
        return JSONResponse({"status": "no_database", "error": type(error).__name__}, 503)
    if not current:
        return JSONResponse({"status": "old_database", "remedy": "miaohui db upgrade"}, 503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", summary="运行计数 / Prometheus metrics", response_class=PlainTextResponse)
async def get_metrics(service: ServiceDep) -> Response:
    WRITER_WAITING.set(service.writer.waiting)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
