"""Signatures of webhooks: what is wrong in any way is refused with 401 (or 400 for what is no text), never with 500."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import inspect
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running, run_service
from sqlmodel import select

from app.db.tables import EventRow, OutboxRow
from app.usecases.administration import add_shop, add_signing_secret
from app.usecases.knowledge import Knowledge
from app.web import auth
from phrasebank import starter_bank

QUESTION = starter_bank().get("invoice-have").examples[0]  # type: ignore[union-attr]
Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]


def header(name: str, value: str | None) -> Change:
    def change(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        rest = {key: old for key, old in headers.items() if key != name}
        return (rest | {name: value} if value is not None else rest), body

    return change


def signature(made_of: Callable[[str], str]) -> Change:
    return lambda headers, body: (
        headers | {"webhook-signature": made_of(headers["webhook-signature"])},
        body,
    )


WRONG: dict[str, Change] = {
    "no id": header("webhook-id", None),
    "no time": header("webhook-timestamp", None),
    "no signature": header("webhook-signature", None),
    "another id": header("webhook-id", "d-other"),
    "id with a dot": header("webhook-id", "d-1.1700000000"),
    "time that is no number": header("webhook-timestamp", "now"),
    "time with a sign": header("webhook-timestamp", "-1"),
    "time without end": header("webhook-timestamp", "9" * 40),
    "time in other digits": header("webhook-timestamp", "１７００００００００".encode().decode("latin-1")),
    "no comma": signature(lambda made: made.replace(",", "")),
    "two commas": signature(lambda made: made.replace(",", ",,")),
    "another version": signature(lambda made: made.replace("v1,", "v2,")),
    "public-key version": signature(lambda made: made.replace("v1,", "v1a,")),
    "empty": signature(lambda _: "v1,"),
    "cut": signature(lambda made: made[:-4]),
    "no base64": signature(lambda _: "v1,***"),
    "bytes that are no text": signature(lambda _: "v1,\xff\xfe"),
    "a thousand signatures": signature(lambda _: " ".join(["v1,QUFB"] * 1000)),
    "tampered body": lambda headers, body: (headers, body.replace(b"m1", b"m2")),
    "a blank more": lambda headers, body: (headers, body + b" "),
    "no body": lambda headers, _: (headers, b""),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_what_was_not_signed_is_refused(on_sqlite: Running, change: Change) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers, body = change(on_sqlite.sign(body, "d-1"), body)
    raw = {name: value.encode("latin-1", "replace") for name, value in headers.items()}
    answer = on_sqlite.client.post("/v1/events", content=body, headers=raw)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    with on_sqlite.db() as db:
        assert db.exec(select(EventRow)).all() == []


def test_a_body_that_is_no_text_is_refused(on_sqlite: Running) -> None:
    headers = on_sqlite.sign(b"{}", "d-1")
    assert on_sqlite.client.post("/v1/events", content=b"\xff\xfe", headers=headers).status_code == 400


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)])
def test_a_signature_is_good_for_five_minutes_either_way(
    on_sqlite: Running, seconds: int, status: int
) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers = on_sqlite.sign(body, "d-1", at=on_sqlite.clock() + timedelta(seconds=seconds))
    assert on_sqlite.client.post("/v1/events", content=body, headers=headers).status_code == status


def test_one_good_signature_among_several_is_enough(on_sqlite: Running) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers = on_sqlite.sign(body, "d-1")
    headers["webhook-signature"] = f"v1a,QUFB v1,QUFB {headers['webhook-signature']}"
    assert on_sqlite.client.post("/v1/events", content=body, headers=headers).status_code == 200


def test_the_signature_is_the_one_of_the_specification(on_sqlite: Running) -> None:
    """`{id}.{timestamp}.{body}` under HMAC-SHA256, made here by hand and not by the library that the service uses."""
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers = on_sqlite.sign(body, "d-1")
    key = base64.b64decode(on_sqlite.shop.signing_secret.removeprefix("whsec_"))
    signed = f"d-1.{headers['webhook-timestamp']}.".encode() + body
    headers["webhook-signature"] = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert on_sqlite.client.post("/v1/events", content=body, headers=headers).status_code == 200


def test_the_vector_of_the_specification_holds() -> None:
    """The example of the reference libraries of Standard Webhooks."""
    request = type(
        "Request",
        (),
        {
            "headers": {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            }
        },
    )()
    secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    auth.verify_signature(request, b'{"test": 2432232314}', secrets, 1614265330, 300)
    with pytest.raises(auth.Problem):
        auth.verify_signature(request, b'{"test": 2432232315}', secrets, 1614265330, 300)


def test_both_secrets_are_good_while_one_replaces_the_other(on_sqlite: Running) -> None:
    service = on_sqlite.service
    new = service.writer.submit(lambda db: add_signing_secret(db, "demo", on_sqlite.clock())).result(10)
    for number, secret in enumerate((on_sqlite.shop.signing_secret, new)):
        body = json.dumps(on_sqlite.message(f"m{number}")).encode()
        headers = on_sqlite.sign(body, f"d-{number}", secret=secret)
        assert on_sqlite.client.post("/v1/events", content=body, headers=headers).status_code == 200


def test_another_shop_s_secret_signs_nothing_here(on_sqlite: Running) -> None:
    service = on_sqlite.service
    other = service.writer.submit(
        lambda db: add_shop(
            db, service.knowledge, on_sqlite.clock(), shop_id="other", name="别家", platform="douyin"
        )
    ).result(10)
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers = on_sqlite.sign(body, "d-1", secret=other.signing_secret)
    assert on_sqlite.client.post("/v1/events", content=body, headers=headers).status_code == 401


def test_signatures_are_compared_in_constant_time() -> None:
    tree = ast.parse(inspect.getsource(auth.verify_signature))
    compared = [
        ast.unparse(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for part in ast.walk(node)
    ]
    assert not {"expected", "signature"} & set(compared)
    assert "compare_digest" in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_the_same_delivery_fifty_times_at_once_and_after_a_restart_is_one_event_and_one_reply(
    database_url: str, knowledge: Knowledge
) -> None:
    statuses: list[str] = []
    event: dict[str, Any] = {}
    for running in run_service(
        database_url,
        knowledge,
        platform="taojiji",
        callback_url="https://console.example/",
        policy={"answer": "at_once"},
    ):
        event |= running.message("m1", QUESTION)
        body = json.dumps(event).encode()
        headers = running.sign(body, "d-1")

        def post(running: Running = running, body: bytes = body, headers: dict[str, str] = headers) -> None:
            answer = running.client.post("/v1/events", content=body, headers=headers)
            statuses.append(answer.json()["results"][0]["status"])

        senders = [threading.Thread(target=post) for _ in range(50)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
        secret = running.shop.signing_secret
    assert sorted(statuses) == ["accepted"] + ["duplicate"] * 49

    for running in run_service(database_url, knowledge, shop_id="after-restart"):
        body = json.dumps(event).encode()
        headers = running.sign(body, "d-1", secret=secret) | {"miaohui-shop": "demo"}
        again = running.client.post("/v1/events", content=body, headers=headers)
        assert again.json()["results"][0]["status"] == "duplicate"
        other = json.dumps(event | {"text": "另外的话"}).encode()
        headers = running.sign(other, "d-1", secret=secret) | {"miaohui-shop": "demo"}
        assert running.client.post("/v1/events", content=other, headers=headers).status_code == 409
        with running.db() as db:
            assert db.exec(select(EventRow.id)).all() == ["m1"]
            assert len(db.exec(select(OutboxRow)).all()) == 1
