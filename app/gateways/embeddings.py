"""Vectors of meaning from any address that speaks OpenAI's embeddings protocol, guarded as callbacks are."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore2 as httpcore
import numpy as np
import orjson

from app.gateways.addresses import permitted
from app.gateways.outbound import RefusedAddressError, SocketOption, retry_after_s
from phrasebank.encoding import EncodingError, Strength, Vectors, encodable

TRIES: Final = 3
PAUSE_S: Final = 0.5
"""Before the second try, and twice as long before the third, unless the endpoint says how long."""
LONGEST_PAUSE_S: Final = 30.0
"""An endpoint that wants us to wait longer is given up for now."""
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_BEYOND: Final = 1e30
"""No sound vector has a number as large, and of smaller ones the length can be taken."""
_PROBE: Final = "你好"
"""Encoded where only the length of vectors is wanted."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where vectors come from, as the operator set it."""

    url: str
    """The base, mostly ending in `/v1`; `/embeddings` is added."""
    model: str
    key: str = field(default="", repr=False)
    dimensions: int | None = None
    """Asked of the endpoint, and checked; None: whatever the model has."""
    prefix: str = ""
    """Put before each text, for models that were trained so."""
    batch: int = 64
    """Texts in one request at most."""
    timeout_s: float = 10.0
    """For one try, from connecting to the last byte."""
    allow: frozenset[str] = frozenset()
    """`host:port` pairs on internal networks that may be reached."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


class EndpointEncoder:
    """An `Encoder` whose vectors are asked for over HTTP. Safe to share between threads; blocks the one that calls.

    No redirects, no proxies. Neither the key nor any text is in an error or a log.
    """

    strength: Strength = "semantic"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._dimensions = endpoint.dimensions
        self._closing = Event()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=8,
            keepalive_expiry=30,
            network_backend=_GuardedBackend(endpoint.allow),
        )
        self.name = f"{endpoint.model} {endpoint.dimensions or ''} {endpoint.url} {endpoint.prefix}".strip()

    @property
    def dimensions(self) -> int:
        """The length of a vector; asks the endpoint if nothing was encoded yet and it was not set."""
        if self._dimensions is None:
            self.encode([_PROBE])
        assert self._dimensions is not None
        return self._dimensions

    def close(self) -> None:
        """End open connections and what waits for another try."""
        self._closing.set()
        self._pool.close()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`. A try that may be repeated is repeated, `TRIES` in all."""
        spoken = [place for place, text in enumerate(texts) if text.strip()]
        found: list[Vectors] = []
        for start in range(0, len(spoken), self._endpoint.batch):
            batch = [texts[place] for place in spoken[start : start + self._endpoint.batch]]
            found.append(self._encoded(batch))
        vectors: Vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if found:
            vectors[spoken] = np.concatenate(found)
        return vectors

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        request: dict[str, Any] = {
            "model": self._endpoint.model,
            "input": [self._endpoint.prefix + encodable(text) for text in texts],
            "encoding_format": "float",
        }
        if self._endpoint.dimensions is not None:
            request["dimensions"] = self._endpoint.dimensions
        body = orjson.dumps(request)
        for number in range(1, TRIES + 1):
            try:
                return self._read(self._post(body), len(texts))
            except _AgainError as error:
                pause = PAUSE_S * 2 ** (number - 1) if error.pause_s is None else error.pause_s
                if number == TRIES or pause > LONGEST_PAUSE_S:
                    raise self._error(str(error)) from error
                if self._closing.wait(pause):
                    raise self._error("服务正在停止 / the service is stopping") from error
        raise AssertionError("the last try returns or raises")

    def _post(self, body: bytes) -> bytes:
        """The body of a good answer. Raises `_AgainError` where another try may help."""
        headers = [("content-type", "application/json"), ("user-agent", "miaohui")]
        if self._endpoint.key:
            headers.append(("authorization", f"Bearer {self._endpoint.key}"))
        limit = self._endpoint.timeout_s
        ends = time.monotonic() + limit
        timeouts = {"connect": limit, "read": limit, "write": limit, "pool": limit}
        try:
            with self._pool.stream(
                "POST",
                self._endpoint.url.rstrip("/") + "/embeddings",
                headers=headers,
                content=body,
                extensions={"timeout": timeouts},
            ) as response:
                answer = bytearray()
                for chunk in response.iter_stream():
                    answer += chunk
                    if len(answer) > MAX_ANSWER_BYTES:
                        raise self._error(
                            "回应太长，请调小 MIAOHUI_EMBEDDINGS_BATCH / the answer is too long"
                        )
                    if time.monotonic() > ends:
                        raise _AgainError(_slow(limit))
                status = response.status
                answer_headers = {name.lower(): value for name, value in response.headers}
        except httpcore.TimeoutException as error:
            raise _AgainError(_slow(limit)) from error
        except RefusedAddressError as error:
            raise self._error(str(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _AgainError(f"连不上：{error or type(error).__name__} / cannot connect") from error
        if status in {408, 429} or status >= 500:
            raise _AgainError(
                f"忙或有故障（{status}），请稍后再试 / busy or broken", retry_after_s(answer_headers)
            )
        if status != 200:
            raise self._error(f"{_REMEDIES.get(status, _OTHERWISE)}（{status}）")
        return bytes(answer)

    def _read(self, answer: bytes, count: int) -> Vectors:
        """The vectors of an answer, in the order of the texts, of length 1 each."""
        try:
            entries = sorted(orjson.loads(answer)["data"], key=lambda entry: entry["index"])
            places = [entry["index"] for entry in entries]
            vectors = np.array([entry["embedding"] for entry in entries], dtype=np.float64)
        except (ValueError, TypeError, KeyError) as error:
            raise self._error(
                "回应不是 OpenAI 格式的向量，请检查 MIAOHUI_EMBEDDINGS_URL / the answer holds no vectors"
            ) from error
        if places != list(range(count)) or vectors.ndim != 2:
            raise self._error(f"要了 {count} 个向量，回应里不是这些 / not the vectors that were asked for")
        if not (np.abs(vectors) < _BEYOND).all():
            raise self._error("向量里有无效的数值 / the vectors hold no numbers")
        wanted = self._dimensions or vectors.shape[1]
        if vectors.shape[1] != wanted:
            raise self._error(
                f"向量有 {vectors.shape[1]} 维，应是 {wanted} 维；请检查 MIAOHUI_EMBEDDINGS_MODEL 和"
                " MIAOHUI_EMBEDDINGS_DIMENSIONS，换了模型要重启 / the vectors have another length"
            )
        self._dimensions = wanted
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)

    def _error(self, what: str) -> EncodingError:
        return EncodingError(f"向量接口 {self._endpoint.host}：{what}")


_REMEDIES: Final = {
    400: "请求被拒绝，请检查模型名、维数和批量 / check model, dimensions and batch",
    401: "密钥被拒绝，请检查 MIAOHUI_EMBEDDINGS_KEY / the key was refused",
    403: "密钥没有权限，请检查 MIAOHUI_EMBEDDINGS_KEY / the key may not do this",
    404: "没有这个地址或模型，请检查 MIAOHUI_EMBEDDINGS_URL（多半以 /v1 结尾）和 MIAOHUI_EMBEDDINGS_MODEL / no such address or model",
    413: "一次送得太多，请调小 MIAOHUI_EMBEDDINGS_BATCH / make the batch smaller",
}
_OTHERWISE: Final = "没有给出向量，请检查 MIAOHUI_EMBEDDINGS_URL / gave no vectors"


def _slow(limit: float) -> str:
    return f"{limit:g} 秒内没有回应，可调大 MIAOHUI_EMBEDDINGS_TIMEOUT_S / timed out"


class _AgainError(Exception):
    """A try failed in a way that may pass, after `pause_s` if the endpoint said so."""

    def __init__(self, message: str, pause_s: float | None = None) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class _GuardedBackend(httpcore.NetworkBackend):
    """Resolves the name itself, and connects only to an address that it has judged."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"找不到 {host} / cannot resolve the host") from error
        addresses = permitted((str(entry[4][0]) for entry in found), host, port, self._allowed)
        if not addresses:
            raise RefusedAddressError(
                f"{host}:{port} 指向内部网络，已拒绝；可在 MIAOHUI_EMBEDDINGS_ALLOW 中放行 / internal address refused"
            )
        return self._plain.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
