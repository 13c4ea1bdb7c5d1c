"""微信客服: the encrypted hook, fetching with a cursor, and replies. After the documents named in `wechat_kf.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from conftest_service import FakeClock, Running
from console_samples import (
    AES_KEY,
    KF_ARRIVED,
    NOW,
    WECHAT,
    address,
    hook,
    kf_event,
    kf_text,
    use_console,
    wechat_body,
    wechat_query,
)
from fake_api import Asked, FakeApi
from sqlmodel import select

from app.core.events import Event, parse_event
from app.db.tables import ConsoleRow, EventRow
from app.gateways.consoles import ADAPTERS, ConsoleError, Desk, ProofError, Pulled, Reply
from app.gateways.consoles.wechat_crypto import decrypt, signature_of
from app.gateways.outbound import Failed
from app.usecases.pull_consoles import claim_pulls, record_pull_failure, record_pulled

T = TypeVar("T")
kf = ADAPTERS["wechat_kf"]
REPLY = Reply("mh-1", "wechat_kf:wkA:wmB", "wechat_kf:wmB", "wechat_kf:m1", "亲，请稍等", "robot")


def test_the_worked_example_of_the_document() -> None:
    """The signature's example of 加解密方案说明 (path/91144)."""
    ciphertext = (
        "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYv"
        "uJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc"
        "2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4"
        "EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2"
        "YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
    )
    key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    inside = decrypt(key, ciphertext, "wx5823bf96d3bd56c7").decode()
    assert "<ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>" in inside
    assert (
        signature_of("QDG6eK", "1409659813", "1372623149", ciphertext)
        == "477715d11cdb4164915debcba66cb864d751f3e6"
    )


def test_the_hook_says_that_there_is_something_to_fetch() -> None:
    body, ciphertext = wechat_body(KF_ARRIVED)
    request = hook(body, query=wechat_query(ciphertext))
    kf.verify(request, WECHAT)
    heard = kf.read(request, WECHAT)
    assert (heard.events, heard.pull) == ((), "PullToken")
    assert heard.answer is not None
    assert heard.answer.body == b""


