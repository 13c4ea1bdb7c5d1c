"""Bad requests get a clear 4xx, and nothing stored is harmed."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running
from sqlmodel import select

from app.db.tables import EventRow


@pytest.fixture(autouse=True)
def something_stored(on_sqlite: Running) -> Any:
    """One event is there before, and it alone is there after."""
    on_sqlite.post(on_sqlite.message("before"))
    yield
    with on_sqlite.db() as db:
        assert db.exec(select(EventRow.id)).all() == ["before"]
    assert on_sqlite.client.get("/readyz").status_code == 200


def send(running: Running, body: bytes, headers: dict[str, str] | None = None) -> Any:
    headers = headers or {"authorization": f"Bearer {running.key}"}
    # As bytes, since a stranger may send any.
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    return running.client.post("/v1/events", content=body, headers=raw)


def is_problem(answer: Any, status: int, reason: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["reason"] == reason
    assert document["type"].endswith(reason)
    assert document["title"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "missing_field"),
        ({"id": 7}, "wrong_type"),
        ({"type": "greeting"}, "unknown_type"),
        ({"at": "yesterday"}, "bad_time"),
        ({"at": "2026-11-22T10:00:00"}, "bad_time"),
        ({"at": "0001-01-01T00:00:00+08:00"}, "bad_time"),
        ({"at": 1763776800}, "wrong_type"),
        ({"session": None}, "missing_field"),
        ({"buyer": ""}, "missing_field"),
        ({"sender": "somebody"}, "unknown_value"),
        ({"kind": "smell"}, "unknown_value"),
        ({"text": ["a"]}, "wrong_type"),
        ({"text": "字" * 20_001}, "too_long"),
        ({"text": "a\x00b"}, "bad_text"),
        ({"courtesy": "yes"}, "wrong_type"),
        ({"id": "x" * 201}, "too_long"),
    ],
)
def test_a_wrong_field_is_named(on_sqlite: Running, change: dict[str, Any], reason: str) -> None:
    answer = on_sqlite.post(on_sqlite.message("m1") | change)
    is_problem(answer, 422, reason)
    assert answer.json()["field"] in change


def test_a_time_far_in_the_future_is_refused(on_sqlite: Running) -> None:
    at = (on_sqlite.clock() + timedelta(hours=2)).isoformat()
    is_problem(on_sqlite.post(on_sqlite.message("m1", at=at)), 422, "time_in_future")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nope", b'{"a":1}}', b"\xff\xfe", b'{"id": NaN}', b"[" * 100_000]
)
def test_what_is_not_json_is_refused(on_sqlite: Running, body: bytes) -> None:
    is_problem(send(on_sqlite, body), 400, "not_json")


def test_a_hundred_thousand_levels_of_nesting_are_refused(on_sqlite: Running) -> None:
    body = b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    is_problem(send(on_sqlite, body), 400, "not_json")


def test_a_text_of_one_megabyte_is_refused(on_sqlite: Running) -> None:
    is_problem(on_sqlite.post(on_sqlite.message("m1", "a" * 1_000_000)), 422, "too_long")


def test_a_body_above_the_limit_is_refused_with_and_without_a_length(on_sqlite: Running) -> None:
    body = b" " * (3 * 1024 * 1024)
    is_problem(send(on_sqlite, body), 413, "body_too_large")

    def chunks() -> Any:
        for _ in range(3 * 1024):
            yield b" " * 1024

    headers = {"authorization": f"Bearer {on_sqlite.key}"}
    is_problem(on_sqlite.client.post("/v1/events", content=chunks(), headers=headers), 413, "body_too_large")


def test_more_than_five_hundred_events_are_refused(on_sqlite: Running) -> None:
    is_problem(on_sqlite.post([on_sqlite.message(f"m{n}") for n in range(501)]), 413, "too_many_events")


def test_neither_a_key_nor_a_signature_is_refused(on_sqlite: Running) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    is_problem(send(on_sqlite, body, {"x": "y"}), 401, "missing_signature")


@pytest.mark.parametrize(
    "key", ["mh_demo.wrong", "mh_other.wrong", "nonsense", "mh_demo", "é".encode().decode("latin-1")]
)
def test_an_unknown_key_is_refused(on_sqlite: Running, key: str) -> None:
    answer = send(on_sqlite, b"{}", {"authorization": f"Bearer {key}"})
    is_problem(answer, 401, "bad_key")


SIGNATURES = {
    "no comma": "v1",
    "two commas": "v1,a,b",
    "empty": "v1,",
    "other version": "v9,abc",
    "not base64": "v1,***",
    "wrong": "v1," + base64.b64encode(b"x" * 32).decode(),
    "not ascii": "v1,签名".encode().decode("latin-1"),
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_a_bad_signature_is_401_and_never_500(on_sqlite: Running, signature: str) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers = on_sqlite.sign(body, "d-1") | {"webhook-signature": signature}
    is_problem(send(on_sqlite, body, headers), 401, "bad_signature")


def test_a_changed_body_breaks_the_signature(on_sqlite: Running) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    is_problem(send(on_sqlite, body + b" ", on_sqlite.sign(body, "d-1")), 401, "bad_signature")
    headers = on_sqlite.sign(body, "d-1") | {"webhook-id": "d-2"}
    is_problem(send(on_sqlite, body, headers), 401, "bad_signature")


@pytest.mark.parametrize("seconds", [-301, 301, 100_000])
def test_a_stale_or_early_signature_is_refused(on_sqlite: Running, seconds: int) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    headers = on_sqlite.sign(body, "d-1", on_sqlite.clock() + timedelta(seconds=seconds))
    is_problem(send(on_sqlite, body, headers), 401, "stale_signature")


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "٣", "9" * 40])
def test_a_broken_timestamp_is_refused(on_sqlite: Running, stamp: str) -> None:
    body = b"{}"
    headers = on_sqlite.sign(body, "d-1") | {"webhook-timestamp": stamp.encode().decode("latin-1")}
    assert send(on_sqlite, body, headers).status_code == 401


def test_a_signed_body_that_is_not_utf8_is_refused(on_sqlite: Running) -> None:
    headers = on_sqlite.sign(b"{}", "d-1")
    is_problem(send(on_sqlite, b"\xff\xfe", headers), 400, "not_utf8")


def test_another_shops_secret_does_not_sign_for_this_shop(on_sqlite: Running) -> None:
    body = json.dumps(on_sqlite.message("m1")).encode()
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    is_problem(send(on_sqlite, body, on_sqlite.sign(body, "d-1", secret=other)), 401, "bad_signature")
    headers = on_sqlite.sign(body, "d-1") | {"miaohui-shop": "nobody"}
    is_problem(send(on_sqlite, body, headers), 401, "bad_signature")


def test_two_signatures_are_enough_if_one_is_right(on_sqlite: Running) -> None:
    body = b"[]"
    headers = on_sqlite.sign(body, "d-1")
    headers["webhook-signature"] = "v1,AAAA " + headers["webhook-signature"] + " v1a,BBBB"
    assert send(on_sqlite, body, headers).status_code == 200


def test_an_unknown_adapter_and_another_shops_hook_are_refused(on_sqlite: Running) -> None:
    headers = {"authorization": f"Bearer {on_sqlite.key}"}
    is_problem(
        on_sqlite.client.post("/v1/hooks/nope/demo", content=b"{}", headers=headers), 404, "unknown_adapter"
    )
    is_problem(
        on_sqlite.client.post("/v1/hooks/generic/other", content=b"{}", headers=headers), 403, "other_shop"
    )
