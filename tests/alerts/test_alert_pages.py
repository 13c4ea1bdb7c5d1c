"""The pages of alert channels, as a browser without a script uses them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest_service import Running, run_service
from fake_robots import DINGTALK, DINGTALK_SECRET, SECRETS, WECOM, Robots

from app.usecases.administration import add_key
from app.usecases.knowledge import Knowledge


@pytest.fixture
def signed_in(sqlite_url: str, knowledge: Knowledge, robots: Robots) -> Iterator[Running]:
    for running in run_service(sqlite_url, knowledge, robots.settings):
        assert running.client.post("/sign-in", data={"key": running.key}).status_code == 200
        yield running


def token(running: Running) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', running.client.get("/alerts/new").text)
    assert found is not None
    return found[1]


def send(running: Running, action: str, **fields: Any) -> Any:
    data = {"token": token(running)} | fields
    return running.client.post(f"/alerts/{action}", data=data, headers={"sec-fetch-site": "same-origin"})


def channels(running: Running) -> list[dict[str, Any]]:
    found = running.ask("GET", "/v1/alerts/channels").json()["channels"]
    assert isinstance(found, list)
    return found


def test_a_channel_is_added_tried_changed_switched_and_removed(signed_in: Running, robots: Robots) -> None:
    assert "还没有渠道" in signed_in.client.get("/alerts").text
    page = send(signed_in, "save", name="主管群", address=DINGTALK, secret=DINGTALK_SECRET, role="supervisor")
    assert "已保存" in page.text
    assert "dingtalk://…6789" in page.text
    (channel,) = channels(signed_in)
    page = send(signed_in, "test", id=channel["id"])
    assert "测试消息已送达" in page.text
    assert "已送达</span>" in page.text
    assert len(robots.got) == 1
    form = signed_in.client.get(f"/alerts/edit?id={channel['id']}").text
    assert 'value="主管群"' in form
    changed = {"name": "值班群", "role": "supervisor", "hours": "09:00-21:00", "agents": "小林\n小周"}
    send(signed_in, "save", id=channel["id"], occasions=["missed"], **changed)
    (channel,) = channels(signed_in)
    assert (channel["name"], channel["hours"], channel["agents"]) == (
        "值班群",
        "09:00-21:00",
        ["小周", "小林"],
    )
    assert channel["occasions"] == ["missed"]
    assert "已停用" in send(signed_in, "switch", id=channel["id"], on="0").text
    assert not channels(signed_in)[0]["active"]
    assert "渠道已删除" in send(signed_in, "remove", id=channel["id"]).text
    assert channels(signed_in) == []


def test_a_test_message_that_fails_says_why(signed_in: Running) -> None:
    send(signed_in, "save", name="群", address=DINGTALK, role="owner")
    (channel,) = channels(signed_in)
    page = send(signed_in, "test", id=channel["id"])
    assert page.status_code == 502
    assert "310000" in page.text
    assert [secret for secret in SECRETS if secret in page.text] == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"address": "syslog://"}, "不支持"),
        ({"name": ""}, "名字"),
        ({"max_per_hour": "many"}, "整数"),
        ({"hours": "8-20"}, "HH:MM"),
        ({"sms": "1"}, "webhook"),
    ],
)
def test_a_form_that_is_refused_keeps_what_was_typed(
    signed_in: Running, fields: dict[str, str], said: str
) -> None:
    page = send(signed_in, "save", **({"name": "我们的群", "address": WECOM, "agents": "小林"} | fields))
    assert page.status_code == 422
    text = html.unescape(page.text)
    assert said in text
    assert "小林" in text
    assert channels(signed_in) == []


def test_the_tick_for_text_messages_can_be_taken_back(signed_in: Running) -> None:
    send(signed_in, "save", name="群", address="https://example.com/hook", sms="1")
    (channel,) = channels(signed_in)
    assert (channel["kind"], channel["max_per_hour"]) == ("sms", 2)
    assert 'name="was_sms"' in signed_in.client.get(f"/alerts/edit?id={channel['id']}").text
    shown = {name: str(channel[name]) for name in ("hours", "max_per_hour", "max_per_day")}
    send(signed_in, "save", id=channel["id"], name="群", was_sms="1", **shown)
    (channel,) = channels(signed_in)
    assert (channel["kind"], channel["max_per_hour"]) == ("webhook", 60)


def test_an_address_left_empty_stays(signed_in: Running, robots: Robots) -> None:
    send(signed_in, "save", name="群", address=WECOM, role="owner")
    (channel,) = channels(signed_in)
    send(signed_in, "save", id=channel["id"], name="新群", role="owner", occasions="missed")
    send(signed_in, "test", id=channel["id"])
    assert "新群" in robots.texts[0]


def test_what_a_stranger_names_is_text_and_no_markup(signed_in: Running) -> None:
    send(signed_in, "save", name="<img src=x onerror=alert(1)>", address=WECOM)
    page = signed_in.client.get("/alerts").text
    assert "<img" not in page
    assert "&lt;img" in page


def test_forms_of_others_and_keys_without_the_scope_change_nothing(signed_in: Running) -> None:
    send(signed_in, "save", name="群", address=WECOM)
    (channel,) = channels(signed_in)
    good = token(signed_in)
    for headers, given in (({"sec-fetch-site": "cross-site"}, good), ({}, "0" * 64)):
        data = {"token": given, "id": channel["id"]}
        assert signed_in.client.post("/alerts/remove", data=data, headers=headers).status_code == 403
    service = signed_in.service
    key = service.writer.submit(
        lambda db: add_key(db, "demo", signed_in.clock(), scopes=["dashboard", "phrases"])
    ).result(10)
    signed_in.client.post("/sign-in", data={"key": key})
    for path in ("/alerts", "/alerts/new", f"/alerts/edit?id={channel['id']}"):
        page = signed_in.client.get(path)
        assert page.status_code == 403
        assert "alerts 权限" in page.text
    assert len(channels(signed_in)) == 1


def test_pages_ask_for_a_sign_in(on_sqlite: Running) -> None:
    for path in ("/alerts", "/alerts/new", "/alerts/edit?id=x"):
        assert on_sqlite.client.get(path, follow_redirects=False).headers["location"] == "/sign-in"


def test_a_channel_that_is_not_there_is_404(signed_in: Running) -> None:
    assert signed_in.client.get("/alerts/edit?id=nothing").status_code == 404
    for action in ("test", "switch", "remove"):
        assert send(signed_in, action, id="nothing").status_code == 404
