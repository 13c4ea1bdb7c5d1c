"""The pages of service hours and of the roster: values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import orjson

from app.core.days_ahead import DayAhead
from app.core.document_merge import reconcile_documents
from app.core.edits import Reconciled
from app.core.roster import WhenOffline
from app.core.service_hours import WEEKDAY_NAMES, WEEKDAYS
from app.usecases.staff import AgentView
from app.web.form_pages import Clash
from app.web.hours_forms import AS_USUAL, CLOSED, OWN, spans_text
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, render
from app.web.row_fields import Row

AHEAD_DAYS: Final = 14
DAY_NAMES: Final[Mapping[str, str]] = MappingProxyType(dict(zip(WEEKDAYS, WEEKDAY_NAMES, strict=True)))
HOLIDAY_MODES: Final[Mapping[str, str]] = MappingProxyType(
    {CLOSED: "不营业", AS_USUAL: "和平常的星期一样", OWN: "按另外的时段"}
)
OFFLINE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        WhenOffline.QUEUE.value: "排队，等人上线",
        WhenOffline.LEAVE.value: "按留言处理，下次营业时回复",
        WhenOffline.AGENT.value: "留给一位客服",
    }
)
SELECTOR_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"items": "商品", "order_states": "订单状态", "entries": "从哪进来", "keywords": "买家说到"}
)
_PART_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "timezone": "时区",
        "holidays": "放假日",
        "closings": "临时停止接待",
        "suspended": "平台不考核的日子",
        "default_group": "默认分组",
        "default_limit": "默认接待上限",
        "returning_buyer_hours": "老买家找原客服",
        "offline": "没人在线时",
    }
)
HOURS_PARTS: Final = ("week", "days", "shifts")
ROSTER_PARTS: Final = ("agents", "groups")
"""Parts of a document that two editors may change beside each other, member by member."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form made from the document `base`, which was `version`. `faults` are by field; "" is the whole form."""

    base: Mapping[str, Any]
    version: str
    shown: Mapping[str, str]
    rows: Mapping[str, Sequence[Row]]
    faults: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    done: str = ""
    clash: Clash | None = None

    @property
    def base_text(self) -> str:
        """The document as a hidden field has it."""
        return orjson.dumps(self.base).decode()


@dataclass(frozen=True, slots=True)
class Ahead:
    """The days to come, as the form would have them or as they are; `state` is what holds now."""

    days: Sequence[DayAhead] = ()
    state: str = ""
    warnings: Sequence[str] = ()
    problem: str = ""


def hours_page(frame: Frame, form: Form, ahead: Ahead, agents: Sequence[str]) -> str:
    """The form of the service hours, with the days to come. `agents` are those whose ids are known."""
    return render("hours/edit.html", frame=frame, form=form, ahead=ahead, agents=agents)


def ahead_part(ahead: Ahead) -> str:
    """The days to come, for a swap beside the open form."""
    return render("hours/parts/ahead.html", ahead=ahead)


def roster_page(frame: Frame, form: Form, agents: Sequence[AgentView], now: datetime) -> str:
    """The form of the roster, with who is there now."""
    return render("hours/roster.html", frame=frame, form=form, agents=agents, now=now)


def merged(
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    theirs: Mapping[str, Any],
    split: Sequence[str],
    who: str,
) -> tuple[dict[str, Any], Clash]:
    """The document to go on with after `who` stored `theirs` meanwhile, and what to tell of it."""
    document, found = reconcile_documents(base, mine, theirs, split)
    return document, clash_of(f"你编辑的时候，{who or '别人'}改了这一页", found)


def clash_of(headline: str, found: Reconciled) -> Clash:
    """What two editors disagree on, in people's words."""
    return Clash(
        headline,
        tuple(part_name(name) for name in found.taken),
        tuple((each.column, told(each.mine), told(each.theirs)) for each in found.disagreements),
    )


def part_name(name: str) -> str:
    """A part of a document as people call it."""
    head, _, rest = name.partition(".")
    if head == "week":
        return DAY_NAMES[rest]
    return {"shifts": "{}的班", "agents": "客服 {}", "groups": "分组 {}"}.get(head, "{}").format(
        rest or _PART_NAMES.get(head, head)
    )


def told(value: Any) -> str:
    """A part of a document in short, for people."""
    if value is None:
        return "没有"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return spans_text(value) or "休息"
    if isinstance(value, list):
        return "；".join(map(told, value)) or "没有"
    if isinstance(value, Mapping):
        told_parts = (
            f"{_KEY_NAMES.get(key, DAY_NAMES.get(key, key))} {told(entry)}"
            for key, entry in value.items()
            if entry
        )
        return "，".join(told_parts) or "没有"
    return str(value)


_KEY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "calendar": "日历",
        "hours": "时段",
        "make_up_like": "调休按",
        "from": "从",
        "until": "到",
        "to": "到",
        "reason": "原因",
        "note": "备注",
        "week": "每周",
        "days": "单独的日子",
        "id": "编号",
        "name": "名字",
        "groups": "分组",
        "limit": "上限",
        "skills": "专长",
        "select": "接哪些",
        "fallback": "忙不过来转给",
        "offline": "没人在线时",
        "rule": "办法",
        "agent": "客服",
        **SELECTOR_NAMES,
    }
)

ENVIRONMENT.globals.update(
    weekdays=DAY_NAMES,
    holiday_modes=HOLIDAY_MODES,
    offline_names=OFFLINE_NAMES,
    selector_names=SELECTOR_NAMES,
    ahead_days=AHEAD_DAYS,
)
ENVIRONMENT.filters.update(part_name=part_name)