def test_other_events_and_other_accounts_are_nothing() -> None:
    other, _ = wechat_body("<xml><Event>change_contact</Event></xml>")
    assert kf.read(hook(other), WECHAT).pull is None
    body, _ = wechat_body(KF_ARRIVED)
    assert kf.read(hook(body), WECHAT | {"open_kfid": "wkOther"}).pull is None


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "missing_signature"),
        ({"msg_signature": "00"}, "bad_signature"),
        ({"timestamp": "soon"}, "bad_signature"),
        ({"nonce": "nonce2"}, "bad_signature"),
        ({"timestamp": str(int(NOW.timestamp()) - 301)}, "stale_signature"),
    ],
)
def test_what_is_not_signed_rightly_is_not_believed(query: dict[str, str], reason: str) -> None:
    body, ciphertext = wechat_body(KF_ARRIVED)
    signed = wechat_query(ciphertext) | query if query else {}
    with pytest.raises(ProofError) as refused:
        kf.verify(hook(body, query=signed), WECHAT)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (wechat_body(KF_ARRIVED, receiver="wwother000")[0], "other_receiver"),
        (wechat_body(KF_ARRIVED, key=AES_KEY[::-1])[0], "cannot_decrypt"),
        (wechat_body("<xml><Event>")[0], "not_xml"),
        (b"<xml><Encrypt>not base64!</Encrypt></xml>", "cannot_decrypt"),
        (b"<xml><Encrypt>QUFB</Encrypt></xml>", "cannot_decrypt"),
        (b"<xml><Encrypt></Encrypt></xml>", "cannot_decrypt"),
        (b"<xml><Encrypt>", "not_xml"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><Encrypt>&a;</Encrypt></xml>', "not_xml"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(ConsoleError) as refused:
        kf.read(hook(body), WECHAT)
    assert refused.value.reason == reason


def test_the_address_is_checked_by_a_decrypted_echo(on_sqlite: Running) -> None:
    use_console(on_sqlite, "wechat_kf", WECHAT)
    _, ciphertext = wechat_body("1616140317555161061")
    query = wechat_query(ciphertext, on_sqlite.clock(), echostr=ciphertext)
    answer = on_sqlite.client.get(address("wechat_kf", query))
    assert (answer.status_code, answer.text) == (200, "1616140317555161061")
    wrong = on_sqlite.client.get(address("wechat_kf", query | {"nonce": "x"}))
    assert (wrong.status_code, wrong.json()["reason"]) == (401, "bad_signature")


class KfApi:
    """What 微信客服 answers: one access token after the other, and pages of messages by cursor."""

    def __init__(self, api: FakeApi, pages: dict[str, dict[str, Any]] | None = None) -> None:
        self.tokens = 0
        self.refuse = 0
        self.sent: dict[str, Any] = {"errcode": 0, "errmsg": "ok", "msgid": "mh-1"}
        self.pages = pages or {}
        api.answer = self.answer
        self.api = api

    def answer(self, asked: Asked) -> tuple[int, Any]:
        if asked.path == "/cgi-bin/gettoken":
            self.tokens += 1
            if asked.query != {"corpid": "ww1234567890", "corpsecret": "kf-secret"}:
                return 200, {"errcode": 40001, "errmsg": "invalid credential"}
            return 200, {"errcode": 0, "access_token": f"T{self.tokens}", "expires_in": 7200}
        if self.refuse:
            self.refuse -= 1
            return 200, {"errcode": 42001, "errmsg": "access_token expired"}
        assert asked.query["access_token"] == f"T{self.tokens}"
        if asked.path == "/cgi-bin/kf/sync_msg":
            return 200, {"errcode": 0} | self.pages[asked.json().get("cursor", "")]
        assert asked.path == "/cgi-bin/kf/send_msg"
        return 200, self.sent

    def run(self, work: Callable[[Desk], Awaitable[T]]) -> T:
        async def with_desk() -> T:
            desk = Desk({self.api.pair}, lambda: NOW)
            try:
                return await work(desk)
            finally:
                await desk.close()

        return asyncio.run(with_desk())

    @property
    def settings(self) -> dict[str, str]:
        return WECHAT | {"api": self.api.url}


def events_of(*messages: dict[str, Any], api: FakeApi) -> list[Event]:
    fake = KfApi(api, {"": {"next_cursor": "c1", "has_more": 0, "msg_list": list(messages)}})
    pulled = fake.run(lambda desk: kf.pull("", "PullToken", fake.settings, desk))
    assert isinstance(pulled, Pulled)
    return [parse_event(raw) for raw in pulled.events]


def test_messages_are_read(api: FakeApi) -> None:
    asked, answered, image, place, told = events_of(
        kf_text("m1", "什么时候发货"),
        kf_text("m2", "今天发", origin=5, servicer_userid="lin"),
        kf_text("m3", "", msgtype="image", image={"media_id": "x"}),
        kf_text("m4", "", msgtype="location", location={"name": "那边"}),
        kf_text("m5", "客服已下班", origin=4),
        api=api,
    )
    assert (asked.id, asked.session, asked.buyer) == ("wechat_kf:m1", "wechat_kf:wkA:wmB", "wechat_kf:wmB")
    assert (asked.sender, asked.text, asked.at) == ("buyer", "什么时候发货", NOW)
    assert (answered.sender, answered.agent) == ("agent", "lin")
    assert (image.kind, place.kind, told.sender) == ("image", "card", "system")


def test_events_are_read(api: FakeApi) -> None:
    events = events_of(
        kf_event("e1", "enter_session", scene="123"),
        kf_event("e2", "session_status_change", change_type=1, new_servicer_userid="lin"),
        kf_event(
            "e3", "session_status_change", change_type=2, old_servicer_userid="lin", new_servicer_userid="he"
        ),
        kf_event("e4", "user_recall_msg", recall_msgid="m1"),
        kf_event("e5", "session_status_change", change_type=3, old_servicer_userid="he"),
        kf_event("e6", "msg_send_fail", fail_msgid="mh-1", fail_type=4),
        kf_event("e7", "of a later version"),
        {"msgtype": "text"},
        {},
        api=api,
    )
    assert [event.type for event in events] == [
        "session_opened",
        "handover",
        "assigned",
        "assigned",
        "message_withdrawn",
        "session_closed",
    ]
    assert [event.agent for event in events if event.agent] == ["lin", "he"]
    assert events[4].message == "wechat_kf:m1"
    assert len({event.id for event in events}) == len(events)


def test_a_reply_bears_our_id_and_the_token_is_fetched_once(api: FakeApi) -> None:
    fake = KfApi(api)

    async def twice(desk: Desk) -> list[Failed | None]:
        return [await kf.reply(REPLY, fake.settings, desk) for _ in range(2)]

    assert fake.run(twice) == [None, None]
    assert fake.tokens == 1
    assert api.asked[-1].json() == {
        "touser": "wmB",
        "open_kfid": "wkA",
        "msgid": "mh-1",
        "msgtype": "text",
        "text": {"content": "亲，请稍等"},
    }


def test_a_token_is_fetched_anew_before_it_ends(api: FakeApi) -> None:
    fake = KfApi(api)
    clock = FakeClock(NOW)

    async def over_two_hours() -> list[int]:
        desk = Desk({api.pair}, clock)
        fetched = []
        for forward in (0, 7000, 100, 200):
            clock.forward(forward)
            assert await kf.reply(REPLY, fake.settings, desk) is None
            fetched.append(fake.tokens)
        await desk.close()
        return fetched

    assert asyncio.run(over_two_hours()) == [1, 1, 2, 2]


def test_a_token_that_is_no_longer_good_is_fetched_anew_once(api: FakeApi) -> None:
    fake = KfApi(api)
    fake.refuse = 1
    assert fake.run(lambda desk: kf.reply(REPLY, fake.settings, desk)) is None
    assert fake.tokens == 2
    fake.refuse = 9
    failed = fake.run(lambda desk: kf.reply(REPLY, fake.settings, desk))
    assert isinstance(failed, Failed)
    assert not failed.gone
    assert fake.refuse == 7


@pytest.mark.parametrize(
    ("code", "gone", "said"),
    [
        (95018, True, "人工接待中"),
        (95001, True, "5 条"),
        (95002, True, "48 小时"),
        (45009, False, "x"),
        (-1, False, "x"),
    ],
)
def test_refusals_say_what_to_do(api: FakeApi, code: int, gone: bool, said: str) -> None:
    fake = KfApi(api)
    fake.sent = {"errcode": code, "errmsg": "x"}
    failed = fake.run(lambda desk: kf.reply(REPLY, fake.settings, desk))
    assert isinstance(failed, Failed)
    assert failed.gone is gone
    assert str(code) in failed.error
    assert said in failed.error


def test_no_secret_is_in_an_error(api: FakeApi) -> None:
    fake = KfApi(api)
    settings = fake.settings | {"secret": "wrong-secret"}
    failed = fake.run(lambda desk: kf.reply(REPLY, settings, desk))
    refused = fake.run(lambda desk: kf.reply(REPLY, WECHAT | {"api": "http://127.0.0.1:1"}, desk))
    for result in (failed, refused):
        assert isinstance(result, Failed)
        assert "secret" not in result.error.replace("Secret", "")


def claim_one(running: Running) -> Any:
    (pull,) = running.service.writer.submit(lambda db: claim_pulls(db, running.clock())).result(10)
    return pull


def console_row(running: Running) -> ConsoleRow:
    with running.db() as db:
        return db.exec(select(ConsoleRow)).one()


def arrive(running: Running) -> None:
    body, ciphertext = wechat_body(KF_ARRIVED)
    answer = running.client.post(
        address("wechat_kf", wechat_query(ciphertext, running.clock())), content=body
    )
    assert (answer.status_code, answer.content) == (200, b"")


def fetch(running: Running, fake: KfApi) -> Any:
    """One round of the job, step by step as it takes them."""
    pull = claim_one(running)
    pulled = fake.run(lambda desk: kf.pull(pull.cursor, pull.token, pull.shop_console.settings, desk))
    service = running.service
    assert isinstance(pulled, Pulled)
    return service.writer.submit(
        lambda db: record_pulled(db, service.knowledge, pull, pulled, running.clock(), timedelta(0))
    ).result(10)


def test_what_arrived_is_fetched_page_by_page_and_the_cursor_is_kept(running: Running, api: FakeApi) -> None:
    pages = {
        "": {"next_cursor": "c1", "has_more": 1, "msg_list": [kf_text("m1", "什么时候发货")]},
        "c1": {"next_cursor": "c2", "has_more": 0, "msg_list": [kf_text("m2", "在吗")]},
        "c2": {"next_cursor": "c3", "has_more": 0, "msg_list": []},
    }
    fake = KfApi(api, pages)
    use_console(running, "wechat_kf", fake.settings)
    arrive(running)
    (first,) = fetch(running, fake).answers
    assert first.status == "accepted"
    assert first.decision.item is not None
    fetch(running, fake)
    assert console_row(running).pull_due_at is None
    assert console_row(running).cursor == "c2"
    pulls = [asked.json() for asked in api.asked if asked.path.endswith("sync_msg")]
    assert pulls[0] == {"limit": 200, "token": "PullToken"}
    assert pulls[1]["cursor"] == "c1"
    arrive(running)
    fetch(running, fake)
    assert console_row(running).cursor == "c3"
    with running.db() as db:
        assert len(db.exec(select(EventRow)).all()) == 2


def test_what_is_fetched_twice_is_taken_once(running: Running, api: FakeApi) -> None:
    fake = KfApi(api, {"": {"next_cursor": "", "has_more": 0, "msg_list": [kf_text("m1", "在吗")]}})
    use_console(running, "wechat_kf", fake.settings)
    statuses = []
    for _ in range(2):
        arrive(running)
        statuses += [answer.status for answer in fetch(running, fake).answers]
    assert statuses == ["accepted", "duplicate"]


def test_a_hook_that_comes_during_a_fetch_is_not_forgotten(running: Running, api: FakeApi) -> None:
    fake = KfApi(api, {"": {"next_cursor": "c1", "has_more": 0, "msg_list": []}})
    use_console(running, "wechat_kf", fake.settings)
    arrive(running)
    pull = claim_one(running)
    running.clock.forward(1)
    arrive(running)
    service = running.service
    service.writer.submit(
        lambda db: record_pulled(
            db, service.knowledge, pull, Pulled([], "c1", more=False), running.clock(), timedelta(0)
        )
    ).result(10)
    assert claim_one(running).cursor == "c1"


def test_a_fetch_that_fails_is_repeated_later_each_time(running: Running) -> None:
    use_console(running, "wechat_kf", WECHAT)
    arrive(running)
    waits = []
    for _ in range(9):
        pull = claim_one(running)
        now = running.clock()
        running.service.writer.submit(
            lambda db, pull=pull, now=now: record_pull_failure(db, pull, now, "不通", None)
        ).result(10)
        row = console_row(running)
        assert row.pull_due_at is not None
        waits.append(int((row.pull_due_at - now).total_seconds()))
        running.clock.forward(waits[-1])
    assert waits == [1, 2, 4, 8, 15, 30, 60, 60, 60]
    assert console_row(running).pull_error == "不通"


def test_whoever_fetches_and_dies_is_followed_by_another(running: Running) -> None:
    use_console(running, "wechat_kf", WECHAT)
    arrive(running)
    claim_one(running)
    assert running.service.writer.submit(lambda db: claim_pulls(db, running.clock())).result(10) == []
    running.clock.forward(31)
    assert claim_one(running).token == "PullToken"


def test_a_garbled_answer_is_no_answer(api: FakeApi) -> None:
    fake = KfApi(api)
    api.answer = lambda asked: (200, ["not", "an", "object"])
    failed = fake.run(lambda desk: kf.pull("", "", fake.settings, desk))
    assert isinstance(failed, Failed)
