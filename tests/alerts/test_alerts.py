"""Who is told of a buyer who waits, when, and how often; on real databases, to robots that check what they get."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from conftest_service import Running, run_service
from fake_robots import DINGTALK, DINGTALK_SECRET, FEISHU, SECRETS, WECOM, Robots
from sqlmodel import Session as Database
from sqlmodel import select

from app.db.tables import ActRow, AlertMessageRow, AlertRow
from app.usecases.acts import record_act
from app.usecases.alert_channels import add_channel
from app.usecases.alert_delivery import (
    LEASE,
    RETRY_AFTER_S,
    Claimed,
    claim_dispatches,
    next_alert_at,
    record_sent,
)
from app.usecases.alert_sending import deliver
from app.usecases.knowledge import Knowledge
from app.usecases.shops import read_shop

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"
LIVE_PAGE = "https://miaohui.example"
QUIET = {"holding": False, "answer": "off"}
"""A policy by which the machine warns at 100 s and at 140 s of 180, and a supervisor is told 60 s after the miss."""


@pytest.fixture
def shop(database_url: str, knowledge: Knowledge, robots: Robots) -> Iterator[Running]:
    """A shop in which the machine says nothing, and alerts reach the fake robots."""
    yield from run_service(database_url, knowledge, robots.settings, policy=QUIET)


def add(running: Running, address: str, **more: Any) -> str:
    settings = {"name": "群", "address": address, "digest_s": 0} | more
    answer = running.ask("POST", "/v1/alerts/channels", json=settings)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def claim(running: Running) -> Claimed:
    service = running.service
    claimed = service.writer.submit(
        lambda db: claim_dispatches(db, service.knowledge, running.clock(), LIVE_PAGE)
    ).result(10)
    with running.db() as db:
        # What the job has looked at is due later or never: it would run in circles otherwise.
        due_at = next_alert_at(db)
    assert not claimed.handled or due_at is None or due_at > running.clock()
    return claimed


def tell(running: Running) -> Claimed:
    """One round of the job, step by step as the job takes them."""
    claimed = claim(running)

    async def send() -> None:
        for dispatch in claimed.dispatches:
            await deliver(running.service, dispatch)

    asyncio.run(send())
    return claimed


def ask(running: Running, buyer: str, text: str = UNKNOWN, **more: Any) -> None:
    running.post(running.message(f"m-{buyer}", text, session=f"s-{buyer}", buyer=buyer, **more))


def reply(running: Running, buyer: str) -> None:
    running.post(running.reply(f"r-{buyer}", session=f"s-{buyer}", buyer=buyer))


def states(running: Running) -> list[str]:
    with running.db() as db:
        return sorted(row.state for row in db.exec(select(AlertRow)))


def wait(running: Running, seconds: float) -> None:
    running.clock.forward(seconds)
    running.run_due()


def test_the_agent_is_told_at_the_warning_and_the_supervisor_after_the_miss(
    shop: Running, robots: Robots
) -> None:
    add(shop, WECOM, name="小林", role="agent", agents=["小林"])
    add(shop, DINGTALK, secret=DINGTALK_SECRET, name="主管群", role="supervisor")
    add(shop, FEISHU, name="老板", role="owner")
    shop.post(
        {
            "id": "a",
            "type": "assigned",
            "at": shop.clock().isoformat(),
            "session": "s-buyer-77",
            "buyer": "buyer-77",
            "agent": "小林",
        }
    )
    ask(shop, "buyer-77", "我的电话13812345678，" + UNKNOWN)
    heard = []
    for seconds in (99, 2, 38, 2, 38, 2, 58, 2, 298, 2):
        wait(shop, seconds)
        tell(shop)
        heard.append([host for host, _ in robots.got])
        robots.got.clear()
    assert heard == [
        [],
        ["qyapi.weixin.qq.com"],
        [],
        ["qyapi.weixin.qq.com"],
        [],
        ["oapi.dingtalk.com"],
        [],
        ["oapi.dingtalk.com"],
        [],
        ["open.feishu.cn"],
    ]
    assert states(shop) == ["sent"] * 5


def test_a_message_says_how_long_and_what_but_not_who(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, role="agent")
    ask(shop, "buyer-77", "我的电话13812345678，" + UNKNOWN)
    wait(shop, 101)
    tell(shop)
    (text,) = robots.texts
    assert text.startswith("【秒回】演示店：1 位买家快到时限")
    assert "已等 1:41，还剩 1:19 买家 bu***77：" in text
    assert UNKNOWN[:8] in text
    assert "13812345678" not in text
    assert "buyer-77" not in text
    assert f"查看：{LIVE_PAGE}" in text


def test_a_buyer_of_another_agent_is_not_told_of(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, role="agent", agents=["小周"])
    ask(shop, "b1")
    wait(shop, 101)
    assert tell(shop).handled == 0
    assert states(shop) == []


def test_an_item_that_was_answered_meanwhile_is_not_told(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, role="agent")
    ask(shop, "b1")
    wait(shop, 101)
    reply(shop, "b1")
    tell(shop)
    assert robots.got == []
    assert states(shop) == ["dropped"]


def test_a_closed_session_is_not_told(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, role="agent")
    ask(shop, "b1")
    wait(shop, 101)
    shop.post(
        {
            "id": "c",
            "type": "session_closed",
            "at": shop.clock().isoformat(),
            "session": "s-b1",
            "buyer": "b1",
        }
    )
    tell(shop)
    assert robots.got == []


def test_the_same_is_told_once_whoever_records_it_again(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, role="agent")
    ask(shop, "b1")
    wait(shop, 101)
    tell(shop)

    def again(db: Database) -> None:
        record_act(
            db, "demo", kind="warned", at=shop.clock(), session="s-b1", buyer="b1", about="m-b1", title="再来"
        )

    shop.service.writer.submit(again).result(10)
    shop.clock.forward(60)
    assert tell(shop).handled == 0
    assert len(robots.got) == 1


def test_what_comes_up_together_is_one_message_with_the_worst_first(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["warned", "missed"], digest_s=60)
    ask(shop, "buyer-old")
    shop.clock.forward(90)
    ask(shop, "buyer-new")
    ask(shop, "buyer-too")
    wait(shop, 101)
    tell(shop)
    (text,) = robots.texts
    title, *lines = text.split("\r\n")[0], *text.split("\r\n")[1].split("\n")
    assert title == "【秒回】演示店：1 位买家超时未回复，2 位买家快到时限"
    assert [line.split("买家 ")[1][:7] for line in lines[:3]] == ["bu***ld", "bu***ew", "bu***oo"]
    assert states(shop) == ["sent"] * 4


def test_things_gather_between_two_messages(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["warned"], digest_s=60)
    ask(shop, "b1")
    shop.clock.forward(10)
    ask(shop, "b2")
    shop.clock.forward(10)
    ask(shop, "b3")
    for _ in range(15):
        wait(shop, 10)
        tell(shop)
    assert [text.count("买家 ") for text in robots.texts] == [1, 2]
    assert states(shop) == ["sent"] * 3


def test_text_messages_keep_the_platforms_limits_and_hold_the_rest(shop: Running, robots: Robots) -> None:
    """At most two an hour, only of buyers who wait over three minutes; what was held is told as a number."""
    add(shop, robots.webhook, kind="sms", occasions=["warned"], role="agent")
    for number in range(5):
        ask(shop, f"b{number}")
        for seconds in (101, 78):
            wait(shop, seconds)
            tell(shop)
        assert len(robots.got) == min(number, 2)
        wait(shop, 2)
        tell(shop)
    assert len(robots.got) == 2
    assert states(shop) == ["held"] * 3 + ["sent"] * 2
    for buyer in ("b0", "b1", "b2", "b3"):
        reply(shop, buyer)
    wait(shop, 3600)
    tell(shop)
    text = robots.texts[2]
    assert "1 位买家" in text
    assert "另有 2 条提醒因发送限额没有发出，现在已有人处理" in text
    assert states(shop) == ["digested"] * 2 + ["sent"] * 3


def test_no_text_message_at_night(database_url: str, knowledge: Knowledge, robots: Robots) -> None:
    """On a platform that counts at every hour."""
    for shop in run_service(database_url, knowledge, robots.settings, policy=QUIET, platform="taojiji"):
        add(shop, robots.webhook, kind="sms", occasions=["missed"])
        shop.clock.forward(12.5 * 3600)
        ask(shop, "b1")
        wait(shop, 1800)
        tell(shop)
        assert robots.got == []
        assert states(shop) == ["held"]
        wait(shop, 7 * 3600)
        tell(shop)
        assert len(robots.got) == 1


def test_a_message_that_fails_is_tried_again_and_given_up_in_the_end(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["missed"])
    robots.answers = [(500, {}, {})] * 20
    ask(shop, "b1")
    wait(shop, 181)
    for seconds in (*RETRY_AFTER_S, 3600):
        tell(shop)
        assert claim(shop).dispatches == ()
        shop.clock.forward(seconds)
    tell(shop)
    assert len(robots.requests) == len(RETRY_AFTER_S) + 1
    assert states(shop) == ["failed"]
    with shop.db() as db:
        acts = [act for act in db.exec(select(ActRow)) if act.kind == "alert_failed"]
    (act,) = acts
    assert act.detail["reasons"] == ["对方返回 500 / status 500"]


def test_a_second_attempt_says_what_holds_by_then(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["missed"])
    robots.answers = [(500, {}, {})]
    ask(shop, "b1")
    ask(shop, "b2")
    wait(shop, 181)
    tell(shop)
    reply(shop, "b1")
    shop.clock.forward(RETRY_AFTER_S[0])
    tell(shop)
    (text,) = robots.texts
    assert text.count("买家 ") == 1
    assert states(shop) == ["dropped", "sent"]


def test_who_dies_between_sending_and_noting_sends_again_so_it_arrives_at_least_once(
    shop: Running, robots: Robots
) -> None:
    add(shop, WECOM, occasions=["missed"])
    ask(shop, "b1")
    wait(shop, 181)
    (lost,) = claim(shop).dispatches
    asyncio.run(shop.service.alert_sender.send(lost.address, lost.title, lost.body))
    shop.clock.forward(LEASE.total_seconds() - 1)
    assert claim(shop).dispatches == ()
    shop.clock.forward(2)
    (again,) = tell(shop).dispatches
    assert again.id == lost.id
    assert len(robots.got) == 2
    shop.service.writer.submit(lambda db: record_sent(db, lost)).result(10)
    shop.clock.forward(3600)
    tell(shop)
    assert len(robots.got) == 2
    assert states(shop) == ["sent"]


def test_what_comes_up_while_a_message_is_under_way_follows_it(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["missed"])
    ask(shop, "b1")
    shop.clock.forward(1)
    ask(shop, "b2")
    shop.clock.forward(180)
    shop.clock.forward(-0.5)
    shop.run_due()
    (first,) = claim(shop).dispatches
    wait(shop, 1)
    assert claim(shop).dispatches == ()
    asyncio.run(deliver(shop.service, first))
    shop.clock.forward(3)
    tell(shop)
    assert [text.count("买家 ") for text in robots.texts] == [1, 1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_processes_claim_a_message_once(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["missed"])
    ask(shop, "b1")
    wait(shop, 181)
    with Database(shop.service.engine) as db:
        first = claim_dispatches(db, shop.service.knowledge, shop.clock())
        second = claim(shop)
        db.commit()
    third = claim(shop)
    assert [len(each.dispatches) for each in (first, second, third)] == [1, 0, 0]


def test_a_reply_that_never_arrived_is_told_even_if_somebody_answered(shop: Running, robots: Robots) -> None:
    add(shop, WECOM)

    def dead(db: Database) -> None:
        record_act(
            db, "demo", kind="dead", at=shop.clock(), session="s1", buyer="b1", about="mh-1", title="没有送达",
            detail={"item": "m1"},
        )  # fmt: skip

    shop.service.writer.submit(dead).result(10)
    tell(shop)
    assert "1 条自动回复没有送达" in robots.texts[0]


def test_a_channel_that_is_switched_off_tells_nothing(shop: Running, robots: Robots) -> None:
    channel = add(shop, WECOM, occasions=["missed"])
    ask(shop, "b1")
    wait(shop, 181)
    assert shop.ask("PATCH", f"/v1/alerts/channels/{channel}", json={"active": False}).status_code == 200
    tell(shop)
    assert robots.got == []
    assert states(shop) == ["dropped"]


def test_a_robot_takes_no_more_than_fits_and_the_rest_is_a_number(shop: Running, robots: Robots) -> None:
    add(shop, WECOM, occasions=["missed"])
    for number in range(60):
        ask(shop, f"buyer-{number:03}")
    wait(shop, 181)
    tell(shop)
    (text,) = robots.texts
    named = text.count("买家 ")
    assert 8 <= named < 60
    assert f"另有 {60 - named} 位买家" in text
    assert states(shop) == ["digested"] * (60 - named) + ["sent"] * named


def test_the_job_tells_by_itself(sqlite_url: str, knowledge: Knowledge, robots: Robots) -> None:
    settings = robots.settings | {"workers_run_jobs": True}
    for shop in run_service(sqlite_url, knowledge, settings, policy=QUIET):
        add(shop, WECOM, occasions=["missed"])
        ask(shop, "b1")
        shop.clock.forward(181)
        for _ in range(200):
            if "sent" in states(shop):
                break
            asyncio.run(asyncio.sleep(0.05))
        assert states(shop) == ["sent"]
        assert len(robots.got) == 1


def test_secrets_appear_in_no_answer_and_no_record(shop: Running, robots: Robots) -> None:
    add(shop, DINGTALK, secret=DINGTALK_SECRET)
    wecom = add(shop, WECOM)
    add(shop, FEISHU)
    hook = add(shop, robots.webhook)
    robots.answers = [(500, {"echo": SECRETS[0]}, {})] * 4
    ask(shop, "b1")
    wait(shop, 181)
    tell(shop)
    answers = [
        shop.ask("GET", "/v1/alerts/channels"),
        shop.ask("GET", "/v1/alerts"),
        shop.ask("POST", f"/v1/alerts/channels/{hook}/test"),
        shop.ask("PATCH", f"/v1/alerts/channels/{wecom}", json={"address": WECOM + "!"}),
        shop.ask("PATCH", f"/v1/alerts/channels/{wecom}", json={"address": WECOM, "secret": DINGTALK_SECRET}),
        shop.ask("POST", "/v1/alerts/channels", json={"name": "x", "address": DINGTALK + "/../x"}),
        shop.ask("GET", "/"),
    ]
    assert [answer.status_code for answer in answers[3:6]] == [422, 422, 422]
    with shop.db() as db:
        kept = [repr(row) for table in (AlertRow, AlertMessageRow, ActRow) for row in db.exec(select(table))]
    text = "\n".join([answer.text for answer in answers] + kept)
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_channel_is_added_changed_tested_and_removed(shop: Running, robots: Robots) -> None:
    channel = add(shop, WECOM, name="主管群")
    path = f"/v1/alerts/channels/{channel}"
    (shown,) = shop.ask("GET", "/v1/alerts/channels").json()["channels"]
    assert shown["address"] == "wecombot://…5aaa"
    assert (shown["kind"], shown["role"], shown["occasions"]) == (
        "wecom",
        "supervisor",
        ["dead", "missed", "escalated"],
    )
    changed = shop.ask("PATCH", path, json={"name": "值班群", "hours": "09:00-21:00"}).json()
    assert (changed["name"], changed["hours"], changed["role"]) == ("值班群", "09:00-21:00", "supervisor")
    assert shop.ask("POST", f"{path}/test").json() == {"sent": True}
    assert "值班群" in robots.texts[0]
    (message,) = shop.ask("GET", "/v1/alerts").json()["messages"]
    assert message["state"] == "sent"
    assert shop.ask("DELETE", path).status_code == 204
    assert shop.ask("GET", "/v1/alerts").json() == {"alerts": [], "messages": []}
    assert shop.ask("DELETE", path).status_code == 404


def test_a_test_message_counts_and_says_what_failed(shop: Running, robots: Robots) -> None:
    channel = add(shop, robots.webhook, kind="sms")
    path = f"/v1/alerts/channels/{channel}/test"
    robots.answers = [(500, {}, {})]
    failed = shop.ask("POST", path)
    assert (failed.status_code, failed.json()["reason"]) == (502, "not_delivered")
    assert "500" in failed.json()["detail"]
    assert shop.ask("POST", path).status_code == 200
    often = shop.ask("POST", path)
    assert (often.status_code, often.json()["reason"]) == (429, "too_often")
    assert 0 < int(often.headers["retry-after"]) <= 3600


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"address": "syslog://"}, "address"),
        ({"address": 3}, "address"),
        ({"name": ""}, "name"),
        ({"name": "一\n行"}, "name"),
        ({"role": "boss"}, "role"),
        ({"kind": "sms"}, "kind"),
        ({"occasions": ["sunshine"]}, "occasions"),
        ({"agents": "小林"}, "agents"),
        ({"after_s": -1}, "after_s"),
        ({"max_per_hour": 0}, "max_per_hour"),
        ({"max_per_day": True}, "max_per_day"),
        ({"hours": "25:00-26:00"}, "hours"),
        ({"hours": 8}, "hours"),
        ({"active": "yes"}, "active"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_channel_cannot_be_is_refused_by_field(
    on_sqlite: Running, settings: dict[str, Any], field: str
) -> None:
    answer = on_sqlite.ask("POST", "/v1/alerts/channels", json={"name": "群", "address": WECOM} | settings)
    assert (answer.status_code, answer.json()["reason"], answer.json()["field"]) == (
        422,
        "bad_channel",
        field,
    )
    assert on_sqlite.ask("GET", "/v1/alerts/channels").json()["channels"] == []


def test_a_channel_that_becomes_another_kind_begins_with_that_kinds_limits(on_sqlite: Running) -> None:
    channel = add(on_sqlite, "https://example.com/hook", role="owner")
    path = f"/v1/alerts/channels/{channel}"
    sms = on_sqlite.ask("PATCH", path, json={"kind": "sms"}).json()
    assert (sms["max_per_hour"], sms["hours"], sms["role"]) == (2, "08:00-24:00", "owner")
    other = on_sqlite.ask(
        "PATCH", path, json={"address": "https://example.com/other", "max_per_hour": 1}
    ).json()
    assert (other["kind"], other["max_per_hour"], other["max_per_day"]) == ("sms", 1, 20)
    robot = on_sqlite.ask("PATCH", path, json={"address": WECOM}).json()
    assert (robot["kind"], robot["max_per_hour"], robot["role"]) == ("wecom", 60, "owner")
    assert on_sqlite.ask("PATCH", path, json={"kind": "sms"}).status_code == 422


def test_a_change_that_is_refused_changes_nothing(on_sqlite: Running) -> None:
    channel = add(on_sqlite, WECOM)
    before = on_sqlite.ask("GET", "/v1/alerts/channels").json()
    assert (
        on_sqlite.ask(
            "PATCH", f"/v1/alerts/channels/{channel}", json={"name": "新", "hours": "x"}
        ).status_code
        == 422
    )
    assert on_sqlite.ask("GET", "/v1/alerts/channels").json() == before


def test_channels_of_one_shop_are_nothing_to_another(on_sqlite: Running) -> None:
    from app.usecases.administration import add_key, add_shop

    service, channel = on_sqlite.service, add(on_sqlite, WECOM)

    def second(db: Database) -> str:
        add_shop(db, service.knowledge, on_sqlite.clock(), shop_id="other", name="别家", platform="douyin")
        shop = read_shop(db, service.knowledge.profiles, "other")
        add_channel(db, shop, {"name": "别家的", "address": FEISHU}, on_sqlite.clock())
        return add_key(db, "other", on_sqlite.clock())

    headers = {"authorization": f"Bearer {service.writer.submit(second).result(10)}"}
    path = f"/v1/alerts/channels/{channel}"
    for method, more in (("PATCH", ""), ("DELETE", ""), ("POST", "/test")):
        answer = on_sqlite.client.request(method, path + more, headers=headers, json={"name": "偷"})
        assert answer.status_code == 404
    listed = on_sqlite.client.get("/v1/alerts/channels", headers=headers).json()["channels"]
    assert [each["name"] for each in listed] == ["别家的"]
