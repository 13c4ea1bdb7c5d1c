"""Who is looking at a page, and what a page answers to somebody who may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.core.roles import who_may
from app.usecases.administration import Principal
from app.usecases.phrase_history import Author
from app.usecases.service import Service
from app.usecases.shops import Shop, read_shop
from app.web.auth import COOKIE, service_of, signed_in
from app.web.dashboard import error_page
from app.web.forgery import TOKEN_FIELD, TOKEN_HEADER, form_token, is_form_token, same_origin
from app.web.phrase_forms import parse_fields
from app.web.phrase_pages import Frame
from app.web.rendering import SECURITY_HEADERS
from app.web.who import Who, who_is

PART_HEADER: Final = "x-part"
"""A script that asks for a part of a page sends it, and is told of an ended session by 401 instead of the sign-in page."""


MAX_WHY: Final = 500


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in. `token` is that of the forms shown to them."""

    principal: Principal
    shop: Shop
    token: str
    now: datetime

    def may(self, scope: str) -> bool:
        """Does their role, or their key, have the scope?"""
        return scope in self.principal.scopes

    @property
    def who(self) -> Who:
        """The viewer as the pages' header shows them."""
        return who_is(self.principal)

    def author(self, why: str = "") -> Author:
        """The viewer as the history of phrases names them."""
        return Author(self.principal.name, self.now, why.strip()[:MAX_WHY])

    @property
    def today(self) -> date:
        """The day in the shop's own time."""
        return self.now.astimezone(self.shop.timezone).date()


class AnswerInstead(Exception):  # noqa: N818  (it is no fault of the program)
    """What is answered instead of the page that was asked for."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def install(app: FastAPI) -> None:
    """Let routes raise `AnswerInstead`."""

    @app.exception_handler(AnswerInstead)
    async def _instead(request: Request, error: AnswerInstead) -> Response:
        return error.response


def html(body: str, status: int = 200) -> HTMLResponse:
    """A page or a part of one, with the headers that guard it."""
    return HTMLResponse(body, status, headers=dict(SECURITY_HEADERS) | {"cache-control": "no-store"})


def wants_part(request: Request) -> bool:
    """Does a script of ours ask, and not a person's browser?"""
    return PART_HEADER in request.headers


async def viewer_of(request: Request) -> Viewer:
    """Who is signed in. Answers the sign-in page instead, or 401 to a script."""
    principal = await signed_in(request)
    if principal is None:
        if wants_part(request) or request.method != "GET":
            raise page_error(401, "登录已过期", "请重新登录，再试一次。")
        raise AnswerInstead(RedirectResponse("/sign-in", 303))
    service = service_of(request)
    shop = await service.read(lambda db: read_shop(db, service.knowledge.profiles, principal.shop_id))
    return Viewer(principal, shop, form_token(request.cookies[COOKIE]), service.clock())


async def editor_of(request: Request, given_token: str, scope: str = "phrases") -> Viewer:
    """Who sends a form: signed in, from our own page, with the token of their session, and with the scope that it needs."""
    if not same_origin(request):
        raise page_error(403, "来源不对", "请从秒回自己的页面操作。")
    viewer = await viewer_of(request)
    if not is_form_token(given_token, request.cookies[COOKIE]):
        raise page_error(403, "页面过期了", "请刷新页面再试一次；填了一半的内容请先复制下来。")
    if not viewer.may(scope):
        raise page_error(403, "没有修改的权限", needs_scope(scope))
    return viewer


def needs_scope(scope: str) -> str:
    """What somebody reads who may not do what needs the scope."""
    return f"这里只有{who_may(scope)}能用；用密钥登录的，密钥要带 {scope} 权限。"


async def sent_by_anybody(request: Request) -> Mapping[str, list[str]]:
    """The fields of a form of ours that wants nobody to be signed in."""
    if not same_origin(request):
        raise page_error(403, "来源不对", "请从秒回自己的页面操作。")
    return await _fields(request)


async def submitted(request: Request, scope: str = "phrases") -> tuple[Viewer, Mapping[str, list[str]]]:
    """Who sent a form that needs a scope, and its fields."""
    fields = await _fields(request)
    return await editor_of(request, first(fields, TOKEN_FIELD), scope), fields


async def _fields(request: Request) -> Mapping[str, list[str]]:
    try:
        return parse_fields(await request.body())
    except ValueError:
        raise page_error(413, "内容太多", "这一条的格子太多了，请分成几条话术。") from None


async def uploader_of(request: Request) -> Viewer:
    """Who sends a file, with the token in a header."""
    return await editor_of(request, request.headers.get(TOKEN_HEADER, ""))


def frame_of(service: Service, viewer: Viewer) -> Frame:
    """What stands around every page of phrases."""
    names = {key: profile.name for key, profile in service.knowledge.profiles.items()}
    return Frame(viewer.shop.name, viewer.may("phrases"), viewer.token, names, viewer.who)


def plain_frame_of(viewer: Viewer, scope: str) -> Frame:
    """What stands around a page on which nothing names a platform, and that wants this scope of whoever changes something."""
    return Frame(viewer.shop.name, viewer.may(scope), viewer.token, {}, viewer.who)


def no_such_phrase() -> AnswerInstead:
    """The answer where a phrase is asked for that is not there."""
    return page_error(404, "没有这条话术", "它可能已经被删除了，或者地址不全。")


def first(fields: Mapping[str, list[str]], name: str) -> str:
    """The first value of a field; empty where there is none."""
    return next(iter(fields.get(name, ())), "")


def page_error(status: int, title: str, message: str) -> AnswerInstead:
    """A page that says what went wrong, to be raised."""
    return AnswerInstead(html(error_page(status, title, message), status))
