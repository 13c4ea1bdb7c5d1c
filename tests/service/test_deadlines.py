"""Nobody answers: the agent is warned, the buyer is held in time, the miss is noted; all on the test's clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running, run_service
from sqlmodel import select

from app.db.tables import ActRow, DeadlineRow, OutboxRow
from app.usecases.act_on_due import next_due_at
from app.usecases.knowledge import Knowledge
from phrasebank import starter_bank

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"
"""Nothing that a bank answers with confidence."""


def acts(running: Running, *kinds: str) -> list[ActRow]:
    with running.db() as db:
        rows = db.exec(select(ActRow).order_by(ActRow.at, ActRow.id)).all()
    return [row for row in rows if not kinds or row.kind in kinds]


def replies(running: Running) -> list[OutboxRow]:
    with running.db() as db:
        return list(db.exec(select(OutboxRow).order_by(OutboxRow.created_at)))


def test_nothing_is_due_before_the_warning_and_the_next_moment_is_known(running: Running) -> None:
    running.post(running.message("m1", UNKNOWN))
    with running.db() as db:
        assert next_due_at(db) == running.clock() + timedelta(seconds=100)
    running.clock.forward(99.9)
    assert running.run_due().handled == 0
    assert acts(running) == []


def test_the_ladder_warns_holds_and_notes_the_miss_each_once_and_on_time(running: Running) -> None:
    running.post(running.message("m1", UNKNOWN))
    seen = []
    for _ in range(250):
        running.clock.forward(1)
        running.run_due()
    opened = running.clock() - timedelta(seconds=250)
    seen = [(row.kind, (row.at - opened).total_seconds(), row.late) for row in acts(running)]
    assert seen == [
        ("warned", 100, False),
        ("warned_last", 140, False),
        ("offered", 155, False),
        ("missed", 181, False),
        ("escalated", 241, False),
    ]
    (reply,) = replies(running)
    assert reply.purpose == "holding"
    assert reply.expires_at == opened + timedelta(seconds=180)


def test_a_human_answer_stops_the_ladder(running: Running) -> None:
    running.post(running.message("m1", UNKNOWN))
    running.clock.forward(120)
    running.run_due()
    running.post(running.reply("r1"))
    running.clock.forward(120)
    running.run_due()
    assert [row.kind for row in acts(running)] == ["warned"]
    assert replies(running) == []


def test_what_fell_due_while_the_process_was_down_is_handled_and_marked_late(running: Running) -> None:
    running.post(running.message("m1", UNKNOWN))
    running.clock.forward(600)
    running.run_due()
    assert {(row.kind, row.late) for row in acts(running)} == {
        ("warned", True),
        ("warned_last", True),
        ("held_back", True),
        ("missed", True),
        ("escalated", True),
    }
    (held_back,) = acts(running, "held_back")
    assert held_back.detail["code"] == "too_late"
    assert replies(running) == []


def test_a_run_of_messages_is_warned_about_and_held_once(running: Running) -> None:
    for number in range(4):
        running.post(running.message(f"m{number}", UNKNOWN))
        running.clock.forward(5)
    for _ in range(60):
        running.clock.forward(3)
        running.run_due()
    assert [row.kind for row in acts(running, "warned", "offered", "missed")].count("warned") == 1
    assert len(replies(running)) == 1


def test_a_sure_question_is_answered_instead_of_held(running: Running) -> None:
    invoice = starter_bank().get("invoice-have")
    assert invoice is not None
    found = running.post(running.message("m1", invoice.examples[0])).json()["results"][0]["decision"][
        "suggestions"
    ]
    assert found[0]["phrase_id"] == invoice.id
    running.clock.forward(156)
    running.run_due()
    running.run_due()
    (reply,) = replies(running)
    assert (reply.purpose, reply.phrase_id) == ("answer", invoice.id)
    assert reply.text in {invoice.text, *invoice.variants}


@pytest.mark.parametrize("text", ["我要转人工", "叫人工客服来"])
def test_a_buyer_who_wants_a_person_is_held_but_never_answered(running: Running, text: str) -> None:
    running.post(running.message("m1", text))
    running.clock.forward(156)
    running.run_due()
    running.run_due()
    assert [reply.purpose for reply in replies(running)] == ["holding"]


def test_a_buyer_who_asks_for_a_person_in_the_next_piece_is_not_answered(running: Running) -> None:
    running.post(running.message("m1", "能开发票吗"))
    running.clock.forward(4)
    running.post(running.message("m2", "转人工"))
    running.clock.forward(152)
    running.run_due()
    running.run_due()
    assert [reply.purpose for reply in replies(running)] == ["holding"]


def test_a_flagged_buyer_and_a_closed_session_get_nothing(running: Running) -> None:
    running.post(running.message("m1", "加我微信领红包"))
    running.post(running.message("f1", type="buyer_flagged", flag="spam_system"))
    running.post(running.message("m2", UNKNOWN, session="s2", buyer="b2"))
    running.post(running.message("c2", type="session_closed", session="s2", buyer="b2"))
    running.clock.forward(170)
    running.run_due()
    running.run_due()
    assert replies(running) == []


@pytest.mark.parametrize("platform", ["kuaishou", "tmall"])
@pytest.mark.parametrize("reported_after", [20, 400])
def test_a_flag_leaves_no_miss_whenever_it_is_reported(
    sqlite_url: str, knowledge: Knowledge, platform: str, reported_after: int
) -> None:
    for running in run_service(sqlite_url, knowledge, platform=platform):
        running.post(running.message("m1", UNKNOWN))
        flagged_at = running.clock() + timedelta(seconds=20)
        running.clock.forward(reported_after)
        running.run_due()
        flag = running.message("f1", type="buyer_flagged", flag="spam_reported", at=flagged_at.isoformat())
        running.post(flag)
        running.clock.forward(400)
        running.run_due()
        with running.db() as db:
            (row,) = db.exec(select(DeadlineRow)).all()
        assert (row.missed, row.due_at) == (False, None)


def test_the_kill_switch_silences_the_machine(running: Running) -> None:
    from app.db.tables import ShopRow

    def switch_off(db: Any) -> None:
        shop = db.get(ShopRow, "demo")
        shop.policy = shop.policy | {"robot_on": False}
        db.add(shop)

    running.service.writer.submit(switch_off).result(10)
    running.post(running.message("m1", UNKNOWN))
    running.clock.forward(170)
    running.run_due()
    running.run_due()
    assert replies(running) == []
    (held_back,) = acts(running, "held_back")
    assert held_back.detail["code"] == "switched_off"


def test_an_item_outside_the_hours_has_no_ladder(running: Running) -> None:
    running.clock.forward(timedelta(hours=14).total_seconds())
    running.post(running.message("m1", UNKNOWN))
    with running.db() as db:
        (row,) = db.exec(select(DeadlineRow)).all()
    assert not row.counted
    assert row.due_at is None


def test_explain_says_what_was_decided_and_what_would_be(running: Running) -> None:
    running.post(running.message("m1", UNKNOWN))
    told = running.ask("POST", "/v1/explain", json={"event": "m1"}).json()
    assert told["now"]["open"]
    assert told["now"]["code"] == "holding"
    running.clock.forward(156)
    running.run_due()
    running.run_due()
    told = running.ask("POST", "/v1/explain", json={"event": "m1"}).json()
    assert [act["kind"] for act in told["acts"]] == ["warned", "warned_last", "offered"]
    assert told["replies"][0]["purpose"] == "holding"
    assert running.ask("POST", "/v1/explain", json={"event": "nope"}).status_code == 404
