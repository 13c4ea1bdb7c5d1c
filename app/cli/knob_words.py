"""Knobs of a definition in a supervisor's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from app.core.calibration import Change

NAMES: Final = {
    "window_s": "时限",
    "inclusive": "正好到时限",
    "unit": "计数单位",
    "burst": "连发消息",
    "hours": "考核时段",
    "hours_end_inclusive": "时段终点",
    "robot": "机器人回复",
    "robot_only": "纯机器人会话",
    "clock_start": "计时起点",
    "spam": "骚扰消息",
    "closing": "结束语",
    "offline_leave": "离线留言",
    "cross_day": "跨天回复",
    "withdrawn": "撤回的消息",
    "welcome": "欢迎语",
    "session_rule": "会话怎样算及时",
    "assess_by": "按什么归时段和日期",
    "dedupe": "同一买家",
    "last_only": "重复评价",
    "valid_hours": "评价有效期",
    "counted": "计入的评价选项",
    "positive": "算好评的选项",
    "reason": "评价原因",
    "suspended": "不考核的日子",
    "tz": "时区",
}
"""What a knob is about."""

_WORDS: Final[dict[tuple[str, Any], str]] = {
    ("inclusive", True): "正好到时限算及时",
    ("inclusive", False): "正好到时限算超时（不含端点）",
    ("unit", "message"): "按消息条数算",
    ("unit", "turn"): "按对话轮次算",
    ("unit", "session"): "按会话算",
    ("unit", "person"): "按人算，同一买家有一条超时就算超时",
    ("burst", "each"): "连发的消息每条都算",
    ("burst", "first"): "连发的消息合成一轮，从第一条起算",
    ("hours_end_inclusive", True): "时段终点那一刻算在内",
    ("hours_end_inclusive", False): "时段终点那一刻不算在内",
    ("robot", "ignore"): "机器人回复不算",
    ("robot", "assist_only"): "人工接待中的机器辅助回复算，全自动的不算",
    ("robot", "counts"): "机器人回复也算",
    ("robot", True): "对机器人的评价也算",
    ("robot", False): "对机器人的评价不算",
    ("robot_only", "keep"): "没转过人工的纯机器人会话也计入",
    ("robot_only", "exclude"): "没转过人工的纯机器人会话不计入",
    ("clock_start", "buyer_message"): "从买家发消息起计时",
    ("clock_start", "transfer"): "从转人工起计时",
    ("clock_start", "assigned"): "从分配给客服起计时",
    ("spam", "keep"): "骚扰消息照算",
    ("spam", "drop_system"): "剔除系统判定的骚扰消息",
    ("spam", "drop_system_and_reported"): "剔除系统判定的和举报成立的骚扰消息",
    ("closing", "count"): "没人回的结束语（谢谢、好的）也算",
    ("closing", "ignore_courtesy"): "没人回的结束语（谢谢、好的）不计入",
    ("offline_leave", "count"): "离线留言也算",
    ("offline_leave", "drop"): "离线留言不计入",
    ("cross_day", "keep"): "隔天才回的也计入",
    ("cross_day", "drop_if_reply_other_day"): "隔天才回的不计入",
    ("withdrawn", "keep"): "撤回的消息照算",
    ("withdrawn", "drop_if_before_reply"): "回复之前就撤回的消息不计入",
    ("welcome", "ignore"): "系统欢迎语不算回复",
    ("welcome", "counts"): "系统欢迎语也算回复",
    ("session_rule", "all_items"): "会话里每条都及时才算及时",
    ("session_rule", "first_item"): "只看会话的第一条",
    ("session_rule", "avg_wait"): "看会话的平均等待时长",
    ("assess_by", "buyer_message"): "每条消息按自己的时间归时段和日期",
    ("assess_by", "session_start"): "整个会话按开始时间归时段和日期",
    ("dedupe", "day"): "同一买家一天算一次",
    ("dedupe", "period"): "同一买家整个周期只算一次",
    ("last_only", True): "同一买家当天对同一客服只取最后一次评价",
    ("last_only", False): "每次评价都算",
    ("valid_hours", None): "评价不限有效期",
}


def in_words(change: Change) -> str:
    """One turned knob as a clause."""
    knob, value = change
    known = _WORDS.get((knob, value)) if not isinstance(value, tuple) else None
    if known is not None:
        return known
    if knob == "window_s":
        return f"时限按 {value} 秒"
    if knob == "hours" and isinstance(value, tuple):
        spans = [value] if isinstance(value[0], str) else value
        return "考核时段按 " + "、".join(f"{_clock(start)} 到 {_clock(end)}" for start, end in spans)
    if knob == "valid_hours":
        return f"发出邀评 {value} 小时内的评价才算"
    if isinstance(value, tuple):
        return f"{NAMES.get(knob, knob)}只有{'、'.join(map(str, value))}"
    return f"{NAMES.get(knob, knob)}：{value}"


def all_in_words(changes: Iterable[Change]) -> str:
    """Turned knobs as one sentence; none is 现行口径不变."""
    return "；".join(in_words(change) for change in changes) or "现行口径不变"


def as_options(settings: Mapping[str, Any]) -> str:
    """Settings as `--set` options for a POSIX shell."""
    return " ".join(f"--set {_option(knob, value)}" for knob, value in settings.items())


def _option(knob: str, value: Any) -> str:
    written = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"{knob}={written}" if isinstance(value, str | bool | int) else f"'{knob}={written}'"


def _clock(text: str) -> str:
    return text.removesuffix(":00")
