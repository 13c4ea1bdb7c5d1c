"""A report of service quality as records for programs and as sheets for Excel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.quality.figures import LINE_NAMES, Keyed, RateFigure
from app.core.quality.reviews import Review
from app.core.quality.waits import Wait
from app.core.quality.week_report import AgentWeek, Report
from app.core.quality.wording import KIND_NAMES, headline, interval_text, next_steps, outlook_text
from app.gateways.spreadsheets import Sheet, Value

STANDING_NAMES: Final = {
    "above": "明显高于全店",
    "below": "明显低于全店",
    "like": "与全店相当",
    "small": "样本少",
}
SENDER_NAMES: Final = {"agent": "客服邀评", "system": "系统邀评"}
_CASE_HEADERS: Final = (
    "会话", "客服", "分组", "时间", "类型", "评价", "原因", "计入好评率", "最长等待（秒）", "超时条数",
    "没回复条数", "问了两遍", "用语问题", "买家的话", "答应的事",
)  # fmt: skip
_CASE_WIDTHS: Final = (20, 12, 12, 18, 16, 10, 20, 10, 14, 10, 10, 10, 28, 48, 28)


def figure_json(figure: RateFigure) -> dict[str, Any]:
    """A measure of ratings: exact counts, the editions that judged them, each line apart and what it still needs."""
    before = figure.before
    return {
        "metric": figure.measure.id,
        "name": figure.measure.name,
        "numerator": figure.whole.hits,
        "denominator": figure.whole.counted,
        "rate": None if figure.whole.rate is None else str(figure.whole.rate),
        "in_force": figure.in_force,
        "editions": [
            {
                "id": edition.id,
                "from": None if edition.from_day is None else edition.from_day.isoformat(),
                "to": None if edition.to_day is None else edition.to_day.isoformat(),
                "status": edition.status.value,
            }
            for edition in figure.editions
        ],
        "lines": {
            name: {
                "op": outlook.line.op,
                "value": str(outlook.line.value),
                "met": outlook.met,
                "needed": outlook.needed,
                "room": outlook.room,
            }
            for name, outlook in figure.outlooks()
        },
        "before": None
        if before is None
        else {
            "numerator": before.hits,
            "denominator": before.counted,
            "rate": None if before.rate is None else str(before.rate),
        },
        "by_agent": [_keyed_json("agent", each) for each in figure.by_agent],
        "by_group": [_keyed_json("group", each) for each in figure.by_group],
        "by_day": [_keyed_json("day", each) for each in figure.by_day],
        "by_week": [_keyed_json("week", each) for each in figure.by_week],
    }


def _keyed_json(by: str, each: Keyed) -> dict[str, Any]:
    tally = each.tally
    return {
        by: each.key or None,
        "numerator": tally.hits,
        "denominator": tally.counted,
        "rate": None if tally.rate is None else str(tally.rate),
    }


def review_json(review: Review) -> dict[str, Any]:
    """A session on the desk. Texts are shortened and masked; seconds are whole milliseconds at most."""
    return {
        "session": review.session,
        "agent": review.agent or None,
        "group": review.group or None,
        "at": review.at.isoformat(),
        "day": review.day.isoformat(),
        "kinds": [kind.value for kind in review.kinds],
        "label": review.label,
        "reasons": list(review.reasons),
        "rating_counts": review.rating_counts,
        "invited_by": review.invited_by,
        "waits": [_wait_json(wait) for wait in review.waits],
        "longest_wait_s": None if review.longest is None else _seconds(review.longest),
        "late": len(review.late),
        "unanswered": review.unanswered,
        "findings": [
            {
                "message": each.message_id,
                "agent": each.agent or None,
                "rule": each.rule,
                "name": each.name,
                "severity": each.severity,
                "start": each.start,
                "end": each.end,
                "suggestion": each.suggestion,
            }
            for each in review.flagged
        ],
        "asked_again": [list(each.message_ids) for each in review.asked_again],
        "words": [
            {"message": turn.message_id, "text": turn.text, "words": list(turn.words)}
            for turn in review.moving
        ],
        "promise": review.promise,
        "complaint": review.complaint,
    }


def _wait_json(wait: Wait) -> dict[str, Any]:
    return {
        "message": wait.message_id,
        "at": wait.at.isoformat(),
        "seconds": None if wait.seconds is None else _seconds(wait),
        "late": wait.late,
        "counted": wait.counted,
    }


def _seconds(wait: Wait) -> float:
    return round(wait.seconds or 0.0, 3)


def agent_json(each: AgentWeek) -> dict[str, Any]:
    return {
        "agent": each.agent,
        "numerator": each.ratings.hits,
        "denominator": each.ratings.counted,
        "interval": None if each.interval is None else [round(end, 4) for end in each.interval],
        "standing": each.standing,
        "sessions": each.sessions,
        "rated_badly": each.rated_badly,
        "at_risk": each.at_risk,
        "items": each.items,
        "late": each.late,
        "findings": each.flagged,
    }


def report_json(report: Report, week: str | None = None) -> dict[str, Any]:
    """All of a report but its single sessions."""
    return {
        "as_of": report.as_of.isoformat(),
        "week": week,
        "first_day": report.first.isoformat(),
        "last_day": report.last.isoformat(),
        "headline": headline(report),
        "next_steps": list(next_steps(report)),
        "measures": [figure_json(figure) for figure in report.figures],
        "invitations": [
            {"by": each.by, "invited": each.invited, "rated": each.rated, "good": each.good}
            for each in report.invitations
        ],
        "agents": [agent_json(each) for each in report.agents],
        "reasons": [{"reason": reason, "sessions": count} for reason, count in report.reasons],
        "signs": [
            {
                "name": sign.name,
                "rated_badly": [sign.bad.hits, sign.bad.counted],
                "others": [sign.others.hits, sign.others.counted],
                "stands_out": sign.stands_out,
            }
            for sign in report.signs
        ],
        "rules": [
            {
                "rule": rule.rule,
                "name": rule.name,
                "severity": rule.severity,
                "hits": rule.hits,
                "sessions": rule.sessions,
                "suggestion": rule.suggestion,
            }
            for rule in report.rules
        ],
        "looked_at": len(report.reviews),
        "unread": report.unread,
    }


def sheets(report: Report) -> tuple[Sheet, ...]:
    """The report as the sheets of a workbook."""
    return (
        Sheet("概览", ("项目", "内容"), _overview(report), (28, 90)),
        Sheet(
            "按客服",
            ("客服", "好评数", "评价数", "好评率", "95% 区间", "与全店相比", "会话", "差评会话", "风险会话", "计入消息", "超时", "用语问题"),
            (_agent_row(each) for each in report.agents),
            (16, 10, 10, 10, 14, 16),
        ),
        Sheet("按天", ("指标", "日期", "分子", "分母", "比率"), _by_day(report), (28, 14)),
        Sheet("差评会话", _CASE_HEADERS, (_case(each, report) for each in report.rated_badly), _CASE_WIDTHS),
        Sheet("风险会话", _CASE_HEADERS, (_case(each, report) for each in report.at_risk), _CASE_WIDTHS),
        Sheet(
            "用语问题",
            ("规则", "名称", "程度", "次数", "会话数", "客服数", "改法"),
            (
                (r.rule, r.name, "违规" if r.severity == "error" else "风险", r.hits, r.sessions, r.agents, r.suggestion)
                for r in report.rules
            ),
            (24, 20, 10, 10, 10, 10, 70),
        ),
    )  # fmt: skip


def _overview(report: Report) -> Iterator[Sequence[Value]]:
    yield "店铺", report.shop_name or "（日志）"
    yield "平台", report.platform_name
    yield "日期", f"{report.first} 至 {report.last}"
    yield "截至", _local(report.as_of, report)
    yield "结论", headline(report)
    for figure in report.figures:
        yield f"{figure.measure.name}：分子", figure.whole.hits
        yield f"{figure.measure.name}：分母", figure.whole.counted
        yield f"{figure.measure.name}：比率", figure.whole.rate
        for edition in figure.editions:
            days = f"{edition.from_day or '…'} 至 {edition.to_day or '今'}"
            note = "" if figure.in_force else "（平台已不按此考核，只作参考）"
            yield f"{figure.measure.name}：口径版本", f"{edition.id}，{days}{note}"
        for name, outlook in figure.outlooks():
            yield f"{figure.measure.name}：{LINE_NAMES[name]}", outlook_text(name, outlook, figure)
    for each in report.invitations:
        yield SENDER_NAMES[each.by], f"邀评 {each.invited}，评价 {each.rated}，好评 {each.good}"
    for reason, count in report.reasons:
        yield f"差评原因：{reason}", count
    for sign in report.signs:
        yield (
            f"差评会话中{sign.name}",
            f"{sign.bad.hits}/{sign.bad.counted}（其余会话 {sign.others.hits}/{sign.others.counted}）",
        )
    for number, step in enumerate(next_steps(report), start=1):
        yield f"下一步 {number}", step
    if report.unread:
        yield "没看完", f"还有 {report.unread} 个会话没看，下面各表不含它们"


def _agent_row(each: AgentWeek) -> Sequence[Value]:
    ratings = each.ratings
    return (
        each.agent, ratings.hits, ratings.counted, ratings.rate, interval_text(each.interval),
        STANDING_NAMES[each.standing], each.sessions, each.rated_badly, each.at_risk, each.items, each.late, each.flagged,
    )  # fmt: skip


def _by_day(report: Report) -> Iterator[Sequence[Value]]:
    for figure in report.figures:
        for each in figure.by_day:
            yield figure.measure.name, each.key, each.tally.hits, each.tally.counted, each.tally.rate


def _case(review: Review, report: Report) -> Sequence[Value]:
    longest = review.longest
    return (
        review.session,
        review.agent or "（未知）",
        review.group,
        _local(review.at, report),
        "、".join(KIND_NAMES[kind] for kind in review.kinds),
        review.label,
        "、".join(review.reasons),
        {True: "是", False: "否", None: ""}[review.rating_counts],
        None if longest is None else round(longest.seconds or 0),
        len(review.late),
        review.unanswered,
        len(review.asked_again),
        "、".join(dict.fromkeys(each.name for each in review.flagged)),
        " / ".join(turn.text for turn in review.moving),
        review.promise,
    )


def _local(at: datetime, report: Report) -> str:
    return f"{at.astimezone(ZoneInfo(report.timezone)):%Y-%m-%d %H:%M}"
