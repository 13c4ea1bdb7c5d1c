"""From a console's webhook to the reply in the console and back: the running service against a console on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest_service import Running, run_service
from console_samples import (
    CHATWOOT,
    DOUYIN,
    EJABBERD,
    KF_ARRIVED,
    NOW,
    WECHAT,
    address,
    chatwoot_conversation,
    chatwoot_headers,
    chatwoot_message,
    dump,
    kf_text,
    use_console,
    wechat_body,
    wechat_query,
    xmpp_headers,
    xmpp_message,
)
from fake_api import Asked, FakeApi
from sqlmodel import select

from app.core.sessions import Session, fold_session
from app.db.journal import events_about_sessions
from app.db.tables import ActRow, OutboxRow
from app.gateways.consoles import ADAPTERS, Desk, Reply
from app.gateways.outbound import Failed, GuardedClient
from app.usecases.deliver import Attempt, Letter, claim_letters, record_attempts
from app.usecases.knowledge import Knowledge

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"
"""Nothing in the bank fits, so a holding reply is due."""


def run_working(database_url: str, knowledge: Knowledge, api: FakeApi) -> Iterator[Running]:
    """A service whose jobs run, and which may speak to the console on loopback."""
    settings = {"workers_run_jobs": True, "callback_allow": frozenset({api.pair})}
    return run_service(database_url, knowledge, settings)


@pytest.fixture
def working(sqlite_url: str, knowledge: Knowledge, api: FakeApi) -> Iterator[Running]:
    yield from run_working(sqlite_url, knowledge, api)


@pytest.fixture
def working_on_each(database_url: str, knowledge: Knowledge, api: FakeApi) -> Iterator[Running]:
    yield from run_working(database_url, knowledge, api)


def wait_for(what: Callable[[], Any]) -> Any:
    """Until it is true; the jobs look at least once a second."""
    until = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
    return found


def outbox(running: Running) -> list[OutboxRow]:
    with running.db() as db:
        return list(db.exec(select(OutboxRow)))


def session_of(running: Running, buyer: str, session: str) -> Session:
    with running.db() as db:
        return fold_session(
            event for event in events_about_sessions(db, "demo", buyer, [session]) if event.session == session
        )


def from_chatwoot(running: Running, payload: dict[str, Any], delivery: str) -> Any:
    body = dump(payload)
    answer = running.client.post(
        address("chatwoot"), content=body, headers=chatwoot_headers(body, running.clock(), delivery=delivery)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_chatwoot_gets_the_holding_reply_and_its_own_echo_is_no_person(
    working_on_each: Running, api: FakeApi
) -> None:
    """The console keeps what is posted, and answers with the webhook that it would send of it."""
    working = working_on_each
    kept: list[dict[str, Any]] = []

    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.method == "POST":
            kept.append(asked.json())
        return 200, {"payload": kept}

    api.answer = answer
    use_console(working, "chatwoot", CHATWOOT | {"url": api.url, "token": "tok"})
    (asked,) = from_chatwoot(working, chatwoot_message(content=UNKNOWN), "d-1")
    assert asked["decision"]["clock"]["seconds_left"] > 0
    working.clock.forward(156)
    (posted,) = wait_for(lambda: list(kept))
    (row,) = wait_for(lambda: [row for row in outbox(working) if row.state == "sent"])
    assert posted["content"] == row.text
    echo = chatwoot_message(
        id=9002,
        content=posted["content"],
        message_type="outgoing",
        created_at=working.clock().isoformat(),
        sender={"id": 8, "name": "小林", "type": "user"},
        content_attributes=posted["content_attributes"],
    )
    from_chatwoot(working, echo, "d-2")
    session = session_of(working, "chatwoot:45", "chatwoot:77")
    (said,) = [message for message in session.messages if not message.by_buyer]
    assert (said.id, said.sender, said.by_machine) == ("chatwoot:m9002", "robot", True)
    waiting = working.ask("GET", "/v1/sessions?state=waiting").json()["sessions"]
    assert [entry["session"] for entry in waiting] == ["chatwoot:77"]
    assert len(kept) == 1


def test_a_person_in_chatwoot_who_answers_first_is_not_talked_over(on_sqlite: Running) -> None:
    use_console(on_sqlite, "chatwoot", CHATWOOT | {"url": "https://chat.example", "token": "tok"})
    from_chatwoot(on_sqlite, chatwoot_message(content=UNKNOWN), "d-1")
    on_sqlite.clock.forward(20)
    person = chatwoot_message(
        id=9002,
        content="在的",
        message_type="outgoing",
        created_at=on_sqlite.clock().isoformat(),
        sender={"id": 8, "name": "小林", "type": "user"},
    )
    from_chatwoot(on_sqlite, person, "d-2")
    on_sqlite.clock.forward(140)
    assert on_sqlite.run_due().handled == 0
    assert outbox(on_sqlite) == []


def test_an_agent_who_types_in_chatwoot_pauses_the_machine(on_sqlite: Running) -> None:
    use_console(on_sqlite, "chatwoot", CHATWOOT | {"url": "https://chat.example", "token": "tok"})
    from_chatwoot(on_sqlite, chatwoot_message(content=UNKNOWN), "d-1")
    on_sqlite.clock.forward(150)
    typing = {
        "event": "conversation_typing_on",
        "account": {"id": 3},
        "user": {"id": 8, "type": "user"},
        "conversation": chatwoot_conversation(),
        "is_private": False,
    }
    assert from_chatwoot(on_sqlite, typing, "d-2") == []
    on_sqlite.clock.forward(6)
    on_sqlite.run_due()
    assert outbox(on_sqlite) == []


def test_a_reply_that_the_console_shows_is_not_sent_again_though_its_answer_got_lost(
    on_sqlite: Running,
) -> None:
    """A bot's token cannot look; but the webhook of what got through tells."""
    use_console(on_sqlite, "chatwoot", CHATWOOT | {"url": "https://chat.example", "token": "tok"})
    from_chatwoot(on_sqlite, chatwoot_message(content=UNKNOWN), "d-1")
    on_sqlite.clock.forward(156)
    on_sqlite.run_due()
    service = on_sqlite.service

    def claim() -> list[Letter]:
        return service.writer.submit(
            lambda db: claim_letters(db, service.knowledge, on_sqlite.clock())
        ).result(10)

    (letter,) = claim()
    service.writer.submit(
        lambda db: record_attempts(db, service.knowledge, [Attempt(letter, "连接断了")], on_sqlite.clock())
    ).result(10)
    echo = chatwoot_message(
        id=9002,
        content=letter.text,
        message_type="outgoing",
        created_at=on_sqlite.clock().isoformat(),
        sender={"id": 2, "type": "agent_bot"},
        content_attributes={"miaohui_id": letter.id, "miaohui_sender": "robot"},
    )
    from_chatwoot(on_sqlite, echo, "d-2")
    on_sqlite.clock.forward(2)
    assert claim() == []
    assert [row.state for row in outbox(on_sqlite)] == ["sent"]
    session = session_of(on_sqlite, "chatwoot:45", "chatwoot:77")
    assert [message.id for message in session.messages] == ["chatwoot:m9001", "chatwoot:m9002"]


