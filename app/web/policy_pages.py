"""The pages of a shop's policy: values in, HTML out. Nothing here reads the database, the clock or the request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from app.core.edits import reconcile
from app.core.knobs import GROUPS, KNOBS, Kind
from app.core.percentages import percent
from app.core.policies import changes_between
from app.usecases.policy_versions import PolicyVersion
from app.usecases.rehearse_policy import Report, Side
from app.web.form_pages import Clash
from app.web.phrase_pages import Frame, shortened
from app.web.policy_forms import CATEGORY_MARK, ON_ITS_OWN
from app.web.rendering import ENVIRONMENT, render
from phrasebank import Phrase

PURPOSE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "answer": "直接回答",
        "holding": "安抚回复",
        "welcome": "欢迎语",
        "off_hours": "下班留言",
        "invite": "邀请评价",
    }
)
KIND_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"new": ("会多说", "good"), "gone": ("不再说", "warn"), "changed": ("说法或时间变了", "calm")}
)
"""Kind of difference -> (what people read, tone of its badge)."""
STEP_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "warn": "提醒客服",
        "warn_last": "最后一次提醒",
        "miss": "超时",
        "escalate": "告诉主管",
    }
)
SILENCE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "switched_off": "总开关已关闭",
        "answer_off": "没开直接回答",
        "not_at_once": "等到临近超时再答",
        "holding_off": "没开安抚回复",
        "off_hours_off": "没开下班留言",
        "welcome_off": "没开欢迎语",
        "quiet_hours": "免打扰时段",
        "closed": "会话已结束",
        "withdrawn": "买家已撤回",
        "answered": "已经不在等了",
        "human_answered": "客服已回复",
        "too_late": "已过时限",
        "human_active": "客服刚说过话",
        "human_typing": "客服正在输入",
        "spam": "骚扰或广告",
        "robot": "对方像是机器",
        "too_many": "已连说几次",
        "not_first": "不是第一条消息",
        "greeted": "平台发过欢迎语",
        "staffed": "有客服在岗",
        "heard_lately": "不久前听过",
        "uncounted": "平台不考核",
        "machine_uncounted": "平台不认机器的回复",
        "not_text": "不是文字",
        "wants_human": "要找人工",
        "complaint": "要投诉",
        "upset": "情绪不好",
        "no_match": "没有合适的话术",
        "not_sure": "把握不够",
        "not_ahead": "与第二名太接近",
        "category": "分组不允许",
        "another_answer": "有了更合适的回答",
        "once": "这件事说过了",
        "phrase_gone": "话术已不能用",
        "nothing_new": "可用的话都说过了",
        "unfilled": "变量没填",
        "lint": "用语检查没通过",
        "no_phrase": "没有可用的话术",
        "invite_off": "没开自动邀评",
        "no_human": "没有人工接待过",
        "invited": "已经邀请或评价过",
        "invite_upset": "买家不满",
        "invite_hours": "不在评价考核时段",
        "unresolved": "问题还没解决",
        "invite_rest": "近来打扰过这位买家",
        "invite_chance": "好评把握不够",
        "just_talked": "刚说过话",
    }
)
"""What people read for the code of a silence; a code that is not listed is shown as it is."""
PICKED_FROM: Final = 500
"""Phrases that a picker offers; of a larger bank the first, and any other by its id."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A phrase as a picker shows it. `text` is empty for one that is not there."""

    id: str
    name: str
    text: str

    @classmethod
    def of(cls, phrase: Phrase) -> Choice:
        return cls(phrase.id, phrase.title or shortened(phrase.text), shortened(phrase.text))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dry run found, or why there was none."""

    report: Report | None = None
    problem: str = ""

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """(What is counted, under the present policy, under the other), such as answers and misses."""
        if self.report is None:
            return ()
        before, after = self.report.sides
        counted = [
            *_rows(before.said, after.said, PURPOSE_NAMES),
            *_rows(before.steps, after.steps, STEP_NAMES),
        ]
        return (*counted, (self.report.measure_name, _rate(before), _rate(after)))

    @property
    def silences(self) -> tuple[tuple[str, str, str], ...]:
        """(Reason, before, after) of the machine's silence."""
        if self.report is None:
            return ()
        before, after = self.report.sides
        return tuple(_rows(before.silent, after.silent, SILENCE_NAMES))


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a policy that was made from version `based_on`. `faults` are by knob; `shown` are the fields' values."""

    based_on: int
    robot_on: bool
    shown: Mapping[str, Any]
    phrases: Mapping[str, Choice]
    categories: Sequence[str]
    last: PolicyVersion
    timezone: str
    days: int
    faults: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    done: str = ""
    problem: str = ""
    clash: Clash | None = None
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version as the history shows it. `differences` are (knob, before, after); None where there is no earlier one."""

    version: PolicyVersion
    differences: tuple[tuple[str, Any, Any], ...] | None
    current: bool


@dataclass(frozen=True, slots=True)
class History:
    """The versions, the newest first. `older` is the number before which the next page begins, if there is one."""

    views: tuple[VersionView, ...]
    timezone: str
    older: int | None = None
    problem: str = ""


def edit_page(frame: Frame, form: Form) -> str:
    """The form of the policy, with its switch."""
    return render("policies/edit.html", frame=frame, form=form)


def trial_part(trial: Trial) -> str:
    """What a dry run found, for a swap beside the open form."""
    return render("policies/parts/trial.html", trial=trial)


def history_page(frame: Frame, history: History) -> str:
    """The page of the policy's versions."""
    return render("policies/history.html", frame=frame, history=history)


