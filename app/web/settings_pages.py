"""The pages of the settings: values in, HTML out. Nothing here reads the database, the clock or the request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from app.core.roles import ROLE_NAMES, SCOPES, Role
from app.db.tables import ApiKeyRow, AuditRow, ConsoleRow, ShopRow, SigningSecretRow
from app.gateways.consoles import Console
from app.usecases.audit import AuditAct
from app.usecases.members import Link, Member, ShopOfMember
from app.usecases.web_sessions import OpenSession
from app.web.asked_forms import Form
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, render

SCOPE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "events": "送入事件（客服台、扩展）",
        "lint": "检查用语",
        "read": "看会话、指标和推荐",
        "propose": "提话术",
        "phrases": "改和批准话术",
        "policy": "改策略和叫停机器",
        "staff": "改服务时间和客服名单",
        "alerts": "看和改提醒渠道",
        "quality": "看每个人的服务质量",
        "members": "管成员和角色",
        "keys": "发和停密钥",
        "consoles": "接客服台",
        "audit": "看操作记录",
        "shop": "改店铺资料和签名密钥",
        "dashboard": "登录看板",
    }
)
ACT_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        AuditAct.SIGNED_IN.value: ("登录", "plain"),
        AuditAct.SIGNED_OUT.value: ("退出", "plain"),
        AuditAct.SIGN_IN_STOPPED.value: ("密码输错太多次", "warn"),
        AuditAct.SESSIONS_ENDED.value: ("让别处退出", "plain"),
        AuditAct.PASSWORD_CHANGED.value: ("改密码", "calm"),
        AuditAct.INVITED.value: ("邀请成员", "calm"),
        AuditAct.INVITATION_WITHDRAWN.value: ("作废链接", "plain"),
        AuditAct.MEMBER_JOINED.value: ("加入", "good"),
        AuditAct.ROLE_CHANGED.value: ("改角色", "warn"),
        AuditAct.MEMBER_DISABLED.value: ("停用成员", "bad"),
        AuditAct.MEMBER_ENABLED.value: ("恢复成员", "good"),
        AuditAct.RESET_LINK_MADE.value: ("发重设密码链接", "warn"),
        AuditAct.SHOP_MADE.value: ("建店", "good"),
        AuditAct.SHOP_CHANGED.value: ("改店铺资料", "calm"),
        AuditAct.SECRET_ADDED.value: ("新建签名密钥", "warn"),
        AuditAct.SECRET_RETIRED.value: ("停用签名密钥", "warn"),
        AuditAct.CALLBACK_SECRET_RENEWED.value: ("换回调密钥", "warn"),
        AuditAct.KEY_ADDED.value: ("新建 API 密钥", "warn"),
        AuditAct.KEY_REVOKED.value: ("停用 API 密钥", "warn"),
        AuditAct.CONSOLE_SET.value: ("设置客服台", "calm"),
        AuditAct.CONSOLE_REMOVED.value: ("删除客服台", "bad"),
        AuditAct.ROBOT_SILENCED.value: ("叫停自动回复", "bad"),
        AuditAct.ROBOT_RELEASED.value: ("恢复自动回复", "good"),
        AuditAct.POLICY_CHANGED.value: ("改策略", "calm"),
        AuditAct.HOURS_CHANGED.value: ("改服务时间", "calm"),
        AuditAct.ROSTER_CHANGED.value: ("改客服名单", "calm"),
        AuditAct.ALERT_ADDED.value: ("新增提醒渠道", "calm"),
        AuditAct.ALERT_CHANGED.value: ("改提醒渠道", "calm"),
        AuditAct.ALERT_REMOVED.value: ("删除提醒渠道", "bad"),
        AuditAct.PHRASES_IMPORTED.value: ("导入话术", "calm"),
    }
)
"""Act of the audit -> (what people read, tone of its badge)."""
_DETAIL_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "address": "地址",
        "role": "角色",
        "before": "原来",
        "scopes": "权限",
        "settings": "设置",
        "knobs": "设置",
        "version": "版",
        "platform": "平台",
        "name": "店名",
        "callback_url": "回调地址",
        "added": "新增",
        "changed": "修改",
    }
)
_BROWSERS: Final = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says of the last act: what was done, what went wrong, and a secret that is shown this once."""

    done: str = ""
    problem: str = ""
    secret: tuple[str, str] | None = None
    """What it is, and the secret itself."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's own account. `login` is empty for a key."""

    login: str
    shop_id: str
    shops: Sequence[ShopOfMember]
    sessions: Sequence[OpenSession]
    session_id: str
    timezone: str
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class ShopBoard:
    """The shop itself and what its console signs with."""

    shop: ShopRow
    secrets: Sequence[SigningSecretRow]
    platforms: Mapping[str, str]
    timezone: str
    form: Form


