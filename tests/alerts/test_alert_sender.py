"""Messages reach DingTalk, WeCom, Feishu and webhooks as their documents ask, and nothing else in the network."""

from __future__ import annotations

import asyncio
import json
import logging
import smtplib
import socket
import threading
from collections.abc import Iterator

import pytest
from fake_robots import (
    DINGTALK,
    DINGTALK_SECRET,
    DINGTALK_TOKEN,
    FEISHU,
    SECRETS,
    WECOM,
    WECOM_KEY,
    Robots,
)

from app.gateways import alert_sender
from app.gateways.alert_addresses import AddressError, masked, read_address
from app.gateways.alert_sender import AlertSender
from app.gateways.outbound import Failed

TITLE, BODY = "【秒回】演示店：1 位买家快到时限", "1. 已等 1:40，还剩 1:20 买家 b***1：在吗"


def send(robots: Robots, pasted: str, secret: str = "", *, allow: bool = True) -> Failed | None:
    address, _ = read_address(pasted, secret)

    async def run() -> Failed | None:
        settings = robots.settings
        sender = AlertSender(settings["alert_allow"] if allow else (), settings["alert_relays"])
        try:
            return await sender.send(address, TITLE, BODY)
        finally:
            sender.close()

    return asyncio.run(run())


def test_a_signed_dingtalk_robot_takes_the_message(robots: Robots) -> None:
    assert send(robots, DINGTALK, DINGTALK_SECRET) is None
    ((host, text),) = robots.got
    assert (host, text.split("\r\n")) == ("oapi.dingtalk.com", [TITLE, BODY])


@pytest.mark.parametrize(("address", "host"), [(WECOM, "qyapi.weixin.qq.com"), (FEISHU, "open.feishu.cn")])
def test_wecom_and_feishu_take_the_message(robots: Robots, address: str, host: str) -> None:
    assert send(robots, address) is None
    ((got_host, text),) = robots.got
    assert got_host == host
    assert text.split() == f"{TITLE}\n{BODY}".split()


def test_a_webhook_gets_json_with_what_stands_behind_its_question_mark(robots: Robots) -> None:
    assert send(robots, robots.webhook) is None
    ((path, headers, body),) = robots.requests
    assert path == "/hook?key=webhook-key-0123456789"
    assert headers["content-type"] == "application/json"
    sent = json.loads(body)
    assert (sent["title"], sent["message"], sent["type"]) == (TITLE, BODY, "warning")


def test_a_gateway_of_text_messages_gets_its_form(robots: Robots) -> None:
    account, token = "AC" + "0" * 32, "a" * 32
    assert send(robots, f"twilio://{account}:{token}@15551230000/8613800000000") is None
    ((path, _, body),) = robots.requests
    assert path == f"/to/api.twilio.com/2010-04-01/Accounts/{account}/Messages.json"
    assert b"To=%2B8613800000000" in body


@pytest.mark.parametrize(
    ("pasted", "secret", "said"),
    [
        (DINGTALK, "SEC0000000000000000", "310000"),
        (DINGTALK.replace("d1ngta1k", "00000000"), DINGTALK_SECRET, "300001"),
        (WECOM.replace("693a91f6", "00000000"), "", "93000"),
        (FEISHU.replace("f3i5hu", "000000"), "", "19001"),
    ],
)
def test_what_a_robot_refuses_with_status_200_has_failed(
    robots: Robots, pasted: str, secret: str, said: str
) -> None:
    result = send(robots, pasted, secret)
    assert result is not None
    assert said in result.error
    assert robots.got == []


def test_an_answer_that_is_no_robots_has_failed(robots: Robots) -> None:
    robots.answers = [(200, b"<html>login</html>", {})]
    result = send(robots, WECOM)
    assert result is not None
    assert robots.got == []


def test_a_redirect_is_a_failure_and_is_not_followed(robots: Robots) -> None:
    robots.answers = [(302, {}, {"location": f"http://{robots.here}/elsewhere"})]
    result = send(robots, robots.webhook)
    assert result is not None
    assert "302" in result.error
    assert len(robots.requests) == 1


def test_a_service_may_ask_us_to_wait(robots: Robots) -> None:
    robots.answers = [(429, {}, {"retry-after": "77"})]
    result = send(robots, robots.webhook)
    assert result is not None
    assert result.retry_after_s == 77


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://0x7f000001:{port}/",
        "http://2130706433:{port}/",
        "http://[::1]:{port}/",
        "http://0.0.0.0:{port}/",
        "bark://127.0.0.1:{port}/key12345",
        "ntfy://127.0.0.1:{port}/topic",
        "mailto://user:password@127.0.0.1:{port}?to=a@b.example&from=c@d.example",
        "mailtos://user:password@example.com:{port}?smtp=localhost&to=a@b.example",
    ],
)
def test_internal_addresses_are_refused_unless_an_operator_allowed_the_exact_pair(
    robots: Robots, url: str
) -> None:
    result = send(robots, url.format(port=robots.port), allow=False)
    assert result is not None
    assert "MIAOHUI_ALERT_ALLOW" in result.error
    assert robots.requests == []


def test_a_relay_is_judged_too(robots: Robots) -> None:
    result = send(robots, WECOM, allow=False)
    assert result is not None
    assert "MIAOHUI_ALERT_ALLOW" in result.error


