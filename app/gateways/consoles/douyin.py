"""抖音私信 by the open platform: private messages of a shop's 抖音号. 飞鸽 is another product: we found no public document of it.

As documented at https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/webhooks/summarize (the check of the
address, `X-Douyin-Signature`, three tries of 5 s, `Msg-Id`), .../mini-app/develop/server/reach-marketing/instant-message
(events `im_receive_msg`, `im_send_msg`; `/im/send/msg/`) and .../business-token/get-business-token. Written after these
documents; we have seen no live account.

The signature is a plain SHA-1 over secret and body, without a time: a copy of a request stays good for ever. It changes
nothing, since an event is taken once by its id. `Msg-Id` is not used for that: the body beside it may differ in its log id.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

import orjson

from app.gateways.consoles.console import (
    URL_PATTERN,
    Console,
    Heard,
    Hook,
    HookAnswer,
    Reply,
    Setting,
    Settings,
)
from app.gateways.consoles.desk import AccessToken, Desk
from app.gateways.consoles.errors import ConsoleError, not_signed, wrong_signature
from app.gateways.consoles.payload import ident, inner, instant, json_object, words
from app.gateways.outbound import Failed

RawEvent = dict[str, Any]

_BAD_TOKEN: Final = frozenset({2190002, 2190008, 28001003, 28001008})
"""The access token is not valid, or is past its time."""
_SCOPE: Final = "im.direct_message"
_KINDS: Final = {"text": "text", "image": "image", "user_local_image": "image", "emoji": "emoji"}
"""By `message_type`; videos are files, all else (cards of items, orders and the like) is a card."""


class Douyin(Console):
    name: ClassVar[str] = "douyin"
    title: ClassVar[str] = "抖音私信（抖音开放平台）"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("client_key", "应用的 client_key / of the app", required=True, pattern=r"\w{4,64}"),
        Setting("client_secret", "应用的 client_secret / of the app", required=True, secret=True),
        Setting("open_id", "本店抖音号的 open_id / the shop's own", pattern=r"[\w-]{4,100}"),
        Setting(
            "access_token",
            "经营者授权的 access_token；不填则用 client_secret 换取 BusinessToken / else a business token is fetched",
            secret=True,
        ),
        Setting(
            "api", "接口地址 / address of the API", pattern=URL_PATTERN, default="https://open.douyin.com"
        ),
    )
    replies_with: ClassVar[tuple[str, ...]] = ("open_id",)
    marks_senders: ClassVar[bool] = False
    hints: ClassVar[tuple[str, ...]] = (
        "签名用的是应用的 client_secret，重置之后要在这里一起改",
        "代理改写了请求体也会对不上：签名针对原始字节",
    )

    def verify(self, hook: Hook, settings: Settings) -> None:
        given = hook.headers.get("x-douyin-signature", "")
        if not given:
            raise not_signed("X-Douyin-Signature")
        secret = settings.get("client_secret", "")
        expected = hashlib.sha1(secret.encode() + hook.body, usedforsecurity=False).hexdigest()
        same = hmac.compare_digest(expected.encode(), given.lower().encode("utf-8", "surrogateescape"))
        if not secret or not same:
            raise wrong_signature()

    def read(self, hook: Hook, settings: Settings) -> Heard:
        payload = json_object(hook.body)
        content = _content(payload)
        event = payload.get("event")
        if event == "verify_webhook":
            # The console compares the value, so it goes back as it came, number or string.
            challenge = orjson.dumps({"challenge": content.get("challenge")})
            return Heard(answer=HookAnswer(challenge, "application/json"))
        if payload.get("client_key") not in {None, "", settings["client_key"]}:
            raise ConsoleError("other_app", "这是另一个应用的事件，请核对 client_key / events of another app")
        if event not in {"im_receive_msg", "im_send_msg"}:
            return Heard()
        return Heard(tuple(self._message(payload, content, from_buyer=event == "im_receive_msg")))

    def _message(
        self, payload: Mapping[str, Any], content: Mapping[str, Any], *, from_buyer: bool
    ) -> Iterator[RawEvent]:
        message, conversation = ident(content, "server_message_id"), ident(content, "conversation_short_id")
        buyer = words(payload, "from_user_id" if from_buyer else "to_user_id")
        if not message or not conversation or not buyer:
            raise ConsoleError(
                "no_conversation", "私信里没有会话、消息或用户 / no conversation, message or user"
            )
        event: RawEvent = {
            "id": self.ours(message),
            "type": "message",
            "at": instant(content.get("create_time")),
            "session": self.ours(conversation),
            "buyer": self.ours(buyer),
            "sender": "buyer" if from_buyer else "agent",
            "kind": _kind(words(content, "message_type")),
            "text": words(content, "text"),
        }
        people = content.get("user_infos")
        for person in people if isinstance(people, list) else []:
            if words(inner(person), "open_id") == buyer and (name := words(inner(person), "nick_name")):
                event["buyer_name"] = name
        yield event

    async def reply(self, reply: Reply, settings: Settings, desk: Desk) -> Failed | None:
        """An answer to the buyer's last message. The interface knows no id of ours: what got lost may be said twice."""
        payload = {
            "scene": "im_reply_msg",
            "msg_id": self.theirs(reply.message),
            "conversation_id": self.theirs(reply.session),
            "to_user_id": self.theirs(reply.buyer),
            "content": {"msg_type": 1, "text": {"text": reply.text}},
        }
        api = settings["api"].rstrip("/")
        owner = (self.name, api, settings["client_key"], settings["client_secret"], settings["open_id"])
        for last in (False, True):
            token = settings.get("access_token") or await desk.token(
                owner, lambda: _business_token(settings, desk)
            )
            if isinstance(token, Failed):
                return token
            sent = await desk.client.post_json(
                f"{api}/im/send/msg/?open_id={quote(settings['open_id'], safe='')}",
                payload,
                [("access-token", token)],
            )
            if isinstance(sent, Failed):
                return sent
            if not sent.ok:
                return sent.failure(401, 403)
            code, why = _result(inner(sent.json()))
            if code == "0":
                return None
            if not code.isdigit() or int(code) not in _BAD_TOKEN or last:
                return Failed(f"接口返回 {code or '不明'}：{why}")
            desk.forget_token(owner)
        raise AssertionError("the second try returns")