def clash_of(
    base: PolicyVersion | None, mine: Mapping[str, Any], current: PolicyVersion
) -> tuple[dict[str, Any], Clash]:
    """The policy to go on with after somebody stored `current` meanwhile, and what to tell of it."""
    theirs = current.policy.to_json()
    started = base.policy.to_json() if base is not None else theirs
    reconciled = reconcile(started, mine, theirs)
    return reconciled.record, Clash(
        f"你编辑的时候，{current.by or '别人'}改了策略",
        reconciled.taken,
        tuple((each.column, each.mine, each.theirs) for each in reconciled.disagreements),
    )


def history_of(
    versions: Sequence[PolicyVersion], limit: int, timezone: str, *, newest: bool, problem: str = ""
) -> History:
    """The history of `limit` versions; one more is given if there is one, so that the last can be compared."""
    views = []
    for place, version in enumerate(versions[:limit]):
        before = versions[place + 1] if place + 1 < len(versions) else None
        differences = (
            None
            if before is None
            else tuple(
                (knob, _told(knob, was), _told(knob, now))
                for knob, (was, now) in changes_between(before.policy, version.policy).items()
            )
        )
        views.append(VersionView(version, differences, newest and place == 0))
    older = versions[limit - 1].number if len(versions) > limit else None
    return History(tuple(views), timezone, older, problem)


def _told(knob: str, value: Any) -> Any:
    """A value of a knob in people's words."""
    known = KNOBS[knob]
    if known.kind is Kind.SWITCH:
        return "开" if value else "关"
    if known.kind is Kind.CHOICE:
        return dict(known.choices).get(value, value)
    if isinstance(value, list):
        return value
    return f"{value:g} {known.unit}".strip()


def _rows(before: Counter[str], after: Counter[str], names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    keys = [key for key in names if key in before or key in after]
    keys += sorted((set(before) | set(after)) - set(names))
    return [(names.get(key, key), str(before[key]), str(after[key])) for key in keys]


def _rate(side: Side) -> str:
    measure = side.measure
    if not measure.denominator:
        return "—"
    return f"{percent(Fraction(measure.numerator, measure.denominator))}（{measure.numerator}/{measure.denominator}）"


ENVIRONMENT.globals.update(
    policy_groups=GROUPS,
    policy_knobs=KNOBS,
    knob_on_its_own=ON_ITS_OWN,
    category_mark=CATEGORY_MARK,
    purpose_names=PURPOSE_NAMES,
    difference_kinds=KIND_NAMES,
    silence_names=SILENCE_NAMES,
)
ENVIRONMENT.filters.update(told=lambda value, knob: _told(knob, value))
