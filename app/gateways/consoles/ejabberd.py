"""ejabberd, an XMPP server, by its modules mod_post_log (in) and mod_http_api (out).

Seen with ejabberd 23.01: one POST for each stanza that somebody sends, `text/xml`, unsigned, with the headers
X-Message-From, X-Message-To and X-Message-Timestamp; no second try when it is not taken, and no order among those of one
second. So the key stands in the address, and which people are agents is a setting.

A reply goes out by `send_stanza`, where its id and a mark of ours come back in the echo, or by `send_message`, where
neither does. Nothing dedupes: a reply whose answer got lost may be said twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from app.gateways.consoles.console import Console, Heard, Hook, Reply, Setting, Settings
from app.gateways.consoles.desk import Desk
from app.gateways.consoles.errors import ConsoleError
from app.gateways.consoles.payload import xml_root
from app.gateways.outbound import Failed

RawEvent = dict[str, Any]

_JID: Final = r"[^\s,@/]+@[^\s,@/]+"
_JIDS: Final = rf"{_JID}(?:,{_JID})*"
_CLIENT: Final = "{jabber:client}"
_NAMESPACE: Final = "urn:miaohui:reply"
_MARK: Final = "sent"
_OUR_SENDERS: Final = frozenset({"robot", "robot_assist"})


class Ejabberd(Console):
    name: ClassVar[str] = "ejabberd"
    title: ClassVar[str] = "ejabberd（XMPP）"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("agents", "客服的 JID，用逗号隔开 / JIDs of agents", required=True, pattern=_JIDS),
        Setting("robots", "机器人的 JID，用逗号隔开 / JIDs of robots", pattern=_JIDS),
        Setting(
            "url",
            "接口 send_stanza 或 send_message 的地址 / address of the command",
            pattern=r"https?://[^\s/@?#]+/(?:[^\s@?#]*/)?send_(?:stanza|message)",
        ),
        Setting("speaker", "自动回复用哪个 JID 说；不填为第一个客服 / who says the replies", pattern=_JID),
        Setting("bearer", "接口的 OAuth 令牌 / OAuth token of the API", secret=True),
    )
    replies_with: ClassVar[tuple[str, ...]] = ("url",)
    marks_senders: ClassVar[bool] = False
    hints: ClassVar[tuple[str, ...]] = (
        "ejabberd 不签名：mod_post_log 的 url 要以 ?key=密钥 结尾，用 miaohui key add 店铺 --scope events 新建",
    )

    def read(self, hook: Hook, settings: Settings) -> Heard:
        stanza = xml_root(hook.body)
        at = hook.headers.get("x-message-timestamp", "")
        if not at:
            raise ConsoleError("no_timestamp", "缺少 X-Message-Timestamp / the header is missing")
        return Heard(tuple(self._message(stanza, at, settings)))

    def _message(self, stanza: Element, at: str, settings: Settings) -> Iterator[RawEvent]:
        """A message between a buyer and the shop; nothing for what else passes (typing, receipts, groups, colleagues)."""
        text = stanza.findtext(f"{_CLIENT}body")
        if (
            stanza.tag != f"{_CLIENT}message"
            or stanza.get("type", "normal") not in {"chat", "normal"}
            or not text
        ):
            return
        speaker, hearer = _bare(stanza.get("from", "")), _bare(stanza.get("to", ""))
        agents, robots = (settings.get(who, "").lower().split(",") for who in ("agents", "robots"))
        staff = {*agents, *robots}
        if not speaker or not hearer or (speaker in staff) == (hearer in staff):
            return
        buyer = hearer if speaker in staff else speaker
        # Clients number their stanzas as they like, so the id alone names nothing.
        named = "\n".join((speaker, hearer, stanza.get("id", ""), at, text))
        event: RawEvent = {
            "id": self.ours(hashlib.blake2b(named.encode(), digest_size=12).hexdigest()),
            "type": "message",
            "at": at,
            "session": self.ours(buyer),
            "buyer": self.ours(buyer),
            "sender": "buyer",
            "text": text,
        }
        if speaker in staff:
            event |= {"sender": "robot" if speaker in robots else "agent", "agent": speaker}
            mark = stanza.find(f"{{{_NAMESPACE}}}{_MARK}")
            if mark is not None and mark.get("by") in _OUR_SENDERS:
                event |= {"sender": mark.get("by"), "echo_of": stanza.get("id", "")}
        yield event

    async def reply(self, reply: Reply, settings: Settings, desk: Desk) -> Failed | None:
        speaker = settings.get("speaker") or settings["agents"].split(",")[0]
        message = {"from": speaker, "to": self.theirs(reply.session)}
        if settings["url"].endswith("send_stanza"):
            message["stanza"] = _stanza(reply)
        else:
            message |= {"type": "chat", "subject": "", "body": reply.text}
        token = settings.get("bearer")
        headers = [("authorization", f"Bearer {token}")] if token else []
        sent = await desk.client.post_json(settings["url"], message, headers)
        if isinstance(sent, Failed):
            return sent
        return None if sent.ok else sent.failure(400, 401, 403, 404)


def _bare(jid: str) -> str:
    """Without the resource, as XMPP compares: in lower case."""
    return jid.partition("/")[0].lower()


def _stanza(reply: Reply) -> str:
    message = Element("message", {"type": "chat", "id": reply.id})
    SubElement(message, "body").text = reply.text
    # As an attribute: the server keeps what stands on the element itself, and loses a prefix declared above it.
    SubElement(message, _MARK, {"xmlns": _NAMESPACE, "by": reply.sender})
    return tostring(message, encoding="unicode")
