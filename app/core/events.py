"""The event log: what happened on the platform, one fact each (DESIGN section 3.1).

An `Event` is a value. It is parsed once, at the border, by `parse_event`, which either returns it whole or
raises one `EventError` that says what is wrong and where. Fields that we do not know are kept in `extra`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

import orjson

MAX_ID_LENGTH = 200
"""Code points in an id (event, session, buyer, agent)."""
MAX_TEXT_LENGTH = 20_000
"""Code points in a text; the longest chat message of any platform is far below."""
FIRST_YEAR, LAST_YEAR = 1971, 9990
"""Years that an event may bear: every instant in them exists in every time zone."""


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


class EventError(ValueError):
    """An event that cannot be taken. `reason` is stable, `field` names the place, the message is for people."""

    def __init__(self, reason: str, field_name: str | None, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field_name
        self.message = message


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
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
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

    Raises `EventError` with one of the reasons `not_an_object`, `missing_field`, `wrong_type`, `unknown_type`,
    `unknown_value`, `bad_time`, `too_long`, `bad_text`.
    """
    if not isinstance(raw, Mapping):
        raise EventError(
            "not_an_object", None, "一个事件必须是一个 JSON 对象 / an event must be a JSON object"
        )
    event_id = _text(raw, "id", required=True, limit=MAX_ID_LENGTH)
    kind_of_event = _choice(raw, "type", EventType, "unknown_type", required=True)
    at = _time(raw, "at", required=True)
    assert event_id is not None
    assert kind_of_event is not None
    assert at is not None
    required = _REQUIRED.get(kind_of_event, ("session", "buyer"))
    ids = {
        name: _text(raw, name, required=name in required, limit=MAX_ID_LENGTH)
        for name in ("session", "buyer", "agent", "message")
    }
    is_message = kind_of_event is EventType.MESSAGE
    choices = {name: _one_of(raw, name, allowed) for name, allowed in _CHOICES.items()}
    if "flag" in required and choices["flag"] is None:
        raise _missing("flag")
    return Event(
        id=event_id,
        type=kind_of_event,
        at=at,
        session=ids["session"],
        buyer=ids["buyer"],
        agent=ids["agent"],
        sender=_choice(raw, "sender", Sender, "unknown_value", required=is_message),
        kind=_choice(raw, "kind", Kind, "unknown_value") or (Kind.TEXT if is_message else None),
        text=_text(raw, "text", limit=MAX_TEXT_LENGTH) or "",
        courtesy=_flag(raw, "courtesy"),
        offline=_flag(raw, "offline"),
        # Other marks than `system` and `reported` (such as a console's own "ad") are kept and drop nothing.
        spam=_text(raw, "spam", limit=MAX_ID_LENGTH),
        message=ids["message"],
        label=_text(raw, "label", required="label" in required, limit=MAX_ID_LENGTH),
        reason=_text(raw, "reason", limit=MAX_TEXT_LENGTH),
        by=_one_of(raw, "by", _BY[kind_of_event])
        if kind_of_event in _BY
        else _text(raw, "by", limit=MAX_ID_LENGTH),
        invited_at=_time(raw, "invited_at"),
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

    Yields (line number from 1, event). Raises `EventError` whose message names the line.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = parse_event(orjson.loads(line))
        except EventError as error:
            raise EventError(error.reason, error.field, f"第 {number} 行：{error.message}") from error
        except orjson.JSONDecodeError as error:
            raise EventError("not_json", None, f"第 {number} 行不是 JSON：{error}") from error
        yield number, event


Choice = TypeVar("Choice", bound=StrEnum)


def _missing(name: str) -> EventError:
    return EventError("missing_field", name, f"缺少字段 {name} / field {name} is missing")


def _text(raw: Mapping[str, Any], name: str, *, required: bool = False, limit: int) -> str | None:
    value = raw.get(name)
    if value is None or (required and value == ""):
        if required:
            raise _missing(name)
        return None
    if not isinstance(value, str):
        raise EventError("wrong_type", name, f"字段 {name} 必须是文字 / field {name} must be a string")
    if len(value) > limit:
        raise EventError(
            "too_long",
            name,
            f"字段 {name} 最多 {limit} 字，实为 {len(value)} 字 / {name} is longer than {limit}",
        )
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise EventError(
            "bad_text", name, f"字段 {name} 含有空字符或残缺字符 / {name} holds NUL or a lone surrogate"
        )
    return value


def _flag(raw: Mapping[str, Any], name: str) -> bool | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, bool):
        raise EventError(
            "wrong_type", name, f"字段 {name} 必须是 true 或 false / field {name} must be a boolean"
        )
    return value


def _one_of(raw: Mapping[str, Any], name: str, allowed: frozenset[str]) -> str | None:
    value = _text(raw, name, limit=MAX_ID_LENGTH)
    if value is not None and value not in allowed:
        names = "、".join(sorted(allowed))
        raise EventError("unknown_value", name, f"字段 {name} 只能是 {names} / {name} must be one of these")
    return value


def _choice(
    raw: Mapping[str, Any], name: str, choices: type[Choice], reason: str, *, required: bool = False
) -> Choice | None:
    value = _text(raw, name, required=required, limit=MAX_ID_LENGTH)
    if value is None:
        return None
    try:
        return choices(value)
    except ValueError:
        names = "、".join(choices)
        raise EventError(reason, name, f"字段 {name} 只能是 {names} / {name} must be one of these") from None


def _time(raw: Mapping[str, Any], name: str, *, required: bool = False) -> datetime | None:
    value = _text(raw, name, required=required, limit=64)
    if value is None:
        return None
    if not _RFC3339.fullmatch(value):
        raise _bad_time(name)
    try:
        at = datetime.fromisoformat(value.upper().replace(" ", "T"))
    except ValueError:
        raise _bad_time(name) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise _bad_time(name)
    return at


def _bad_time(name: str) -> EventError:
    return EventError(
        "bad_time",
        name,
        f"字段 {name} 必须是带时区的时间，例如 2026-11-22T10:00:00+08:00 / {name} must be RFC 3339 with an offset",
    )
