"""The automatic invitation: off by default, asked again when it leaves, sent once, withdrawn when the buyer comes back upset."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import Running, run_service
from sqlmodel import select

from app.core.invitations import INVITATION, INVITATIONS
from app.db.tables import ActRow, EventRow, OutboxRow, SessionRow, ShopRow
from app.jobs.delivery import _payload
from app.usecases.deliver import Attempt, Letter, claim_letters, record_attempts
from app.usecases.invite_on_due import invite_on_due, next_look_at
from app.usecases.knowledge import Knowledge

CALLBACK = "https://console.example/reply"
ON = {"invite": True, "invite_min_chance": 0.5, "holding": False, "answer": "off", "off_hours": False}


@pytest.fixture
def inviting(database_url: str, knowledge: Knowledge) -> Iterator[Running]:
    """A shop that lets the machine invite, on each kind of database."""
    yield from run_service(database_url, knowledge, platform="douyin", policy=ON, callback_url=CALLBACK)


@pytest.fixture
def on_one(sqlite_url: str, knowledge: Knowledge) -> Iterator[Running]:
    yield from run_service(sqlite_url, knowledge, platform="douyin", policy=ON, callback_url=CALLBACK)


def talk(running: Running, session: str = "s1", **more: Any) -> dict[str, Any]:
    """A question, its answer and thanks, ten seconds apart; the decision on the thanks."""
    about = {"session": session} | more
    running.post(running.message(f"{session}-q", "请问今天能发货吗", **about))
    running.clock.forward(10)
    running.post(running.reply(f"{session}-a", "亲，今天下午就发出", **about))
    running.clock.forward(10)
    return say(running, f"{session}-t", "好的，谢谢", **about)


def say(running: Running, event_id: str, text: str, **more: Any) -> dict[str, Any]:
    answer = running.post(running.message(event_id, text, **more)).json()["results"][0]
    decision = answer["decision"]
    assert isinstance(decision, dict)
    return decision


def look(running: Running) -> int:
    """What the job does with the talks that are due."""
    service = running.service
    return (
        service.writer.submit(lambda db: invite_on_due(db, service.knowledge, running.clock()))
        .result(10)
        .handled
    )


def claim(running: Running) -> list[Letter]:
    service = running.service
    return service.writer.submit(lambda db: claim_letters(db, service.knowledge, running.clock())).result(10)


def send(running: Running) -> list[Letter]:
    """Deliver what may leave to a receiver that takes everything."""
    service, letters = running.service, claim(running)
    attempts = [Attempt(letter) for letter in letters]
    service.writer.submit(
        lambda db: record_attempts(db, service.knowledge, attempts, running.clock())
    ).result(10)
    return letters


def quiet(running: Running, seconds: float = 120) -> None:
    running.clock.forward(seconds)
    look(running)


def outbox(running: Running) -> list[OutboxRow]:
    with running.db() as db:
        return list(db.exec(select(OutboxRow).order_by(OutboxRow.created_at)))


def acts(running: Running, *kinds: str) -> list[ActRow]:
    with running.db() as db:
        rows = db.exec(select(ActRow).order_by(ActRow.at, ActRow.id)).all()
    return [row for row in rows if row.kind in kinds]


def invitations(running: Running) -> list[EventRow]:
    with running.db() as db:
        return list(db.exec(select(EventRow).where(EventRow.type == "invite_sent")))


def advice(running: Running, session: str = "s1") -> dict[str, Any]:
    with running.db() as db:
        row = db.get(SessionRow, ("demo", session))
    assert row is not None
    assert row.advice is not None
    return row.advice


def set_policy(running: Running, **knobs: Any) -> None:
    def change(db: Any) -> None:
        row = db.get(ShopRow, "demo")
        row.policy = row.policy | knobs
        db.add(row)

    running.service.writer.submit(change).result(10)


def test_by_itself_a_shop_invites_nobody(database_url: str, knowledge: Knowledge) -> None:
    for running in run_service(database_url, knowledge, platform="douyin", callback_url=CALLBACK):
        told = talk(running)["rating_advice"]
        assert told["advice"] == "invite", told
        quiet(running, 3600)
        assert outbox(running) == []


def test_a_content_buyer_is_invited_once_after_a_silence(inviting: Running) -> None:
    assert talk(inviting)["rating_advice"]["advice"] == "invite"
    quiet(inviting, 119)
    assert outbox(inviting) == []
    quiet(inviting, 1)
    (row,) = outbox(inviting)
    assert (row.purpose, row.state, row.item_id, row.phrase_id) == ("invite", "queued", "s1-t", INVITATION.id)
    assert row.text in INVITATIONS
    (letter,) = send(inviting)
    told = _payload(letter)
    assert (told["type"], told["action"], told["purpose"]) == ("reply.send", "invite", "invite")
    assert (told["text"], told["sender"]) == (row.text, "robot_assist")
    (sent,) = invitations(inviting)
    assert (sent.session, sent.body["by"], sent.body["words"]) == ("s1", "system", row.text)
    now = advice(inviting)
    assert (now["advice"], now["code"], now["invitation"]["state"]) == ("no", "invited", "pending")
    assert now["invitation"]["by"] == "system"
    titles = [act.title for act in acts(inviting, "queued", "sent")]
    assert titles == ["准备自动邀请评价", "已自动邀请评价"]
    for _ in range(5):
        quiet(inviting, 600)
        assert send(inviting) == []
    assert len(outbox(inviting)) == 1


def test_a_reply_for_a_question_is_no_invitation(inviting: Running) -> None:
    set_policy(inviting, holding=True)
    inviting.post(inviting.message("m1", "请问那个颜色的第三个尺寸在不在那边呀"))
    inviting.clock.forward(156)
    inviting.run_due()
    (letter,) = send(inviting)
    assert _payload(letter)["action"] == "say"
    assert invitations(inviting) == []


def test_a_buyer_who_comes_back_upset_is_not_invited_though_it_was_decided(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    assert [row.state for row in outbox(inviting)] == ["queued"]
    say(inviting, "back", "什么破店，等了三天还没发货，我要投诉你们")
    assert send(inviting) == []
    assert [row.state for row in outbox(inviting)] == ["dropped"]
    (dropped,) = acts(inviting, "dropped")
    assert dropped.title == "发送前已撤回邀请"
    assert dropped.detail["code"] == "invite_upset"
    assert invitations(inviting) == []
    assert advice(inviting)["at_risk"] is False


def test_a_question_that_comes_back_withdraws_it_and_its_answer_brings_it_again(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    say(inviting, "q2", "对了，发什么快递呀")
    assert send(inviting) == []
    assert [act.detail["code"] for act in acts(inviting, "dropped")] == ["unresolved"]
    inviting.clock.forward(20)
    inviting.post(inviting.reply("a2", "亲，默认中通哦"))
    say(inviting, "t2", "好的，谢谢")
    quiet(inviting)
    assert len(send(inviting)) == 1
    assert [row.state for row in outbox(inviting)] == ["dropped", "sent"]
    assert len(invitations(inviting)) == 1


def test_what_is_out_already_is_told_as_a_risk_once(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    send(inviting)
    inviting.clock.forward(60)
    decision = say(inviting, "back", "气死我了，根本没发货，骗子，投诉")
    told = decision["rating_advice"]
    assert (told["advice"], told["code"], told["at_risk"]) == ("no", "invited", True)
    assert "可能带来差评" in told["reasons"][0]
    say(inviting, "back2", "我要投诉")
    assert [act.title for act in acts(inviting, "rating_at_risk")] == ["邀请已发出，买家又不满，可能带来差评"]


def test_whoever_dies_between_deciding_and_delivering_leaves_one_invitation(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    (first,) = claim(inviting)
    # The process dies here: nobody notes what became of it, and its lease ends.
    inviting.clock.forward(16)
    look(inviting)
    (again,) = send(inviting)
    assert again.id == first.id
    quiet(inviting, 600)
    assert send(inviting) == []
    assert len(outbox(inviting)) == len(invitations(inviting)) == 1


def test_an_invitation_that_may_have_arrived_is_never_replaced_by_another(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    claim(inviting)
    inviting.clock.forward(16)
    # Its outcome is unknown, and by now the buyer asks: it is not tried again.
    say(inviting, "q2", "对了，发什么快递呀")
    assert send(inviting) == []
    inviting.post(inviting.reply("a2", "亲，默认中通哦"))
    say(inviting, "t2", "好的，谢谢")
    quiet(inviting)
    assert send(inviting) == []
    assert [row.state for row in outbox(inviting)] == ["dropped"]


def test_what_was_due_while_nobody_ran_is_done_after_the_start_or_not_at_all(inviting: Running) -> None:
    talk(inviting, "s1")
    talk(inviting, "s2", buyer="b2")
    inviting.clock.forward(120 + 20 * 60)
    assert look(inviting) == 2
    assert {row.session for row in outbox(inviting)} == {"s1", "s2"}
    assert all(act.late for act in acts(inviting, "queued"))
    talk(inviting, "s3", buyer="b3")
    inviting.clock.forward(120 + 31 * 60)
    look(inviting)
    assert {row.session for row in outbox(inviting)} == {"s1", "s2"}


def test_the_same_is_due_for_one_only(inviting: Running) -> None:
    talk(inviting)
    inviting.clock.forward(120)
    assert (look(inviting), look(inviting)) == (1, 0)
    # The same events again, as a console sends them that missed our answer.
    at = (inviting.clock() - timedelta(seconds=120)).isoformat()
    inviting.post(inviting.message("s1-t", "好的，谢谢") | {"at": at})
    look(inviting)
    assert len(outbox(inviting)) == 1


def test_an_agent_who_invited_by_hand_has_used_the_one_shot(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    by_hand = {"id": "i1", "type": "invite_sent", "at": inviting.clock().isoformat(), "by": "agent"}
    inviting.post(by_hand | {"session": "s1", "buyer": "b1"})
    assert send(inviting) == []
    assert [act.detail["code"] for act in acts(inviting, "dropped")] == ["invited"]


def test_a_buyer_who_was_invited_elsewhere_is_left_alone(inviting: Running) -> None:
    talk(inviting)
    quiet(inviting)
    send(inviting)
    inviting.clock.forward(3600)
    told = talk(inviting, "s2")["rating_advice"]
    assert (told["advice"], told["code"]) == ("no", "cooldown")
    quiet(inviting)
    assert send(inviting) == []
    set_policy(inviting, invite_cooldown_days=0)
    assert talk(inviting, "s3")["rating_advice"]["advice"] == "invite"


def test_an_open_session_of_the_same_buyer_learns_of_the_invitation(inviting: Running) -> None:
    talk(inviting, "s1")
    inviting.clock.forward(1)
    talk(inviting, "s2")
    assert advice(inviting, "s2")["advice"] == "invite"
    by_hand = {"id": "i1", "type": "invite_sent", "at": (inviting.clock() - timedelta(seconds=5)).isoformat()}
    inviting.post(by_hand | {"session": "s1", "buyer": "b1", "by": "agent"})
    assert advice(inviting, "s2")["code"] == "cooldown"


def test_a_bad_rating_elsewhere_rests_longer(on_one: Running) -> None:
    rated = {"id": "r1", "type": "rating", "at": on_one.clock().isoformat(), "label": "不满意", "by": "human"}
    on_one.post(rated | {"session": "s0", "buyer": "b1"})
    on_one.clock.forward(10 * 86_400)
    told = talk(on_one)["rating_advice"]
    assert (told["advice"], told["code"]) == ("no", "after_bad")
    on_one.clock.forward(21 * 86_400)
    assert talk(on_one, "s2")["rating_advice"]["advice"] == "invite"


@pytest.mark.parametrize(
    ("knobs", "code"),
    [
        ({"robot_on": False}, "switched_off"),
        ({"invite": False}, "invite_off"),
        ({"quiet_hours": ["11:00-13:00"]}, "quiet_hours"),
        ({"invite_min_chance": 0.999999}, "invite_chance"),
    ],
)
def test_what_the_shop_switches_off_stops_what_is_queued(
    on_one: Running, knobs: dict[str, Any], code: str
) -> None:
    talk(on_one)
    quiet(on_one)
    set_policy(on_one, **knobs)
    assert send(on_one) == []
    assert [act.detail["code"] for act in acts(on_one, "dropped")] == [code]


def test_a_person_who_types_goes_first(on_one: Running) -> None:
    talk(on_one)
    quiet(on_one)
    assert on_one.ask("POST", "/v1/typing", json={"session": "s1", "agent": "小林"}).status_code < 300
    assert send(on_one) == []
    on_one.clock.forward(61)
    assert len(send(on_one)) == 1


def test_a_card_that_would_not_count_is_not_sent(on_one: Running) -> None:
    on_one.clock.now = on_one.clock.now.replace(hour=14, minute=58, second=30)
    talk(on_one)
    quiet(on_one)
    assert on_one.clock.now.hour == 15, "23:00 in Shanghai"
    assert outbox(on_one) == []


def test_own_words_that_offer_something_never_get_as_far(on_one: Running) -> None:
    own = {"id": "pay", "text": "亲，给个五星好评返现2元哦", "category": "邀评"}
    assert on_one.ask("POST", "/v1/phrases", json=own).status_code == 422
    set_policy(on_one, invite_phrases=["pay"])
    talk(on_one)
    quiet(on_one)
    assert outbox(on_one) == []
    assert [act.detail["code"] for act in acts(on_one, "held_back")] == ["no_phrase"]


def test_own_words_are_said_where_the_shop_chose_some(on_one: Running) -> None:
    own = {"id": "mine", "text": "谢谢您选择我们，方便的话请评价一下这次服务", "category": "邀评"}
    assert on_one.ask("POST", "/v1/phrases", json=own).status_code < 300
    set_policy(on_one, invite_phrases=["mine"])
    assert talk(on_one)["rating_advice"]["texts"] == [own["text"]]
    quiet(on_one)
    (letter,) = send(on_one)
    assert letter.text == own["text"]


def test_without_a_way_out_people_are_told_to_invite_themselves(
    sqlite_url: str, knowledge: Knowledge
) -> None:
    for running in run_service(sqlite_url, knowledge, platform="douyin", policy=ON):
        talk(running)
        quiet(running)
        assert outbox(running) == []
        (held,) = acts(running, "held_back")
        assert held.detail["code"] == "no_way"
        assert advice(running)["advice"] == "invite"


def test_silence_after_an_answer_says_something_though_nothing_happens(on_one: Running) -> None:
    set_policy(on_one, invite=False)
    on_one.post(on_one.message("m1", "亲，发什么快递"))
    on_one.clock.forward(10)
    on_one.post(on_one.reply("m2", "亲，默认中通哦"))
    told = advice(on_one)
    quiet_at = on_one.clock() + timedelta(minutes=5)
    assert (told["advice"], told["waits_for"], told["until"]) == ("wait", "silence", quiet_at.isoformat())
    with on_one.db() as db:
        assert next_look_at(db) == quiet_at
    quiet(on_one, 300)
    # Whether it is worth asking is now the chance's to say.
    assert advice(on_one)["code"] in {"ready", "chance"}
    with on_one.db() as db:
        assert next_look_at(db) is None


def test_what_came_long_after_it_happened_is_not_looked_at(on_one: Running) -> None:
    now = on_one.clock.now
    on_one.clock.now = now - timedelta(days=40)
    events = [on_one.message("q", "在吗"), on_one.reply("a", "在的亲"), on_one.message("t", "好的，谢谢")]
    on_one.clock.now = now
    on_one.post(events)
    with on_one.db() as db:
        assert next_look_at(db) is None


def test_why_is_told_for_the_buyers_last_message(on_one: Running) -> None:
    talk(on_one)
    told = on_one.ask("POST", "/v1/explain", json={"event": "s1-t"}).json()["invitation"]
    assert told["advice"]["advice"] == "invite"
    asked = {guard["code"]: guard["passed"] for guard in told["guards"]}
    assert asked["just_talked"] is False
    assert asked["invite_upset"] is True
    quiet(on_one)
    send(on_one)
    explained = on_one.ask("POST", "/v1/explain", json={"event": "s1-t"}).json()
    assert [(one["purpose"], one["state"]) for one in explained["replies"]] == [("invite", "sent")]
    asked = {guard["code"]: guard["passed"] for guard in explained["invitation"]["guards"]}
    assert asked["invited"] is False
