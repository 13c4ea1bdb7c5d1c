"""Service hours, roster, routing and who is there, as callers see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running, run_service

from app.core.service_hours import WEEKDAYS
from app.db.tables import ShopRow
from app.usecases.administration import add_key, add_shop
from app.usecases.knowledge import Knowledge
from app.usecases.shops import read_shop
from app.usecases.standing import count_anew

WEEK: dict[str, Any] = {day: ["09:00-22:00"] for day in WEEKDAYS}
"""The test's clock stands at noon of a Sunday in Shanghai."""


def put(running: Running, path: str, document: Any) -> Any:
    answer = running.ask("PUT", path, json=document)
    assert answer.status_code == 200, answer.text
    return answer.json()


def online(running: Running, *agents: str, on: bool = True) -> None:
    kind = "agent_online" if on else "agent_offline"
    running.clock.forward(1)
    at = running.clock().isoformat()
    running.post([{"id": f"{kind}-{agent}-{at}", "type": kind, "at": at, "agent": agent} for agent in agents])


def decision(running: Running, event: dict[str, Any]) -> dict[str, Any]:
    running.clock.forward(1)
    found = running.post(event | {"at": running.clock().isoformat()}).json()["results"][0]["decision"]
    assert isinstance(found, dict)
    return found


def advice(running: Running, event_id: str, buyer: str = "b1", **more: Any) -> dict[str, Any]:
    session = more.pop("session", f"s-{buyer}")
    found = decision(running, running.message(event_id, buyer=buyer, session=session, **more))[
        "routing_advice"
    ]
    assert isinstance(found, dict)
    return found


def test_hours_are_not_set_until_somebody_sets_them(running: Running) -> None:
    before = running.ask("GET", "/v1/service-hours").json()
    assert before["state"] == {
        "open": None, "code": "unknown", "reason": "店铺没有设置服务时间",
        "opens_at": None, "closes_at": None, "calendar_known": True,
    }  # fmt: skip
    put(running, "/v1/service-hours", {"week": WEEK})
    after = running.ask("GET", "/v1/service-hours").json()
    assert after["state"]["open"] is True
    assert after["state"]["closes_at"] == "2026-11-22T22:00:00+08:00"
    assert after["hours"]["week"]["sun"] == ["09:00-22:00"]


def test_what_is_wrong_is_told_all_at_once_and_nothing_changes(on_sqlite: Running) -> None:
    put(on_sqlite, "/v1/service-hours", {"week": WEEK})
    answer = on_sqlite.ask(
        "PUT", "/v1/service-hours", json={"week": {"sun": ["25:00-26:00"], "mo": []}, "x": 1}
    )
    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_document")
    assert [fault["where"] for fault in answer.json()["faults"]] == ["x", "week.mo", "week.sun[0]"]
    assert on_sqlite.ask("GET", "/v1/service-hours").json()["hours"]["week"]["sun"] == ["09:00-22:00"]
    answer = on_sqlite.ask("PUT", "/v1/roster", json={"default_group": "x"})
    assert answer.json()["faults"][0]["where"] == "default_group"
    assert on_sqlite.ask("GET", "/v1/roster").json()["roster"]["default_group"] is None


def test_the_calendar_s_end_is_said_in_time(on_sqlite: Running) -> None:
    answer = put(on_sqlite, "/v1/service-hours", {"week": WEEK, "holidays": {"calendar": "china"}})
    on_sqlite.clock.now += timedelta(days=366 * 20)
    later = on_sqlite.ask("GET", "/v1/service-hours").json()
    assert all("放假安排" in warning for warning in answer["warnings"])
    assert later["warnings"]
    assert later["state"]["calendar_known"] is False


def test_a_buyer_comes_back_to_his_agent(running: Running) -> None:
    online(running, "小林", "阿美")
    running.post(running.message("m0", session="old", buyer="b1"))
    running.post(running.reply("r0", session="old", buyer="b1", agent="阿美"))
    found = advice(running, "m1")
    assert (found["agent"], found["rule"], found["group"]) == ("阿美", "returning", None)
    assert found["reason"] == "72 小时内由同一位客服接待过"
    put(running, "/v1/roster", {"returning_buyer_hours": 0})
    assert advice(running, "m2", session="s3")["rule"] == "least_loaded"


