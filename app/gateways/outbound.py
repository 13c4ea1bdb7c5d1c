"""Requests to addresses that come from outside: the address is judged at connect time, and nothing lasts for ever."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpcore2 as httpcore
import orjson

from app.gateways.addresses import permitted

TOTAL_TIMEOUT_S: Final = 10.0
"""For one request from look-up to the last byte: a receiver that dribbles is cut off too."""
MAX_ANSWER_BYTES: Final = 1024 * 1024
"""More of an answer is not read."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an attempt failed. `gone`: no further attempt can succeed, as after 410 (the receiver wants no more)."""

    error: str
    gone: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. Names of headers are in lower case; `body` is cut at `MAX_ANSWER_BYTES`."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as a JSON value; None if it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def failure(self, *final: int) -> Failed:
        """The failure that a status other than 2xx is; 410 and the `final` ones are for good."""
        return Failed(
            f"对方返回 {self.status} / status {self.status}",
            gone=self.status in {410, *final},
            retry_after_s=retry_after_s(self.headers),
        )


class RefusedAddressError(httpcore.ConnectError):
    """The name leads to an address that we may not reach."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves the name itself, judges every address, and connects only to one that it has judged."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the interface's name)
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"找不到 {host} / cannot resolve the host") from error
        addresses = permitted((str(entry[4][0]) for entry in found), host, port, self._allowed)
        if not addresses:
            raise RefusedAddressError(
                f"{host}:{port} 指向内部网络，已拒绝；运维可在 MIAOHUI_CALLBACK_ALLOW 中放行 / internal address refused"
            )
        return await self._plain.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedClient:
    """One request per call. No redirects, no proxies, no second try. Errors name neither path nor query, which may hold keys."""

    def __init__(self, allowed: Collection[str] = (), *, timeout_s: float = TOTAL_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=500,
            max_keepalive_connections=100,
            keepalive_expiry=30,
            network_backend=_GuardedBackend(allowed),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    async def request(
        self, method: str, url: str, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> HttpAnswer | Failed:
        """Send it and read the answer, whatever its status; `Failed` where there was none in time."""
        if not url.isascii():
            return Failed(
                "地址只能用 ASCII 字符，中文域名要写成 xn-- 的形式 / the address must be ASCII", gone=True
            )
        chunks: list[bytes] = []
        read = 0
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._pool.stream(
                    method, url, headers=[("user-agent", "miaohui"), *headers], content=body
                ) as response,
            ):
                async for chunk in response.aiter_stream():
                    chunks.append(chunk)
                    read += len(chunk)
                    if read > MAX_ANSWER_BYTES:
                        break
                status = response.status
                answer_headers = {name.lower(): value for name, value in response.headers}
        except TimeoutError:
            return Failed(f"{self._timeout_s:g} 秒内没有回应 / timed out")
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            ValueError,
        ) as error:
            return Failed(str(error) or type(error).__name__)
        return HttpAnswer(status, answer_headers, b"".join(chunks)[:MAX_ANSWER_BYTES])

    async def post_json(
        self, url: str, payload: Mapping[str, Any], headers: Iterable[tuple[str, str]] = ()
    ) -> HttpAnswer | Failed:
        """POST a JSON object."""
        return await self.request(
            "POST", url, [("content-type", "application/json"), *headers], orjson.dumps(payload)
        )


def retry_after_s(headers: Mapping[bytes, bytes]) -> float | None:
    """The seconds that a receiver asked us to wait, by the header of that name in lower case; None if it gave no number."""
    value = headers.get(b"retry-after", b"").decode("latin-1")
    return float(value) if value.isascii() and value.isdigit() else None
