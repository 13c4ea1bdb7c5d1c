"""微信客服 (WeChat customer service of 企业微信): the hook says that something is there, `kf/sync_msg` says what.

As documented at https://developer.work.weixin.qq.com/document/path/94670 (接收消息和事件), /94677 (发送消息),
/91039 (获取access_token), /90930 (回调配置: the GET with echostr, an answer within 5 s, three tries) and /91144
(`wechat_crypto`). Written after these documents; we have seen no live account.

What follows from them: `sync_msg` does not give back what was sent by the API, so there is no echo of our replies; and
`send_msg` is allowed while the session is new or with the assistant (states 0 and 1), within 48 hours of the buyer's
last message, five messages at most. Once a person serves (state 3) it is refused with 95018.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from app.gateways.consoles.console import (
    URL_PATTERN,
    Console,
    Heard,
    Hook,
    HookAnswer,
    Pulled,
    Reply,
    Setting,
    Settings,
)
from app.gateways.consoles.desk import AccessToken, Desk
from app.gateways.consoles.errors import StaleProofError, not_signed, wrong_signature
from app.gateways.consoles.payload import inner, instant, words, xml_root
from app.gateways.consoles.wechat_crypto import decrypt, is_signed
from app.gateways.outbound import Failed

RawEvent = dict[str, Any]

_LIMIT: Final = 200
"""Messages in one answer of `sync_msg`, which keeps it well below what we read of an answer."""
_BAD_TOKEN: Final = frozenset({40001, 40014, 42001})
_NEVER: Final = {
    95000: "客服帐号不存在",
    95001: "这位客户的下发条数已用完（48 小时内最多 5 条）",
    95002: "距客户上次发言已超过 48 小时",
    95013: "会话已结束",
    95018: "人工接待中的会话不能用接口发送，请由接待人员回复",
    40096: "客户不存在",
}
"""Codes of `send_msg` that no repetition changes (全局错误码, /document/path/90313)."""
_FROM_BUYER, _FROM_SYSTEM, _FROM_SERVICER = 3, 4, 5
"""`origin` of a message."""
_KINDS: Final = {"text": "text", "image": "image", "voice": "voice", "video": "file", "file": "file"}
"""By `msgtype`; locations, links, cards and mini programs are cards."""


class WeChatKf(Console):
    name: ClassVar[str] = "wechat_kf"
    title: ClassVar[str] = "微信客服（企业微信）"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("corp_id", "企业 ID / corporation id", required=True, pattern=r"\w{6,64}"),
        Setting("secret", "「微信客服」的 Secret / its secret", required=True, secret=True, pattern=r"\S+"),
        Setting(
            "token",
            "回调配置里的 Token / token of the callback",
            required=True,
            secret=True,
            pattern=r"\w{1,32}",
        ),
        Setting(
            "aes_key",
            "回调配置里的 EncodingAESKey（43 个字符）/ of 43 characters",
            required=True,
            secret=True,
            pattern=r"[A-Za-z0-9]{43}",
        ),
        Setting("open_kfid", "只接这一个客服帐号，不填为全部 / only this account", pattern=r"[\w-]{1,64}"),
        Setting(
            "api", "接口地址 / address of the API", pattern=URL_PATTERN, default="https://qyapi.weixin.qq.com"
        ),
    )
    replies_with: ClassVar[tuple[str, ...]] = ("corp_id", "secret")
    hints: ClassVar[tuple[str, ...]] = (
        "Token 与 EncodingAESKey 要与「微信客服→API→回调配置」里的一致，企业 ID 在「我的企业」最下面",
        "链接里的 msg_signature、timestamp、nonce 要原样传到，代理不能去掉",
    )

    def verify(self, hook: Hook, settings: Settings) -> None:
        self._check_signature(hook, settings, _ciphertext(hook.body))

    def handshake(self, hook: Hook, settings: Settings) -> HookAnswer:
        """The address is being saved: give back the decrypted `echostr`."""
        echo = hook.query.get("echostr", "")
        self._check_signature(hook, settings, echo)
        return HookAnswer(decrypt(settings["aes_key"], echo, settings["corp_id"]))

    def _check_signature(self, hook: Hook, settings: Settings, ciphertext: str) -> None:
        given, stamp, nonce = (hook.query.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
        if not given or not stamp or not ciphertext:
            raise not_signed("msg_signature、timestamp、Encrypt")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise wrong_signature()
        if abs(hook.now.timestamp() - int(stamp)) > hook.tolerance_s:
            raise StaleProofError(hook.tolerance_s)
        token = settings.get("token", "")
        if not token or not is_signed(given, token, stamp, nonce, ciphertext):
            raise wrong_signature()

    def read(self, hook: Hook, settings: Settings) -> Heard:
        told = xml_root(decrypt(settings["aes_key"], _ciphertext(hook.body), settings["corp_id"]))
        empty = HookAnswer()
        if told.findtext("Event") != "kf_msg_or_event":
            return Heard(answer=empty)
        account = told.findtext("OpenKfId")
        if account and settings.get("open_kfid") not in {None, account}:
            return Heard(answer=empty)
        return Heard(answer=empty, pull=told.findtext("Token") or "")

    async def reply(self, reply: Reply, settings: Settings, desk: Desk) -> Failed | None:
        """`msgid` is ours: the same over all attempts."""
        account, _, buyer = self.theirs(reply.session).partition(":")
        answer = await _call(
            "kf/send_msg",
            {
                "touser": buyer,
                "open_kfid": account,
                "msgid": reply.id,
                "msgtype": "text",
                "text": {"content": reply.text},
            },
            settings,
            desk,
        )
        return answer if isinstance(answer, Failed) else None

    async def pull(self, cursor: str, token: str, settings: Settings, desk: Desk) -> Pulled | Failed:
        wanted: dict[str, Any] = {"limit": _LIMIT}
        wanted |= {"cursor": cursor} if cursor else {}
        wanted |= {"token": token} if token else {}
        wanted |= {"open_kfid": settings["open_kfid"]} if "open_kfid" in settings else {}
        answer = await _call("kf/sync_msg", wanted, settings, desk)
        if isinstance(answer, Failed):
            return answer
        listed = answer.get("msg_list")
        events = [
            event
            for message in (listed if isinstance(listed, list) else [])
            for event in self._events(inner(message))
        ]
        return Pulled(events, words(answer, "next_cursor") or cursor, more=answer.get("has_more") == 1)

    def _events(self, message: Mapping[str, Any]) -> Iterator[RawEvent]:
        kind = words(message, "msgtype")
        happening = inner(message, "event")
        account = words(message, "open_kfid") or words(happening, "open_kfid")
        buyer = words(message, "external_userid") or words(happening, "external_userid")
        if not account or not buyer or not words(message, "msgid"):
            return
        event: RawEvent = {
            "id": self.ours(words(message, "msgid")),
            "at": instant(message.get("send_time")),
            "session": self.ours(account, buyer),
            "buyer": self.ours(buyer),
        }
        if kind == "event":
            yield from self._happened(event, happening)
        elif message.get("origin") == _FROM_BUYER:
            yield event | _message("buyer", kind, message)
        elif message.get("origin") == _FROM_SERVICER:
            yield event | _message("agent", kind, message) | {"agent": words(message, "servicer_userid")}
        elif message.get("origin") == _FROM_SYSTEM:
            yield event | _message("system", kind, message)

    def _happened(self, event: RawEvent, happening: Mapping[str, Any]) -> Iterator[RawEvent]:
        match happening.get("event_type"):
            case "enter_session":
                yield event | {"type": "session_opened"}
            case "user_recall_msg" | "servicer_recall_msg":
                yield event | {
                    "type": "message_withdrawn",
                    "message": self.ours(words(happening, "recall_msgid")),
                }
            case "session_status_change":
                yield from _session_change(event, happening)


def _session_change(event: RawEvent, happening: Mapping[str, Any]) -> Iterator[RawEvent]:
    """change_type: 1 taken from the pool by a person, 2 passed on, 3 ended, 4 taken up again."""
    agent = words(happening, "new_servicer_userid")
    match happening.get("change_type"):
        case 3:
            yield event | {"type": "session_closed"}
        case 1 | 2 | 4 as change if agent:
            if change == 1:
                yield event | {"id": f"{event['id']}:handover", "type": "handover"}
            yield event | {"type": "assigned", "agent": agent}


def _message(sender: str, kind: str, message: Mapping[str, Any]) -> RawEvent:
    return {
        "type": "message",
        "sender": sender,
        "kind": _KINDS.get(kind, "card"),
        "text": words(inner(message, kind), "content"),
    }


def _ciphertext(body: bytes) -> str:
    return xml_root(body).findtext("Encrypt") or ""


async def _call(
    command: str, payload: Mapping[str, Any], settings: Settings, desk: Desk
) -> Mapping[str, Any] | Failed:
    """Call a command of the API, once more with a new access token if the one we keep is not good any more."""
    owner = ("wechat_kf", settings["api"], settings["corp_id"], settings["secret"])

    async def fetch() -> AccessToken | Failed:
        got = await desk.client.request(
            "GET",
            f"{settings['api'].rstrip('/')}/cgi-bin/gettoken"
            f"?corpid={quote(settings['corp_id'], safe='')}&corpsecret={quote(settings['secret'], safe='')}",
        )
        if isinstance(got, Failed):
            return got
        answer = inner(got.json())
        value, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not isinstance(lasts, int):
            return Failed(f"取不到 access_token（errcode {answer.get('errcode')}），请核对企业 ID 与 Secret")
        return AccessToken(value, lasts)

    for last in (False, True):
        token = await desk.token(owner, fetch)
        if isinstance(token, Failed):
            return token
        got = await desk.client.post_json(
            f"{settings['api'].rstrip('/')}/cgi-bin/{command}?access_token={quote(token, safe='')}", payload
        )
        if isinstance(got, Failed):
            return got
        if not got.ok:
            return got.failure()
        answer = inner(got.json())
        code = answer.get("errcode")
        if code == 0:
            return answer
        if code not in _BAD_TOKEN or last:
            known = _NEVER.get(code) if isinstance(code, int) else None
            return Failed(
                f"接口返回 {code}：{known or words(answer, 'errmsg')[:200]}", gone=known is not None
            )
        desk.forget_token(owner)
    raise AssertionError("the second try returns")
