"""A forecast in words, for a supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.cli.output import say
from app.core.forecast_words import PERIOD_NAMES, ending_words, line_words
from app.core.penalties import PenaltyShown, PenaltyView
from app.core.profiles import PenaltyLevel, Status
from app.usecases.forecast_records import MeasureForecast
from app.usecases.measure_tables import LINE_NAMES

_STATUS_NAMES: Final = {
    Status.STATED: "资料载明",
    Status.REPORTED: "据转载",
    Status.SUPERSEDED: "现已被替代",
    Status.UNKNOWN: "来源不明",
    Status.ASSUMED: "推定",
    Status.DEFUNCT: "平台已停运",
}
_LEVEL_NAMES: Final = {"light": "轻微", "severe": "严重", "especially_severe": "特别严重", "any": "各档"}


def tell(found: MeasureForecast) -> None:
    """Say a forecast: what stands, what each line still needs, where it will end and what it would cost."""
    forecast, edition, cost = found.forecast, found.edition, found.cost
    period = forecast.period
    whose = ""
    if found.key is not None:
        by, name = found.key
        whose = f"  {'客服' if by == 'agent' else '店铺'} {name or '（未知）'}"
    say(f"{found.profile.name} {found.measure.name}{whose}")
    say(
        f"  周期  {PERIOD_NAMES[period.name]} {period.first_day} — {period.last_day}"
        f"，截至 {forecast.now:%m-%d %H:%M}（口径 {edition.id}，{_STATUS_NAMES[edition.status]}）"
    )
    waiting = f"，另有 {forecast.pending} 条待定" if forecast.pending else ""
    rate = "—" if forecast.rate is None else f"{float(forecast.rate):.2%}"
    say(f"  现在  {rate}（{forecast.numerator}/{forecast.denominator}）{waiting}")
    for ahead in forecast.lines:
        say(f"  {LINE_NAMES[ahead.name]} {ahead.line.text}  {'；'.join(line_words(ahead, forecast))}")
    say(f"  期末  {ending_words(forecast)}")
    if forecast.leaving:
        going = "、".join(f"{day.day:%m-%d} {day.good}/{day.counted}" for day in forecast.leaving[:3])
        say(f"  将移出窗口  {going}")
    for row, words in enumerate(() if cost is None else _cost_words(*cost)):
        say(f"  {'    ' if row else '处罚'}  {words}")


def _cost_words(now: PenaltyView, end: PenaltyView | None) -> Iterator[str]:
    if not now.penalties:
        yield "没有读到与该指标有关的处罚规定，金额未知"
        return
    if now.line is None:
        yield "该版口径没有读到扣罚线，是否会罚不清楚"
    else:
        states = {True: "未触线", False: "已触线", None: "无数据"}
        ending = "" if end is None or end.met is None else f"，照预计期末{states[end.met]}"
        yield f"扣罚线 {now.line.text}：现在{states[now.met]}{ending}"
        if now.line.relative_to is not None:
            yield "平台自己的线是浮动的且未公布，这里用上面的数代替"
    if now.assessed is False:
        yield "数量不足，平台可能不考核"
    if not now.in_force:
        yield "今天没有已知的生效规定；以下是其他时期的，仅供参考"
    elif now.disputed:
        yield "有几份互相矛盾的规定，都列出"
    for number, shown in enumerate(now.penalties):
        penalty = shown.penalty
        dates = f"{penalty.from_day or '…'} — {penalty.to_day or '…'}"
        held = "当日有效" if shown.in_force else "暂停中" if shown.suspended else "当日不生效"
        yield f"{penalty.name}（{dates}，{_STATUS_NAMES[penalty.status]}，{held}）"
        for level in penalty.levels:
            yield f"  {_level_words(level)}"
        if penalty.tiers:
            yield f"  {_tier_words(shown, None if end is None else end.penalties[number])}"
        if not shown.amounts_known:
            yield "  金额未知：没有读到"
        if penalty.severity:
            yield f"  情节：{penalty.severity}"


def _level_words(level: PenaltyLevel) -> str:
    parts = [*level.actions]
    if level.fine_cny is not None:
        least, most = level.fine_cny
        parts.append(f"违约金 {least if least == most else f'{least}-{most}'} 元")
    if level.points is not None:
        parts.append(f"扣 {level.points} 分")
    return f"{_LEVEL_NAMES.get(level.level, level.when or level.level)}：{'、'.join(parts)}"


def _tier_words(now: PenaltyShown, end: PenaltyShown | None) -> str:
    words = f"分档：按现在 {_fines_words(now)}"
    return words if end is None else f"{words}；照预计期末 {_fines_words(end)}"


def _fines_words(shown: PenaltyShown) -> str:
    if shown.fines is None:
        return "无法判断（要用平台考核周期的总量）"
    if shown.fines.assumed is None:
        return "不在任何罚款档内"
    if shown.fines.disputed:
        return f"{'或'.join(map(str, shown.fines.amounts))} 元（原文重叠，按轻的 {shown.fines.assumed} 元）"
    return f"{shown.fines.assumed} 元"
