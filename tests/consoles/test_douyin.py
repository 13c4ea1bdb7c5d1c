"""抖音私信: the check of the address, the signature, messages both ways, replies. After the documents named in `douyin.py`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest_service import Running
from console_samples import DOUYIN, NOW, address, douyin_headers, douyin_message, dump, hook, use_console
from fake_api import Asked, FakeApi

from app.core.events import Event, parse_event
from app.gateways.consoles import ADAPTERS, ConsoleError, Desk, ProofError, Reply
from app.gateways.outbound import Failed

douyin = ADAPTERS["douyin"]
REPLY = Reply("mh-1", "douyin:@conv==", "douyin:buyer-open-id", "douyin:@msg1==", "亲，还有货", "robot")


def read(payload: Any) -> list[Event]:
    return [parse_event(raw) for raw in douyin.read(hook(dump(payload)), DOUYIN).events]


def test_messages_both_ways_are_read() -> None:
    (asked,) = read(douyin_message())
    assert (asked.id, asked.session, asked.buyer) == (
        "douyin:@msg1==",
        "douyin:@conv==",
        "douyin:buyer-open-id",
    )
    assert (asked.sender, asked.kind, asked.text) == ("buyer", "text", "这款还有货吗")
    assert asked.extra["buyer_name"] == "小李"
    assert (asked.at - NOW).total_seconds() == pytest.approx(0.123)
    (answered,) = read(douyin_message("im_send_msg", server_message_id="@msg2==", text="有的"))
    assert (answered.sender, answered.buyer) == ("agent", "douyin:buyer-open-id")


@pytest.mark.parametrize(
    ("message_type", "kind"),
    [
        ("image", "image"),
        ("user_local_image", "image"),
        ("emoji", "emoji"),
        ("video", "file"),
        ("new", "card"),
    ],
)
def test_kinds(message_type: str, kind: str) -> None:
    (event,) = read(douyin_message(message_type=message_type, text=None))
    assert (event.kind, event.text) == (kind, "")


def test_content_may_be_an_object_too() -> None:
    payload = douyin_message()
    (event,) = read(
        payload | {"content": {"conversation_short_id": 5, "server_message_id": 6, "create_time": 1795320000}}
    )
    assert (event.id, event.session, event.at) == ("douyin:6", "douyin:5", NOW)


@pytest.mark.parametrize("event", ["im_group_receive_msg", "im_message_read", "im_enter_direct_msg", None, 5])
def test_what_does_not_concern_us_is_nothing(event: Any) -> None:
    assert read(douyin_message() | {"event": event}) == []


def test_a_message_without_its_ids_and_another_app_are_refused() -> None:
    with pytest.raises(ConsoleError, match="会话"):
        read(douyin_message(server_message_id=None))
    with pytest.raises(ConsoleError, match="client_key"):
        read(douyin_message() | {"client_key": "other"})


@pytest.mark.parametrize("content", [{"challenge": 12345}, '{"challenge": 12345}'])
def test_the_address_is_checked_by_a_challenge(on_sqlite: Running, content: Any) -> None:
    use_console(on_sqlite, "douyin", DOUYIN)
    body = dump({"event": "verify_webhook", "client_key": "", "content": content})
    answer = on_sqlite.client.post(address("douyin"), content=body, headers=douyin_headers(body))
    assert (answer.status_code, answer.json()) == (200, {"challenge": 12345})
    unsigned = on_sqlite.client.post(address("douyin"), content=body)
    assert (unsigned.status_code, unsigned.json()["reason"]) == (401, "missing_signature")


def test_the_signature_covers_secret_and_body() -> None:
    body = dump(douyin_message())
    douyin.verify(hook(body, douyin_headers(body)), DOUYIN)
    for request, settings in (
        (hook(body + b" ", douyin_headers(body)), DOUYIN),
        (hook(body, douyin_headers(body, secret="other")), DOUYIN),
        (hook(body, douyin_headers(body, secret="")), {}),
        (hook(body, {"x-douyin-signature": "é"}), DOUYIN),
    ):
        with pytest.raises(ProofError):
            douyin.verify(request, settings)


def test_a_copied_request_changes_nothing(on_sqlite: Running) -> None:
    use_console(on_sqlite, "douyin", DOUYIN)
    statuses = []
    for log_id in ("one", "two"):
        body = dump(douyin_message() | {"log_id": log_id})
        answer = on_sqlite.client.post(address("douyin"), content=body, headers=douyin_headers(body))
        statuses += [result["status"] for result in answer.json()["results"]]
    assert statuses == ["accepted", "duplicate"]


def send(api: FakeApi, **more: str) -> Failed | None:
    async def run() -> Failed | None:
        desk = Desk({api.pair}, lambda: NOW)
        try:
            return await douyin.reply(REPLY, DOUYIN | {"api": api.url} | more, desk)
        finally:
            await desk.close()

    return asyncio.run(run())


def test_a_reply_answers_the_buyers_last_message_with_a_business_token(api: FakeApi) -> None:
    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.path == "/oauth/business_token/":
            assert asked.json() == DOUYIN | {"scope": "im.direct_message"}
            return 200, {"err_no": 0, "data": {"biz_token": "biz", "biz_expires_in": 7200}}
        return 200, {"err_no": 0, "err_msg": ""}

    api.answer = answer
    assert send(api) is None
    sent = api.asked[-1]
    assert (sent.path, sent.query, sent.headers["access-token"]) == (
        "/im/send/msg/",
        {"open_id": "shop-open-id"},
        "biz",
    )
    assert sent.json() == {
        "scene": "im_reply_msg",
        "msg_id": "@msg1==",
        "conversation_id": "@conv==",
        "to_user_id": "buyer-open-id",
        "content": {"msg_type": 1, "text": {"text": "亲，还有货"}},
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"err_no": 0},
        {"data": {"error_code": 0, "description": ""}, "extra": {"error_code": 0}},
    ],
)
def test_success_as_either_version_says_it(api: FakeApi, answer: Any) -> None:
    api.answer = lambda asked: (200, answer)
    assert send(api, access_token="act") is None
    assert api.asked[-1].headers["access-token"] == "act"


@pytest.mark.parametrize(
    "answer",
    [
        {"err_no": 28003017, "err_msg": "quota"},
        {"data": {"error_code": 2190002, "description": "access_token无效"}},
        {},
        [],
        "no",
    ],
)
def test_any_other_answer_is_a_failure(api: FakeApi, answer: Any) -> None:
    api.answer = lambda asked: (200, answer)
    assert isinstance(send(api, access_token="act"), Failed)


def test_a_business_token_that_is_refused_is_said_so(api: FakeApi) -> None:
    api.answer = lambda asked: (200, {"err_no": 10013, "err_msg": "client_key 或 secret 错误"})
    failed = send(api)
    assert isinstance(failed, Failed)
    assert "10013" in failed.error
