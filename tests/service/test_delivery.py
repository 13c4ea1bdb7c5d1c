"""Replies go out by signed callbacks: in order, with one id over all attempts, and not when they are no longer wanted."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from conftest_service import Running, run_service
from sqlmodel import select
from standardwebhooks import Webhook

from app.core.sessions import fold_session
from app.db.journal import events_about_sessions
from app.db.tables import ActRow, OutboxRow
from app.gateways.addresses import is_public
from app.gateways.callbacks import CallbackSender
from app.gateways.outbound import Failed
from app.usecases.deliver import OUTCOME_UNKNOWN, Attempt, claim_letters, record_attempts
from app.usecases.knowledge import Knowledge

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"


@dataclass
class Receiver:
    """A console's end of the callbacks. `answers` are given in turn, then 204."""

    port: int
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/reply"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            here.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, headers = here.answers.pop(0) if here.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()


@pytest.fixture
def with_callback(database_url: str, knowledge: Knowledge, receiver: Receiver) -> Iterator[Running]:
    yield from run_service(database_url, knowledge, callback_url=receiver.url)


def deliver(running: Running, receiver: Receiver) -> int:
    """One round of the delivery job, step by step as the job takes them."""
    service = running.service
    letters = service.writer.submit(lambda db: claim_letters(db, service.knowledge, running.clock())).result(
        10
    )

    async def send() -> list[Failed | None]:
        sender = CallbackSender({f"127.0.0.1:{receiver.port}"})
        try:
            return [
                await sender.send(x.url, x.secret, x.id, {"id": x.id, "text": x.text}, running.clock())
                for x in letters
            ]
        finally:
            await sender.close()

    attempts = [
        Attempt(letter)
        if failed is None
        else Attempt(letter, failed.error, gone=failed.gone, retry_after_s=failed.retry_after_s)
        for letter, failed in zip(letters, asyncio.run(send()), strict=True)
    ]
    service.writer.submit(
        lambda db: record_attempts(db, service.knowledge, attempts, running.clock())
    ).result(10)
    return len(letters)


def hold(running: Running) -> None:
    running.post(running.message("m1", UNKNOWN))
    running.clock.forward(156)
    running.run_due()
    running.run_due()


def outbox(running: Running) -> OutboxRow:
    with running.db() as db:
        return db.exec(select(OutboxRow)).one()


def test_a_reply_is_signed_for_the_receiver_and_journalled_as_the_robots(
    with_callback: Running, receiver: Receiver
) -> None:
    hold(with_callback)
    assert deliver(with_callback, receiver) == 1
    ((headers, body),) = receiver.got
    secret = with_callback.shop.callback_secret
    assert secret is not None
    at = with_callback.clock()
    expected = Webhook(secret).sign(headers["webhook-id"], at, body.decode())
    assert headers["webhook-signature"] == expected
    row = outbox(with_callback)
    assert (row.state, row.id) == ("sent", json.loads(body)["id"])
    with with_callback.db() as db:
        session = fold_session(events_about_sessions(db, "demo", "b1", ["s1"]))
        kinds = [act.kind for act in db.exec(select(ActRow).order_by(ActRow.at, ActRow.kind))]
    assert session.messages[-1].text == row.text
    assert session.messages[-1].sender == "robot"
    assert session.messages[-1].by_machine
    assert sorted(kinds) == ["queued", "sent", "warned", "warned_last"]
    assert deliver(with_callback, receiver) == 0


def test_failed_attempts_are_repeated_with_the_same_id(with_callback: Running, receiver: Receiver) -> None:
    receiver.answers = [(503, {}), (302, {"location": "http://127.0.0.1/"}), (429, {"retry-after": "3"})]
    hold(with_callback)
    for _ in range(20):
        deliver(with_callback, receiver)
        with_callback.clock.forward(1)
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == 4
    assert len(set(ids)) == 1
    assert outbox(with_callback).state == "sent"


def test_gone_means_no_more(with_callback: Running, receiver: Receiver) -> None:
    receiver.answers = [(410, {})]
    hold(with_callback)
    deliver(with_callback, receiver)
    with_callback.clock.forward(5)
    assert deliver(with_callback, receiver) == 0
    assert outbox(with_callback).state == "dead"


def test_what_is_too_late_is_never_sent(with_callback: Running, receiver: Receiver) -> None:
    receiver.answers = [(503, {})] * 50
    hold(with_callback)
    for _ in range(60):
        deliver(with_callback, receiver)
        with_callback.clock.forward(1)
    assert outbox(with_callback).state == "expired"
    assert len(receiver.got) < 7


def test_a_person_who_answers_first_stops_the_reply_at_the_last_moment(
    with_callback: Running, receiver: Receiver
) -> None:
    hold(with_callback)
    with_callback.post(with_callback.reply("r1"))
    assert deliver(with_callback, receiver) == 0
    assert outbox(with_callback).state == "dropped"
    assert receiver.got == []


def test_a_lease_that_ran_out_is_taken_again(with_callback: Running, receiver: Receiver) -> None:
    hold(with_callback)
    service = with_callback.service
    with_callback.clock.forward(-10)
    claim = lambda db: claim_letters(db, service.knowledge, with_callback.clock())  # noqa: E731
    with_callback.clock.forward(10)
    (first,) = service.writer.submit(claim).result(10)
    assert service.writer.submit(claim).result(10) == []
    with_callback.clock.forward(16)
    (second,) = service.writer.submit(claim).result(10)
    assert second.id == first.id


def test_a_reply_whose_sender_died_is_not_called_unsent(with_callback: Running) -> None:
    hold(with_callback)
    service = with_callback.service
    claim = lambda db: claim_letters(db, service.knowledge, with_callback.clock())  # noqa: E731
    assert len(service.writer.submit(claim).result(10)) == 1
    with_callback.post(with_callback.reply("r1"))
    with_callback.clock.forward(16)
    assert service.writer.submit(claim).result(10) == []
    with with_callback.db() as db:
        (act,) = db.exec(select(ActRow).where(ActRow.kind == "dropped")).all()
    assert act.title == "不再发送，可能已送达"
    assert OUTCOME_UNKNOWN in act.detail["reasons"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://0x7f000001:{port}/",
        "http://2130706433:{port}/",
        "http://127.1:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://0.0.0.0:{port}/",
    ],
)
def test_internal_addresses_are_refused_unless_an_operator_allowed_the_exact_pair(
    receiver: Receiver, url: str
) -> None:
    async def send() -> Failed | None:
        sender = CallbackSender()
        try:
            secret = "whsec_" + "QUFB" * 8
            return await sender.send(url.format(port=receiver.port), secret, "x", {}, datetime.now(UTC))
        finally:
            await sender.close()

    result = asyncio.run(send())
    assert isinstance(result, Failed)
    assert receiver.got == []


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)
