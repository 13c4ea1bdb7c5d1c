"""Members of shops for tests, and how they come in."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

from conftest_service import Running
from sqlmodel import Session as Database

from app.core.roles import Role
from app.usecases.administration import add_shop
from app.usecases.members import add_member, find_member, make_membership
from app.usecases.password_hashes import hash_password

PASSWORD = "蓝色自行车在屋顶唱歌"
HASH = hash_password(PASSWORD)
OUR_PAGE = {"sec-fetch-site": "same-origin"}


def put_member(
    db: Database, now: datetime, login: str, role: str, shop_id: str = "demo", name: str = ""
) -> str:
    """A member of the shop with the password `PASSWORD`; who is there already joins one more shop."""
    member = find_member(db, login) or add_member(
        db, login=login, name=name or login, password_hash=HASH, now=now
    )
    make_membership(db, shop_id, member, Role(role), now=now)
    return member.id


def hire(running: Running, login: str, role: str, shop_id: str = "demo", name: str = "") -> str:
    """The id of a new member."""
    unit = running.service.writer.submit(
        lambda db: put_member(db, running.clock(), login, role, shop_id, name)
    )
    return unit.result(20)


def second_shop(running: Running, shop_id: str = "other", name: str = "别家") -> None:
    service = running.service
    service.writer.submit(
        lambda db: add_shop(
            db, service.knowledge, running.clock(), shop_id=shop_id, name=name, platform="douyin"
        )
    ).result(20)


def come_in(running: Running, login: str, password: str = PASSWORD) -> Any:
    """Sign in with a browser that nobody is signed in with."""
    running.client.cookies.clear()
    return running.client.post("/sign-in", data={"login": login, "password": password}, headers=OUR_PAGE)


def token(running: Running) -> str:
    """The token of the forms that the one who is signed in is shown."""
    found = re.search(r'data-token="([0-9a-f]+)"', running.client.get("/settings").text)
    assert found is not None
    return found[1]


def send(running: Running, path: str, **fields: Any) -> Any:
    """Send a form of our pages."""
    return running.client.post(path, data={"token": token(running)} | fields, headers=OUR_PAGE)


def shown_once(page: Any) -> str:
    """The secret that a page shows once."""
    found = re.search(r'class="num secret-words">([^<]+)<', page.text)
    assert found is not None
    return html.unescape(found[1])
