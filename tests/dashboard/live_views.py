"""Builders of live views for tests and screenshots: a busy shop, an empty one, and single parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from app.core.forecast import DayCounts, Forecast, forecast_period, period_of
from app.core.profiles import Line
from app.core.routing import AgentNow
from app.core.service_hours import State
from app.usecases.live import (
    ActView,
    AdviceView,
    FindingView,
    LiveView,
    RateView,
    SuggestionView,
    WaitingView,
)
from app.usecases.staff import AgentView, GroupView, StaffView

NOON = datetime(2026, 11, 11, 4, 18, 26, tzinfo=UTC)
"""12:18:26 in Shanghai, in the middle of the rush."""

HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script> \u202egnp.exe javascript:alert(1)'
"""Markup, a right-to-left override and a script address, as a buyer may send them."""


def suggestion(
    text: str,
    *,
    title: str = "",
    score: float = 0.9,
    why: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
) -> SuggestionView:
    return SuggestionView(
        phrase_id=f"p-{title}", title=title, text=text, score=score, why=why, missing=missing
    )


def waiting(
    now: datetime = NOON,
    *,
    left_s: float,
    text: str = "在吗",
    buyer: str = "B1",
    window_s: float = 180,
    session: str | None = None,
    agent: str | None = "小林",
    kind: str = "text",
    counted: bool = True,
    suggestions: tuple[SuggestionView, ...] = (),
    note: str | None = None,
    recap: dict[str, Any] | None = None,
) -> WaitingView:
    deadline_at = now + timedelta(seconds=left_s)
    return WaitingView(
        session=session or f"s-{buyer}",
        buyer=buyer,
        agent=agent,
        text=text,
        kind=kind,
        waiting_since=deadline_at - timedelta(seconds=window_s),
        deadline_at=deadline_at,
        counted=counted,
        suggestions=suggestions,
        note=note,
        recap=recap,
    )


def rate(
    numerator: int = 312,
    denominator: int = 324,
    *,
    measure: str = "reply",
    name: str = "3 分钟人工回复率",
    edition: str = "按人计，2023 年 3 月起",
    status: str = "reported",
    pending: int = 0,
    penalty_line: Fraction | None = None,
    platform_target: Fraction | None = None,
    own_goal: Fraction | None = None,
    higher_is_better: bool = True,
    curve: tuple[tuple[str, int, int], ...] = (),
    source: str = "",
) -> RateView:
    return RateView(
        measure=measure,
        name=name,
        edition=edition,
        status=status,
        numerator=numerator,
        denominator=denominator,
        pending=pending,
        penalty_line=penalty_line,
        platform_target=platform_target,
        own_goal=own_goal,
        higher_is_better=higher_is_better,
        curve=curve,
        source=source,
    )


def empty_view(now: datetime = NOON, *, robot_on: bool = True) -> LiveView:
    """A shop that has just opened: nothing has happened yet."""
    return LiveView(
        shop="demo",
        shop_name="青禾家居旗舰店",
        platform_name="快手小店",
        now=now,
        timezone="Asia/Shanghai",
        robot_on=robot_on,
        waiting=(),
        acts=(),
        findings=(),
        advice=(),
        rates=(),
    )


def busy_view(now: datetime = NOON) -> LiveView:
    """Noon rush: every part has entries of every kind."""
    return replace(
        empty_view(now),
        waiting=_waiting(now),
        acts=_acts(now),
        findings=_findings(now),
        advice=_advice(),
        rates=_rates(),
        staff=_staff(now),
    )


def _staff(now: datetime) -> StaffView:
    def agent(name: str, load: int, limit: int | None, *, online: bool = True, **more: Any) -> AgentView:
        shift = more.pop("on_shift", True)
        return AgentView(AgentNow(name, online, load, limit, more.pop("groups", ()), shift), name, **more)

    return StaffView(
        state=State(True, "week", "营业中，周三 09:00-22:00"),
        closes_at=now + timedelta(hours=10),
        agents=(
            agent("阿哲", 6, 6, groups=("售后",), note="会处理破损"),
            agent("小林", 5, 8, groups=("售前",)),
            agent(HOSTILE, 2, None, on_shift=None),
            agent("小周", 0, 6, online=False, groups=("售后",)),
            agent("老秦", 0, 6, online=False, on_shift=False),
        ),
        groups=(GroupView("售前", "售前", 2, 7, None), GroupView("售后", "售后", 1, 6, 6)),
        hints=("小周 在班但不在线，可请上线",),
    )


def _waiting(now: datetime) -> tuple[WaitingView, ...]:
    return (
        waiting(
            now,
            left_s=18.4,
            buyer="晴天小雨_7731",
            text="我昨天下单的那盏落地灯怎么还显示没发货呀，周五搬家要用的",
            suggestions=(
                suggestion(
                    "您好，您的订单 {order_no} 已经在打包，今天 {ship_time} 前出库，发出后我把单号发给您。",
                    title="催发货·已排单",
                    score=0.91,
                    why=("关键词：没发货", "近似问法：什么时候发货"),
                    missing=("order_no", "ship_time"),
                ),
                suggestion(
                    "理解您着急，我这就去仓库问一下，五分钟内给您准信。",
                    title="催发货·先核实",
                    score=0.74,
                    why=("语义相近",),
                ),
                suggestion(
                    "周五前要用的话，我给您备注加急，仓库会优先安排。",
                    title="备注加急",
                    score=0.42,
                    why=("关键词：要用",),
                ),
            ),
        ),
        waiting(
            now,
            left_s=63,
            buyer="momo",
            agent="阿哲",
            text="灯罩收到有一道裂，能换一个吗？",
            suggestions=(
                suggestion(
                    "给您添麻烦了。请把裂开的地方拍张照发我，我马上给您安排补发灯罩，不用寄回。",
                    title="破损·补发配件",
                    score=0.95,
                    why=("关键词：裂", "近似问法：收到是坏的怎么办"),
                ),
                suggestion(
                    "可以换的，您在订单里点「换货」，我这边同步审核。",
                    title="换货步骤",
                    score=0.61,
                    why=("关键词：换",),
                ),
            ),
            note="机器已发安抚语，人工计时仍在走，请尽快接手。",
            recap={
                "text": "还没答：灯罩收到有一道裂，能换一个吗？；阿哲答应过：我核实后稍晚回复您；订单 …3456"
            },
        ),
        waiting(
            now,
            left_s=117,
            buyer="用户8827160043",
            agent=None,
            text="",
            kind="card",
            suggestions=(
                suggestion(
                    "您好，这款现在有现货，您是想了解尺寸还是发货时间？",
                    title="商品卡片·开场",
                    score=0.58,
                    why=("商品卡片",),
                ),
            ),
        ),
        waiting(
            now,
            left_s=151,
            buyer="hello_kitty大王",
            text="好的谢谢",
            counted=False,
            note="像是结束语，可以不回。",
        ),
        waiting(now, left_s=168, buyer="<b>老王</b>", text=HOSTILE, agent="小林"),
        waiting(
            now,
            left_s=-75,
            buyer="阿宽",
            agent="阿哲",
            text="？？人呢",
            suggestions=(
                suggestion(
                    "抱歉让您久等了，刚才咨询的人多，我现在专门给您处理，您说。",
                    title="致歉·久等",
                    score=0.88,
                    why=("已超时", "关键词：人呢"),
                ),
            ),
        ),
    )


def _acts(now: datetime) -> tuple[ActView, ...]:
    def act(
        ago_s: int, kind: str, buyer: str, title: str, text: str, *reasons: str, late: bool = False
    ) -> ActView:
        return ActView(
            at=now - timedelta(seconds=ago_s),
            kind=kind,
            session=f"s-{buyer}",
            buyer=buyer,
            title=title,
            text=text,
            reasons=reasons,
            late=late,
        )

    return (
        act(
            9,
            "sent",
            "momo",
            "超时前安抚",
            "您好，您的问题我看到了，正在为您核实，请稍等一下。",
            "还剩 70 秒，客服没有在输入",
            "这个平台不计机器回复，只用来安抚",
            "用语检查通过",
        ),
        act(
            41,
            "held_back",
            "阿宽",
            "没有自动回复",
            "",
            "买家在催人工，机器再说话会更生气",
            "同一用途今天已说过一次",
        ),
        act(102, "warned", "晴天小雨_7731", "提醒小林：还剩 80 秒", "", "到了提醒线 100 秒"),
        act(
            260,
            "sent",
            "小鱼儿",
            "发货时间",
            "您好，下午四点前付款的订单当天发出，您的这单今天会发。",
            "第一名 0.93，比第二名高 0.41",
            "变量都已填好",
            late=True,
        ),
        act(355, "missed", "阿宽", "回复超时", "", "客服阿哲手上有 9 个会话"),
        act(610, "dead", "南山", "通知没送到主管群", "", "对方连续 8 次没有应答，已停止重试"),
    )


def _findings(now: datetime) -> tuple[FindingView, ...]:
    def finding(
        ago_s: int,
        agent: str,
        text: str,
        match: str,
        severity: str,
        rule: str,
        name: str,
        message: str,
        suggestion_text: str,
    ) -> FindingView:
        start = text.index(match)
        return FindingView(
            at=now - timedelta(seconds=ago_s),
            session="s-1",
            agent=agent,
            text=text,
            start=start,
            end=start + len(match),
            severity=severity,
            rule=rule,
            name=name,
            message=message,
            suggestion=suggestion_text,
        )

    return (
        finding(
            130,
            "阿哲",
            "不是跟您说了吗，页面上都写着呢😓",
            "不是跟您说了吗",
            "error",
            "TN102",
            "反问买家",
            "反问会让买家觉得被指责，是差评里出现最多的一类话。",
            "可能我没说清楚，我再给您讲一遍。",
        ),
        finding(
            844,
            "小林",
            "要不您加我微信，我私下给您补差价",
            "加我微信",
            "error",
            "RL201",
            "引导站外联系",
            "平台禁止引导买家到站外联系或付款，会被扣分罚款。",
            "差价我在订单里给您退，您留意一下退款通知。",
        ),
        finding(
            1502,
            "小林",
            "这款是全网最低价了哦",
            "全网最低价",
            "warning",
            "AD103",
            "价格绝对化",
            "无法证明的最低价属于虚假宣传，聊天里说也可能被投诉。",
            "这款现在是活动价，活动到今晚结束。",
        ),
    )


def _advice() -> tuple[AdviceView, ...]:
    return (
        AdviceView(
            session="s-9",
            buyer="小鱼儿",
            advice="invite",
            p_satisfied=0.94,
            reasons=("问题已解决，买家说了谢谢", "人工服务过，今天还没邀过"),
            text="很高兴帮到您。方便的话给这次服务点个评价吧，您的意见对我们很重要。",
            texts=(
                "很高兴帮到您。方便的话给这次服务点个评价吧，您的意见对我们很重要。",
                "感谢您的耐心配合，方便时请评价一下本次服务。",
            ),
            effect="本周好评率 41/52=78.8%，邀请后预计 79.1%（好评 79.2%，中差评 77.4%）；离目标还差连续 3 个好评",
        ),
        AdviceView(
            session="s-3",
            buyer="晚风",
            advice="no",
            p_satisfied=0.2,
            reasons=("邀请已经发出，买家又不满，可能带来差评：请主管跟进，先解决问题",),
            invitation="pending",
            at_risk=True,
        ),
        AdviceView(
            session="s-2",
            buyer="momo",
            advice="wait",
            p_satisfied=0.55,
            reasons=("换货还没处理完",),
        ),
        AdviceView(
            session="s-6",
            buyer="阿宽",
            advice="no",
            p_satisfied=0.12,
            reasons=("等太久，买家有怒气", "此刻邀评，一个差评要四个好评来补"),
        ),
    )


def week_ahead(good: int, counted: int, *, today: int = 60) -> Forecast:
    """A week as it stands at `NOON`: so many good of so many on each day of four weeks, and `today` buyers so far."""
    day = NOON.date()
    past = [DayCounts(day - timedelta(days=back), good, counted) for back in range(28, 0, -1)]
    return forecast_period(
        [*past, DayCounts(day, today * good // counted, today)],
        NOON,
        period_of("natural_week", day),
        {"penalty_line": Line(">=", Fraction(7, 10)), "own_goal": Line(">=", Fraction(95, 100))},
    )


REPLY_CURVE = (
    ("08", 0, 0),
    ("09", 31, 32),
    ("10", 88, 92),
    ("11", 163, 171),
    ("12", 258, 273),
    ("13", 312, 331),
)
RATING_CURVE = (("08", 0, 0), ("09", 4, 4), ("10", 9, 11), ("11", 17, 22), ("12", 24, 31))


def _rates() -> tuple[RateView, ...]:
    return (
        replace(
            rate(
                312,
                331,
                pending=5,
                penalty_line=Fraction(7, 10),
                platform_target=Fraction(8, 10),
                own_goal=Fraction(95, 100),
                curve=REPLY_CURVE,
                source="平台规则中心转载，2023-03",
            ),
            ahead=week_ahead(94, 100),
        ),
        rate(
            24,
            31,
            measure="good",
            name="客服好评率",
            edition="自然周，邀评卡 8–23 点",
            status="stated",
            penalty_line=Fraction(8, 10),
            own_goal=Fraction(9, 10),
            curve=RATING_CURVE,
            source="平台规则中心，2022-11",
        ),
        rate(
            0,
            0,
            measure="attitude",
            name="态度差中差评率",
            edition="2022-11 前",
            status="superseded",
            platform_target=Fraction(6, 100),
            higher_is_better=False,
        ),
    )
