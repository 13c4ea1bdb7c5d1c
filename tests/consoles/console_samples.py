"""Requests of consoles, of the shape that their sources and documents give; what is said in them is invented."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from conftest_service import Running

from app.gateways.consoles import Hook
from app.gateways.consoles.wechat_crypto import encrypt, signature_of
from app.usecases.consoles import set_console

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CHATWOOT = {"account": "3", "secret": "first-secret second-secret"}
WECHAT = {"corp_id": "ww1234567890", "secret": "kf-secret", "token": "HookToken", "aes_key": AES_KEY}
DOUYIN = {"client_key": "awkey123", "client_secret": "dy-secret", "open_id": "shop-open-id"}
EJABBERD = {"agents": "agent@localhost,zhang@localhost", "robots": "bot@localhost"}


def use_console(running: Running, adapter: str, settings: dict[str, str]) -> None:
    running.service.writer.submit(
        lambda db: set_console(db, "demo", adapter, settings, running.clock())
    ).result(10)


def hook(body: bytes, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Hook:
    return Hook(body, headers or {}, query or {}, NOW)


def chatwoot_conversation(**more: Any) -> dict[str, Any]:
    """`Conversations::EventDataPresenter#push_data`."""
    return {
        "additional_attributes": {},
        "can_reply": True,
        "channel": "Channel::WebWidget",
        "contact_inbox": {"id": 11, "contact_id": 45, "inbox_id": 9, "source_id": "a1"},
        "id": 77,
        "inbox_id": 9,
        "messages": [],
        "labels": [],
        "meta": {
            "sender": {"id": 45, "name": "小王", "type": "contact"},
            "assignee": None,
            "assignee_type": None,
            "team": None,
        },
        "status": "open",
        "unread_count": 1,
        "created_at": 1795320000,
        "timestamp": 1795320000,
        "updated_at": 1795320000.25,
    } | more


def chatwoot_message(**more: Any) -> dict[str, Any]:
    """`Message#webhook_data`, with the event's name."""
    return {
        "event": "message_created",
        "account": {"id": 3, "name": "小茶铺"},
        "additional_attributes": {},
        "content_attributes": {},
        "content_type": "text",
        "content": "请问今天能发货吗",
        "conversation": chatwoot_conversation(),
        "created_at": "2026-11-22T04:00:00.000Z",
        "id": 9001,
        "inbox": {"id": 9, "name": "官网"},
        "message_type": "incoming",
        "private": False,
        "sender": {"account": {"id": 3}, "id": 45, "name": "小王"},
        "source_id": None,
    } | more


def chatwoot_headers(
    body: bytes, at: datetime = NOW, secret: str = "first-secret", delivery: str = "d-1"
) -> dict[str, str]:
    """`Webhooks::Trigger`: the signature covers the time and the body."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-chatwoot-timestamp": stamp,
        "x-chatwoot-signature": f"sha256={digest}",
        "x-chatwoot-delivery": delivery,
    }


def wechat_query(
    ciphertext: str, at: datetime = NOW, token: str = "HookToken", **more: str
) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    return {
        "msg_signature": signature_of(token, stamp, "nonce1", ciphertext),
        "timestamp": stamp,
        "nonce": "nonce1",
    } | more


def wechat_body(inside: str, receiver: str = "ww1234567890", key: str = AES_KEY) -> tuple[bytes, str]:
    """The envelope of a callback, and the ciphertext in it."""
    ciphertext = encrypt(key, inside.encode(), receiver, b"0123456789abcdef")
    envelope = (
        f"<xml><ToUserName><![CDATA[{receiver}]]></ToUserName><Encrypt><![CDATA[{ciphertext}]]></Encrypt>"
        "<AgentID><![CDATA[]]></AgentID></xml>"
    )
    return envelope.encode(), ciphertext


KF_ARRIVED = (
    "<xml><ToUserName><![CDATA[ww1234567890]]></ToUserName><CreateTime>1795320000</CreateTime>"
    "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>"
    "<Token><![CDATA[PullToken]]></Token><OpenKfId><![CDATA[wkA]]></OpenKfId></xml>"
)


def kf_text(msgid: str, text: str, origin: int = 3, **more: Any) -> dict[str, Any]:
    """A text message in the answer of `kf/sync_msg`."""
    return {
        "msgid": msgid,
        "open_kfid": "wkA",
        "external_userid": "wmB",
        "send_time": 1795320000,
        "origin": origin,
        "msgtype": "text",
        "text": {"content": text},
    } | more


def kf_event(msgid: str, event_type: str, **more: Any) -> dict[str, Any]:
    return {
        "msgid": msgid,
        "send_time": 1795320001,
        "origin": 4,
        "msgtype": "event",
        "event": {"event_type": event_type, "open_kfid": "wkA", "external_userid": "wmB"} | more,
    }


def douyin_message(event: str = "im_receive_msg", **more: Any) -> dict[str, Any]:
    """An event of private messages; `content` is JSON in a string."""
    content = {
        "conversation_short_id": "@conv==",
        "server_message_id": "@msg1==",
        "conversation_type": 1,
        "create_time": 1795320000123,
        "message_type": "text",
        "text": "这款还有货吗",
        "user_infos": [
            {"open_id": "buyer-open-id", "nick_name": "小李", "avatar": ""},
            {"open_id": "shop-open-id", "nick_name": "小茶铺", "avatar": ""},
        ],
    } | more
    ends = ("buyer-open-id", "shop-open-id")
    sender, receiver = ends if event == "im_receive_msg" else ends[::-1]
    return {
        "event": event,
        "client_key": "awkey123",
        "from_user_id": sender,
        "to_user_id": receiver,
        "log_id": "2026112212000000",
        "content": json.dumps(content, ensure_ascii=False),
    }


def douyin_headers(body: bytes, secret: str = "dy-secret") -> dict[str, str]:
    return {
        "x-douyin-signature": hashlib.sha1(secret.encode() + body).hexdigest(),
        "msg-id": "m-1",
        "content-type": "application/json",
    }


def xmpp_message(
    text: str | None = "什么时候发货",
    speaker: str = "buyer@localhost/phone",
    hearer: str = "agent@localhost",
    inside: str = "",
    **attributes: str,
) -> bytes:
    """As captured from ejabberd 23.01 with mod_post_log."""
    named = {"to": hearer, "from": speaker, "type": "chat", "id": "16449981884280496797"} | attributes
    listed = " ".join(f"{name}='{value}'" for name, value in named.items())
    body = "" if text is None else f"<body>{text}</body>"
    return f"<message {listed} xmlns='jabber:client'>{body}{inside}</message>".encode()


def xmpp_headers(at: str = "2026-11-22 04:00:00.378692Z") -> dict[str, str]:
    return {"content-type": "text/xml", "x-message-timestamp": at}


def dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def address(adapter: str, query: dict[str, str] | None = None) -> str:
    return f"/v1/hooks/{adapter}/demo" + (f"?{urlencode(query)}" if query else "")
