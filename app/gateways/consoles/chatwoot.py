"""Chatwoot, an open-source console: signed webhooks in, replies by its application API.

Payloads and signature as in its source: `app/listeners/webhook_listener.rb` (which events), `app/models/message.rb`
(`webhook_data`), `app/presenters/conversations/event_data_presenter.rb`, `app/models/attachment.rb`,
`lib/webhooks/trigger.rb` with pull requests #13573 (signature of account webhooks, 4.11.2) and #13892 (API inboxes and
agent bots, 4.13.0); the reply as in `messages_controller.rb` and `message_builder.rb`. Older versions do not sign: then
a key belongs into the hook's address.

Every event is made only of what cannot change between two deliveries of the same thing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from app.gateways.consoles.console import URL_PATTERN, Console, Heard, Hook, Reply, Setting, Settings
from app.gateways.consoles.desk import Desk
from app.gateways.consoles.errors import ConsoleError, StaleProofError, not_signed, wrong_signature
from app.gateways.consoles.payload import ident, inner, instant, json_object, words
from app.gateways.outbound import Failed

RawEvent = dict[str, Any]

OUR_ID: Final = "miaohui_id"
OUR_SENDER: Final = "miaohui_sender"
"""Names in `content_attributes`, which Chatwoot keeps and gives back. Not `source_id`: a message that bears one is taken
for sent already and never leaves Chatwoot (`Base::SendOnChannelService`). Not `echo_id`: it is not kept."""
_NEVER: Final = (401, 403, 404)
"""Answers of the API that no repetition changes."""
_MAY_NOT_LOOK: Final = (401, 403)
_MACHINES: Final = frozenset({"agent_bot", "captain_assistant"})
_KINDS: Final = {"image": "image", "audio": "voice"}
"""By `file_type` of an attachment; any other is a file."""


class Chatwoot(Console):
    name: ClassVar[str] = "chatwoot"
    title: ClassVar[str] = "Chatwoot"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "account",
            "账号编号：浏览器地址里 /app/accounts/ 后面的数字 / account id",
            required=True,
            pattern=r"\d{1,12}",
        ),
        Setting("secret", "Webhook 密钥，几个之间用空格 / webhook secrets, divided by spaces", secret=True),
        Setting("url", "Chatwoot 的地址，如 https://app.chatwoot.com / its address", pattern=URL_PATTERN),
        Setting("token", "访问令牌：个人设置最下面，或机器人的 / access token", secret=True),
        Setting(
            "inbox", "只接这一个收件箱（编号），不填为全部 / only this inbox, by its id", pattern=r"\d{1,12}"
        ),
    )
    replies_with: ClassVar[tuple[str, ...]] = ("url", "token")
    hints: ClassVar[tuple[str, ...]] = (
        "账号 Webhook（设置→集成→Webhook）、API 收件箱和机器人各有自己的密钥；事件从哪里来，就填哪一个，可填几个",
        "Chatwoot 4.11.2 之前的 Webhook、4.13.0 之前的 API 收件箱和机器人不签名：请升级，或在回调地址后面加 ?key=密钥",
        "有些版本界面显示的密钥与签名用的不是同一个（Chatwoot 问题 #13809）：删掉这个 Webhook 重建一次，再复制密钥",
        "代理改写了请求体也会对不上：签名针对原始字节",
    )

    def verify(self, hook: Hook, settings: Settings) -> None:
        signature, stamp = (hook.headers.get(f"x-chatwoot-{part}", "") for part in ("signature", "timestamp"))
        if not signature or not stamp:
            raise not_signed("X-Chatwoot-Signature、X-Chatwoot-Timestamp")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise wrong_signature()
        if abs(hook.now.timestamp() - int(stamp)) > hook.tolerance_s:
            raise StaleProofError(hook.tolerance_s)
        signed = stamp.encode() + b"." + hook.body
        good = False
        for secret in settings.get("secret", "").split():
            expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
            good |= hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))
        if not good:
            raise wrong_signature()

    def read(self, hook: Hook, settings: Settings) -> Heard:
        payload = json_object(hook.body)
        account = ident(inner(payload, "account"), "id") or ident(payload, "account_id")
        if account and account != settings["account"]:
            raise ConsoleError(
                "other_account",
                f"这是账号 {account} 的事件，配置的是 {settings['account']} / events of another account",
            )
        inbox = ident(inner(payload, "inbox"), "id") or ident(payload, "inbox_id")
        delivery = hook.headers.get("x-chatwoot-delivery") or None
        if inbox and settings.get("inbox") not in {None, inbox}:
            return Heard(delivery=delivery)
        return Heard(tuple(self._events(payload)), delivery, typing=tuple(self._typing(payload)))

    def _events(self, payload: Mapping[str, Any]) -> Iterator[RawEvent]:
        match payload.get("event"):
            case "message_created":
                yield from self._message(payload)
            case "message_updated":
                yield from self._update(payload)
            case "conversation_created":
                about = self._about(payload)
                yield about | {
                    "id": f"{about['session']}:opened",
                    "type": "session_opened",
                    "at": instant(payload.get("created_at")),
                }
            case "conversation_status_changed":
                yield from self._status(payload)
            case "conversation_updated":
                yield from self._assignment(payload)

    def _message(self, payload: Mapping[str, Any]) -> Iterator[RawEvent]:
        if payload.get("private") is True:
            return
        attributes = inner(payload, "content_attributes")
        event = self._about(inner(payload, "conversation")) | {
            "id": self.ours(f"m{ident(payload, 'id')}"),
            "at": instant(payload.get("created_at")),
        }
        if payload.get("message_type") == "template" and payload.get("content_type") == "input_csat":
            yield event | {"type": "invite_sent", "by": "system"}
            return
        event |= {
            "type": "message",
            "sender": _sender(payload),
            "kind": _kind(payload.get("attachments")),
            "text": words(payload, "content"),
        }
        if event["sender"] == "agent":
            event["agent"] = ident(inner(payload, "sender"), "id")
        if echo_of := words(attributes, OUR_ID):
            event["echo_of"] = echo_of
        yield event

    def _update(self, payload: Mapping[str, Any]) -> Iterator[RawEvent]:
        """A message was deleted, or a survey was answered. Edits do not concern us: what was read was read."""
        conversation = inner(payload, "conversation")
        attributes = inner(payload, "content_attributes")
        message = self.ours(f"m{ident(payload, 'id')}")
        answer = inner(attributes, "submitted_values", "csat_survey_response")
        if attributes.get("deleted") is True:
            yield self._about(conversation) | {
                "id": f"{message}:deleted",
                "type": "message_withdrawn",
                "at": _changed_at(conversation),
                "message": message,
            }
        elif label := ident(answer, "rating"):
            reason = words(answer, "feedback_message")
            which = hashlib.sha256(f"{label}\n{reason}".encode()).hexdigest()[:8]
            yield self._about(conversation) | {
                "id": f"{message}:rating-{which}",
                "type": "rating",
                "at": _changed_at(conversation),
                "label": label,
                "reason": reason,
                "invited_at": instant(payload.get("created_at")),
            }

    def _status(self, payload: Mapping[str, Any]) -> Iterator[RawEvent]:
        """Resolved closes the session; from pending (with a bot) to open is the hand-over."""
        event = self._about(payload) | {"at": _changed_at(payload)}
        before = _changes(payload, "status").get("previous_value")
        if payload.get("status") == "resolved":
            yield event | {"id": f"{event['session']}:resolved-{event['at']}", "type": "session_closed"}
        elif payload.get("status") == "open" and before == "pending":
            yield event | {"id": f"{event['session']}:handover-{event['at']}", "type": "handover"}

    def _assignment(self, payload: Mapping[str, Any]) -> Iterator[RawEvent]:
        agent = ident(_changes(payload, "assignee_id"), "current_value")
        if agent:
            event = self._about(payload) | {"at": _changed_at(payload)}
            yield event | {
                "id": f"{event['session']}:assigned-{agent}-{event['at']}",
                "type": "assigned",
                "agent": agent,
            }

    def _typing(self, payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        user, number = inner(payload, "user"), ident(inner(payload, "conversation"), "id")
        by_agent = user.get("type") == "user" and payload.get("is_private") is not True
        if payload.get("event") == "conversation_typing_on" and by_agent and number:
            yield self.ours(number), ident(user, "id")

    def _about(self, conversation: Mapping[str, Any]) -> RawEvent:
        """Session and buyer. Raises `ConsoleError` where there is no conversation."""
        number = ident(conversation, "id")
        contact = inner(conversation, "meta", "sender")
        buyer = ident(contact, "id") or ident(inner(conversation, "contact_inbox"), "contact_id")
        if not number or not buyer:
            raise ConsoleError(
                "no_conversation", "事件里没有会话或联系人 / no conversation or contact in the event"
            )
        about = {"session": self.ours(number), "buyer": self.ours(buyer)}
        return about | ({"buyer_name": name} if (name := words(contact, "name")) else {})

    async def reply(self, reply: Reply, settings: Settings, desk: Desk) -> Failed | None:
        """Chatwoot does not dedupe: look first whether an earlier attempt of ours got through.

        A bot's token may post but not look (`BOT_ACCESSIBLE_ENDPOINTS` of `access_token_auth_helper.rb`); then what got
        lost is known only once its webhook has come.
        """
        url = (
            f"{settings['url'].rstrip('/')}/api/v1/accounts/{settings['account']}"
            f"/conversations/{self.theirs(reply.session)}/messages"
        )
        token = [("api_access_token", settings["token"])]
        there = await desk.client.request("GET", url, token)
        if isinstance(there, Failed):
            return there
        if not there.ok and there.status not in _MAY_NOT_LOOK:
            return there.failure(*_NEVER)
        if _shows(there.json(), reply.id):
            return None
        sent = await desk.client.post_json(
            url,
            {
                "content": reply.text,
                "message_type": "outgoing",
                "private": False,
                "content_attributes": {OUR_ID: reply.id, OUR_SENDER: reply.sender},
            },
            token,
        )
        if isinstance(sent, Failed):
            return sent
        return None if sent.ok else sent.failure(*_NEVER)


def _shows(listed: object, reply_id: str) -> bool:
    """Is our reply among the messages of a conversation?"""
    messages = inner(listed).get("payload")
    return isinstance(messages, list) and any(
        inner(message, "content_attributes").get(OUR_ID) == reply_id for message in messages
    )


def _sender(payload: Mapping[str, Any]) -> str:
    attributes = inner(payload, "content_attributes")
    match payload.get("message_type"):
        case "incoming":
            return "buyer"
        case "template":
            return "welcome"
        case "outgoing":
            if (own := words(attributes, OUR_SENDER)) and words(attributes, OUR_ID):
                return own
            by_rule = (
                attributes.get("automation_rule_id")
                or inner(payload, "additional_attributes").get("campaign_id")
                or inner(payload, "sender").get("type") in _MACHINES
            )
            return "robot" if by_rule else "agent"
        case _:
            return "system"


def _kind(attachments: object) -> str:
    """An attachment makes the message one of its kind, words beside it or not: they are only half of what it says."""
    if not isinstance(attachments, list) or not attachments:
        return "text"
    return _KINDS.get(words(inner(attachments[0]), "file_type"), "file")


def _changes(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """`previous_value` and `current_value` of what changed; the list has one object for each attribute."""
    changed = payload.get("changed_attributes")
    for entry in changed if isinstance(changed, list) else [changed]:
        if found := inner(entry, name):
            return found
    return {}


def _changed_at(conversation: Mapping[str, Any]) -> str:
    """When the conversation changed; versions before 3.13 tell only of the last activity in it."""
    return instant(conversation.get("updated_at") or conversation.get("timestamp"))
