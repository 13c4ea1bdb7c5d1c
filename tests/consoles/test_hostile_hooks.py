"""Whatever comes to a hook's address, the answer is 400 or 401, never 500; and it tells nothing of a shop."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running
from console_samples import (
    CHATWOOT,
    DOUYIN,
    EJABBERD,
    WECHAT,
    address,
    chatwoot_headers,
    chatwoot_message,
    douyin_headers,
    dump,
    use_console,
    wechat_body,
    wechat_query,
    xmpp_headers,
    xmpp_message,
)
from sqlmodel import select

from app.db.tables import EventRow
from app.usecases.administration import add_key, add_shop

SETTINGS = {"chatwoot": CHATWOOT, "wechat_kf": WECHAT, "douyin": DOUYIN, "ejabberd": EJABBERD}
BODIES = {
    "nothing": b"",
    "no utf-8": b"\xff\xfe\xfa",
    "json cut off": b'{"event": "message_created", "conv',
    "deep json": b"[" * 100_000,
    "a list": b"[1, 2]",
    "a number": b"7",
    "null": b"null",
    "lone surrogate": b'{"event": "\\ud800"}',
    "wrong shapes": dump(chatwoot_message(conversation=[1], sender="x", attachments={"a": 1}, content=5)),
    "huge time": dump(chatwoot_message(created_at=10**18)),
    "no time": dump(chatwoot_message(created_at=None)),
    "xml cut off": b"<xml><Encrypt>abc",
    "entity bomb": b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>',
    "nul": b"<xml>\x00</xml>",
}


def ready(running: Running) -> None:
    for adapter, settings in SETTINGS.items():
        use_console(running, adapter, settings)


@pytest.mark.parametrize("adapter", SETTINGS)
def test_odd_bodies_are_refused_with_and_without_a_proof(on_sqlite: Running, adapter: str) -> None:
    ready(on_sqlite)
    query = {"key": on_sqlite.key} if adapter in {"wechat_kf", "ejabberd"} else None
    for name, body in BODIES.items():
        unsigned = on_sqlite.client.post(address(adapter), content=body)
        assert unsigned.status_code in {400, 401}, name
        headers: dict[str, str] = {
            "chatwoot": chatwoot_headers(body, on_sqlite.clock()),
            "douyin": douyin_headers(body),
            "wechat_kf": {},
            "ejabberd": xmpp_headers(),
        }[adapter]
        proved = on_sqlite.client.post(address(adapter, query), content=body, headers=headers)
        assert proved.status_code == 400 or proved.json()["results"] == [], name
    with on_sqlite.db() as db:
        assert db.exec(select(EventRow)).all() == []


def test_an_unknown_shop_a_shop_without_settings_and_a_wrong_secret_look_alike(on_sqlite: Running) -> None:
    ready(on_sqlite)
    service = on_sqlite.service
    service.writer.submit(
        lambda db: add_shop(
            db, service.knowledge, on_sqlite.clock(), shop_id="bare", name="空", platform="douyin"
        )
    ).result(10)
    body = dump(chatwoot_message())
    envelope, ciphertext = wechat_body("<xml/>")
    requests: dict[str, dict[str, Any]] = {
        "chatwoot": {"content": body, "headers": chatwoot_headers(body, on_sqlite.clock(), secret="wrong")},
        "douyin": {"content": body, "headers": douyin_headers(body, secret="wrong")},
        "wechat_kf": {
            "content": envelope,
            "params": wechat_query(ciphertext, on_sqlite.clock(), token="wrong"),
        },
        "ejabberd": {"content": xmpp_message(), "headers": xmpp_headers()},
    }
    for adapter, request in requests.items():
        answers = [
            on_sqlite.client.post(f"/v1/hooks/{adapter}/{shop}", **request)
            for shop in ("demo", "bare", "nobody")
        ]
        assert [answer.status_code for answer in answers] == [401] * 3
        assert len({answer.text for answer in answers}) == 1


def test_a_key_in_the_address_is_enough_but_only_of_this_shop_and_with_the_scope(on_sqlite: Running) -> None:
    ready(on_sqlite)
    service = on_sqlite.service

    def keys(db: Any) -> tuple[str, str]:
        now = on_sqlite.clock()
        add_shop(db, service.knowledge, now, shop_id="other", name="别家", platform="douyin")
        return add_key(db, "other", now), add_key(db, "demo", now, scopes=["read"])

    other, reader = service.writer.submit(keys).result(10)
    for key, status in ((on_sqlite.key, 200), (other, 403), (reader, 403), ("mh_demo.wrong", 401)):
        answer = on_sqlite.client.post(
            address("ejabberd", {"key": key}), content=xmpp_message(), headers=xmpp_headers()
        )
        assert answer.status_code == status, answer.text


def test_with_a_key_a_shop_that_set_nothing_is_told_what_to_do(on_sqlite: Running) -> None:
    answer = on_sqlite.client.post(
        address("ejabberd", {"key": on_sqlite.key}), content=xmpp_message(), headers=xmpp_headers()
    )
    assert (answer.status_code, answer.json()["reason"]) == (404, "console_not_set")
    assert "miaohui shop console set demo ejabberd" in answer.json()["title"]


def test_another_shops_secret_is_no_proof(on_sqlite: Running) -> None:
    ready(on_sqlite)
    body = dump(chatwoot_message())
    service = on_sqlite.service
    service.writer.submit(
        lambda db: add_shop(
            db, service.knowledge, on_sqlite.clock(), shop_id="other", name="别家", platform="douyin"
        )
    ).result(10)
    headers = chatwoot_headers(body, on_sqlite.clock())
    assert on_sqlite.client.post("/v1/hooks/chatwoot/demo", content=body, headers=headers).status_code == 200
    assert on_sqlite.client.post("/v1/hooks/chatwoot/other", content=body, headers=headers).status_code == 401


def test_a_delivery_is_taken_once_and_its_id_with_another_body_is_a_conflict(running: Running) -> None:
    use_console(running, "chatwoot", CHATWOOT)

    def post(payload: Any, delivery: str) -> Any:
        body = dump(payload)
        headers = chatwoot_headers(body, running.clock(), delivery=delivery)
        return running.client.post(address("chatwoot"), content=body, headers=headers)

    first = post(chatwoot_message(), "d-1").json()["results"]
    assert [(result["id"], result["status"]) for result in first] == [("chatwoot:m9001", "accepted")]
    assert first[0]["decision"]["clock"]["counted"] is True
    assert post(chatwoot_message(), "d-1").json()["results"][0]["status"] == "duplicate"
    assert post(chatwoot_message(), "d-2").json()["results"][0]["status"] == "duplicate"
    conflict = post(chatwoot_message(id=9002), "d-1")
    assert (conflict.status_code, conflict.json()["reason"]) == (409, "conflict")


def test_get_is_only_for_consoles_that_check_addresses(on_sqlite: Running) -> None:
    ready(on_sqlite)
    answer = on_sqlite.client.get(address("chatwoot"))
    assert (answer.status_code, answer.json()["reason"]) == (400, "no_handshake")
    assert on_sqlite.client.get("/v1/hooks/nothing/demo").status_code == 404
    assert on_sqlite.client.get(address("generic", {"key": on_sqlite.key})).status_code == 400