def test_the_least_loaded_of_the_group_that_the_order_selects(running: Running) -> None:
    put(
        running,
        "/v1/roster",
        {
            "agents": [{"id": "小林", "groups": ["售前"]}, {"id": "阿美", "groups": ["售后"], "limit": 1}],
            "groups": [
                {"id": "售前"},
                {"id": "售后", "select": {"order_states": ["退款中"]}, "offline": "leave"},
            ],
            "default_group": "售前",
        },
    )
    online(running, "小林", "阿美")
    assert advice(running, "m1", "b1")["agent"] == "小林"
    found = advice(running, "m2", "b2", order_state="退款中")
    assert (found["agent"], found["group"]) == ("阿美", "售后")
    decision(running, running.reply("r2", agent="阿美", buyer="b2", session="s-b2"))
    full = advice(running, "m3", "b3", order_state="退款中")
    assert (full["agent"], full["rule"]) == (None, "full")
    assert full["hints"] == ["阿美 已到上限 1/1 位，顾得过来可调到 2 位"]
    online(running, "阿美", on=False)
    gone = advice(running, "m4", "b4", order_state="退款中")
    assert (gone["agent"], gone["rule"], gone["offline"]) == (
        None,
        "offline",
        {"rule": "leave", "agent": None},
    )


def test_a_session_that_fell_silent_takes_up_nobody(running: Running) -> None:
    online(running, "小林")
    running.post(running.message("m0", session="old", buyer="b9"))
    running.post(running.reply("r0", session="old", buyer="b9"))

    def load() -> int:
        [agent] = running.ask("GET", "/v1/agents").json()["agents"]
        assert isinstance(agent["load"], int)
        return agent["load"]

    assert load() == 1
    running.clock.forward(21 * 60)
    assert load() == 0
    running.post(running.message("m1", session="old", buyer="b9"))
    running.clock.forward(3600)
    assert load() == 1


def test_who_should_be_there_and_is_not(running: Running) -> None:
    shifts = {"小林": {"week": WEEK}, "阿美": {"week": WEEK, "days": {"2026-11-22": []}}}
    put(running, "/v1/service-hours", {"week": WEEK, "shifts": shifts})
    put(running, "/v1/roster", {"agents": [{"id": "小林", "name": "林小雨", "limit": 3}]})
    found = running.ask("GET", "/v1/agents").json()
    assert found["open"] is True
    assert [(each["agent"], each["name"], each["on_shift"], each["online"]) for each in found["agents"]] == [
        ("小林", "林小雨", True, False),
        ("阿美", "阿美", False, False),
    ]
    assert found["hints"] == ["小林 在班但不在线，可请上线"]
    online(running, "小林")
    assert running.ask("GET", "/v1/agents").json()["hints"] == []


def test_what_was_said_before_goes_with_the_buyer(running: Running) -> None:
    running.post(running.message("m0", "少发了一件", session="old", buyer="b1", order_no="20261122123456"))
    decision(running, running.reply("r0", "登记了，今天内给您答复", session="old", buyer="b1", agent="阿美"))
    found = advice(running, "m1", text="在吗，电话13800001111")["summary"]
    assert found["open_questions"] == ["少发了一件", "在吗，电话[隐去]"]
    assert [each["text"] for each in found["promises"]] == ["登记了，今天内给您答复"]
    assert found["orders"] == ["…3456"]
    waiting = {each["session"]: each for each in running.ask("GET", "/v1/sessions").json()["sessions"]}
    assert waiting["s-b1"]["summary"]["promises"] == found["promises"]
    assert advice(running, "m2", "b2")["summary"] is None


def test_a_hand_over_asks_for_an_agent_too(on_sqlite: Running) -> None:
    online(on_sqlite, "小林")
    on_sqlite.post(on_sqlite.message("m0"))
    on_sqlite.post(on_sqlite.reply("r0", "请稍等", sender="robot", agent=None))
    found = decision(on_sqlite, {"id": "h0", "type": "handover", "session": "s1", "buyer": "b1"})
    assert found["routing_advice"]["agent"] == "小林"