@dataclass(frozen=True, slots=True)
class KeyBoard:
    """The keys, and the form of a new one with the scopes that are ticked."""

    keys: Sequence[ApiKeyRow]
    agents: Sequence[str]
    """Who is on the roster: suggested where an extension is paired."""
    timezone: str
    form: Form = field(default_factory=Form)
    ticked: frozenset[str] = frozenset({"dashboard", "read", "lint"})


@dataclass(frozen=True, slots=True)
class MemberBoard:
    """Everybody who may sign in, the links that were not used yet, and the form of an invitation."""

    members: Sequence[Member]
    links: Sequence[Link]
    own_id: str
    timezone: str
    form: Form = field(default_factory=lambda: Form({"role": Role.AGENT.value}))


@dataclass(frozen=True, slots=True)
class ConsoleEntry:
    """A console that can be set up, and what the shop set for it (None: nothing)."""

    console: Console
    row: ConsoleRow | None
    replies: bool
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class ConsoleForm:
    """The form of one console. `kept` are secrets that are set and stay where their field is left empty."""

    entry: ConsoleEntry
    hook: str
    kept: frozenset[str]
    form: Form
    check: Form = field(default_factory=Form)
    found: Mapping[str, Any] | None = None
    """What a captured request would come to: `proof`, `problem`, `hints`, `unreadable`, `fetches`, `events`."""


@dataclass(frozen=True, slots=True)
class AuditBoard:
    """A page of the audit under its filter."""

    entries: Sequence[AuditRow]
    older: str
    actors: Sequence[str]
    act: str
    actor: str
    timezone: str


def account_page(frame: Frame, account: Account, told: Told) -> str:
    """Somebody's own account: password, shops, where they are signed in."""
    return render("settings/account.html", frame=frame, account=account, told=told, form=account.form)


def start_page(frame: Frame) -> str:
    """What to do next in a new shop."""
    return render("settings/start.html", frame=frame, told=Told())


def shop_page(frame: Frame, board: ShopBoard, told: Told) -> str:
    """The shop, its callback, its signing secrets."""
    return render("settings/shop.html", frame=frame, board=board, told=told, form=board.form)


def keys_page(frame: Frame, board: KeyBoard, told: Told) -> str:
    """The keys and a form for a new one."""
    return render("settings/keys.html", frame=frame, board=board, told=told, form=board.form)


def members_page(frame: Frame, board: MemberBoard, told: Told) -> str:
    """The members and a form to invite one more."""
    return render("settings/members.html", frame=frame, board=board, told=told, form=board.form)


def consoles_page(frame: Frame, entries: Sequence[ConsoleEntry], told: Told) -> str:
    """The consoles that the shop uses, and those that it could."""
    return render("settings/consoles.html", frame=frame, entries=entries, told=told)


def console_page(frame: Frame, console: ConsoleForm, told: Told) -> str:
    """One console's settings, and the check of a captured request."""
    return render("settings/console.html", frame=frame, console=console, told=told, form=console.form)


def audit_page(frame: Frame, board: AuditBoard) -> str:
    """Who did what, the newest first."""
    return render("settings/audit.html", frame=frame, board=board, told=Told())


def device_words(device: str) -> str:
    """A browser's description of itself, as people read it."""
    browser = next((name for mark, name in _BROWSERS if mark in device), "")
    system = next((name for mark, name in _SYSTEMS if mark in device), "")
    return " · ".join(part for part in (browser, system) if part) or (device[:40] or "链接登录")


def detail_words(detail: Mapping[str, Any]) -> str:
    """What the audit noted beside the target, on one line."""
    return "；".join(
        f"{_DETAIL_NAMES.get(name, name)}：{_value_words(name, value)}" for name, value in detail.items()
    )


def _value_words(name: str, value: Any) -> str:
    if name in {"role", "before"}:
        return ROLE_NAMES[Role(value)]
    if isinstance(value, list):
        if len(value) == 2 and name in {"name", "platform", "callback_url"}:
            return f"{value[0] or '无'} → {value[1] or '无'}"
        names = SCOPE_NAMES if name == "scopes" else {}
        return "、".join(names.get(each, str(each)) for each in value)
    return str(value)


def label_of(text: str) -> str:
    """A setting's label without its English half."""
    return re.split(r" / ", text, maxsplit=1)[0]


ENVIRONMENT.filters.update(device=device_words, detail=detail_words, own_words=label_of)
ENVIRONMENT.globals.update(
    scope_names=SCOPE_NAMES,
    all_scopes=SCOPES,
    audit_acts=ACT_WORDS,
)
