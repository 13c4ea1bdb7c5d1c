"""Signed callbacks (Standard Webhooks) to a shop's console, guarded against internal networks at connect time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpcore2 as httpcore
import orjson
from standardwebhooks import Webhook

from app.gateways.addresses import permitted

TOTAL_TIMEOUT_S: Final = 10.0
"""For one attempt from look-up to the last byte: a receiver that dribbles is cut off too."""
MAX_ANSWER_BYTES: Final = 64 * 1024

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an attempt failed. `gone`: the receiver answered 410 and wants no more."""

    error: str
    gone: bool = False
    retry_after_s: float | None = None


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


class CallbackSender:
    """Sends one signed POST per call. No redirects, no proxies, no second try: that is the outbox's business."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=50,
            keepalive_expiry=30,
            network_backend=_GuardedBackend(allowed),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    async def send(
        self, url: str, secret: str, delivery_id: str, payload: Mapping[str, Any], now: datetime
    ) -> Failed | None:
        """POST the payload as JSON; None when the receiver answered 2xx.

        `webhook-id` is the same over all attempts, the timestamp is the attempt's.
        """
        body = orjson.dumps(payload)
        headers = [
            ("content-type", "application/json"),
            ("user-agent", "miaohui"),
            ("webhook-id", delivery_id),
            ("webhook-timestamp", str(int(now.timestamp()))),
            ("webhook-signature", Webhook(secret).sign(delivery_id, now, body.decode())),
        ]
        try:
            async with (
                asyncio.timeout(TOTAL_TIMEOUT_S),
                self._pool.stream("POST", url, headers=headers, content=body) as response,
            ):
                read = 0
                async for chunk in response.aiter_stream():
                    read += len(chunk)
                    if read > MAX_ANSWER_BYTES:
                        break
                status = response.status
                answer_headers = {name.lower(): value for name, value in response.headers}
        except TimeoutError:
            return Failed(f"{TOTAL_TIMEOUT_S:.0f} 秒内没有回应 / timed out")
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            ValueError,
        ) as error:
            return Failed(str(error) or type(error).__name__)
        if 200 <= status < 300:
            return None
        return Failed(
            f"对方返回 {status} / status {status}",
            gone=status == 410,
            retry_after_s=retry_after_s(answer_headers),
        )


def retry_after_s(headers: Mapping[bytes, bytes]) -> float | None:
    """The seconds that a receiver asked us to wait, by the header of that name in lower case; None if it gave no number."""
    value = headers.get(b"retry-after", b"").decode("latin-1")
    return float(value) if value.isascii() and value.isdigit() else None