def test_outside_the_hours_a_buyer_hears_when_somebody_will_be_there(on_sqlite: Running) -> None:
    online(on_sqlite, "小林")
    body = {"id": "offhours-when", "text": "亲，客服{opens}上班，看到会第一时间回您", "category": "问候"}
    assert on_sqlite.ask("POST", "/v1/phrases", json=body).status_code == 201

    def say(db: Any) -> None:
        row = db.get(ShopRow, "demo")
        row.policy = row.policy | {"off_hours_phrases": ["offhours-when"]}
        db.add(row)

    on_sqlite.service.writer.submit(say).result(10)
    put(on_sqlite, "/v1/service-hours", {"week": WEEK})
    assert decision(on_sqlite, on_sqlite.message("m1"))["auto_reply"] is None
    closing = {"from": "2026-11-22T12:00:00+08:00", "until": "2026-11-22T14:30:00+08:00", "reason": "盘点"}
    put(on_sqlite, "/v1/service-hours", {"week": WEEK, "closings": [closing]})
    told = decision(on_sqlite, on_sqlite.message("m2", session="s2", buyer="b2"))["auto_reply"]
    assert told["purpose"] == "off_hours"
    assert "今天 14:30" in told["text"]


@pytest.fixture
def by_person(database_url: str, knowledge: Knowledge) -> Iterator[Running]:
    yield from run_service(database_url, knowledge, platform="douyin")


def test_days_that_the_platform_does_not_assess_stop_the_clock_and_the_count(by_person: Running) -> None:
    by_person.post(by_person.message("m1"))

    def waiting() -> list[bool]:
        return [each["counted"] for each in by_person.ask("GET", "/v1/sessions").json()["sessions"]]

    def counted() -> int:
        [line] = [
            each
            for each in by_person.ask("GET", "/v1/measures").json()["measures"]
            if each["metric"] == by_person.service.knowledge.profiles["douyin"].primary_reply.id
        ]
        return int(line["settled"]["denominator"])

    assert (waiting(), counted()) == ([True], 1)
    put(
        by_person,
        "/v1/service-hours",
        {"suspended": [{"from": "2026-11-22", "to": "2026-11-23", "note": "公告"}]},
    )
    assert (waiting(), counted()) == ([False], 0)
    found = decision(by_person, by_person.message("m2", buyer="b2", session="s2"))["clock"]
    assert (found["counted"], found["reason_uncounted"]) == (False, "suspended")
    by_person.clock.forward(600)
    by_person.run_due()
    assert waiting() == [False, False]
    assert counted() == 0
    put(by_person, "/v1/service-hours", {})
    assert (waiting(), counted()) == ([True, True], 2)


@pytest.fixture
def without_leaves(database_url: str, knowledge: Knowledge) -> Iterator[Running]:
    """A shop on 京东, which does not assess messages that were left while nobody was there."""
    yield from run_service(database_url, knowledge, platform="jd")


def test_what_is_left_while_the_shop_is_closed_and_nobody_is_online_is_not_assessed(
    without_leaves: Running,
) -> None:
    running = without_leaves
    put(running, "/v1/service-hours", {"week": {"mon": ["09:00-22:00"]}})

    def clock(event_id: str, **more: Any) -> tuple[bool, str | None]:
        event = running.message(event_id, buyer=event_id, session=f"s-{event_id}", **more)
        found = decision(running, event)["clock"]
        return found["counted"], found["reason_uncounted"]

    assert clock("m0") == (True, None)
    online(running, "小林")
    assert clock("m1") == (True, None)
    online(running, "小林", on=False)
    assert clock("m2") == (False, "offline_leave")
    assert clock("m3", offline=False) == (True, None)

    def counted() -> int:
        lines = running.ask("GET", "/v1/measures").json()["measures"]
        return int(
            next(line for line in lines if line["metric"] == "first_reply_30s")["settled"]["denominator"]
        )

    assert counted() == 3
    put(running, "/v1/service-hours", {})
    shop_counts = running.service.writer.submit(
        lambda db: count_anew(db, read_shop(db, running.service.knowledge.profiles, "demo"), running.clock())
    ).result(30)
    assert shop_counts > 0
    assert counted() == 3


def test_the_hours_of_one_shop_are_not_another_s(on_sqlite: Running, knowledge: Knowledge) -> None:
    def second(db: Any) -> str:
        add_shop(db, knowledge, on_sqlite.clock(), shop_id="other", name="别家", platform="kuaishou")
        return add_key(db, "other", on_sqlite.clock())

    other = {"authorization": f"Bearer {on_sqlite.service.writer.submit(second).result(10)}"}
    put(on_sqlite, "/v1/service-hours", {"week": WEEK, "shifts": {"canary": {"week": WEEK}}})
    put(on_sqlite, "/v1/roster", {"agents": [{"id": "canary"}]})
    for path in ("/v1/service-hours", "/v1/roster", "/v1/agents"):
        assert "canary" in on_sqlite.ask("GET", path).text
        assert "canary" not in on_sqlite.client.get(path, headers=other).text
