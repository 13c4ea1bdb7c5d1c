"""The page that imports and exports. A file is sent twice, to be looked at and to be stored; nothing is kept in between.

Both answers come as lines of JSON: signs of life while the file is read and checked, then what to show.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlmodel import Session as Database

from app.usecases.bank_care import ImportPlan, carry_out, findings_in, plan_import
from app.usecases.service import Service
from app.usecases.shops import read_shop
from app.web.auth import ServiceDep
from app.web.import_pages import bad_rows_csv, import_page, plan_name, refused, review_of, review_part
from app.web.page_access import Viewer, frame_of, html, uploader_of, viewer_of
from app.web.rendering import SECURITY_HEADERS
from app.web.routes.phrases import export_of
from phrasebank.columns import MappingError, mapping_of
from phrasebank.formats import FormatError, NoHeaderError, ReadResult, parse_bank
from phrasebank.merging import Prefer

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SIGN_OF_LIFE_S = 0.2
MAX_NAME = 200


@dataclass(slots=True)
class Progress:
    """How far a worker thread has come; the event loop reads it, and sets `stopped` when nobody waits any more."""

    stage: Literal["reading", "checking", "comparing"] = "reading"
    done: int = 0
    total: int = 0
    stopped: bool = False

    def reached(self, number: int) -> None:
        """Raises `StoppedError` if nobody waits for the rest."""
        if self.stopped:
            raise StoppedError
        self.done = number


class StoppedError(Exception):
    """Whoever sent the file has gone."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, and how it is to be taken. `plan` is what was agreed to be stored, "" for a look."""

    content: bytes
    name: str
    columns: Sequence[str]
    prefer: Prefer
    plan: str


@dataclass(frozen=True, slots=True)
class Planned:
    read: ReadResult
    plan: ImportPlan
    bank_version: int


@router.get("/phrases/import")
async def get_import_page(request: Request, service: ServiceDep) -> Response:
    viewer = await viewer_of(request)
    bank = await service.read(lambda db: service.knowledge.bank(db, viewer.shop))
    body = import_page(frame_of(service, viewer), limit=service.settings.max_body_bytes, size=len(bank))
    return html(body)


@router.post("/phrases/import")
async def post_import_page(request: Request, service: ServiceDep) -> Response:
    """The body is the file. With `plan`, as the look at it named it, it is stored if it still comes to that."""
    viewer = await uploader_of(request)
    query = request.query_params
    upload = Upload(
        content=await request.body(),
        name=query.get("name", "")[:MAX_NAME],
        columns=query.getlist("column"),
        prefer="file" if query.get("prefer") == "file" else "bank",
        plan=query.get("plan", ""),
    )
    return StreamingResponse(
        _steps(service, viewer, upload),
        media_type="application/x-ndjson",
        headers=dict(SECURITY_HEADERS) | {"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@router.get("/phrases/export")
async def get_export_page(
    request: Request, service: ServiceDep, format: str = "xlsx", encoding: str = "utf-8-sig"
) -> Response:
    viewer = await viewer_of(request)
    return await export_of(service, viewer.shop.id, format, encoding)


async def _steps(service: Service, viewer: Viewer, upload: Upload) -> AsyncIterator[bytes]:
    progress = Progress()
    work = asyncio.create_task(asyncio.to_thread(_plan, service, viewer, upload, progress))
    try:
        while not work.done():
            yield _line({"stage": progress.stage, "done": progress.done, "total": progress.total})
            await asyncio.wait({work}, timeout=SIGN_OF_LIFE_S)
        yield _line(await _outcome(service, viewer, upload, await work))
    except NoHeaderError as error:
        message = "没有找到写着「内容」的列。请在下面选出哪一列是内容，再看一遍。"
        yield _line({"html": review_part(refused(upload.name, message, error.headers))})
    except (FormatError, MappingError) as error:
        yield _line({"html": review_part(refused(upload.name, str(error)))})
    finally:
        progress.stopped = True
        work.cancel()


def _plan(service: Service, viewer: Viewer, upload: Upload, progress: Progress) -> Planned:
    """Read the file, check its texts, compare it with the bank. Raises `FormatError` and `MappingError`."""
    read = parse_bank(
        upload.content, upload.name, columns=mapping_of(upload.columns), on_row=progress.reached
    )
    progress.stage, progress.done, progress.total = "checking", 0, len(read.phrases)
    findings = []
    for number, found in enumerate(findings_in(service.knowledge.linter, read.phrases), start=1):
        findings.append(found)
        progress.reached(number)
    progress.stage = "comparing"
    with Database(service.engine) as db:
        shop = read_shop(db, service.knowledge.profiles, viewer.shop.id)
        return Planned(
            read, plan_import(db, shop.id, read, findings, prefer=upload.prefer), shop.bank_version
        )


async def _outcome(service: Service, viewer: Viewer, upload: Upload, planned: Planned) -> dict[str, Any]:
    """The last line: the review, and the rows that were not taken as a file. Stores what was agreed on."""
    refusal, stored = "", False
    if upload.plan:
        agreed = plan_name(planned.plan) == upload.plan
        stored = agreed and await service.write(lambda db: _store(db, service, viewer, planned, upload.name))
        refusal = "" if stored else "还没有存：你看的时候，话术库又有了改动。下面是新的差别，请再看一眼。"
    review = review_of(
        upload.name, planned.read, planned.plan, prefer=upload.prefer, stored=stored, refusal=refusal
    )
    bad_rows = base64.b64encode(bad_rows_csv(planned.read, planned.plan)).decode()
    return {"html": review_part(review), "bad_rows": bad_rows}


def _store(db: Database, service: Service, viewer: Viewer, planned: Planned, name: str) -> bool:
    """False if the bank has changed since the plan was made."""
    shop = read_shop(db, service.knowledge.profiles, viewer.shop.id)
    if shop.bank_version != planned.bank_version:
        return False
    carry_out(db, shop.id, planned.plan, viewer.author(f"导入 {name}" if name else "导入"))
    return True


def _line(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"
