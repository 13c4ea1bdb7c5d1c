"""Every page and every form, found in the app itself, against nobody, each role, and the owner of another shop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from conftest_service import Running
from fastapi.routing import APIRoute
from people import OUR_PAGE, come_in, hire, second_shop, token
from sqlmodel import SQLModel, select

from app.core.roles import ROLE_SCOPES, Role
from app.db.tables import ApiKeyRow, SigningSecretRow
from app.usecases.administration import add_key, add_signing_secret
from app.usecases.consoles import set_console
from app.usecases.members import invite, list_links

OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/{token}"),
    ("POST", "/sign-out"),
    ("GET", "/join/{token}"),
    ("POST", "/join/{token}"),
    ("GET", "/first-run"),
    ("POST", "/first-run"),
}
"""What is there for somebody who is not signed in; `test_sign_in.py` says to whom it gives way."""
NEEDED = (
    ("*", "/alerts", "alerts"),
    ("*", "/settings/shop", "shop"),
    ("*", "/settings/start", "shop"),
    ("*", "/settings/members", "members"),
    ("*", "/settings/keys", "keys"),
    ("*", "/settings/consoles", "consoles"),
    ("*", "/settings/audit", "audit"),
    ("*", "/settings", "dashboard"),
    ("GET", "/quality/scale", "dashboard"),
    ("POST", "/quality/scale", "policy"),
    ("*", "/quality", "quality"),
    ("*", "/phrases/propose", "propose"),
    ("POST", "/phrases", "phrases"),
    ("POST", "/policies", "policy"),
    ("POST", "/hours", "staff"),
    ("*", "/words", "read"),
    ("*", "/history", "read"),
    ("GET", "/phrases", "dashboard"),
    ("GET", "/policies", "dashboard"),
    ("GET", "/hours", "dashboard"),
    ("*", "/live", "dashboard"),
)
"""(method, beginning of the address, scope); the first that fits holds. A page that none fits fails the test."""
CANARY = "canary-4711"
ENDLESS = "/live/stream"


def pages(running: Running) -> list[tuple[str, str]]:
    """Every route that is no part of the API."""

    def walk(routes: Iterable[Any]) -> Iterator[APIRoute]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            elif (included := getattr(route, "original_router", None)) is not None:
                yield from walk(included.routes)

    return [
        (method, route.path)
        for route in walk(running.app.routes)
        if not route.include_in_schema
        for method in sorted(route.methods)
        if (method, route.path) not in OPEN
    ]


def needed(method: str, path: str) -> str:
    if path == "/":
        return "dashboard"
    fits = [
        scope
        for of, start, scope in NEEDED
        if of in ("*", method) and (path + "/").startswith((start + "/", start + "."))
    ]
    assert fits, f"{method} {path} is not in the table of who may"
    return fits[0]


def call(running: Running, method: str, path: str, form_token: str = "", **fields: str) -> Any:
    address = path.format(name="waiting", kind="csv", category="tone", rule="abuse", token="x")
    if method == "GET":
        return running.client.get(address, params=fields, follow_redirects=False)
    headers = OUR_PAGE | {"x-form-token": form_token}
    data = {"token": form_token} | fields
    return running.client.request(method, address, data=data, headers=headers, follow_redirects=False)


def test_the_table_knows_more_than_seventy_pages_and_forms(on_sqlite: Running) -> None:
    found = pages(on_sqlite)
    assert len(found) > 70
    assert {needed(method, path) for method, path in found} > {"dashboard", "members", "quality", "staff"}


def test_nobody_is_led_to_the_sign_in_page_or_refused(on_sqlite: Running) -> None:
    for method, path in pages(on_sqlite):
        answer = call(on_sqlite, method, path)
        if answer.status_code == 303:
            assert answer.headers["location"] == "/sign-in", (method, path)
            assert method == "GET"
        else:
            assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_it_may_and_nothing_else(on_sqlite: Running, role: Role) -> None:
    hire(on_sqlite, "wang", "owner")
    hire(on_sqlite, "lin", role.value)
    come_in(on_sqlite, "lin")
    form_token = token(on_sqlite)
    for method, path in pages(on_sqlite):
        if path == ENDLESS:
            continue
        may = needed(method, path) in ROLE_SCOPES[role]
        answer = call(on_sqlite, method, path, form_token)
        assert answer.status_code not in {401, 500}, (method, path)
        assert (answer.status_code != 403) is may, (method, path, answer.status_code)


def test_a_form_without_the_token_of_the_session_changes_nothing(on_sqlite: Running) -> None:
    hire(on_sqlite, "lin", "owner")
    come_in(on_sqlite, "lin")
    before = rows(on_sqlite)
    for method, path in pages(on_sqlite):
        if method != "GET" and not path.startswith("/live/"):
            assert call(on_sqlite, method, path, "0" * 64).status_code == 403, (method, path)
    assert rows(on_sqlite) == before


def rows(running: Running, shop_id: str = "demo") -> dict[str, list[Any]]:
    """All that the database has of a shop."""
    found = {}
    with running.db() as db:
        for table in SQLModel.metadata.sorted_tables:
            if "shop_id" in table.c:
                query = table.select().where(table.c.shop_id == shop_id)
                found[table.name] = sorted(map(repr, db.execute(query)))
    return found


def test_the_owner_of_another_shop_sees_and_changes_nothing_of_this_one(on_sqlite: Running) -> None:
    second_shop(on_sqlite)
    now, service = on_sqlite.clock(), on_sqlite.service
    ours = hire(on_sqlite, CANARY, "owner", name=CANARY)
    hire(on_sqlite, "stranger", "owner", "other")

    def fill(db: Any) -> None:
        add_key(db, "demo", now, label=CANARY)
        add_signing_secret(db, "demo", now, by=CANARY)
        set_console(db, "demo", "chatwoot", {"account": "4711", "url": f"https://{CANARY}.example"}, now)
        invite(db, "demo", login=f"{CANARY}-guest", role="owner", by=CANARY, now=now)

    service.writer.submit(fill).result(20)
    on_sqlite.post(on_sqlite.message("m1", CANARY))
    on_sqlite.ask("POST", "/v1/phrases", json={"id": "ours", "text": CANARY})
    channel = {"name": CANARY, "address": "feishu://canary-4711-canary"}
    channel_id = on_sqlite.ask("POST", "/v1/alerts/channels", json=channel).json()["id"]
    with on_sqlite.db() as db:
        key_id = db.exec(select(ApiKeyRow.id).where(ApiKeyRow.label == CANARY)).one()
        secret_id = db.exec(select(SigningSecretRow.id)).first()
        (link,) = list_links(db, "demo", now)
    before = rows(on_sqlite)
    come_in(on_sqlite, "stranger")
    form_token = token(on_sqlite)
    for id_ in (ours, key_id, secret_id, channel_id, link.id, "ours", "s1"):
        for method, path in pages(on_sqlite):
            if path in {ENDLESS, "/settings/sessions/end-others"} or (id_ != "ours" and method == "GET"):
                continue
            answer = call(
                on_sqlite,
                method,
                path,
                form_token,
                id=id_,
                session="s1",
                console="chatwoot",
                shop="demo",
            )
            assert CANARY not in answer.text, (method, path)
    assert rows(on_sqlite) == before
