"""How apprise's plugins reach the network here: to judged addresses only, no redirects, no proxies, and answers are read.

A plugin calls `requests.post` or `smtplib.SMTP` of its own module. Those names are bound here to what stands below, which
belongs to the attempt of the calling thread:

- a name is resolved once, every address is judged, and the connection goes to one that was judged;
- settings of the environment (proxies, `.netrc`) play no part;
- the robots of DingTalk, WeCom and Feishu answer 200 to what they refuse; the code in the body decides;
- an attempt can be cut off from another thread, however slowly the other side dribbles.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import requests
from apprise.plugins import (
    bark,
    custom_json,
    dingtalk,
    feishu,
    lark,
    ntfy,
    twilio,
    vonage,
    wecombot,
)
from apprise.plugins.email import smtp
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from app.gateways.addresses import permitted

STEP_TIMEOUT_S: Final = 5.0
"""For a connection, and for each piece of an answer; the attempt as a whole is cut off by `cut`."""
MAX_ANSWER_BYTES: Final = 64 * 1024
_CODES: Final[Mapping[str, tuple[str, str]]] = {
    "oapi.dingtalk.com": ("errcode", "errmsg"),
    "qyapi.weixin.qq.com": ("errcode", "errmsg"),
    "open.feishu.cn": ("code", "msg"),
    "open.larksuite.com": ("code", "msg"),
}
"""Robots that answer 200 whatever happens: the fields of their code, 0 for done, and of the reason."""


class RefusedAddressError(OSError):
    """The name leads to an address that we may not reach."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a plugin looks at of an answer."""

    status_code: int
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


@dataclass(slots=True)
class Attempt:
    """One attempt to send, for the thread in which it is entered. `error` is why it failed, in words for people."""

    allowed: Collection[str] = ()
    relays: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    retry_after_s: float | None = None
    _cut: bool = False
    _lines: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Attempt:
        _current.attempt = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.attempt = None
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def cut(self) -> None:
        """End every connection of the attempt, and let it make no other. Called from another thread."""
        with self._lock:
            self._cut = True
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to a judged address of the host. Raises OSError."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            self.error = f"找不到主机 {host} / cannot resolve the host"
            raise
        addresses = permitted((str(entry[4][0]) for entry in found), host, port, self.allowed)
        if not addresses:
            self.error = f"{host}:{port} 指向内部网络，已拒绝；运维可在 MIAOHUI_ALERT_ALLOW 中放行 / internal address refused"
            raise RefusedAddressError(self.error)
        try:
            line = socket.create_connection((addresses[0], port), STEP_TIMEOUT_S)
        except OSError:
            self.error = f"连不上 {host}:{port} / cannot connect"
            raise
        with self._lock:
            if self._cut:
                line.close()
                raise OSError("cut off")
            self._lines.append(line.dup())
        return line

    def request(self, method: str, url: str, **more: Any) -> _Answer:
        """As `requests.request`, for the plugins. Raises `requests.RequestException`, also for a robot's refusal."""
        host = urlsplit(url).hostname or ""
        if (relay := self.relays.get(host)) is not None:
            parts = urlsplit(url)
            url = relay.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
        options = more | {"allow_redirects": False, "verify": True, "stream": True, "timeout": STEP_TIMEOUT_S}
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.mount("https://", _Adapter())
                session.mount("http://", _Adapter())
                with session.request(method, url, **options) as response:
                    content = b""
                    for chunk in response.iter_content(8192):
                        content += chunk
                        if len(content) > MAX_ANSWER_BYTES:
                            break
                    answer = _Answer(response.status_code, content)
                    retry_after = response.headers.get("retry-after", "")
        except requests.exceptions.SSLError:
            self.error = f"{host} 的证书不对 / its certificate cannot be trusted"
            raise
        except requests.RequestException:
            self.error = self.error or f"与 {host} 的连接中断或超时 / the connection broke or timed out"
            raise
        if not 200 <= answer.status_code < 300:
            self.error = f"对方返回 {answer.status_code} / status {answer.status_code}"
            if retry_after.isascii() and retry_after.isdigit():
                self.retry_after_s = float(retry_after)
        elif (refusal := _refusal(host, answer.content)) is not None:
            self.error = refusal
            raise requests.RequestException("refused by the robot")
        return answer


_current = threading.local()


def _attempt() -> Attempt:
    attempt = getattr(_current, "attempt", None)
    if not isinstance(attempt, Attempt):
        raise RefusedAddressError("no attempt is under way in this thread")
    return attempt


class _HTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _attempt().connect(self.host, self.port or 80)


class _HTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _attempt().connect(self.host, self.port or 443)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _SMTP(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _attempt().connect(host, port)


class _SMTPS(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(_attempt().connect(host, port), server_hostname=host)


def _refusal(host: str, content: bytes) -> str | None:
    """Why a robot that answers 200 did not take the message; None if it did, or if it is none of those."""
    if host == "rest.nexmo.com":
        return _vonage_refusal(content)
    if host not in _CODES:
        return None
    code_field, reason_field = _CODES[host]
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = None
    code = body.get(code_field) if isinstance(body, dict) else None
    if code == 0:
        return None
    if code is None:
        return f"{host} 的回答看不懂，不知道发出没有 / its answer is no JSON of a robot"
    return f"机器人拒收：{code} {str(body.get(reason_field, ''))[:200]} / refused by the robot"


def _vonage_refusal(content: bytes) -> str | None:
    try:
        messages = orjson.loads(content)["messages"]
        bad = [str(each["status"]) for each in messages if str(each["status"]) != "0"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "短信网关的回答看不懂 / the gateway's answer cannot be read"
    return f"短信网关拒收：{'、'.join(bad)} / refused by the gateway" if bad else None


def _bind() -> None:
    """Let the supported plugins reach the network through the attempt of their thread, and in no other way."""
    http = SimpleNamespace(
        request=lambda method, url, **more: _attempt().request(method, url, **more),
        post=lambda url, **more: _attempt().request("POST", url, **more),
        codes=requests.codes,
        RequestException=requests.RequestException,
    )
    for module in (bark, custom_json, dingtalk, feishu, lark, ntfy, twilio, vonage, wecombot):
        vars(module)["requests"] = http
    vars(smtp)["smtplib"] = SimpleNamespace(SMTP=_SMTP, SMTP_SSL=_SMTPS, SMTPException=smtplib.SMTPException)


_bind()
