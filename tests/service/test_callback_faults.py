"""What a network and a receiver may do to a callback, and where one may not be led."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpcore2 as httpcore
import pytest
from standardwebhooks import Webhook

from app.gateways.addresses import is_public, permitted
from app.gateways.callbacks import CallbackSender
from app.gateways.outbound import MAX_ANSWER_BYTES, Failed

SECRET = "whsec_" + "QUFB" * 8
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
Fault = Callable[["Line"], Awaitable[None]]


class Line:
    """One connection at the receiver's side, after the whole request has come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    def reset(self) -> None:
        linger = socket.SO_LINGER
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, linger, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        )
        self.writer.transport.abort()


class FaultyReceiver:
    """Takes signed callbacks; each is noted, then its connection suffers the next fault of the list, or is answered 204."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        self.got: list[tuple[str, bytes]] = []

    async def __aenter__(self) -> FaultyReceiver:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
                body = await reader.readexactly(int(headers["content-length"]))
                Webhook(SECRET).verify(body.decode(), headers)
                self.got.append((headers["webhook-id"], body))
                if self.faults:
                    await self.faults.pop(0)(Line(reader, writer))
                else:
                    await Line(reader, writer).say(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def reset(line: Line) -> None:
    line.reset()


async def black_hole(line: Line) -> None:
    await line.reader.read()


async def close_without_a_word(line: Line) -> None:
    line.writer.close()


async def truncate(line: Line) -> None:
    await line.say(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    line.writer.close()


async def dribble(line: Line) -> None:
    await line.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
    while True:
        await line.say(b".")
        await asyncio.sleep(0.05)


async def dribble_the_head(line: Line) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" + b"x-y: z\r\n" * 1000:
        await line.say(bytes([byte]))
        await asyncio.sleep(0.05)


async def nonsense(line: Line) -> None:
    await line.say(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    line.writer.close()


def answer(status: int, *headers: str) -> Fault:
    async def fault(line: Line) -> None:
        lines = "".join(f"{header}\r\n" for header in headers)
        await line.say(f"HTTP/1.1 {status} X\r\n{lines}content-length: 0\r\n\r\n".encode())

    return fault


def send(faults: list[Fault], attempts: int = 1) -> tuple[list[Failed | None], FaultyReceiver]:
    """Send one callback so often; what came of each attempt, and what the receiver has."""

    async def run() -> tuple[list[Failed | None], FaultyReceiver]:
        async with FaultyReceiver(faults) as receiver:
            sender = CallbackSender({f"127.0.0.1:{receiver.port}"}, timeout_s=1)
            try:
                url = f"http://127.0.0.1:{receiver.port}/reply"
                results = [
                    await sender.send(url, SECRET, "mh-1", {"id": "mh-1", "text": "亲"}, datetime.now(UTC))
                    for _ in range(attempts)
                ]
            finally:
                await sender.close()
            return results, receiver

    return asyncio.run(run())


@pytest.mark.parametrize(
    "fault",
    [reset, black_hole, close_without_a_word, truncate, dribble, dribble_the_head, nonsense],
    ids=lambda fault: fault.__name__,
)
def test_whatever_becomes_of_the_answer_the_attempt_ends_and_the_next_has_the_same_id(fault: Fault) -> None:
    (first, second), receiver = send([fault], attempts=2)
    assert first is not None
    assert first.error
    assert second is None
    # The receiver had it the first time, and knows it again by its id.
    assert [reply_id for reply_id, _ in receiver.got] == ["mh-1", "mh-1"]
    assert receiver.got[0][1] == receiver.got[1][1]


@pytest.mark.parametrize("fault", [black_hole, dribble, dribble_the_head], ids=lambda fault: fault.__name__)
def test_a_receiver_that_never_comes_to_an_end_is_cut_off(fault: Fault) -> None:
    (result,), _ = send([fault])
    assert result is not None
    assert "timed out" in result.error


@pytest.mark.parametrize(
    ("fault", "gone", "retry_after_s"),
    [
        (answer(410), True, None),
        (answer(429, "Retry-After: 7"), False, 7),
        (answer(503, "retry-after: 120"), False, 120),
        (answer(503, "retry-after: Wed, 21 Oct 2026 07:28:00 GMT"), False, None),
        (answer(503, "retry-after: -5"), False, None),
        (answer(500), False, None),
        (answer(404), False, None),
        (answer(301, "location: http://127.0.0.1/"), False, None),
        (answer(307, "location: /elsewhere"), False, None),
    ],
)
def test_only_a_2xx_is_success(fault: Fault, gone: bool, retry_after_s: float | None) -> None:
    (result,), receiver = send([fault])
    assert isinstance(result, Failed)
    assert (result.gone, result.retry_after_s) == (gone, retry_after_s)
    assert len(receiver.got) == 1


def test_a_flood_for_an_answer_is_not_read_to_its_end() -> None:
    said = 0

    async def flood(line: Line) -> None:
        nonlocal said
        await line.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            await line.say(b"10000\r\n" + b"." * 0x10000 + b"\r\n")
            said += 0x10000

    (result,), _ = send([flood])
    assert result is None
    assert said < 200 * MAX_ANSWER_BYTES


# Where a callback may not be led

SPECIAL = {
    "this network": "0.0.0.0/8",
    "private": "10.0.0.0/8",
    "carriers": "100.64.0.0/10",
    "loopback": "127.0.0.0/8",
    "link-local": "169.254.0.0/16",
    "private 172": "172.16.0.0/12",
    "protocols": "192.0.0.0/24",
    "documentation 1": "192.0.2.0/24",
    "AS112": "192.31.196.0/24",
    "AMT": "192.52.193.0/24",
    "6to4 relays": "192.88.99.0/24",
    "private 192": "192.168.0.0/16",
    "AS112 direct": "192.175.48.0/24",
    "benchmarks": "198.18.0.0/15",
    "documentation 2": "198.51.100.0/24",
    "documentation 3": "203.0.113.0/24",
    "multicast": "224.0.0.0/4",
    "reserved": "240.0.0.0/4",
    "unspecified and compatible": "::/96",
    "mapped private": "::ffff:10.0.0.0/104",
    "mapped loopback": "::ffff:127.0.0.0/104",
    "translated": "::ffff:0:0:0/96",
    "NAT64": "64:ff9b::/96",
    "local NAT64": "64:ff9b:1::/48",
    "discard": "100::/64",
    "dummy": "100:0:0:1::/64",
    "Teredo": "2001::/32",
    "benchmarks v6": "2001:2::/48",
    "ORCHID": "2001:20::/28",
    "documentation v6": "2001:db8::/32",
    "6to4": "2002::/16",
    "AS112 v6": "2620:4f:8000::/48",
    "documentation v6 large": "3fff::/20",
    "segment routing": "5f00::/16",
    "unique local": "fc00::/7",
    "link-local v6": "fe80::/10",
    "site-local": "fec0::/10",
    "multicast v6": "ff00::/8",
    "not given out": "4000::/3",
}
"""The special-purpose registries of IANA, and what is not public unicast at all."""


@pytest.mark.parametrize("block", SPECIAL.values(), ids=SPECIAL.keys())
def test_no_end_of_a_special_range_is_public(block: str) -> None:
    network = ipaddress.ip_network(block)
    assert not is_public(str(network[0]))
    assert not is_public(str(network[-1]))
    assert not is_public(str(network[network.num_addresses // 2]))


@pytest.mark.parametrize(
    "spelling",
    [
        "127.1", "127.0.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "localhost",
        "LOCALHOST", "localhost.", "127.0.0.1.", "１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "0", "0.0.0.0", "[::]",
    ],
)  # fmt: skip
def test_no_spelling_of_this_machine_is_reached(spelling: str) -> None:
    async def run() -> tuple[Failed | None, FaultyReceiver]:
        async with FaultyReceiver([]) as receiver:
            sender = CallbackSender(timeout_s=5)
            try:
                url = f"http://{spelling}:{receiver.port}/"
                return await sender.send(url, SECRET, "mh-1", {}, datetime.now(UTC)), receiver
            finally:
                await sender.close()

    result, receiver = asyncio.run(run())
    assert isinstance(result, Failed)
    assert receiver.got == []


def test_only_the_exact_pair_that_an_operator_allowed_is_let_through() -> None:
    allowed = {"console.internal:8443"}
    assert permitted(["10.0.0.1"], "console.internal", 8443, allowed) == ["10.0.0.1"]
    for host, port in (("console.internal", 80), ("other.internal", 8443), ("x.console.internal", 8443)):
        assert permitted(["10.0.0.1"], host, port, allowed) == []
    assert permitted(["10.0.0.1", "1.1.1.1"], "mixed.example", 443, allowed) == ["1.1.1.1"]


def test_a_redirect_to_this_machine_is_not_followed() -> None:
    async def run() -> tuple[Failed | None, FaultyReceiver]:
        async with FaultyReceiver([]) as inner:
            to_inner = answer(302, f"location: http://127.0.0.1:{inner.port}/")
            async with FaultyReceiver([to_inner]) as outer:
                sender = CallbackSender({f"127.0.0.1:{outer.port}", f"127.0.0.1:{inner.port}"})
                try:
                    url = f"http://127.0.0.1:{outer.port}/"
                    return await sender.send(url, SECRET, "mh-1", {}, datetime.now(UTC)), inner
                finally:
                    await sender.close()

    result, inner = asyncio.run(run())
    assert isinstance(result, Failed)
    assert inner.got == []


def test_a_name_that_changes_its_address_between_look_and_connection_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name is resolved once, and the address that was judged is the one that is connected to."""
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    connected: list[str] = []

    async def run() -> Failed | None:
        async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        async def connect_tcp(_: Any, host: str, *__: Any, **___: Any) -> Any:
            connected.append(host)
            raise httpcore.ConnectError("not really")

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
        sender = CallbackSender()
        try:
            return await sender.send("http://rebind.example/", SECRET, "mh-1", {}, datetime.now(UTC))
        finally:
            await sender.close()

    assert isinstance(asyncio.run(run()), Failed)
    assert connected == ["93.184.215.14"]


def test_the_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> tuple[Failed | None, int, FaultyReceiver]:
        asked = 0

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            asked += 1
            writer.close()

        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, address)
        async with FaultyReceiver([]) as receiver:
            sender = CallbackSender({f"127.0.0.1:{receiver.port}"})
            try:
                url = f"http://127.0.0.1:{receiver.port}/"
                result = await sender.send(url, SECRET, "mh-1", {}, datetime.now(UTC))
            finally:
                await sender.close()
                server.close()
        return result, asked, receiver

    result, asked, receiver = asyncio.run(run())
    assert result is None
    assert asked == 0
    assert len(receiver.got) == 1
