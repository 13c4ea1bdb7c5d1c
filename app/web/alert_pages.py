"""The pages of alert channels: values in, HTML out. Nothing here reads the database, the clock or the request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from app.core.alerts import Kind, Occasion, Role
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, render

KIND_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Kind.DINGTALK.value: "钉钉",
        Kind.WECOM.value: "企业微信",
        Kind.FEISHU.value: "飞书",
        Kind.LARK.value: "Lark",
        Kind.BARK.value: "Bark",
        Kind.NTFY.value: "ntfy",
        Kind.MAIL.value: "邮件",
        Kind.WEBHOOK.value: "Webhook",
        Kind.SMS.value: "短信",
    }
)
ROLE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {Role.AGENT.value: "客服", Role.SUPERVISOR.value: "主管", Role.OWNER.value: "老板"}
)
OCCASION_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Occasion.WARNED.value: "快到时限",
        Occasion.WARNED_LAST.value: "最后一次提醒",
        Occasion.MISSED.value: "超时",
        Occasion.ESCALATED.value: "超时后还没人回复",
        Occasion.DEAD.value: "自动回复没送达",
    }
)
MESSAGE_STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "sending": ("正在发", "calm"),
        "retrying": ("没发出，等会再试", "warn"),
        "sent": ("已送达", "good"),
        "dropped": ("不用发了", "plain"),
        "failed": ("没送达", "bad"),
    }
)
"""State of a message -> (what people read, tone of its badge)."""
NUMBERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "after_s": ("推迟", "秒；到时还没人回复才说"),
        "max_per_hour": ("一小时最多", "条"),
        "max_per_day": ("一天最多", "条"),
        "digest_s": ("两条之间至少隔", "秒；这段时间里的事合成一条"),
        "waited_over_s": ("只说等了多久以上的", "秒；0 是都说"),
    }
)
"""Settings that are numbers -> (what people read, unit and hint)."""
_LINE: Final = re.compile(r"[\r\n,，、]+")


@dataclass(frozen=True, slots=True)
class Board:
    """The list of channels as `shown` by the use case, what is kept back on each, and the latest messages."""

    channels: Sequence[Mapping[str, Any]]
    held: Mapping[str, int]
    messages: Sequence[Mapping[str, Any]]
    timezone: str
    done: str = ""
    problem: str = ""

    @property
    def names(self) -> dict[str, str]:
        return {str(channel["id"]): str(channel["name"]) for channel in self.channels}


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one channel, with the texts of its fields. `shown` is as much of its address as is shown."""

    fields: Mapping[str, str] = field(default_factory=dict)
    occasions: frozenset[str] = frozenset()
    channel_id: str = ""
    shown: str = ""
    fault: tuple[str, str] | None = None


def board_page(frame: Frame, board: Board) -> str:
    """All channels with their buttons, and what was sent last."""
    return render("alerts/list.html", frame=frame, board=board)


def form_page(frame: Frame, form: Form) -> str:
    """The form of a channel, new or not."""
    return render("alerts/edit.html", frame=frame, form=form)


def form_of(channel: Mapping[str, Any]) -> Form:
    """The form that shows a channel."""
    fields = {name: str(channel[name]) for name in ("name", "role", "hours", *NUMBERS)}
    fields["agents"] = "\n".join(channel["agents"])
    fields["sms"] = fields["was_sms"] = "1" if channel["kind"] == Kind.SMS else ""
    return Form(fields, frozenset(channel["occasions"]), str(channel["id"]), str(channel["address"]))


def submitted_form(given: Mapping[str, list[str]], channel_id: str = "", shown: str = "") -> Form:
    """The form as somebody filled it in."""
    fields = {name: values[0] for name, values in given.items() if values}
    return Form(fields, frozenset(given.get("occasions", ())), channel_id, shown)


def settings_of(form: Form) -> dict[str, Any]:
    """What a form says, as `add_channel` and `change_channel` take it; what was left empty is left out.

    A number that is none is handed on as it was written, and refused there by its name.
    """
    # The limits that the form shows are then those of the other kind.
    becomes_another = bool(form.channel_id) and bool(form.fields.get("sms")) != bool(
        form.fields.get("was_sms")
    )
    settings: dict[str, Any] = {
        name: form.fields[name].strip()
        for name in ("name", "address", "secret", "role", "hours")
        if form.fields.get(name, "").strip() and not (becomes_another and name == "hours")
    }
    settings["name"] = settings.get("name", "")
    settings["agents"] = [
        name for part in _LINE.split(form.fields.get("agents", "")) if (name := part.strip())
    ]
    for name in ("after_s",) if becomes_another else NUMBERS:
        if text := form.fields.get(name, "").strip():
            settings[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text
    if form.occasions or form.channel_id:
        settings["occasions"] = sorted(form.occasions)
    if form.fields.get("sms"):
        settings["kind"] = Kind.SMS.value
    elif form.fields.get("was_sms"):
        settings["kind"] = Kind.WEBHOOK.value
    return settings


ENVIRONMENT.filters.update(parsed=datetime.fromisoformat)
ENVIRONMENT.globals.update(
    channel_kinds=KIND_NAMES,
    channel_roles=ROLE_NAMES,
    alert_occasions=OCCASION_NAMES,
    alert_message_states=MESSAGE_STATES,
    channel_numbers=NUMBERS,
)
