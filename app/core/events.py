"""The event log: what happened on the platform, one fact each (DESIGN section 3.1).

An `Event` is a value. It is parsed once, at the border, by `parse_event`, which either returns it whole or
raises one `FieldError` that says what is wrong and where. Fields that we do not know are kept in `extra`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import orjson

from app.core import fields
from app.core.fields import FieldError


class EventType(StrEnum):
    MESSAGE = "message"
    MESSAGE_WITHDRAWN = "message_withdrawn"
    HANDOVER = "handover"
    ASSIGNED = "assigned"
    SESSION_OPENED = "session_opened"
    SESSION_CLOSED = "session_closed"
    INVITE_SENT = "invite_sent"
    RATING = "rating"
    BUYER_FLAGGED = "buyer_flagged"
    AGENT_ONLINE = "agent_online"
    AGENT_OFFLINE = "agent_offline"


class Sender(StrEnum):
    BUYER = "buyer"
    AGENT = "agent"
    """Sent by hand."""
    ROBOT = "robot"
    """Sent unattended."""
    ROBOT_ASSIST = "robot_assist"
    """A machine's draft, sent inside human service."""
    WELCOME = "welcome"
    SYSTEM = "system"


class Kind(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    CARD = "card"
    EMOJI = "emoji"
    FILE = "file"
    VOICE = "voice"


AGENT_EVENTS = frozenset({EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE})
"""Events about an agent alone: they bear neither session nor buyer."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `at` is aware; ids are opaque; what a type does not bear is None (or "" for `text`)."""

    id: str
    type: EventType
    at: datetime
    session: str | None = None
    buyer: str | None = None
    agent: str | None = None
    sender: Sender | None = None
    kind: Kind | None = None
    text: str = ""
    courtesy: bool | None = None
    offline: bool | None = None
    spam: str | None = None
    message: str | None = None
    label: str | None = None
    reason: str | None = None
    by: str | None = None
    invited_at: datetime | None = None
    flag: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def order(self) -> tuple[datetime, str]:
        """The tidy order: by time, and by id where times are equal, so that arrival plays no part."""
        return (self.at, self.id)

    def evolve(self, **changes: Any) -> Event:
        """The same event with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """The event as a JSON object, unknown fields included; `parse_event` reads it back as an equal event."""
        out: dict[str, Any] = {"id": self.id, "type": self.type.value, "at": self.at.isoformat()}
        for name in ("session", "buyer", "agent"):
            if (value := getattr(self, name)) is not None:
                out[name] = value
        if self.sender is not None:
            out["sender"] = self.sender.value
        if self.kind is not None:
            out["kind"] = self.kind.value
        if self.type is EventType.MESSAGE:
            out["text"] = self.text
        for name in ("courtesy", "offline", "spam", "message", "label", "reason", "by", "flag"):
            if (value := getattr(self, name)) is not None:
                out[name] = value
        if self.invited_at is not None:
            out["invited_at"] = self.invited_at.isoformat()
        return out | dict(self.extra)


_KNOWN = frozenset(Event.__slots__) - {"extra"}
_REQUIRED: Mapping[EventType, tuple[str, ...]] = {
    EventType.MESSAGE: ("session", "buyer", "sender"),
    EventType.MESSAGE_WITHDRAWN: ("session", "buyer", "message"),
    EventType.RATING: ("session", "buyer", "label"),
    EventType.BUYER_FLAGGED: ("session", "buyer", "flag"),
    EventType.AGENT_ONLINE: ("agent",),
    EventType.AGENT_OFFLINE: ("agent",),
}
_CHOICES: Mapping[str, frozenset[str]] = {
    "flag": frozenset({"spam_system", "spam_reported"}),
}
_BY: Mapping[EventType, frozenset[str]] = {
    EventType.RATING: frozenset({"human", "robot"}),
    EventType.INVITE_SENT: frozenset({"agent", "system"}),
}


def parse_event(raw: object) -> Event:
    """Read one JSON object as an event.

    Raises `FieldError` with one of the reasons `not_an_object`, `missing_field`, `wrong_type`, `unknown_type`,
    `unknown_value`, `bad_time`, `too_long`, `bad_text`.
    """
    if not isinstance(raw, Mapping):
        raise FieldError(
            "not_an_object", None, "一个事件必须是一个 JSON 对象 / an event must be a JSON object"
        )
    event_id = fields.text(raw, "id", required=True, limit=fields.MAX_ID_LENGTH)
    kind_of_event = fields.choice(raw, "type", EventType, "unknown_type", required=True)
    at = fields.moment(raw, "at", required=True)
    assert event_id is not None
    assert kind_of_event is not None
    assert at is not None
    required = _REQUIRED.get(kind_of_event, ("session", "buyer"))
    ids = {
        name: fields.text(raw, name, required=name in required, limit=fields.MAX_ID_LENGTH)
        for name in ("session", "buyer", "agent", "message")
    }
    is_message = kind_of_event is EventType.MESSAGE
    choices = {name: fields.one_of(raw, name, allowed) for name, allowed in _CHOICES.items()}
    if "flag" in required and choices["flag"] is None:
        raise fields.missing("flag")
    return Event(
        id=event_id,
        type=kind_of_event,
        at=at,
        session=ids["session"],
        buyer=ids["buyer"],
        agent=ids["agent"],
        sender=fields.choice(raw, "sender", Sender, "unknown_value", required=is_message),
        kind=fields.choice(raw, "kind", Kind, "unknown_value") or (Kind.TEXT if is_message else None),
        text=fields.text(raw, "text", limit=fields.MAX_TEXT_LENGTH) or "",
        courtesy=fields.flag(raw, "courtesy"),
        offline=fields.flag(raw, "offline"),
        # Other marks than `system` and `reported` (such as a console's own "ad") are kept and drop nothing.
        spam=fields.text(raw, "spam", limit=fields.MAX_ID_LENGTH),
        message=ids["message"],
        label=fields.text(raw, "label", required="label" in required, limit=fields.MAX_ID_LENGTH),
        reason=fields.text(raw, "reason", limit=fields.MAX_TEXT_LENGTH),
        by=fields.one_of(raw, "by", _BY[kind_of_event])
        if kind_of_event in _BY
        else fields.text(raw, "by", limit=fields.MAX_ID_LENGTH),
        invited_at=fields.moment(raw, "invited_at"),
        flag=choices["flag"],
        extra=MappingProxyType({name: value for name, value in raw.items() if name not in _KNOWN}),
    )


def content_digest(event: Event) -> str:
    """A hash of all that the event says, so that the same id with other content is seen.

    Times that name the same instant hash alike; the order of fields and absent defaults play no part.
    """
    content = event.to_json()
    content["at"] = event.at.timestamp()
    if event.invited_at is not None:
        content["invited_at"] = event.invited_at.timestamp()
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def tidy(events: Iterable[Event]) -> list[Event]:
    """Each event once, in the tidy order; of two events with one id the first that was given stays."""
    once: dict[str, Event] = {}
    for event in events:
        once.setdefault(event.id, event)
    return sorted(once.values(), key=lambda event: event.order)


def read_log(lines: Iterable[str]) -> Iterator[tuple[int, Event]]:
    """Read a JSON Lines log, in file order; blank lines are skipped.

    Yields (line number from 1, event). Raises `FieldError` whose message names the line.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = parse_event(orjson.loads(line))
        except FieldError as error:
            raise FieldError(error.reason, error.field, f"第 {number} 行：{error.message}") from error
        except orjson.JSONDecodeError as error:
            raise FieldError("not_json", None, f"第 {number} 行不是 JSON：{error}") from error
        yield number, event
