"""A link that works once: joining a shop by invitation, or setting a forgotten password anew."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session as Database

from app.usecases.administration import AdministrationError
from app.usecases.members import Link, checked_name, join_as_known, join_as_new, read_link, reset_password
from app.usecases.service import Service
from app.usecases.sign_in import (
    SignInError,
    TooManyTriesError,
    enter_shop,
    new_hash,
    principal_for,
    prove,
)
from app.usecases.web_sessions import Visitor, close_web_session
from app.web.asked_forms import Form
from app.web.auth import COOKIE, MAX_HEADER, ServiceDep
from app.web.cookies import led_in, visitor_of
from app.web.page_access import AnswerInstead, first, html, page_error, sent_by_anybody
from app.web.sign_in_pages import join_page, new_password_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/join/{token}")
async def get_join(token: str, service: ServiceDep) -> Response:
    link = await _link(service, token)
    return html(join_page(token, link, Form({"name": link.name})))


@router.post("/join/{token}")
async def post_join(token: str, request: Request, service: ServiceDep) -> Response:
    """Uses the link up and signs in. What is wrong is said beside its field, and the link stays good."""
    given = await sent_by_anybody(request)
    link = await _link(service, token)
    fields = {"name": first(given, "name")}
    visitor = visitor_of(request)
    try:
        if link.purpose == "invitation" and link.known:
            session = await _join_as_known(service, token, link, first(given, "password"), visitor)
        else:
            if link.purpose == "invitation":
                checked_name(fields["name"])
            password = new_password_of(given, known=(link.login, fields["name"], link.shop_name))
            session = await _set_password(service, token, link, fields["name"], password, visitor)
    except TooManyTriesError as error:
        answer = html(join_page(token, link, Form(fields, ("password", str(error)))), 429)
        answer.headers["retry-after"] = str(error.after_s)
        return answer
    except SignInError as error:
        return html(join_page(token, link, Form(fields, ("password", str(error)))), 403)
    except AdministrationError as error:
        return html(join_page(token, link, Form(fields, (error.field, str(error)))), 422)
    old_token = request.cookies.get(COOKIE, "")
    await service.write(lambda db: close_web_session(db, old_token))
    return led_in(request, service, session)


async def _join_as_known(service: Service, token: str, link: Link, password: str, visitor: Visitor) -> str:
    known = await prove(service, link.login, password, visitor.address)
    now = service.clock()

    def join(db: Database) -> str:
        join_as_known(db, token, known.id, now)
        return _enter(db, known.id, link.shop_id, visitor, now)

    return await service.write(join)


async def _set_password(
    service: Service, token: str, link: Link, name: str, password: str, visitor: Visitor
) -> str:
    password_hash = await new_hash(service, password)
    now = service.clock()

    def settle(db: Database) -> str:
        if link.purpose == "reset":
            member_id = reset_password(db, token, password_hash, now)
        else:
            member_id = join_as_new(db, token, name=name, password_hash=password_hash, now=now)
        return _enter(db, member_id, link.shop_id, visitor, now)

    return await service.write(settle)


def _enter(db: Database, member_id: str, shop_id: str, visitor: Visitor, now: datetime) -> str:
    principal = principal_for(db, member_id, shop_id)
    if principal is None:
        raise AdministrationError("你在这家店的账号已停用，请店主恢复 / disabled", "password")
    return enter_shop(db, principal, visitor, now)


async def _link(service: Service, token: str) -> Link:
    now = service.clock()
    link = None
    if len(token) <= MAX_HEADER:
        link = await service.read(lambda db: read_link(db, token, now))
    if link is None:
        raise _no_link()
    return link


def _no_link() -> AnswerInstead:
    return page_error(404, "链接不能用了", "它用过了、过期了，或者已作废。请店主再发一个。")