@pytest.mark.parametrize("adapter", ["chatwoot", "ejabberd", "wechat_kf", "douyin"])
def test_no_console_leads_into_the_internal_network(api: FakeApi, adapter: str) -> None:
    """Whatever address a shop sets, only an operator allows internal ones."""
    addresses = {
        "chatwoot": CHATWOOT | {"url": api.url, "token": "tok"},
        "ejabberd": EJABBERD | {"url": f"{api.url}/api/send_message"},
        "wechat_kf": WECHAT | {"api": api.url},
        "douyin": DOUYIN | {"api": api.url},
    }
    reply = Reply("mh-1", f"{adapter}:a:b", f"{adapter}:b", f"{adapter}:m", "亲", "robot")

    async def send() -> Failed | None:
        desk = Desk((), lambda: NOW)
        try:
            return await ADAPTERS[adapter].reply(reply, addresses[adapter], desk)
        finally:
            await desk.close()

    failed = asyncio.run(send())
    assert isinstance(failed, Failed)
    assert "MIAOHUI_CALLBACK_ALLOW" in failed.error
    assert api.asked == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:99999/", "http://x:abc/", "http://[::1/", "http://a..b/", "http://中文.example/"],
)
def test_an_address_that_is_none_is_a_failure_and_no_fault(url: str) -> None:
    async def ask() -> Any:
        client = GuardedClient({"127.0.0.1:99999"})
        try:
            return await client.request("GET", url)
        finally:
            await client.close()

    assert isinstance(asyncio.run(ask()), Failed)


