"""Nobody gets in: every route against no key, another shop's key, a key without the scope; the dashboard's sign-in."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running
from sqlmodel import select

from app.db.tables import ApiKeyRow, WebSessionRow
from app.usecases.administration import (
    add_key,
    add_shop,
    principal_of_key,
    revoke_key,
)
from app.usecases.web_sessions import open_web_session
from app.web.auth import COOKIE

OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""Routes that anybody may call; they tell nothing of a shop."""
ANY_KEY = {("GET", "/v1/whoami")}
"""Routes that any key of a shop may call, whatever it allows."""
BODIES: dict[str, Any] = {
    "/v1/events": [],
    "/v1/hooks/{adapter}/{shop}": [],
    "/lint": {"text": "您好"},
    "/v1/lint": {"text": "您好"},
    "/v1/lint/overrides": {
        "id": "o1",
        "session": "s1",
        "agent": "小林",
        "text": "全网最低价",
        "findings": [{"rule": "r", "severity": "error"}],
    },
    "/v1/suggest": {"text": "您好"},
    "/v1/phrases": {"text": "您好"},
    "/v1/phrases/{phrase_id}": {"title": "新"},
    "/v1/phrases/{phrase_id}/restore": {"change": "0000000001-0000000"},
    "/v1/phrases/care/actions": {"actions": [{"do": "clear-code", "ids": ["ours"]}]},
    "/v1/feedback": [],
    "/v1/alerts/channels": {"name": "群", "address": "feishu://canary-4711-canary"},
    "/v1/alerts/channels/{channel_id}": {"name": "新"},
    "/v1/explain": {"event": "m1"},
    "/v1/typing": {"session": "s1", "agent": "小林"},
    "/v1/policy": {"policy": {}, "changes": {"learn": "off"}, "based_on": 1},
    "/v1/policy/versions/{number}/restore": {},
    "/v1/policy/dry-run": {"changes": {"learn": "off"}},
    "/v1/service-hours": {},
    "/v1/roster": {},
}


def operations(running: Running) -> list[tuple[str, str]]:
    document = running.client.get("/openapi.json").json()
    return [(method.upper(), path) for path, item in document["paths"].items() for method in item]


def call(running: Running, method: str, path: str, key: str | None) -> Any:
    filled = path.format(
        adapter="generic",
        shop="demo",
        phrase_id="ours",
        feedback_id="f1",
        reply_id="r1",
        channel_id="c1",
        name="waiting",
        session="s1",
        token="x",
        number=1,
    )
    headers = {"authorization": f"Bearer {key}"} if key else {}
    more = {"json": BODIES[path]} if path in BODIES and method in {"POST", "PATCH", "PUT"} else {}
    return running.client.request(method, filled, headers=headers, **more)


def test_every_route_refuses_a_caller_without_a_key(on_sqlite: Running) -> None:
    found = operations(on_sqlite)
    assert len(found) > 15
    for method, path in found:
        if (method, path) in OPEN:
            continue
        assert call(on_sqlite, method, path, None).status_code == 401, (method, path)
        assert call(on_sqlite, method, path, "mh_demo.wrong").status_code == 401, (method, path)


def test_every_route_refuses_a_key_without_the_scope(on_sqlite: Running) -> None:
    service = on_sqlite.service
    key = service.writer.submit(
        lambda db: add_key(db, "demo", on_sqlite.clock(), scopes=["dashboard"])
    ).result(10)
    for method, path in operations(on_sqlite):
        if (method, path) not in OPEN | ANY_KEY:
            answer = call(on_sqlite, method, path, key)
            assert (answer.status_code, answer.json()["reason"]) == (403, "missing_scope"), (method, path)


def test_one_shop_sees_nothing_of_another(on_sqlite: Running) -> None:
    service = on_sqlite.service

    def second(db: Any) -> str:
        add_shop(db, service.knowledge, on_sqlite.clock(), shop_id="other", name="别家", platform="douyin")
        return add_key(db, "other", on_sqlite.clock())

    other = service.writer.submit(second).result(10)
    on_sqlite.post(on_sqlite.message("m1", "canary-4711"))
    on_sqlite.ask("POST", "/v1/phrases", json={"id": "ours", "text": "canary-4711"})
    for method, path in operations(on_sqlite):
        if (method, path) in OPEN or "stream" in path:
            continue
        answer = call(on_sqlite, method, path, other)
        assert "canary-4711" not in answer.text, (method, path)
    headers = {"authorization": f"Bearer {other}"}
    assert on_sqlite.client.post("/v1/explain", json={"event": "m1"}, headers=headers).status_code == 404
    for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/changes")):
        assert on_sqlite.client.request(method, f"/v1/phrases/ours{path}", headers=headers).status_code == 404
    phrases = on_sqlite.ask("GET", "/v1/phrases").json()["phrases"]
    assert any(phrase["id"] == "ours" for phrase in phrases)


def test_a_revoked_key_and_the_sessions_opened_with_it_end_at_once(on_sqlite: Running) -> None:
    client, service = on_sqlite.client, on_sqlite.service
    assert client.post("/sign-in", data={"key": on_sqlite.key}).status_code == 200
    assert client.get("/live/waiting").status_code == 200
    with on_sqlite.db() as db:
        (row,) = db.exec(select(ApiKeyRow)).all()
    service.writer.submit(lambda db: revoke_key(db, "demo", row.id, on_sqlite.clock())).result(10)
    assert client.get("/live/waiting").status_code == 401
    assert on_sqlite.ask("GET", "/v1/phrases").status_code == 401


def test_keys_and_cookies_are_kept_only_as_hashes(on_sqlite: Running) -> None:
    on_sqlite.client.post("/sign-in", data={"key": on_sqlite.key})
    token = on_sqlite.client.cookies[COOKIE]
    with on_sqlite.db() as db:
        kept = [row.secret_hash for row in db.exec(select(ApiKeyRow))] + [
            row.token_hash for row in db.exec(select(WebSessionRow))
        ]
    assert all(len(value) == 64 for value in kept)
    assert on_sqlite.key not in kept
    assert token not in kept


def test_the_page_needs_a_sign_in_that_ends(on_sqlite: Running) -> None:
    client = on_sqlite.client
    assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"
    assert client.get("/live/stream").status_code == 401
    assert client.post("/sign-in", data={"key": "mh_demo.no"}).status_code == 403
    answer = client.post("/sign-in", data={"key": on_sqlite.key}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    on_sqlite.clock.forward(8 * 24 * 3600)
    assert client.get("/live/waiting").status_code == 401


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_of_another_site_is_refused(on_sqlite: Running, path: str) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = on_sqlite.client.post(path, data={"key": on_sqlite.key}, headers=headers)
        assert answer.status_code == 403


def test_signing_out_ends_the_session(on_sqlite: Running) -> None:
    client = on_sqlite.client
    client.post("/sign-in", data={"key": on_sqlite.key})
    token = client.cookies[COOKIE]
    client.post("/sign-out")
    client.cookies.set(COOKIE, token)
    assert client.get("/live/waiting").status_code == 401


def test_a_link_from_the_command_line_signs_in(on_sqlite: Running) -> None:
    service = on_sqlite.service

    def link(db: Any) -> str:
        principal = principal_of_key(db, on_sqlite.key)
        assert principal is not None
        return open_web_session(db, principal, on_sqlite.clock())

    token = service.writer.submit(link).result(10)
    assert on_sqlite.client.get("/sign-in/wrong").status_code == 403
    assert on_sqlite.client.get(f"/sign-in/{token}").status_code == 200
    assert on_sqlite.client.get("/live/rates").status_code == 200
