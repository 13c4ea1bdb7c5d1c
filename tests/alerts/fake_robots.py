"""The other end of alerts: robots of DingTalk, WeCom and Feishu, and a plain webhook, as their documents describe them.

Each checks what its document demands of a request and answers as the service does: with 200 also to what it refuses.

- DingTalk, 自定义机器人接入: `timestamp` in milliseconds within an hour, `sign` = base64(HMAC-SHA256(secret, "timestamp\\nsecret")).
- WeCom, 群机器人配置说明: `{"msgtype": "text", "text": {"content"}}`, at most 2048 bytes of UTF-8.
- Feishu, 自定义机器人使用指南: `{"msg_type": "text", "content": {"text"}}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

DINGTALK_TOKEN = "d1ngta1k0123456789abcdef0123456789"
DINGTALK_SECRET = "SECc0ffee0123456789c0ffee0123456789"
WECOM_KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
FEISHU_TOKEN = "f3i5hu-0000-1111-2222-333344445555"
WEBHOOK_KEY = "webhook-key-0123456789"
SECRETS = (DINGTALK_TOKEN, DINGTALK_SECRET, WECOM_KEY, FEISHU_TOKEN, WEBHOOK_KEY)
DINGTALK = f"https://oapi.dingtalk.com/robot/send?access_token={DINGTALK_TOKEN}"
WECOM = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={WECOM_KEY}"
FEISHU = f"https://open.feishu.cn/open-apis/bot/v2/hook/{FEISHU_TOKEN}"


@dataclass
class Robots:
    """All robots on one port. `answers` are given first, in turn: (status, body, headers)."""

    port: int
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[str, str]] = field(default_factory=list)
    """(host that it was for, text) of every message that was taken."""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def here(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def webhook(self) -> str:
        return f"http://{self.here}/hook?key={WEBHOOK_KEY}"

    @property
    def settings(self) -> dict[str, Any]:
        """What an operator sets so that alerts reach these instead of the real ones."""
        hosts = ("oapi.dingtalk.com", "qyapi.weixin.qq.com", "open.feishu.cn", "api.twilio.com")
        return {
            "alert_allow": [self.here],
            "alert_relays": {host: f"http://{self.here}/to/{host}" for host in hosts},
        }

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.got]


def dingtalk(path: str, body: Any) -> tuple[Any, str | None]:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    if asked.get("access_token") != DINGTALK_TOKEN:
        return {"errcode": 300001, "errmsg": "token is not exist"}, None
    stamp = asked.get("timestamp", "0")
    expected = hmac.new(DINGTALK_SECRET.encode(), f"{stamp}\n{DINGTALK_SECRET}".encode(), hashlib.sha256)
    if asked.get("sign") != base64.b64encode(expected.digest()).decode():
        return {"errcode": 310000, "errmsg": "sign not match"}, None
    if abs(time.time() * 1000 - int(stamp)) > 3_600_000:
        return {"errcode": 310000, "errmsg": "invalid timestamp"}, None
    if body.get("msgtype") != "text" or not body["text"]["content"]:
        return {"errcode": 40035, "errmsg": "bad request"}, None
    return {"errcode": 0, "errmsg": "ok"}, body["text"]["content"]


def wecom(path: str, body: Any) -> tuple[Any, str | None]:
    if parse_qs(urlsplit(path).query).get("key") != [WECOM_KEY]:
        return {"errcode": 93000, "errmsg": "invalid webhook url"}, None
    text = body["text"]["content"]
    if body.get("msgtype") != "text" or len(text.encode()) > 2048:
        return {"errcode": 40058, "errmsg": "content exceed max length"}, None
    return {"errcode": 0, "errmsg": "ok"}, text


def feishu(path: str, body: Any) -> tuple[Any, str | None]:
    if urlsplit(path).path.rstrip("/") != f"/open-apis/bot/v2/hook/{FEISHU_TOKEN}":
        return {
            "code": 19001,
            "msg": "param invalid: incoming webhook access token invalid",
            "data": {},
        }, None
    if body.get("msg_type") != "text" or "秒回" not in body["content"]["text"]:
        return {"code": 19024, "msg": "Key Words Not Found", "data": {}}, None
    return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}, body[
        "content"
    ]["text"]


ROBOTS = {"oapi.dingtalk.com": dingtalk, "qyapi.weixin.qq.com": wecom, "open.feishu.cn": feishu}


@pytest.fixture
def robots() -> Iterator[Robots]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            here.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, answer, headers = here.answers.pop(0) if here.answers else (200, None, {})
            if answer is None and status == 200:
                answer = self.take(body)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def take(self, body: bytes) -> Any:
            host, path = "webhook", self.path
            if path.startswith("/to/"):
                host, _, path = path.removeprefix("/to/").partition("/")
                path = "/" + path
            if host not in ROBOTS:
                content = body.decode()
                if content.startswith("{"):
                    content = "{title}\n{message}".format_map(json.loads(content))
                here.got.append((host, content))
                return {}
            answer, text = ROBOTS[host](path, json.loads(body))
            if text is not None:
                here.got.append((host, text))
            return answer

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Robots(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()