def test_proxies_of_the_environment_play_no_part(robots: Robots, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://{robots.here}")
    assert send(robots, robots.webhook.replace("127.0.0.1", "192.0.2.1")) is not None
    assert robots.requests == []


@pytest.fixture
def dribbling() -> Iterator[int]:
    """Takes a connection and then sends one byte of a header now and then, for ever."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        line, _ = listening.accept()
        with line:
            try:
                line.sendall(b"HTTP/1.1 200 OK\r\nx-")
                while not stop.wait(0.05):
                    line.sendall(b"a")
            except OSError:
                ended.set()

    ended = threading.Event()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    assert ended.wait(10), "the connection was left open"
    stop.set()
    thread.join(10)
    listening.close()


def test_who_dribbles_is_cut_off_and_the_connection_ends(
    dribbling: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_sender, "TOTAL_TIMEOUT_S", 0.5)

    async def run() -> Failed | None:
        sender = AlertSender({f"127.0.0.1:{dribbling}"})
        try:
            return await sender.send(f"json://127.0.0.1:{dribbling}/", TITLE, BODY)
        finally:
            sender.close()

    result = asyncio.run(run())
    assert result is not None
    assert "timed out" in result.error


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "not an address",
        "syslog://",
        "dbus://",
        "gnome://",
        "macosx://",
        "windows://",
        "file:///etc/passwd",
        "exec://ls",
        "wecom://123456",
        "apprise://host/token",
        "jsons://example.com/?attach=/etc/passwd",
        "jsons://example.com/?redirect=yes",
        "jsons://example.com/?verify=no",
        "jsons://example.com/?template=/etc/passwd",
        "ntfy://topic?attach=file:///etc/passwd",
        "mailtos://a:b@example.com?pgp=sign&pgpprv=/etc/passwd",
        "bark://api.day.app/key12345?image=http://127.0.0.1/",
        "dingtalk://",
        "dingtalk://no!token/",
        "https://user@/",
    ],
)
def test_what_is_no_address_of_a_supported_service_is_refused(pasted: str) -> None:
    with pytest.raises(AddressError) as refused:
        read_address(pasted)
    assert "passwd" not in str(refused.value)


def test_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(AddressError) as refused:
        read_address(f"dingtalk://{DINGTALK_TOKEN}!/")
    assert DINGTALK_TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        (DINGTALK, "dingtalk://…6789"),
        (WECOM, "wecombot://…5aaa"),
        ("https://example.com/a/b?k=v", "jsons://example.com/…"),
        ("mailtos://me:secret@qq.com?to=you@qq.com", "mailtos://qq.com/…"),
        ("ntfy://topic-name", "ntfy://…"),
    ],
)
def test_of_an_address_only_so_much_is_shown(pasted: str, shown: str) -> None:
    assert masked(read_address(pasted)[0]) == shown


def test_neither_failures_nor_logs_repeat_a_secret(robots: Robots, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.INFO)
    said = []
    for pasted, secret in ((DINGTALK, DINGTALK_SECRET), (WECOM, ""), (FEISHU, ""), (robots.webhook, "")):
        echo = json.dumps(
            {"errcode": 1, "errmsg": f"bad {pasted}", "code": 1, "msg": f"bad {pasted}"}
        ).encode()
        for answer in ((500, echo, {}), (200, echo, {})):
            robots.answers = [answer]
            result = send(robots, pasted, secret)
            said.append(result.error if result else "")
        said.append(repr(send(robots, pasted, secret, allow=False)))
    text = "\n".join(said) + caplog.text
    assert WECOM_KEY not in text
    assert [secret for secret in SECRETS if secret in text] == []


class MailServer(threading.Thread):
    """A mail server that takes one message."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.said: list[str] = []
        self.start()

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def run(self) -> None:
        line, _ = self.listening.accept()
        with line, line.makefile("rwb") as file:

            def say(text: str) -> None:
                file.write(text.encode() + b"\r\n")
                file.flush()

            say("220 here")
            in_data = False
            for raw in file:
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                self.said.append(text)
                if in_data:
                    if text == ".":
                        in_data = False
                        say("250 taken")
                    continue
                word = text.split(" ")[0].upper()
                in_data = word == "DATA"
                say({"DATA": "354 go on", "QUIT": "221 bye"}.get(word, "250 ok"))
                if word == "QUIT":
                    break
        self.listening.close()


def test_mail_goes_through_the_named_server_as_plain_text() -> None:
    server = MailServer()
    address, _ = read_address(
        f"mailto://127.0.0.1:{server.port}?from=miaohui@shop.example&to=boss@shop.example&mode=insecure"
    )

    async def run() -> Failed | None:
        sender = AlertSender({f"127.0.0.1:{server.port}"})
        try:
            return await sender.send(address, TITLE, BODY)
        finally:
            sender.close()

    assert asyncio.run(run()) is None
    server.join(10)
    text = "\n".join(server.said)
    assert "RCPT TO:<boss@shop.example>" in text.replace("rcpt", "RCPT")
    assert "text/plain" in text


def test_elsewhere_mail_and_requests_are_what_they_always_were() -> None:
    assert smtplib.SMTP.__module__ == "smtplib"
    assert socket.create_connection.__module__ == "socket"
