"""Who is told of what: the channels of a shop, and the occasions on which one of them is used.

The ladder of an item tells its agent first, then a supervisor, then the owner: each is a channel with a role, and a delay
after which it is used only if the buyer still waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from app.core.alert_limits import AlertLimits
from app.core.profiles import SmsLimits
from app.core.spans import DAY_S, Span, SpanError, parse_span

_TICK: Final = timedelta(microseconds=1)
MAX_NAME: Final = 60
MAX_AGENTS: Final = 200


class Kind(StrEnum):
    """What a channel is, which decides its limits and how long its messages may be."""

    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    LARK = "lark"
    BARK = "bark"
    NTFY = "ntfy"
    MAIL = "mail"
    WEBHOOK = "webhook"
    SMS = "sms"


class Occasion(StrEnum):
    """What somebody is told of, the mildest first."""

    WARNED = "warned"
    WARNED_LAST = "warned_last"
    DEAD = "dead"
    """An automatic reply did not reach the console."""
    MISSED = "missed"
    ESCALATED = "escalated"
    """Nobody has answered for a while after the miss."""


WAITING: Final = frozenset(Occasion) - {Occasion.DEAD}
"""Occasions that are over once the buyer is answered."""


class Role(StrEnum):
    """Whom a channel reaches, which decides of what it is told unless its owner says otherwise."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class _RoleDefaults:
    occasions: frozenset[Occasion]
    after_s: int


_DEFAULTS: Final[Mapping[Role, _RoleDefaults]] = MappingProxyType(
    {
        Role.AGENT: _RoleDefaults(frozenset({Occasion.WARNED, Occasion.WARNED_LAST}), 0),
        Role.SUPERVISOR: _RoleDefaults(frozenset({Occasion.MISSED, Occasion.ESCALATED, Occasion.DEAD}), 0),
        Role.OWNER: _RoleDefaults(frozenset({Occasion.ESCALATED, Occasion.DEAD}), 300),
    }
)


