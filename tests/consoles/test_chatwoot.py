"""Chatwoot: what its webhooks say, and replies by its API. Shapes after its source, see `app/gateways/consoles/chatwoot.py`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from console_samples import (
    CHATWOOT,
    NOW,
    chatwoot_conversation,
    chatwoot_headers,
    chatwoot_message,
    dump,
    hook,
)
from fake_api import Asked, FakeApi

from app.core.events import Event, parse_event
from app.gateways.consoles import ADAPTERS, ConsoleError, Desk, Hook, ProofError, Reply
from app.gateways.outbound import Failed

chatwoot = ADAPTERS["chatwoot"]
BOT = {"id": 2, "name": "助手", "type": "agent_bot"}
USER = {"id": 8, "name": "小林", "email": "lin@shop.example", "type": "user"}
REPLY = Reply("mh-1", "chatwoot:77", "chatwoot:45", "chatwoot:m9001", "亲，请稍等", "robot")


def read(payload: Any, settings: dict[str, str] = CHATWOOT) -> list[Event]:
    return [parse_event(raw) for raw in chatwoot.read(hook(dump(payload)), settings).events]


def only(payload: Any) -> Event:
    (event,) = read(payload)
    return event


def test_a_buyers_message_is_read() -> None:
    event = only(chatwoot_message())
    assert (event.id, event.session, event.buyer) == ("chatwoot:m9001", "chatwoot:77", "chatwoot:45")
    assert (event.sender, event.kind, event.text) == ("buyer", "text", "请问今天能发货吗")
    assert event.at == NOW
    assert event.extra["buyer_name"] == "小王"


@pytest.mark.parametrize(
    ("more", "sender"),
    [
        ({"message_type": "outgoing", "sender": USER}, "agent"),
        ({"message_type": "outgoing", "sender": BOT}, "robot"),
        (
            {"message_type": "outgoing", "sender": None, "content_attributes": {"external_echo": True}},
            "agent",
        ),
        (
            {"message_type": "outgoing", "sender": USER, "content_attributes": {"automation_rule_id": 4}},
            "robot",
        ),
        ({"message_type": "outgoing", "sender": USER, "additional_attributes": {"campaign_id": 4}}, "robot"),
        ({"message_type": "template", "sender": None}, "welcome"),
        ({"message_type": "activity", "sender": None}, "system"),
    ],
)
def test_who_sent_it(more: dict[str, Any], sender: str) -> None:
    assert only(chatwoot_message(**more)).sender == sender


def test_an_agents_message_names_the_agent() -> None:
    assert only(chatwoot_message(message_type="outgoing", sender=USER)).agent == "8"


def test_our_own_reply_comes_back_as_an_echo_with_our_sender_whoever_the_token_belongs_to() -> None:
    marked = {"miaohui_id": "mh-1", "miaohui_sender": "robot_assist"}
    event = only(chatwoot_message(message_type="outgoing", sender=USER, content_attributes=marked))
    assert (event.sender, event.extra["echo_of"]) == ("robot_assist", "mh-1")


@pytest.mark.parametrize(
    ("file_type", "kind"),
    [("image", "image"), ("audio", "voice"), ("video", "file"), ("file", "file"), ("location", "file")],
)
def test_attachments(file_type: str, kind: str) -> None:
    event = only(chatwoot_message(content=None, attachments=[{"id": 1, "file_type": file_type}]))
    assert (event.kind, event.text) == (kind, "")


@pytest.mark.parametrize(
    "payload",
    [
        chatwoot_message(private=True, message_type="outgoing", sender=USER),
        chatwoot_message(event="message_updated"),
        {"event": "contact_created", "account": {"id": 3}, "id": 45},
        {"event": "webwidget_triggered", "account": {"id": 3}},
        {"event": "conversation_typing_on", "account": {"id": 3}},
        {"event": "of a later version", "account": {"id": 3}},
        {},
        {"event": ["list"]},
    ],
)
def test_what_does_not_concern_us_is_nothing(payload: Any) -> None:
    assert read(payload) == []


@pytest.mark.parametrize(
    ("more", "typing"),
    [
        ({"user": USER, "is_private": False}, (("chatwoot:77", "8"),)),
        ({"user": USER, "is_private": True}, ()),
        ({"user": BOT}, ()),
        ({"user": {"id": 45, "type": "contact"}}, ()),
        ({"event": "conversation_typing_off", "user": USER}, ()),
    ],
)
def test_an_agent_who_types_is_noted(more: dict[str, Any], typing: tuple[tuple[str, str], ...]) -> None:
    payload = {"event": "conversation_typing_on", "conversation": chatwoot_conversation()} | more
    heard = chatwoot.read(hook(dump(payload)), CHATWOOT)
    assert (heard.typing, heard.events) == (typing, ())


def test_a_deleted_message_is_withdrawn() -> None:
    event = only(
        chatwoot_message(event="message_updated", content="已删除", content_attributes={"deleted": True})
    )
    assert (event.type, event.message) == ("message_withdrawn", "chatwoot:m9001")
    assert event.at == NOW + timedelta(seconds=0.25)


def test_a_survey_is_an_invitation_and_its_answer_a_rating() -> None:
    survey = chatwoot_message(message_type="template", content_type="input_csat", content="请评价")
    invited = only(survey)
    assert (invited.type, invited.by) == ("invite_sent", "system")
    answer = {"submitted_values": {"csat_survey_response": {"rating": 4, "feedback_message": "挺快的"}}}
    rated = only(survey | {"event": "message_updated", "content_attributes": answer})
    assert (rated.type, rated.label, rated.reason, rated.invited_at) == ("rating", "4", "挺快的", NOW)
    changed = {"submitted_values": {"csat_survey_response": {"rating": 1, "feedback_message": ""}}}
    assert only(survey | {"event": "message_updated", "content_attributes": changed}).id != rated.id


def conversation(event: str, **more: Any) -> dict[str, Any]:
    return chatwoot_conversation(**more) | {"event": event, "account": {"id": 3}}


def changed(name: str, before: object, after: object) -> list[dict[str, Any]]:
    return [{"updated_at": {}}, {name: {"previous_value": before, "current_value": after}}]


def test_the_life_of_a_conversation() -> None:
    opened = only(conversation("conversation_created"))
    assert (opened.type, opened.at) == ("session_opened", NOW)
    status = "conversation_status_changed"
    closed = only(
        conversation(status, status="resolved", changed_attributes=changed("status", 0, "resolved"))
    )
    assert closed.type == "session_closed"
    handed = only(conversation(status, changed_attributes=changed("status", "pending", "open")))
    assert handed.type == "handover"
    assert read(conversation(status, changed_attributes=changed("status", "resolved", "open"))) == []
    assert read(conversation(status, status="snoozed")) == []
    assigned = only(conversation("conversation_updated", changed_attributes=changed("assignee_id", None, 8)))
    assert (assigned.type, assigned.agent) == ("assigned", "8")
    assert (
        read(conversation("conversation_updated", changed_attributes=changed("assignee_id", 8, None))) == []
    )
    assert read(conversation("conversation_updated", changed_attributes=changed("priority", 1, 2))) == []


def test_only_the_inbox_that_the_shop_named() -> None:
    assert read(chatwoot_message(), CHATWOOT | {"inbox": "10"}) == []
    assert len(read(chatwoot_message(), CHATWOOT | {"inbox": "9"})) == 1


def test_events_of_another_account_are_refused() -> None:
    with pytest.raises(ConsoleError, match="账号 4"):
        read(chatwoot_message(account={"id": 4}))


def test_the_delivery_is_known_by_its_id() -> None:
    body = dump(chatwoot_message())
    assert chatwoot.read(hook(body, chatwoot_headers(body)), CHATWOOT).delivery == "d-1"


@pytest.mark.parametrize("secret", ["first-secret", "second-secret"])
def test_each_of_the_shops_secrets_is_good(secret: str) -> None:
    body = dump(chatwoot_message())
    chatwoot.verify(hook(body, chatwoot_headers(body, secret=secret)), CHATWOOT)


def broken(body: bytes, headers: dict[str, str]) -> dict[str, tuple[Hook, dict[str, str], str]]:
    late = chatwoot_headers(body, NOW - timedelta(seconds=301))
    early = chatwoot_headers(body, NOW + timedelta(seconds=301))
    return {
        "another secret": (hook(body, chatwoot_headers(body, secret="third")), CHATWOOT, "bad_signature"),
        "no secret set": (hook(body, headers), {"account": "3"}, "bad_signature"),
        "other bytes": (hook(body + b" ", headers), CHATWOOT, "bad_signature"),
        "too late": (hook(body, late), CHATWOOT, "stale_signature"),
        "too early": (hook(body, early), CHATWOOT, "stale_signature"),
        "time moved": (
            hook(body, headers | {"x-chatwoot-timestamp": str(int(NOW.timestamp()) + 1)}),
            CHATWOOT,
            "bad_signature",
        ),
        "no number": (hook(body, headers | {"x-chatwoot-timestamp": "٣"}), CHATWOOT, "bad_signature"),
        "no signature": (hook(body, {}), CHATWOOT, "missing_signature"),
        "no hex": (hook(body, headers | {"x-chatwoot-signature": "sha256=é"}), CHATWOOT, "bad_signature"),
    }


CASES = broken(dump(chatwoot_message()), chatwoot_headers(dump(chatwoot_message())))


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_signed_rightly_is_not_believed(case: str) -> None:
    request, settings, reason = CASES[case]
    with pytest.raises(ProofError) as refused:
        chatwoot.verify(request, settings)
    assert refused.value.reason == reason


def send(api: FakeApi, reply: Reply = REPLY) -> Failed | None:
    async def run() -> Failed | None:
        desk = Desk({api.pair}, lambda: NOW)
        try:
            return await chatwoot.reply(reply, CHATWOOT | {"url": api.url + "/", "token": "tok"}, desk)
        finally:
            await desk.close()

    return asyncio.run(run())


def posts(api: FakeApi) -> list[Asked]:
    return [asked for asked in api.asked if asked.method == "POST"]


def test_a_reply_is_posted_into_the_conversation(api: FakeApi) -> None:
    assert send(api) is None
    (post,) = posts(api)
    assert post.path == "/api/v1/accounts/3/conversations/77/messages"
    assert post.headers["api_access_token"] == "tok"
    assert post.json() == {
        "content": "亲，请稍等",
        "message_type": "outgoing",
        "private": False,
        "content_attributes": {"miaohui_id": "mh-1", "miaohui_sender": "robot"},
    }


def test_a_reply_whose_answer_got_lost_is_not_posted_again(api: FakeApi) -> None:
    there = {
        "payload": [{"id": 1, "content_attributes": None}, {"content_attributes": {"miaohui_id": "mh-1"}}]
    }
    api.answer = lambda asked: (200, there)
    assert send(api) is None
    assert posts(api) == []


def test_a_bots_token_may_post_but_not_look(api: FakeApi) -> None:
    refused = {"error": "Access to this endpoint is not authorized for bots"}
    api.answer = lambda asked: (401, refused) if asked.method == "GET" else (200, {})
    assert send(api) is None
    assert len(posts(api)) == 1


@pytest.mark.parametrize(
    ("status", "gone"), [(401, True), (403, True), (404, True), (410, True), (422, False), (500, False)]
)
def test_what_can_be_tried_again(api: FakeApi, status: int, gone: bool) -> None:
    api.answer = lambda asked: (200 if asked.method == "GET" else status, {})
    failed = send(api)
    assert isinstance(failed, Failed)
    assert failed.gone is gone


def test_a_limit_is_obeyed(api: FakeApi) -> None:
    api.answer = lambda asked: (429, {}, {"retry-after": "7"})
    failed = send(api)
    assert isinstance(failed, Failed)
    assert (failed.gone, failed.retry_after_s) == (False, 7.0)
