"""A running period in words, for whoever has to keep its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.core.forecast import Forecast, LineAhead

PERIOD_NAMES: Final = {
    "natural_day": "自然日",
    "natural_week": "自然周",
    "natural_month": "自然月",
    "trailing_7d": "近7天",
    "trailing_30d": "近30天",
}
_REASONS: Final = {
    "nothing_counted": "这段时间没有计数的数据，无法预测",
    "too_few_items": "数据太少（不到 20 条），不做预测",
}
_WIDENED: Final = {
    "no_history": "没有今天以前的数据",
    "little_history": "历史不足 14 天",
    "hours_assumed": "还不知道一天里各小时的分布，按均匀估计",
}


def line_words(ahead: LineAhead, forecast: Forecast) -> Iterator[str]:
    """How a line is met, what it still needs or can bear, and how likely the period ends on its good side."""
    yield {True: "已达到", False: "未达到", None: "尚无数据"}[ahead.met]
    if ahead.met is False:
        yield "补不回来" if ahead.needed is None else f"还需连续 {ahead.needed} 个达标"
    elif ahead.met and ahead.room is not None:
        yield f"此刻还可漏 {ahead.room} 个"
    if forecast.over or ahead.affordable is None:
        return
    if ahead.affordable < 0:
        rescue = ahead.affordable_high is not None and ahead.affordable_high >= 0
        yield "按预计量已够不着" + ("，量大时仍有可能" if rescue else "")
    else:
        yield f"到期末还能漏 {ahead.affordable} 个"
        if ahead.unreachable_at is not None:
            yield f"照现在的漏法 {ahead.unreachable_at:%m-%d %H:%M} 起够不着"
    if ahead.chance is not None:
        yield f"期末达到的可能 {chance_words(ahead.chance)}"


def chance_words(chance: float) -> str:
    """A probability in whole percent, never 0 % or 100 %."""
    # The paths are too few to tell a thousandth from nothing.
    return "<1%" if chance < 0.01 else ">99%" if chance > 0.99 else f"{chance:.0%}"


def ending_words(forecast: Forecast) -> str:
    """Where the period will end, and how sure that is."""
    ending = forecast.ending
    if ending is None:
        assert forecast.reason is not None
        return _REASONS[forecast.reason.value]
    if ending.rate is None or ending.low is None or ending.high is None:
        return "预计没有计数的数据"
    if forecast.over:
        return f"周期已结束：{ending.rate:.2%}"
    why = "、".join(_WIDENED[each.value] for each in forecast.widened)
    return (
        f"预计 {ending.rate:.2%}，80% 区间 {ending.low:.2%} — {ending.high:.2%}"
        f"；预计共 {ending.counted} 条（{ending.counted_low} — {ending.counted_high}），还会来 {ending.remaining} 条"
        + (f"（区间偏宽：{why}）" if why else "")
    )