def test_wechat_is_fetched_answered_and_told_what_is_not_possible(working: Running, api: FakeApi) -> None:
    told: list[dict[str, Any]] = []
    errcode = 0

    def answer(asked: Asked) -> tuple[int, Any]:
        match asked.path.rpartition("/")[2]:
            case "gettoken":
                return 200, {"errcode": 0, "access_token": "T", "expires_in": 7200}
            case "sync_msg":
                message = kf_text("m1", UNKNOWN, send_time=int(working.clock().timestamp()))
                return 200, {"errcode": 0, "next_cursor": "c1", "has_more": 0, "msg_list": [message]}
            case _:
                told.append(asked.json())
                return 200, {"errcode": errcode, "errmsg": "x"}

    api.answer = answer
    errcode = 95018
    use_console(working, "wechat_kf", WECHAT | {"api": api.url})
    body, ciphertext = wechat_body(KF_ARRIVED)
    query = wechat_query(ciphertext, working.clock())
    assert working.client.post(address("wechat_kf", query), content=body).content == b""
    wait_for(lambda: working.ask("GET", "/v1/sessions?state=waiting").json()["sessions"])
    working.clock.forward(156)
    (row,) = wait_for(lambda: [row for row in outbox(working) if row.state == "dead"])
    assert told[0]["msgid"] == row.id
    with working.db() as db:
        (dead,) = db.exec(select(ActRow).where(ActRow.kind == "dead")).all()
    assert "人工接待中" in str(dead.detail)
    assert len(told) == 1


def test_ejabberd_knows_no_senders_so_our_words_are_marked_when_they_come_back(
    working: Running, api: FakeApi
) -> None:
    use_console(working, "ejabberd", EJABBERD | {"url": f"{api.url}/api/send_message"})

    def post(body: bytes) -> None:
        at = f"{working.clock():%Y-%m-%d %H:%M:%S.%f}Z"
        answer = working.client.post(
            address("ejabberd", {"key": working.key}), content=body, headers=xmpp_headers(at)
        )
        assert [result["status"] for result in answer.json()["results"]] == ["accepted"], answer.text

    post(xmpp_message(UNKNOWN))
    working.clock.forward(156)
    wait_for(lambda: [row for row in outbox(working) if row.state == "sent"])
    text = api.asked[0].json()["body"]
    post(xmpp_message(text, speaker="agent@localhost", hearer="buyer@localhost"))
    buyer = "ejabberd:buyer@localhost"
    (said,) = [message for message in session_of(working, buyer, buyer).messages if not message.by_buyer]
    assert (said.sender, said.by_machine) == ("robot", True)
    working.clock.forward(1)
    post(xmpp_message(text, speaker="agent@localhost", hearer="buyer@localhost", id="2"))
    *_, person = session_of(working, buyer, buyer).messages
    assert (person.sender, person.by_machine) == ("agent", False)


def test_without_its_api_a_console_gets_its_replies_by_the_callback_or_they_are_offered(
    working: Running, api: FakeApi
) -> None:
    use_console(working, "chatwoot", CHATWOOT)
    from_chatwoot(working, chatwoot_message(content=UNKNOWN), "d-1")
    working.clock.forward(156)
    (row,) = wait_for(lambda: outbox(working))
    assert row.state == "offered"
    assert api.asked == []
