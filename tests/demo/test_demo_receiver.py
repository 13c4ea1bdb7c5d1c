from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import orjson
import pytest
import pytest_asyncio
from contract_server import CALLBACK_SECRET
from standardwebhooks import Webhook

from app.demo.receiver import CALLBACK_PATH, Receiver

LETTER = {
    "type": "reply.send",
    "id": "mh-1",
    "shop": "demo",
    "session": "s1",
    "buyer": "b1",
    "text": "您好，稍等一下",
    "purpose": "holding",
    "sender": "robot",
    "created_at": "2026-11-18T12:00:00+08:00",
    "expires_at": "2026-11-18T12:03:00+08:00",
}


def signed(body: bytes, *, secret: str = CALLBACK_SECRET, age_s: float = 0) -> dict[str, str]:
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    return {
        "webhook-id": "mh-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("mh-1", at, body.decode()),
    }


class Door:
    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []
        self.client: httpx.AsyncClient

    async def show(self, letter: dict[str, Any]) -> None:
        self.shown.append(letter)

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        response = await self.client.post(CALLBACK_PATH, content=body, headers=headers)
        await asyncio.sleep(0)
        return response.status_code


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    receiver = Receiver(CALLBACK_SECRET, made.show)
    async with (
        receiver.listen(0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        made.client = client
        yield made


async def test_a_signed_reply_is_shown(door: Door) -> None:
    body = orjson.dumps(LETTER)
    assert await door.post(body, signed(body)) == 204
    assert door.shown == [LETTER]


async def test_the_same_reply_is_shown_once_however_often_it_comes(door: Door) -> None:
    body = orjson.dumps(LETTER)
    statuses = await asyncio.gather(*(door.post(body, signed(body)) for _ in range(5)))
    assert statuses == [204] * 5
    assert door.shown == [LETTER]


@pytest.mark.parametrize(
    "headers",
    # Made when the test runs: a signature has an age.
    [
        lambda: {},
        lambda: {"webhook-id": "mh-1"},
        lambda: signed(orjson.dumps(LETTER), secret="whsec_" + "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA=="),
        lambda: signed(orjson.dumps(LETTER), age_s=400),
        lambda: signed(orjson.dumps(LETTER), age_s=-400),
        lambda: signed(b"{}"),
        lambda: signed(orjson.dumps(LETTER)) | {"webhook-id": "mh-2"},
        lambda: signed(orjson.dumps(LETTER)) | {"webhook-signature": "nonsense"},
        lambda: signed(orjson.dumps(LETTER)) | {"webhook-signature": "v1,a,b"},
        lambda: signed(orjson.dumps(LETTER)) | {"webhook-signature": "v1,?"},
    ],
)
async def test_a_bad_signature_is_turned_away(door: Door, headers: Callable[[], dict[str, str]]) -> None:
    assert await door.post(orjson.dumps(LETTER), headers()) == 401
    assert door.shown == []


async def test_a_body_that_is_not_utf8_is_turned_away(door: Door) -> None:
    assert await door.post(b"\xff\xfe", signed(b"{}")) == 401


@pytest.mark.parametrize(
    "letter",
    [
        [],
        {"type": "something.else"},
        {key: value for key, value in LETTER.items() if key != "session"},
        LETTER | {"text": ""},
        LETTER | {"id": 7},
    ],
)
async def test_what_it_cannot_show_is_a_422(door: Door, letter: Any) -> None:
    body = orjson.dumps(letter)
    assert await door.post(body, signed(body)) == 422
    assert door.shown == []


async def test_signed_words_that_are_not_json_are_a_422(door: Door) -> None:
    assert await door.post(b"hello", signed(b"hello")) == 422


async def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with Receiver(CALLBACK_SECRET, Door().show).listen(taken.getsockname()[1]):
                pass
