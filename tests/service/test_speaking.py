"""What the machine says, holds back and puts off, through the webhook and on the test's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running, run_service
from sqlmodel import select

from app.db.tables import ActRow, DeadlineRow, OutboxRow, ShopRow
from app.usecases.deliver import Attempt, claim_letters, record_attempts
from app.usecases.knowledge import Knowledge
from phrasebank import starter_bank

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"
"""Nothing that a bank answers with confidence."""
NOTE = "已自动回复，人工计时仍在走"


def shop(url: str, knowledge: Knowledge, **policy: Any) -> Iterator[Running]:
    return run_service(url, knowledge, policy=policy, callback_url="https://console.example/reply")


@pytest.fixture
def open_shop(sqlite_url: str, knowledge: Knowledge) -> Iterator[Running]:
    yield from shop(sqlite_url, knowledge, welcome=True)


def set_policy(running: Running, **knobs: Any) -> None:
    def change(db: Any) -> None:
        row = db.get(ShopRow, "demo")
        row.policy = row.policy | knobs
        db.add(row)

    running.service.writer.submit(change).result(10)


def presence(running: Running, agent: str, *, online: bool) -> None:
    kind = "agent_online" if online else "agent_offline"
    running.post(
        {"id": f"{kind}-{running.sent}", "type": kind, "at": running.clock().isoformat(), "agent": agent}
    )


def acts(running: Running, *kinds: str) -> list[ActRow]:
    with running.db() as db:
        rows = db.exec(select(ActRow).order_by(ActRow.at, ActRow.id)).all()
    return [row for row in rows if not kinds or row.kind in kinds]


def outbox(running: Running) -> list[OutboxRow]:
    with running.db() as db:
        return list(db.exec(select(OutboxRow).order_by(OutboxRow.created_at)))


def purposes(running: Running) -> list[str]:
    return [row.purpose for row in outbox(running)]


def send(running: Running) -> int:
    """Deliver what may leave, to a receiver that takes everything; how many replies left."""
    service = running.service

    def deliver(db: Any) -> int:
        letters = claim_letters(db, service.knowledge, running.clock())
        for letter in letters:
            record_attempts(db, service.knowledge, [Attempt(letter)], running.clock())
        return len(letters)

    return service.writer.submit(deliver).result(10)


def pass_time(running: Running, seconds: int) -> None:
    for _ in range(seconds):
        running.clock.forward(1)
        running.run_due()
        send(running)


def asked(running: Running, event_id: str, text: str = UNKNOWN, **more: Any) -> dict[str, Any]:
    result = running.post(running.message(event_id, text, **more)).json()["results"][0]
    decision = result["decision"]
    assert isinstance(decision, dict)
    return decision


def test_a_buyer_who_comes_is_welcomed_once_within_hours_whatever_the_session(open_shop: Running) -> None:
    hello = starter_bank().get("greet-hello")
    assert hello is not None
    first = asked(open_shop, "m1")["auto_reply"]
    assert (first["purpose"], first["sender"], first["text"]) == ("welcome", "welcome", hello.text)
    assert send(open_shop) == 1
    open_shop.clock.forward(30)
    assert asked(open_shop, "m2")["auto_reply"] is None
    open_shop.clock.forward(3600)
    assert asked(open_shop, "m3", session="s2")["auto_reply"] is None
    assert asked(open_shop, "m4", session="s3", buyer="b2")["auto_reply"]["purpose"] == "welcome"
    open_shop.clock.forward(12 * 3600)
    assert asked(open_shop, "m5", session="s4")["auto_reply"]["purpose"] == "welcome"


def test_a_welcome_that_could_not_be_sent_in_time_is_not_sent(open_shop: Running) -> None:
    asked(open_shop, "m1")
    open_shop.clock.forward(61)
    assert send(open_shop) == 0
    assert outbox(open_shop)[0].state == "expired"


def test_nobody_online_is_told_once_and_not_before_agents_are_known(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False)
    assert asked(open_shop, "m0", session="s0", buyer="b0")["auto_reply"] is None
    presence(open_shop, "小林", online=True)
    assert asked(open_shop, "m1")["auto_reply"] is None
    open_shop.clock.forward(5)
    presence(open_shop, "小林", online=False)
    told = asked(open_shop, "m2")["auto_reply"]
    offhours = starter_bank().get("greet-offhours")
    assert offhours is not None
    assert (told["purpose"], told["text"], told["sender"]) == ("off_hours", offhours.text, "robot")
    open_shop.clock.forward(5)
    assert asked(open_shop, "m3")["auto_reply"] is None
    open_shop.clock.forward(5)
    presence(open_shop, "小周", online=True)
    assert asked(open_shop, "m4", session="s4", buyer="b4")["auto_reply"] is None


def test_a_buyer_who_was_flagged_lately_hears_nothing_in_another_session(open_shop: Running) -> None:
    open_shop.post(open_shop.message("f1", type="buyer_flagged", flag="spam_reported", session="s0"))
    open_shop.clock.forward(24 * 3600)
    assert asked(open_shop, "m1")["auto_reply"] is None
    open_shop.clock.forward(30 * 24 * 3600)
    assert asked(open_shop, "m2", session="s2")["auto_reply"]["purpose"] == "welcome"


def test_in_quiet_hours_the_machine_warns_and_says_nothing(open_shop: Running) -> None:
    set_policy(open_shop, quiet_hours=["11:00-13:00"])
    assert asked(open_shop, "m1")["auto_reply"] is None
    pass_time(open_shop, 200)
    assert outbox(open_shop) == []
    (held_back,) = acts(open_shop, "held_back")
    assert held_back.detail["code"] == "quiet_hours"
    assert len(acts(open_shop, "warned", "warned_last", "missed")) == 3


def test_a_person_who_types_pauses_the_machine_and_who_stops_lets_it_go_on(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False)
    asked(open_shop, "m1")
    pass_time(open_shop, 105)
    answer = open_shop.ask("POST", "/v1/typing", json={"session": "s1", "agent": "小林"}).json()
    assert answer["paused_until"] == (open_shop.clock() + timedelta(seconds=60)).isoformat()
    pass_time(open_shop, 55)
    assert purposes(open_shop) == []
    (held_back,) = acts(open_shop, "held_back")
    assert held_back.detail["code"] == "human_typing"
    assert "小林" in held_back.detail["reasons"][0]
    pass_time(open_shop, 5)
    assert [(row.purpose, row.state) for row in outbox(open_shop)] == [("holding", "sent")]


def test_typing_between_decision_and_sending_puts_the_reply_off(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False, typing_pause_s=10)
    asked(open_shop, "m1")
    open_shop.clock.forward(156)
    open_shop.run_due()
    open_shop.ask("POST", "/v1/typing", json={"session": "s1", "agent": "小林"})
    assert send(open_shop) == 0
    open_shop.clock.forward(9)
    assert send(open_shop) == 0
    open_shop.clock.forward(1)
    assert send(open_shop) == 1


def test_typing_is_for_the_shop_s_own_people(open_shop: Running) -> None:
    asked(open_shop, "m1")
    body = {"session": "s1", "agent": "小林"}
    assert open_shop.client.post("/v1/typing", json=body).status_code == 401
    open_shop.client.post("/sign-in", data={"key": open_shop.key})
    assert open_shop.client.post("/v1/typing", json=body).status_code == 200
    foreign = {"origin": "https://elsewhere.example"}
    assert open_shop.client.post("/v1/typing", json=body, headers=foreign).status_code == 401
    unknown = open_shop.ask("POST", "/v1/typing", json=body | {"session": "nope"})
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "unknown_session")


def test_after_a_hand_over_a_holding_reply_that_does_not_count_is_left_to_people(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False, answer="off")
    asked(open_shop, "m1")
    handover = {"id": "h1", "type": "handover", "at": open_shop.clock().isoformat()}
    open_shop.post(handover | {"session": "s1", "buyer": "b1"})
    pass_time(open_shop, 160)
    assert outbox(open_shop) == []
    (held_back,) = acts(open_shop, "held_back")
    assert held_back.detail["code"] == "machine_uncounted"


def test_who_was_only_asked_for_patience_keeps_the_ladder(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False)
    asked(open_shop, "m1")
    pass_time(open_shop, 250)
    kinds = [row.kind for row in acts(open_shop)]
    assert kinds == ["warned", "warned_last", "queued", "sent", "missed", "escalated"]
    (waiting,) = open_shop.ask("GET", "/v1/sessions").json()["sessions"]
    assert "已自动回复" in waiting["note"]


def test_who_got_the_answer_from_the_machine_is_waited_for_no_longer(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False, answer="at_once")
    invoice = starter_bank().get("invoice-have")
    assert invoice is not None
    asked(open_shop, "m1", invoice.examples[0])
    assert send(open_shop) == 1
    with open_shop.db() as db:
        (row,) = db.exec(select(DeadlineRow)).all()
    assert (row.counted, row.due_at) == (False, None)


def test_the_clock_says_that_it_goes_on_though_the_machine_has_answered(
    sqlite_url: str, knowledge: Knowledge
) -> None:
    invoice = starter_bank().get("invoice-have")
    assert invoice is not None
    policy = {"answer": "at_once"}
    for running in run_service(sqlite_url, knowledge, platform="xiaohongshu", policy=policy):
        clock = asked(running, "m1", invoice.examples[0])["clock"]
        assert clock["machine_counts"] == {"robot": False, "robot_assist": False}
        assert clock["note"] == NOTE
        quiet = asked(running, "m2", UNKNOWN, session="s2", buyer="b2")["clock"]
        assert quiet["note"] is None


def test_a_reply_decided_before_the_hand_over_leaves_as_an_assistant_s_after_it(
    sqlite_url: str, knowledge: Knowledge
) -> None:
    for running in run_service(
        sqlite_url, knowledge, platform="taojiji", callback_url="https://console.example/reply"
    ):
        asked(running, "m1")
        running.clock.forward(276)
        running.run_due()
        (row,) = outbox(running)
        assert row.sender == "robot"
        handover = {"id": "h1", "type": "handover", "at": running.clock().isoformat()}
        running.post(handover | {"session": "s1", "buyer": "b1"})
        assert send(running) == 1
        assert outbox(running)[0].sender == "robot_assist"


def test_a_phrase_that_was_changed_is_not_sent_in_its_old_words(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False)
    asked(open_shop, "m1")
    open_shop.clock.forward(156)
    open_shop.run_due()
    changed = {"text": "亲，正在看您的消息", "variants": []}
    assert open_shop.ask("PATCH", "/v1/phrases/hold-wait", json=changed).status_code == 200
    assert send(open_shop) == 0
    (dropped,) = acts(open_shop, "dropped")
    assert dropped.detail["code"] == "phrase_gone"


def test_two_machines_do_not_talk_to_each_other_for_long(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False, answer="at_once", max_robot_in_row=50)
    said = []
    for number in range(12):
        phrase = starter_bank().get(("invoice-have", "ship-when", "item-date")[number % 3])
        assert phrase is not None
        said.append(asked(open_shop, f"m{number}", phrase.examples[number // 3])["auto_reply"])
        send(open_shop)
        open_shop.clock.forward(1)
    assert sum(reply is not None for reply in said) >= 3
    assert said[-4:] == [None] * 4
    told = open_shop.ask("POST", "/v1/explain", json={"event": "m11"}).json()
    assert [act["detail"]["code"] for act in told["acts"]] == ["robot"]
    open_shop.client.post("/sign-in", data={"key": open_shop.key})
    page = open_shop.client.get("/live/acts").text
    assert "已自动回复" in page
    assert told["acts"][0]["title"] not in page


def test_a_step_of_a_short_window_is_taken_in_time(sqlite_url: str, knowledge: Knowledge) -> None:
    for running in run_service(sqlite_url, knowledge, platform="jd"):
        asked(running, "m1")
        opened = running.clock()
        for _ in range(100):
            running.clock.forward(1)
            running.run_due()
        seen = [(row.kind, (row.at - opened).total_seconds()) for row in acts(running)]
        assert acts(running, "warned")[0].detail["reasons"] == ["提醒线 20 秒"]
        assert seen == [
            ("warned", 20),
            ("warned_last", 24),
            ("offered", 26),
            ("missed", 31),
            ("escalated", 91),
        ]


def test_after_a_restart_every_step_that_was_due_is_taken_and_marked(
    sqlite_url: str, knowledge: Knowledge
) -> None:
    for running in run_service(sqlite_url, knowledge):
        asked(running, "m1")
        began = running.clock()
    for running in run_service(sqlite_url, knowledge, shop_id="second"):
        running.clock.now = began + timedelta(seconds=170)
        running.run_due()
        assert {(row.kind, row.late) for row in acts(running)} == {
            ("warned", True),
            ("warned_last", True),
            ("offered", True),
        }
        running.clock.now = began + timedelta(seconds=181)
        running.run_due()
        assert [(row.kind, row.late) for row in acts(running, "missed")] == [("missed", False)]


def test_explain_is_the_whole_story_of_an_answered_message(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False)
    asked(open_shop, "m1")
    pass_time(open_shop, 158)
    open_shop.clock.forward(10)
    open_shop.post(open_shop.reply("r1"))
    told = open_shop.ask("POST", "/v1/explain", json={"event": "m1"}).json()
    assert [(one["sender"], one["counts"]) for one in told["answered"]["messages"]] == [
        ("robot", False),
        ("agent", True),
    ]
    assert told["answered"]["on_time"] is True
    assert [(step["step"], step["state"]) for step in told["ladder"]] == [
        ("warn", "done"),
        ("warn_last", "done"),
        ("hold", "done"),
        ("miss", "not_needed"),
        ("escalate", "not_needed"),
    ]
    assert (told["replies"][0]["state"], told["replies"][0]["attempts"]) == ("sent", 1)
    held = next(group for group in told["guards"] if group["purpose"] == "holding")
    assert held["says"] == told["replies"][0]["text"]
    assert all(guard["passed"] for guard in held["guards"])
    arrival = next(group for group in told["guards"] if group["moment"] == "arrival")
    assert "not_at_once" in {guard["code"] for guard in arrival["guards"] if guard["passed"] is False}
    assert told["match"]["min_score"] == 0.8
    text = "\n".join(told["summary"])
    assert "客服 小林 在 168 秒后回复，算数" in text
    assert "已送达" in text


def test_explain_shows_candidates_beside_what_is_asked_of_them(open_shop: Running) -> None:
    set_policy(open_shop, welcome=False, answer_min_score=1.0, answer_categories=["物流"])
    invoice = starter_bank().get("invoice-have")
    assert invoice is not None
    asked(open_shop, "m1", invoice.examples[0])
    told = open_shop.ask("POST", "/v1/explain", json={"event": "m1"}).json()
    best = told["match"]["candidates"][0]
    assert (best["phrase_id"], best["enough"], best["category_allowed"]) == ("invoice-have", False, False)
    answer = [
        group for group in told["guards"] if (group["moment"], group["purpose"]) == ("deadline", "answer")
    ]
    failed = {guard["code"] for guard in answer[0]["guards"] if guard["passed"] is False}
    assert failed == {"not_sure", "category"}
    assert told["now"]["code"] == "holding"


def test_explain_tells_of_events_that_have_no_clock(open_shop: Running) -> None:
    presence(open_shop, "小林", online=True)
    asked(open_shop, "m1")
    open_shop.post(open_shop.reply("r1"))
    told = open_shop.ask("POST", "/v1/explain", json={"event": "r1"}).json()
    assert told["clock"] is None
    assert told["summary"] == ["不是买家的消息，没有时限"]
    with open_shop.db() as db:
        ids = [act.about for act in db.exec(select(ActRow))]
    assert "r1" not in ids
    online = open_shop.ask("POST", "/v1/explain", json={"event": "agent_online-0"})
    assert json.loads(online.text)["summary"]