class ChannelError(ValueError):
    """A channel that cannot be used; the message says which field and what it may be."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}：{message}")
        self.field = field
        self.reason = message


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach somebody, without its address.

    `agents`: whose buyers it is told of; empty for everybody's, and for buyers whom nobody has.
    """

    name: str
    kind: Kind
    role: Role
    agents: frozenset[str] = frozenset()
    occasions: frozenset[Occasion] = frozenset()
    after_s: int = 0
    limits: AlertLimits = field(default_factory=AlertLimits)
    active: bool = True

    def wants(self, occasion: Occasion, agent: str | None) -> bool:
        """Is it told of this, about a buyer of this agent?"""
        return self.active and occasion in self.occasions and (not self.agents or agent in self.agents)

    def due_at(self, occasion: Occasion, at: datetime, opened_at: datetime | None) -> datetime:
        """When it is to be told of what happened at `at`, about a buyer who has waited since `opened_at`."""
        due = at + timedelta(seconds=self.after_s)
        if occasion not in WAITING or opened_at is None or not self.limits.waited_over_s:
            return due
        return max(due, opened_at + timedelta(seconds=self.limits.waited_over_s) + _TICK)

    def to_json(self) -> dict[str, Any]:
        """The settings of the channel, as `read_channel` takes them."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "role": self.role.value,
            "agents": sorted(self.agents),
            "occasions": [each.value for each in Occasion if each in self.occasions],
            "after_s": self.after_s,
            "hours": self.limits.hours.text,
            "max_per_hour": self.limits.max_per_hour,
            "max_per_day": self.limits.max_per_day,
            "digest_s": self.limits.digest_s,
            "waited_over_s": self.limits.waited_over_s,
            "active": self.active,
        }


FIELDS: Final = tuple(Channel("", Kind.WEBHOOK, Role.AGENT).to_json())
"""What may be set of a channel, beside its address."""


def default_limits(kind: Kind, sms: SmsLimits | None) -> AlertLimits:
    """A text message keeps to the platform's own limits (of 快手 where the platform has none); the others are freer.

    Robots of chat groups are shut out for ten minutes beyond 20 messages a minute, from which a minute between two keeps far.
    """
    if kind is Kind.SMS:
        if sms is None:
            return AlertLimits(Span(8 * 3600, DAY_S), 2, 20, 60, 180)
        return AlertLimits(sms.hours, sms.max_per_hour, sms.max_per_day, 60, sms.unhandled_over_s)
    if kind is Kind.MAIL:
        return AlertLimits(max_per_hour=12, max_per_day=100, digest_s=300)
    return AlertLimits()


def read_channel(raw: Mapping[str, Any], kind: Kind, sms: SmsLimits | None) -> Channel:
    """A channel from its settings, with the defaults of its kind and role for what is left out. Raises `ChannelError`.

    `kind` is that of its address. A webhook may stand for a gateway of text messages: it then says `"kind": "sms"`.
    """
    if unknown := [key for key in raw if key not in FIELDS]:
        raise ChannelError(unknown[0], f"没有这个设置；可用：{'、'.join(FIELDS)} / unknown field")
    kind = _kind(raw.get("kind"), kind)
    try:
        role = Role(raw.get("role", Role.SUPERVISOR))
    except ValueError:
        raise ChannelError("role", f"只能是 {'、'.join(Role)} / unknown role") from None
    limits = default_limits(kind, sms)
    try:
        hours = parse_span(str(raw["hours"])) if "hours" in raw else limits.hours
    except SpanError as error:
        raise ChannelError("hours", str(error)) from None
    return Channel(
        name=_name(raw.get("name", "")),
        kind=kind,
        role=role,
        agents=frozenset(_texts(raw, "agents", ())),
        occasions=_occasions(raw, role),
        after_s=_number(raw, "after_s", _DEFAULTS[role].after_s, most=86_400),
        limits=AlertLimits(
            hours=hours,
            max_per_hour=_number(raw, "max_per_hour", limits.max_per_hour, least=1, most=600),
            max_per_day=_number(raw, "max_per_day", limits.max_per_day, least=1, most=5000),
            digest_s=_number(raw, "digest_s", limits.digest_s, most=3600),
            waited_over_s=_number(raw, "waited_over_s", limits.waited_over_s, most=86_400),
        ),
        active=_switch(raw, "active"),
    )


def _kind(wanted: Any, kind: Kind) -> Kind:
    if wanted is None or wanted == kind:
        return kind
    if wanted == Kind.SMS and kind is Kind.WEBHOOK:
        return Kind.SMS
    raise ChannelError("kind", f"这个地址是 {kind}；只有 webhook 可以改成 sms / does not fit the address")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME or not value.isprintable():
        raise ChannelError("name", f"请取个名字，最多 {MAX_NAME} 字，不能换行 / give it a name")
    return value.strip()


def _occasions(raw: Mapping[str, Any], role: Role) -> frozenset[Occasion]:
    names = _texts(raw, "occasions", tuple(each.value for each in _DEFAULTS[role].occasions))
    try:
        return frozenset(Occasion(name) for name in names)
    except ValueError:
        raise ChannelError("occasions", f"只能是 {'、'.join(Occasion)} / unknown occasion") from None


def _texts(raw: Mapping[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = raw.get(name, default)
    good = isinstance(value, list | tuple) and all(isinstance(each, str) and each for each in value)
    if not good or len(value) > MAX_AGENTS:
        raise ChannelError(name, "必须是文字的列表 / must be a list of strings")
    return tuple(value)


def _number(raw: Mapping[str, Any], name: str, default: int, *, least: int = 0, most: int) -> int:
    value = raw.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ChannelError(name, f"必须是 {least} 到 {most} 的整数 / must be a whole number in that range")
    return value


def _switch(raw: Mapping[str, Any], name: str) -> bool:
    value = raw.get(name, True)
    if not isinstance(value, bool):
        raise ChannelError(name, "必须是 true 或 false / must be a boolean")
    return value
