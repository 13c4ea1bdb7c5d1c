"""The first run: whoever has the code from the server's terminal makes the first shop and becomes its owner."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session as Database

from app.core.roles import Role
from app.usecases.administration import AdministrationError, add_shop
from app.usecases.members import add_member, checked_name, house_is_empty, make_membership
from app.usecases.service import Service
from app.usecases.setup_code import folded_code
from app.usecases.shop_settings import checked_shop_name
from app.usecases.sign_in import enter_shop, new_hash, principal_for
from app.usecases.web_sessions import Visitor
from app.web.asked_forms import Form
from app.web.auth import ServiceDep
from app.web.cookies import led_in, visitor_of
from app.web.page_access import AnswerInstead, first, html, page_error, sent_by_anybody
from app.web.sign_in_pages import first_run_page, new_password_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
FIELDS = ("code", "shop_name", "shop_id", "platform", "name", "login")
NEXT = "/settings/start"


@router.get("/first-run")
async def get_first_run(service: ServiceDep) -> Response:
    if not await service.read(house_is_empty):
        return RedirectResponse("/sign-in", 303)
    return html(_page(service, Form({"shop_id": "shop", "platform": "kuaishou"})))


@router.post("/first-run")
async def post_first_run(request: Request, service: ServiceDep) -> Response:
    """Makes the shop and its owner, who is signed in, and uses the code up. What is wrong is said beside its field."""
    given = await sent_by_anybody(request)
    fields = {name: first(given, name).strip() for name in FIELDS}
    visitor = visitor_of(request)
    if not await service.read(house_is_empty):
        raise _too_late()
    if (after_s := service.sign_in_limits.take("", visitor.address, service.clock())) > 0:
        fault = ("code", f"试得太多了，请约 {-(-after_s // 60)} 分钟后再试")
        answer = html(_page(service, Form(fields, fault)), 429)
        answer.headers["retry-after"] = str(after_s)
        return answer
    try:
        _check_code(service, fields["code"])
        service.sign_in_limits.succeeded("", visitor.address, service.clock())
        checked_shop_name(fields["shop_name"])
        checked_name(fields["name"])
        known = (fields["login"], fields["name"], fields["shop_name"])
        password = new_password_of(given, known=known)
        password_hash = await new_hash(service, password)
        token = await service.write(lambda db: _settle(db, service, fields, password_hash, visitor))
    except AdministrationError as error:
        return html(_page(service, Form(fields, (error.field, str(error)))), 422)
    service.setup_code = ""
    return led_in(request, service, token, NEXT)


def _page(service: Service, form: Form) -> str:
    platforms = {key: profile.name for key, profile in service.knowledge.profiles.items()}
    return first_run_page(form, platforms, has_code=bool(service.setup_code))


def _check_code(service: Service, given: str) -> None:
    wanted = service.setup_code
    if not wanted or not hmac.compare_digest(
        folded_code(given).encode("utf-8", "replace"), folded_code(wanted).encode()
    ):
        raise AdministrationError("设置码不对；它印在运行 miaohui serve 的终端里 / not the code", "code")


def _settle(
    db: Database, service: Service, fields: Mapping[str, str], password_hash: str, visitor: Visitor
) -> str:
    """The first shop and its owner; the token of the owner's session."""
    now = service.clock()
    if not house_is_empty(db):
        raise _too_late()
    add_shop(
        db,
        service.knowledge,
        now,
        shop_id=fields["shop_id"],
        name=fields["shop_name"],
        platform=fields["platform"],
        by=fields["name"],
    )
    member = add_member(db, login=fields["login"], name=fields["name"], password_hash=password_hash, now=now)
    make_membership(db, fields["shop_id"], member, Role.OWNER, now=now)
    principal = principal_for(db, member.id, fields["shop_id"])
    assert principal is not None
    return enter_shop(db, principal, visitor, now)


def _too_late() -> AnswerInstead:
    return page_error(409, "已经设置过了", "这台服务器上已经有店铺了，请直接登录。")
