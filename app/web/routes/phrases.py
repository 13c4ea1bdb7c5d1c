"""The phrase bank over HTTP, and suggestions from it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.core.fields import MAX_ID_LENGTH
from app.usecases.bank_care import (
    PhraseError,
    carry_out,
    change_phrase,
    findings_in,
    plan_import,
    remove_phrase,
    save_phrase,
)
from app.usecases.considered import hit_json, values_of
from app.usecases.knowledge import read_phrases
from app.usecases.phrase_history import Author, phrases_by_id
from app.usecases.phrase_use import Use, read_use
from app.usecases.service import Service
from app.usecases.shops import Shop, read_shop
from app.web.auth import Editor, Reader, ServiceDep
from app.web.bodies import json_object, text_field, texts_field
from app.web.examples import IMPORT_OPENAPI, PHRASE_OPENAPI, SUGGEST_OPENAPI
from app.web.problems import Problem
from phrasebank import Bank, Phrase, Result
from phrasebank.categories import categories_of
from phrasebank.columns import MappingError, mapping_of
from phrasebank.formats import FormatError, parse_bank, render_bank
from phrasebank.merging import Prefer
from phrasebank.validity import State

router = APIRouter(tags=["phrases"])
Why = Annotated[str, Query(max_length=500, description="为什么改，记入历史 / why, for the history")]
FORMATS = {
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "yaml": "application/yaml",
    "toml": "application/toml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.post("/v1/suggest", openapi_extra=SUGGEST_OPENAPI, summary="推荐回复 / suggest replies")
async def post_suggest(request: Request, service: ServiceDep, principal: Reader) -> JSONResponse:
    """The replies that fit a buyer's text best, each with its chance of being right and why.

    `item` is the item in question, `agent` whose own phrases may be offered too, `said` what the buyer has read already.
    """
    raw = await json_object(request)
    text = text_field(raw, "text")
    context = texts_field(raw, "context")
    top = raw.get("top", 3)
    if isinstance(top, bool) or not isinstance(top, int) or not 1 <= top <= 20:
        raise Problem(422, "wrong_type", "top 是 1 到 20 的整数 / top is 1 to 20", field="top")

    item = text_field(raw, "item", default="", limit=MAX_ID_LENGTH) or None
    agent = text_field(raw, "agent", default="", limit=MAX_ID_LENGTH) or None
    said = texts_field(raw, "said")
    now = service.clock()

    def shop_and_bank(db: Any) -> tuple[Shop, Bank]:
        shop = read_shop(db, service.knowledge.profiles, principal.shop_id)
        return shop, service.knowledge.bank(db, shop)

    shop, bank = await service.read(shop_and_bank)

    def search(bank: Bank) -> Result:
        return bank.search(
            text,
            context=context,
            top=top,
            platform=shop.profile.platform,
            item=item,
            agent=agent,
            today=shop.day_of(now),
        )

    result = await service.ask_bank(shop.id, bank, search)
    return JSONResponse(
        {
            "query": text,
            "hits": [hit_json(hit, values_of(shop), said) for hit in result.hits],
            "confident": result.confident,
        }
    )


@router.get("/v1/phrases", summary="话术列表 / list phrases")
async def get_phrases(
    service: ServiceDep,
    principal: Reader,
    category: str | None = None,
    state: State | None = None,
    with_: Annotated[Literal["use"] | None, Query(alias="with")] = None,
) -> JSONResponse:
    """The phrases in their order, all of them or those of one category or state; `categories` are all, in their order.

    With `with=use` each has, under `use`, how often it was offered, accepted, rejected and sent.
    """

    def read(db: Any) -> tuple[list[Phrase], dict[str, Use]]:
        use = read_use(db, principal.shop_id) if with_ == "use" else {}
        return read_phrases(db, principal.shop_id), use

    phrases, use = await service.read(read)
    counts = Counter(phrase.category for phrase in phrases)
    return JSONResponse(
        {
            "categories": [{"name": name, "phrases": counts[name]} for name in categories_of(phrases)],
            "phrases": [
                phrase.to_json() | ({"use": use.get(phrase.id, Use()).to_json()} if with_ == "use" else {})
                for phrase in phrases
                if category in (None, phrase.category) and state in (None, phrase.state)
            ],
        }
    )


@router.post(
    "/v1/phrases", status_code=201, openapi_extra=PHRASE_OPENAPI, summary="新增或覆盖话术 / save a phrase"
)
async def post_phrase(
    request: Request, service: ServiceDep, principal: Editor, why: Why = ""
) -> JSONResponse:
    """Saves a phrase; with the id of one that exists, in its place. Errors of the linter refuse it."""
    raw = await json_object(request)
    author = Author(principal.name, service.clock(), why)
    with refused():
        phrase = await service.write(
            lambda db: save_phrase(db, service.knowledge.linter, principal.shop_id, raw, author)
        )
    return JSONResponse(phrase.to_json(), 201)


@router.patch("/v1/phrases/{phrase_id}", openapi_extra=PHRASE_OPENAPI, summary="修改话术 / change a phrase")
async def patch_phrase(
    phrase_id: str, request: Request, service: ServiceDep, principal: Editor, why: Why = ""
) -> JSONResponse:
    """Changes the fields given; the others stay. `state` approves a draft, retires a phrase or brings it back."""
    raw = await json_object(request)
    author = Author(principal.name, service.clock(), why)
    with refused():
        phrase = await service.write(
            lambda db: change_phrase(db, service.knowledge.linter, principal.shop_id, phrase_id, raw, author)
        )
    if phrase is None:
        raise unknown_phrase(phrase_id)
    return JSONResponse(phrase.to_json())


@router.delete("/v1/phrases/{phrase_id}", status_code=204, summary="删除话术 / delete a phrase")
async def delete_phrase(phrase_id: str, service: ServiceDep, principal: Editor, why: Why = "") -> Response:
    """Removes a phrase from the bank. Its history stays, and it can be restored from there."""
    author = Author(principal.name, service.clock(), why)
    if not await service.write(lambda db: remove_phrase(db, principal.shop_id, phrase_id, author)):
        raise unknown_phrase(phrase_id)
    return Response(status_code=204)


@router.post("/v1/phrases/import", openapi_extra=IMPORT_OPENAPI, summary="导入话术 / import phrases")
async def post_import(
    request: Request,
    service: ServiceDep,
    principal: Editor,
    dry_run: bool = False,
    name: str = "",
    column: Annotated[list[str] | None, Query()] = None,
    prefer: Prefer = "bank",
    strict: bool = False,
    why: Why = "",
) -> JSONResponse:
    """The body is the file; its kind is told by its content, and by the ending of `name` where that leaves it open.

    An import adds and changes, it never removes. `column` (`列名=text`, as often as needed) says what an unknown header means;
    `prefer` is `bank` or `file`: whose value stands where both have one. With `dry_run` nothing is stored and the answer says
    what would be; with `strict` nothing is stored either if a row is bad or the linter finds an error.
    """
    content = await request.body()
    try:
        read = await asyncio.to_thread(parse_bank, content, name, columns=_mapping(column or []))
    except FormatError as error:
        raise Problem(422, "unreadable_file", str(error)) from None
    # Before the writer is asked for: it should not wait for the linter.
    findings = await asyncio.to_thread(lambda: list(findings_in(service.knowledge.linter, read.phrases)))
    author = Author(principal.name, service.clock(), why)

    def carry(db: Any) -> dict[str, Any]:
        plan = plan_import(db, principal.shop_id, read, findings, prefer=prefer)
        stored = not dry_run and not (strict and (read.problems or plan.problems))
        if stored:
            carry_out(db, principal.shop_id, plan, author)
        return {
            "dry_run": dry_run,
            "stored": stored,
            "added": [phrase.to_json() for phrase in plan.added],
            "changed": [phrase.to_json() for phrase in plan.changed],
            "differences": list(plan.differences),
            "same": plan.same,
            "untouched": plan.untouched,
            "refused": list(plan.problems),
            "warnings": list(plan.warnings),
            "problems": [problem.to_json() for problem in read.problems],
            "notes": [note.to_json() for note in read.notes],
        }

    return JSONResponse(await service.write(carry))


def _mapping(columns: list[str]) -> dict[str, str]:
    try:
        return mapping_of(columns)
    except MappingError as error:
        raise Problem(422, "bad_column", str(error), field="column") from None


@router.get(
    "/v1/phrases/export",
    summary="导出话术 / export phrases",
    response_class=Response,
    responses={200: {"content": {media_type: {} for media_type in FORMATS.values()}}},
)
async def get_export(
    service: ServiceDep, principal: Reader, format: str = "jsonl", encoding: str = "utf-8-sig"
) -> Response:
    """The whole bank as jsonl, json, csv, tsv, yaml, toml or xlsx; `encoding` (utf-8-sig, utf-8, gb18030) is for csv and tsv."""
    return await export_of(service, principal.shop_id, format, encoding)


async def export_of(service: Service, shop_id: str, format: str, encoding: str) -> Response:
    """The bank as a file to be downloaded. Raises a 422 `Problem`."""
    if format not in FORMATS:
        raise Problem(
            422, "unknown_value", f"format 只能是 {'、'.join(FORMATS)} / unknown format", field="format"
        )
    phrases = await service.read(lambda db: read_phrases(db, shop_id))
    try:
        content = await asyncio.to_thread(render_bank, phrases, format, encoding=encoding)
    except FormatError as error:
        raise Problem(422, "cannot_write", str(error)) from None
    media_type = FORMATS[format]
    if media_type.startswith("text/"):
        charset = "gb18030" if encoding == "gb18030" else "utf-8"
        media_type = f"{media_type}; charset={charset}"
    return Response(
        content,
        media_type=media_type,
        headers={"content-disposition": f'attachment; filename="phrases.{format}"'},
    )


@router.get("/v1/phrases/{phrase_id}", summary="一条话术 / one phrase")
async def get_phrase(phrase_id: str, service: ServiceDep, principal: Reader) -> JSONResponse:
    found = await service.read(lambda db: phrases_by_id(db, principal.shop_id, [phrase_id]))
    if phrase_id not in found:
        raise unknown_phrase(phrase_id)
    return JSONResponse(found[phrase_id].to_json())


@contextmanager
def refused() -> Iterator[None]:
    """A phrase that cannot be stored becomes a 422 `Problem` with the linter's findings."""
    try:
        yield
    except PhraseError as error:
        raise Problem(422, "bad_phrase", str(error), findings=error.findings) from None


def unknown_phrase(phrase_id: str) -> Problem:
    return Problem(404, "unknown_phrase", f"没有话术 {phrase_id} / unknown phrase")
