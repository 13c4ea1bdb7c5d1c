"""A dry run on logs with a known outcome: what would have been said newly, no longer or differently, and what would have come of it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running
from sqlmodel import SQLModel, select

from app.db.tables import OutboxRow
from app.usecases.act_on_due import next_due_at
from app.usecases.administration import add_key, add_shop
from app.usecases.rehearse_policy import rehearse_policy
from app.usecases.shops import read_shop

SURE = "什么时候发货"
"""A message that the starter bank answers with certainty."""
UNKNOWN = "嗯那个东西上次说的那样行不行呀"


@pytest.fixture
def shop(on_sqlite: Running) -> Running:
    """A shop on 快手 whose measure counts only people; its clock stands at noon."""
    return on_sqlite


def dry_run(running: Running, changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = running.ask("POST", "/v1/policy/dry-run", json={"changes": changes} | more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def live(running: Running, seconds: float) -> None:
    """Time passes, and what falls due is done when it is due."""
    until = running.clock() + timedelta(seconds=seconds)
    while True:
        with running.db() as db:
            due = next_due_at(db)
        if due is None or due > until:
            break
        running.clock.now = max(due, running.clock())
        running.run_due()
    running.clock.now = until


def waits(running: Running, number: int, text: str = SURE, *, answered_after: float | None = None) -> None:
    """A buyer writes, and perhaps a person answers; ten minutes later all is over."""
    where = {"session": f"s{number}", "buyer": f"b{number}"}
    running.post(running.message(f"m{number}-{running.sent}", text, **where))
    if answered_after is not None:
        live(running, answered_after)
        running.post(running.reply(f"a{number}", "人说的话", **where))
    live(running, 600)


def test_the_present_policy_makes_no_difference(shop: Running) -> None:
    waits(shop, 1)
    waits(shop, 2, answered_after=30)
    waits(shop, 3, UNKNOWN)
    report = dry_run(shop, {})
    assert (report["same"], report["differing"], report["examples"], report["changes"]) == (True, {}, [], [])
    assert report["before"] == report["after"]
    assert (report["messages"], report["buyers"], report["left_out"]) == (4, 3, 0)


def test_the_present_policy_says_in_the_dry_run_what_it_said_in_life(shop: Running) -> None:
    waits(shop, 1)
    waits(shop, 2, answered_after=30)
    waits(shop, 3, UNKNOWN)
    with shop.db() as db:
        said = {(row.item_id, row.purpose, row.text) for row in db.exec(select(OutboxRow))}
    report = dry_run(shop, {"answer": "off", "holding": False, "off_hours": False, "welcome": False})
    gone = {
        (example["message"], said["purpose"], said["text"])
        for example in report["examples"]
        for said in example["before"]["said"]
    }
    assert gone == said
    assert {example["kind"] for example in report["examples"]} <= {"gone"}


def test_greetings_and_words_for_off_hours_are_said_as_in_life(shop: Running) -> None:
    shop.ask("PATCH", "/v1/policy", json={"changes": {"welcome": True}})
    waits(shop, 1, "在吗")
    waits(shop, 1, "在吗")
    shop.post({"id": "off", "type": "agent_offline", "agent": "小林", "at": shop.clock().isoformat()})
    shop.clock.forward(1)
    waits(shop, 2, UNKNOWN)
    with shop.db() as db:
        said = Counter(row.purpose for row in db.exec(select(OutboxRow)))
    assert {"welcome", "off_hours"} <= set(said)
    report = dry_run(shop, {"welcome": False, "off_hours": False})
    greetings = ("welcome", "off_hours")
    assert [report["before"]["said"][name] for name in greetings] == [said[name] for name in greetings]
    assert not set(greetings) & set(report["after"]["said"])


def test_the_kill_switch_takes_everything_away_and_gives_the_reason(shop: Running) -> None:
    waits(shop, 1)
    report = dry_run(shop, {"robot_on": False})
    assert sum(report["before"]["said"].values()) == 1
    assert report["after"]["said"] == {}
    assert report["differing"] == {"gone": 1}
    (example,) = report["examples"]
    assert (example["asked"], example["after"]["code"]) == (SURE, "switched_off")
    assert example["after"]["reasons"]
    assert report["changes"] == [{"knob": "robot_on", "before": True, "after": False}]


def test_answers_at_once_are_new_where_people_were_quick(shop: Running) -> None:
    waits(shop, 1, answered_after=30)
    report = dry_run(shop, {"answer": "at_once"})
    assert report["before"]["said"] == {}
    assert report["after"]["said"] == {"answer": 1}
    (example,) = report["examples"]
    assert example["kind"] == "new"
    (said,) = example["after"]["said"]
    assert said["at"] == "2026-11-22T04:00:00+00:00"
    assert said["reasons"]


def test_a_person_who_answered_in_time_ends_the_wait(shop: Running) -> None:
    waits(shop, 1, answered_after=30)
    waits(shop, 2, answered_after=120)
    waits(shop, 3)
    shop.ask("PATCH", "/v1/policy", json={"changes": {"robot_on": False}})
    report = dry_run(shop, {"warn_after_s": 20})
    assert (report["before"]["steps"]["warn"], report["after"]["steps"]["warn"]) == (2, 3)
    assert report["before"]["steps"]["miss"] == report["after"]["steps"]["miss"] == 1
    assert report["differing"] == {}
    assert report["same"] is False


def test_other_words_are_told_as_changed(shop: Running) -> None:
    shop.ask("POST", "/v1/phrases", json={"id": "ours", "text": "亲，客服马上就来，请您稍等"})
    waits(shop, 1, UNKNOWN)
    before = dry_run(shop, {"answer": "off"})
    assert before["before"]["said"] == before["after"]["said"] == {"holding": 1}
    report = dry_run(shop, {"holding_phrases": ["ours"]})
    (example,) = report["examples"]
    assert (example["kind"], example["after"]["said"][0]["text"]) == ("changed", "亲，客服马上就来，请您稍等")


def test_the_measure_rises_only_where_the_platform_counts_the_machine(shop: Running) -> None:
    def rates(platform: str) -> tuple[dict[str, Any], dict[str, Any]]:
        def make(db: Any) -> str:
            name = platform.replace("_", "-")
            add_shop(db, shop.service.knowledge, shop.clock(), shop_id=name, name="店", platform=platform)
            return add_key(db, name, shop.clock())

        key = shop.service.writer.submit(make).result(20)
        headers = {"authorization": f"Bearer {key}"}
        events = [shop.message("h1", SURE), shop.reply("h2", "好的", at=shop.clock().isoformat())]
        events[1]["at"] = "2026-11-22T04:00:01+00:00"
        events.append(shop.message("h3", UNKNOWN) | {"at": "2026-11-22T04:05:00+00:00"})
        shop.client.post("/v1/events", json=events, headers=headers)
        body = {"changes": {"holding": False, "answer": "off"}}
        shop.clock.forward(3600)
        report = shop.client.post("/v1/policy/dry-run", json=body, headers=headers).json()
        return report["before"]["measure"], report["after"]["measure"]

    platforms = shop.service.knowledge.profiles
    counting = [
        name
        for name, profile in platforms.items()
        if profile.primary_reply.edition_on(shop.clock().date()) is not None
        and profile.primary_reply.edition_on(shop.clock().date()).definition.robot.value != "ignore"  # type: ignore[union-attr]
    ]
    assert counting
    for name in platforms:
        before, after = rates(name)
        assert (before["numerator"] > after["numerator"]) is (name in counting), name


def test_words_of_buyers_are_masked(shop: Running) -> None:
    waits(shop, 1, "我的电话13812345678，什么时候发货")
    report = dry_run(shop, {"robot_on": False})
    assert report["differing"] == {"gone": 1}
    assert "13812345678" not in str(report["examples"])


def test_what_the_machine_really_said_does_not_count_as_given(shop: Running) -> None:
    """Even when the console echoes it: with the machine off, nobody answered."""
    waits(shop, 1)
    with shop.db() as db:
        (row,) = db.exec(select(OutboxRow)).all()
    shop.post(shop.reply("echo", row.text, session="s1", buyer="b1", echo_of=row.id, sender="robot_assist"))
    report = dry_run(shop, {"robot_on": False})
    assert report["messages"] == 1
    assert report["after"]["measure"]["numerator"] == 0


def test_it_counts_today_and_the_days_before_and_nothing_else(shop: Running) -> None:
    waits(shop, 1)
    shop.clock.forward(24 * 3600)
    waits(shop, 2)
    shop.clock.forward(24 * 3600)
    assert dry_run(shop, {"robot_on": False}, days=1)["buyers"] == 1
    assert dry_run(shop, {"robot_on": False}, days=2)["buyers"] == 2
    report = dry_run(shop, {"robot_on": False}, days=1)
    assert report["since"] == "2026-11-23T00:00:00+08:00"


def test_examples_are_bounded_and_the_rest_is_counted(shop: Running) -> None:
    at = shop.clock().isoformat()
    events = [
        {**shop.message(f"m{n}", SURE), "session": f"s{n}", "buyer": f"b{n}", "at": at} for n in range(60)
    ]
    shop.post(events)
    shop.clock.forward(600)
    report = dry_run(shop, {"robot_on": False})
    assert (len(report["examples"]), report["more"], report["differing"]) == (50, 10, {"gone": 60})


def test_nothing_is_written(shop: Running) -> None:
    waits(shop, 1)

    def everything() -> dict[str, list[Any]]:
        with shop.service.engine.connect() as connection:
            return {
                name: sorted(map(repr, connection.execute(select(table))))
                for name, table in SQLModel.metadata.tables.items()
            }

    before = everything()
    dry_run(shop, {"answer": "at_once", "robot_on": False})
    assert everything() == before


def test_it_ends_when_its_time_is_up_and_says_for_how_many_there_was_none(shop: Running) -> None:
    for number in range(4):
        waits(shop, number)
    asked = iter([False] * 8 + [True] * 10)
    service = shop.service
    with shop.db() as db:
        policy = read_shop(db, service.knowledge.profiles, "demo").policy
        report = rehearse_policy(
            db, service.knowledge, "demo", policy, shop.clock(), stop=lambda: next(asked)
        )
    assert (report.buyers, report.left_out) == (2, 2)
    assert report.same


def test_a_policy_that_could_not_be_saved_is_not_tried_either(shop: Running) -> None:
    answer = shop.ask("POST", "/v1/policy/dry-run", json={"changes": {"hold_before_s": -1}})
    assert (answer.status_code, answer.json()["reason"]) == (422, "bad_policy")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"policy": {}, "changes": {}},
        {"changes": {}, "days": 0},
        {"changes": {}, "days": 32},
        {"changes": []},
    ],
)
def test_a_body_of_another_shape_is_refused(shop: Running, body: dict[str, Any]) -> None:
    assert shop.ask("POST", "/v1/policy/dry-run", json=body).status_code == 422


def test_one_shop_sees_nothing_of_anothers_log(shop: Running) -> None:
    waits(shop, 1)

    def second(db: Any) -> str:
        add_shop(db, shop.service.knowledge, shop.clock(), shop_id="other", name="别家", platform="kuaishou")
        return add_key(db, "other", shop.clock())

    headers = {"authorization": f"Bearer {shop.service.writer.submit(second).result(20)}"}
    body = {"changes": {"robot_on": False}}
    report = shop.client.post("/v1/policy/dry-run", json=body, headers=headers).json()
    assert (report["messages"], report["examples"]) == (0, [])


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_log_the_present_policy_makes_no_difference(shop: Running, seed: int) -> None:
    chance = random.Random(seed)
    texts = (SURE, UNKNOWN, "谢谢", "转人工", "投诉你们", "在吗", "有货吗", "")
    at = shop.clock()
    events: list[dict[str, Any]] = []
    for number in range(60):
        shop.clock.forward(chance.choice((1, 5, 30, 120, 200)))
        where = {"session": f"s{chance.randrange(5)}", "buyer": f"b{chance.randrange(3)}"}
        where["session"] = f"{where['buyer']}-{where['session']}"
        match chance.randrange(6):
            case 0:
                events.append(shop.reply(f"e{number}", "人说的话", **where))
            case 1:
                kind = chance.choice(("session_closed", "handover", "session_opened", "assigned"))
                more = {"agent": "小林"} if kind == "assigned" else {}
                events.append(
                    {"id": f"e{number}", "type": kind, "at": shop.clock().isoformat()} | where | more
                )
            case 2:
                events.append(shop.message(f"e{number}", "机器说的", **where) | {"sender": "robot"})
            case _:
                events.append(shop.message(f"e{number}", chance.choice(texts), **where))
    chance.shuffle(events)
    shop.post(events)
    assert shop.clock() > at
    report = dry_run(shop, {})
    assert report["same"] is True
    assert report["before"] == report["after"]