def _content(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """`content` is an object, or its JSON as a string; the documents show both."""
    content = payload.get("content")
    return json_object(content.encode()) if isinstance(content, str) else inner(content)


def _kind(message_type: str) -> str:
    return "file" if "video" in message_type else _KINDS.get(message_type, "card")


def _result(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Code and reason, wherever this version of the interface puts them; ("", "") where it gives none."""
    for part, code, why in (
        (answer, "err_no", "err_msg"),
        (inner(answer, "data"), "error_code", "description"),
        (inner(answer, "extra"), "error_code", "description"),
    ):
        if found := ident(part, code):
            return found, words(part, why)[:200]
    return "", ""


async def _business_token(settings: Settings, desk: Desk) -> AccessToken | Failed:
    got = await desk.client.post_json(
        f"{settings['api'].rstrip('/')}/oauth/business_token/",
        {
            "client_key": settings["client_key"],
            "client_secret": settings["client_secret"],
            "open_id": settings["open_id"],
            "scope": _SCOPE,
        },
    )
    if isinstance(got, Failed):
        return got
    answer = inner(got.json())
    data = inner(answer, "data")
    value, lasts = data.get("biz_token"), data.get("biz_expires_in")
    if not isinstance(value, str) or not value or not isinstance(lasts, int):
        code, why = _result(answer)
        return Failed(f"取不到 BusinessToken（{code or got.status}）：{why}")
    return AccessToken(value, lasts)
