"""The knobs of a policy as people meet them: group, name, help, unit, bounds. Messages, page and documents read this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from app.core.spans import SpanError, parse_span


class Kind(StrEnum):
    """What a knob takes."""

    SWITCH = "switch"
    """true or false."""
    COUNT = "count"
    """A whole number of `unit`."""
    CHANCE = "chance"
    """A number from 0 to 1."""
    CHOICE = "choice"
    """One of `choices`."""
    WORDS = "words"
    """A list of words that a buyer may write."""
    HOURS = "hours"
    """A list of spans of the day, such as 00:00-07:00."""
    PHRASES = "phrases"
    """A list of ids of phrases, the first preferred."""
    CATEGORIES = "categories"
    """A list of categories of the phrase bank."""


LISTS: Final = frozenset({Kind.WORDS, Kind.HOURS, Kind.PHRASES, Kind.CATEGORIES})
"""Kinds whose value is a list of texts."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One knob. `low` and `high` bound a number; `most` entries of at most `longest` code points a list.

    `choices` are (value, label); `needed_by` is the switch that makes no sense with this list empty.
    """

    name: str
    label: str
    help: str
    kind: Kind
    unit: str = ""
    low: int = 0
    high: int = 1
    most: int = 0
    longest: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    needed_by: str = ""

    def to_json(self) -> dict[str, Any]:
        """The knob for a program that draws a form; only what its kind has."""
        told: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "help": self.help,
            "kind": self.kind.value,
        }
        if self.kind in {Kind.COUNT, Kind.CHANCE}:
            told |= {"unit": self.unit, "low": self.low, "high": self.high}
        if self.kind is Kind.CHOICE:
            told["choices"] = [{"value": value, "label": label} for value, label in self.choices]
        if self.kind in LISTS:
            told |= {"most": self.most, "longest": self.longest}
        return told


@dataclass(frozen=True, slots=True)
class Group:
    """Knobs that belong together."""

    name: str
    help: str
    knobs: tuple[Knob, ...]


def _switch(name: str, label: str, help_: str) -> Knob:
    return Knob(name, label, help_, Kind.SWITCH)


def _count(name: str, label: str, help_: str, unit: str, low: int, high: int) -> Knob:
    return Knob(name, label, help_, Kind.COUNT, unit, low, high)


def _chance(name: str, label: str, help_: str) -> Knob:
    return Knob(name, label, help_, Kind.CHANCE)


def _words(name: str, label: str, help_: str) -> Knob:
    return Knob(name, label, help_, Kind.WORDS, most=200, longest=30)


def _phrases(name: str, label: str, help_: str, needed_by: str) -> Knob:
    return Knob(name, label, help_, Kind.PHRASES, most=20, longest=200, needed_by=needed_by)


GROUPS: Final = (
    Group(
        "总开关",
        "机器要不要自己开口。关掉以后推荐、提醒和用语检查照常。",
        (
            _switch("robot_on", "机器自动回复", "关掉，机器就一句话也不自己说；已经排队还没发出的也不再发。"),
            Knob(
                "quiet_hours",
                "免打扰时段",
                "每天这些时段机器不自己说话。一行一段，如 00:00-07:00；可以跨过半夜，如 23:00-07:00。",
                Kind.HOURS,
                most=12,
                longest=20,
            ),
        ),
    ),
    Group(
        "提醒客服",
        "买家在等的时候，什么时候叫人。",
        (
            _count(
                "warn_after_s",
                "等多久提醒客服",
                "买家等了这么久还没人回，就提醒接待的客服；要小于平台的时限，0 为不提醒。",
                "秒",
                0,
                3600,
            ),
            _count(
                "last_warn_before_s",
                "超时前多久再提醒一次",
                "离时限还剩这么多时最后提醒一次；0 为不提醒。要比上面的提醒晚才有用。",
                "秒",
                0,
                1800,
            ),
            _switch("escalate", "超时后告诉主管", "买家的等待超过时限、仍没人回，就告诉主管。"),
            _count(
                "escalate_after_s", "超时多久告诉主管", "超过时限后再等这么久；0 为马上告诉。", "秒", 0, 3600
            ),
        ),
    ),
    Group(
        "欢迎与下班",
        "买家进来时、没人上班时说什么。",
        (
            _switch("welcome", "欢迎语", "买家打开会话就问好。平台自己会发欢迎语的，不用开。"),
            _phrases("welcome_phrases", "欢迎语用哪几条", "按顺序选买家没读过的一条。", "welcome"),
            _switch("off_hours", "下班留言回复", "不在上班时间时，告诉买家没人在、什么时候有人。"),
            _phrases("off_hours_phrases", "下班留言用哪几条", "按顺序选买家没读过的一条。", "off_hours"),
            _count(
                "once_within_h",
                "多久之内只说一次",
                "同一位买家，欢迎语和下班留言各自在这么多小时内只说一次，换了会话也一样。",
                "小时",
                1,
                168,
            ),
        ),
    ),
    Group(
        "安抚回复",
        "快超时还没人回时，先说一句让买家知道有人管。",
        (
            _switch(
                "holding",
                "安抚回复",
                "快超时仍没人回、又没有把握直接回答时，说一句安抚的话。只在平台计入机器回复的地方说。",
            ),
            _phrases(
                "holding_phrases",
                "安抚用哪几条",
                "买家写什么都要合适的话；按顺序选买家没读过的一条。",
                "holding",
            ),
            _count(
                "hold_before_s",
                "超时前多久说",
                "离时限还剩这么多时说，要小于平台的时限。太短可能来不及送达，太长会抢在客服前面。",
                "秒",
                1,
                1800,
            ),
        ),
    ),
    Group(
        "直接回答",
        "话术库里有把握的，机器直接回答买家的问题。",
        (
            Knob(
                "answer",
                "什么时候直接回答",
                "临近超时：没人回才答，代替安抚回复。马上：买家一问就答。",
                Kind.CHOICE,
                choices=(("before_deadline", "临近超时"), ("at_once", "马上"), ("off", "不直接回答")),
            ),
            Knob(
                "answer_categories",
                "只答这些分组",
                "一个都不选，就是所有分组都可以。",
                Kind.CATEGORIES,
                most=200,
                longest=200,
            ),
            _chance(
                "answer_min_score", "至少要有多大把握", "答对的可能不到这么大就不答。0.8 就是十次里八次对。"
            ),
            _chance(
                "answer_min_lead",
                "要比第二名高出多少",
                "两条话术把握差不多时，高不出这么多就不答；0 为不另外要求。",
            ),
        ),
    ),
    Group(
        "交给人工",
        "这些情况机器不回答，只让买家稍等，留给人处理。",
        (
            _words("handover_words", "要找人工的说法", "买家的话里有其中一个，就是要找人工。一行一个。"),
            _words("complaint_words", "投诉的说法", "买家的话里有其中一个，就是有投诉。一行一个。"),
            _chance(
                "upset_above",
                "买家多生气就不答",
                "买家的不满程度超过这么大，机器不回答问题本身；0.5 是给差评的可能有平常的两倍。1 为不看情绪。",
            ),
        ),
    ),
    Group(
        "分寸",
        "机器别抢话，别说个没完。",
        (
            _count(
                "max_robot_in_row",
                "最多连说几句",
                "客服没接话之前，机器最多连着说这么多句。",
                "句",
                1,
                20,
            ),
            _count(
                "typing_pause_s",
                "客服在说话时等多久",
                "客服正在输入或刚说过话，机器先等这么久；0 为不等。",
                "秒",
                0,
                1800,
            ),
        ),
    ),
    Group(
        "邀请评价",
        "问题解决、买家满意时请买家评价。建议一直都有；这里管机器要不要自己发，和多久不再打扰同一位买家。",
        (
            _switch(
                "invite",
                "自动邀评",
                "建议是“邀请”的会话，安静一会儿后自动发出邀请。手动和自动合计每个会话只有一次；发出前再查一遍，买家又不满就撤回。",
            ),
            _count(
                "invite_after_s", "安静多久再发", "买家和客服都没再说话这么久，才自动发。", "秒", 30, 1800
            ),
            _chance(
                "invite_min_chance",
                "好评把握至少多大",
                "自动邀评要的把握；低于平台目标时按目标算。",
            ),
            _count(
                "invite_cooldown_days",
                "同一位买家多久邀一次",
                "这么多天内在别的会话里邀请过的买家不再邀请，建议和自动都一样；0 为不限。",
                "天",
                0,
                90,
            ),
            _count(
                "invite_after_bad_days",
                "给过中差评后多久不邀",
                "这么多天内给过中差评的买家不再邀请；0 为不限。",
                "天",
                0,
                365,
            ),
            _phrases(
                "invite_phrases",
                "邀请用哪几条",
                "轮着用，同一位买家不会连着读到同一句。一条都不选，就用自带的说法。不能许诺任何好处。",
                "",
            ),
        ),
    ),
    Group(
        "学习",
        "话术库从客服的选择里学什么。",
        (
            Knob(
                "learn",
                "从什么里学",
                "学到的例句让推荐越来越准；选“不再学新的”，学过的留着。",
                Kind.CHOICE,
                choices=(("replies", "点选的和实际发的"), ("clicks", "只学点选的"), ("off", "不再学新的")),
            ),
        ),
    ),
)
"""All knobs, in the order in which people meet them."""

KNOBS: Final[Mapping[str, Knob]] = MappingProxyType(
    {knob.name: knob for group in GROUPS for knob in group.knobs}
)
"""The knobs by name."""


def fault_of(knob: Knob, value: Any) -> str | None:
    """What is wrong with a value, and what to write instead; None if the knob can take it."""
    if knob.kind is Kind.SWITCH:
        return None if isinstance(value, bool) else "必须是 true 或 false / must be a boolean"
    if knob.kind is Kind.CHOICE:
        values = [choice for choice, _ in knob.choices]
        return None if value in values else f"只能是 {'、'.join(values)} / unknown choice"
    if knob.kind in LISTS:
        return _fault_of_list(knob, value)
    return _fault_of_number(knob, value)


def _fault_of_number(knob: Knob, value: Any) -> str | None:
    whole = knob.kind is Kind.COUNT
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return "必须是整数 / must be a whole number" if whole else "必须是数 / must be a number"
    if not knob.low <= value <= knob.high:
        unit = f" {knob.unit}" if knob.unit else ""
        return f"必须在 {knob.low} 到 {knob.high}{unit}之间 / must be in {knob.low}..{knob.high}"
    return None


def _fault_of_list(knob: Knob, value: Any) -> str | None:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) for entry in value):
        return "必须是文字的列表 / must be a list of strings"
    if len(value) > knob.most:
        return f"最多 {knob.most} 个，现在有 {len(value)} 个 / too many entries"
    for place, entry in enumerate(value, start=1):
        if not entry.strip() and knob.kind is not Kind.CATEGORIES:
            return f"第 {place} 个是空的，请去掉 / an entry is empty"
        if len(entry) > knob.longest:
            return f"“{entry[:12]}…”太长，每个最多 {knob.longest} 字 / an entry is too long"
    if len(set(value)) < len(value):
        twice = next(entry for place, entry in enumerate(value) if entry in value[:place])
        return f"“{twice}”写了两次 / an entry stands twice"
    if knob.kind is Kind.HOURS:
        return next((fault for fault in map(_fault_of_span, value) if fault), None)
    return None


def _fault_of_span(text: str) -> str | None:
    try:
        parse_span(text)
    except SpanError as error:
        return str(error)
    return None
