"""A period in words: its headline, and what to do next, each step from a count that is named in it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from app.core.forecast.lines import Outlook
from app.core.percentages import percent
from app.core.quality.figures import LINE_NAMES, RateFigure, Tally
from app.core.quality.intervals import wilson
from app.core.quality.invitations import Invitations
from app.core.quality.reviews import Kind
from app.core.quality.week_report import Report

KIND_NAMES: Final = {
    Kind.ATTITUDE: "差评·态度",
    Kind.BAD: "差评",
    Kind.COMPLAINT: "投诉",
    Kind.INVITED_UPSET: "邀评后不满",
    Kind.UPSET: "情绪不好",
    Kind.PROMISE: "答应未办",
}
MOST_STEPS: Final = 7


def rate_text(tally: Tally, figure: RateFigure | None = None) -> str:
    """A rate for people, never rounded across a line of the figure; 暂无 on an empty denominator."""
    if tally.rate is None:
        return "暂无"
    marks = [] if figure is None else [line.value for _, line in figure.lines()]
    return percent(tally.rate, marks)


def counts_text(tally: Tally) -> str:
    return f"{tally.hits}/{tally.counted}"


def points_text(change: Fraction) -> str:
    """A difference of rates in points, with its sign: +2.1 个百分点."""
    points = float(change * 100)
    return f"{points:+.1f} 个百分点".replace("-", "−")


def headline(report: Report, name: str = "本周", before: str = "上周") -> str:
    """The period in one sentence or two: the rate, how it moved, and what the next line that is not met still needs."""
    figure = report.main
    if figure is None:
        bad = len(report.rated_badly)
        return f"{report.platform_name}没有在考核的评价指标；{name}差评会话 {bad} 个，风险会话 {len(report.at_risk)} 个。"
    if not figure.whole.counted:
        return f"{name}还没有计入{figure.measure.name}的评价，所以没有比率。"
    parts = [f"{name}{figure.measure.name} {rate_text(figure.whole, figure)}（{counts_text(figure.whole)}）"]
    if figure.change is not None:
        same = figure.change == 0
        parts.append(f"与{before}持平" if same else f"比{before} {points_text(figure.change)}")
    return f"{'，'.join(parts)}。{need_text(figure)}"


def need_text(figure: RateFigure) -> str:
    """What the first unmet line needs; where all are met, which one is nearest and what it still bears."""
    outlooks = list(figure.outlooks())
    unmet = next((pair for pair in outlooks if pair[1].met is False), None)
    if unmet is not None:
        return f"{outlook_text(*unmet, figure)}。"
    bearing = [pair for pair in outlooks if pair[1].room is not None]
    if not bearing:
        return ""
    name, nearest = min(bearing, key=lambda pair: pair[1].room or 0)
    return f"各条线都已达到；对{LINE_NAMES[name]} {nearest.line.text}，{_room_text(nearest, figure)}。"


def outlook_text(name: str, outlook: Outlook, figure: RateFigure) -> str:
    """One line: 扣罚线 > 80%：还需 5 个好评."""
    head = f"{LINE_NAMES[name]} {outlook.line.text}"
    if outlook.met:
        if outlook.room is None:
            return f"{head} 已达到"
        return f"{head} 已达到，{_room_text(outlook, figure)}"
    if outlook.needed is None:
        return f"{head} 本期内已无法达到"
    return f"{head} 未达到，还需连续 {outlook.needed} 个{'好评' if figure.higher_is_better else '不算在内的评价'}"


def _room_text(outlook: Outlook, figure: RateFigure) -> str:
    if outlook.room == 0:
        return f"再有 1 个{_bad_ones(figure)}就不达标"
    return f"还能承受 {outlook.room} 个{_bad_ones(figure)}"


def _bad_ones(figure: RateFigure) -> str:
    return "中差评" if figure.higher_is_better else "这类评价"


def next_steps(report: Report) -> tuple[str, ...]:
    """What to do next, the most pressing first."""
    return tuple(_steps(report))[:MOST_STEPS]


def _steps(report: Report) -> Iterator[str]:
    yield from _open_matters(report)
    yield from _toward_the_line(report)
    yield from _what_stands_out(report)
    yield from _words(report)
    yield from _inviting(report)
    yield from _agents(report)


def _open_matters(report: Report) -> Iterator[str]:
    if count := report.count(Kind.ATTITUDE):
        yield f"先看 {count} 个因服务态度被差评的会话：平台单独统计这个原因，逐个和客服复盘。"
    if count := report.count(Kind.COMPLAINT):
        yield f"{count} 个会话里买家提到投诉、举报一类的话，今天由主管联系。"
    if count := report.count(Kind.PROMISE):
        yield f"{count} 个会话答应过买家、还没有回音：按清单逐个回复，免得变成差评。"


def _toward_the_line(report: Report) -> Iterator[str]:
    figure = report.main
    if figure is None:
        return
    for name, outlook in figure.outlooks():
        if outlook.met is False and outlook.needed:
            cost = "" if not figure.higher_is_better else _cost(outlook)
            yield (
                f"离{LINE_NAMES[name]} {outlook.line.text} 还差 {outlook.needed} 个好评{cost}："
                "把邀评留给已解决、买家道过谢的会话，有情绪的先处理。"
            )
            return
    if figure.whole.counted and not figure.assessed():
        yield f"计入的评价只有 {figure.whole.counted} 个，不到平台起算的 {figure.edition.assessed_from} 个：多邀已解决的买家。"


def _cost(outlook: Outlook) -> str:
    target = outlook.line.value
    if target >= 1:
        return ""
    price = target / (1 - target)
    shown = str(price) if price.denominator == 1 else f"{float(price):.1f}"
    return f"（一个中差评要 {shown} 个好评才补得回）"


def _what_stands_out(report: Report) -> Iterator[str]:
    advice = {
        "有超时的等待": "给这些钟点加人，或提早打开安抚回复",
        "有一直没回复的消息": "交班前清一遍未回复的会话",
        "同一个问题问了两遍": "把这些问题写进话术库，回答前先看买家上文",
        "客服有要改的话": "按下面的改法练一遍",
        "答应的事没有回音": "答应了就记下时间，到点回",
    }
    for sign in report.signs:
        if sign.stands_out:
            yield (
                f"差评会话里 {counts_text(sign.bad)} {sign.name}，其余会话 {counts_text(sign.others)}：{advice[sign.name]}。"
            )
    if report.late_hours and (most := report.late_hours[0])[1] >= 3:
        yield f"超时最多的钟点是 {most[0]} 点（{most[1]} 条），共 {report.late.hits} 条：先看那时的排班。"


def _words(report: Report) -> Iterator[str]:
    if report.rules:
        rule = report.rules[0]
        yield f"用语问题里先改“{rule.name}”（{rule.hits} 处，{rule.sessions} 个会话）：{rule.suggestion}"


def _inviting(report: Report) -> Iterator[str]:
    if count := report.count(Kind.INVITED_UPSET):
        yield f"{count} 位买家被邀评后又不满：先解决问题，评价还可能改。"
    by = {each.by: each for each in report.invitations}
    agent, system = by.get("agent", Invitations("agent")), by.get("system", Invitations("system"))
    own, other = wilson(agent.good, agent.rated), wilson(system.good, system.rated)
    if own is not None and other is not None and own[0] > other[1]:
        yield (
            f"客服邀评的好评占 {agent.good}/{agent.rated}，系统邀评的占 {system.good}/{system.rated}："
            "问题没解决的会话可以不让系统先发卡片。"
        )


def _agents(report: Report) -> Iterator[str]:
    below = [each for each in report.agents if each.standing == "below"]
    for each in below[:2]:
        yield (
            f"{each.agent} 的评价明显低于全店（{counts_text(each.ratings)}，95% 区间 {interval_text(each.interval)}）："
            f"先看其 {each.rated_badly} 个差评会话再谈，不凭一条评价下结论。"
        )


def interval_text(interval: tuple[float, float] | None) -> str:
    """An interval in whole per cent; a dash without one."""
    return "—" if interval is None else f"{interval[0]:.0%}–{interval[1]:.0%}"
