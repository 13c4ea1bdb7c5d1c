"""When a phrase may be used: its state, and the days from and until which it holds."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final, Literal

State = Literal["approved", "draft", "retired"]

APPROVED: Final[State] = "approved"
STATES: Final[tuple[State, ...]] = ("approved", "draft", "retired")

_WORDS: Final[dict[State, str]] = {
    "approved": "approved|已审核|审核通过|已通过|通过|启用|已启用|生效|使用中|正常|已发布|上架|已上架|是|true|1|yes|y|on|√|✓",
    "draft": "draft|草稿|待审核|待审|未审核|审核中",
    "retired": "retired|停用|已停用|禁用|已禁用|下架|已下架|作废|已作废|失效|已失效|否|false|0|no|n|off|×",
}
_STATE_OF: Final[dict[str, State]] = {word: state for state, words in _WORDS.items() for word in words.split("|")}  # fmt: skip
_DAY: Final = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[T ]+(.*))?", re.ASCII)
_MIDNIGHT: Final = frozenset({"00:00", "00:00:00"})
_LAST_MOMENT: Final = frozenset({"23:59", "23:59:59", "24:00", "24:00:00"})


def state_of(value: Any) -> State:
    """The state that a cell or field means; nothing means approved. Raises ValueError, in Chinese, for an unknown word."""
    word = str(value if value is not None else "").strip().lower()
    if not word:
        return APPROVED
    try:
        return _STATE_OF[word]
    except KeyError:
        raise ValueError(
            f"应为 approved（启用）、draft（草稿）或 retired（停用），现在是「{word[:40]}」"
        ) from None


def day_of(value: str, *, last: bool = False) -> str:
    """A day as people write it (2026-11-01, 2026/11/1, 2026年11月1日) as an ISO date; nothing stays nothing.

    Midnight may stand behind it, and behind the `last` day of a span that day's end. Raises ValueError, in Chinese, for
    what is no day, or names a time within it.
    """
    text = value.strip()
    if not text:
        return ""
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(f"应为日期，如 2026-11-01，现在是「{text[:40]}」")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError(f"没有「{text[:40]}」这一天") from None
    clock = (found[4] or "").strip()
    if clock and clock not in _MIDNIGHT and not (last and clock in _LAST_MOMENT):
        raise ValueError(f"只能写到日（首尾两天都算），「{text[:40]}」里的时刻请去掉")
    return day.isoformat()


def holds_on(valid_from: str, valid_until: str, today: date) -> bool:
    """Whether `today` lies in the days given as ISO dates, both inclusive; an empty one is open."""
    day = today.isoformat()
    return (not valid_from or valid_from <= day) and (not valid_until or day <= valid_until)
