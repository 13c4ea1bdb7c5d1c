"""When to ask a buyer for a rating: invite, wait or no, and why (DESIGN section 8)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import Final, Literal
from zoneinfo import ZoneInfo

from app.core.mood import Mood
from app.core.profiles import Profile
from app.core.resolution import resolve
from app.core.sessions import HUMAN_SENDERS, Session

UPSET: Final = 0.3
"""Chance of a bad rating above which nobody asks for one; about three times the share among all sessions."""
UPSET_TURN: Final = 0.6
"""The same for the last turn alone."""

INVITATIONS: Final = (
    "亲，您的问题这边处理好了，方便的话请对我这次的服务做个评价，您的意见我们会认真看。",
    "感谢您的耐心配合，稍后会给您发一张评价卡片，麻烦您按真实感受点一下。",
    "很高兴能帮到您，如果方便，请为我本次的服务打个分，有不足的地方也欢迎直接告诉我。",
    "这边就不多打扰您了，麻烦您抽空对本次服务评价一下，方便我们继续改进。",
)
"""What an agent may say beside the card: it asks for an opinion and offers nothing for it."""


@dataclass(frozen=True, slots=True)
class InviteRules:
    """What a platform (and the shop's goal) says about inviting, ready to decide by.

    `hours` are half-open times of day in `timezone`; "24:00:00" is the end of the day. `target` is the share of good ratings
    that is aimed at.
    """

    once_per_session: bool = True
    """Whoever sends: an agent's and the system's invitation share the one shot."""
    hours: tuple[str, str] = ("08:00:00", "23:00:00")
    timezone: str = "Asia/Shanghai"
    target: Fraction = Fraction(4, 5)
    once_per_agent_buyer_day: bool = False

    @classmethod
    def of_profile(cls, profile: Profile) -> InviteRules:
        """A platform's rules with the goal of its newest rating edition; where it has none that we know, the defaults."""
        default = cls()
        rating, rules = profile.primary_rating, profile.invite
        target = default.target if rating is None else rating.latest.own_goal.value
        if rules is None:
            return cls(timezone=profile.timezone, target=target)
        start, end = rules.hours.to_json()
        return cls(
            once_per_session=True,
            hours=(start, end),
            timezone=profile.timezone,
            target=target,
            once_per_agent_buyer_day=rules.once_per == "buyer_agent_day",
        )

    @property
    def good_per_bad(self) -> Fraction | None:
        """Good ratings that one bad one costs at the target: t/(1-t). None at a target of 100 %."""
        return None if self.target >= 1 else self.target / (1 - self.target)

    def in_hours(self, at: datetime) -> bool:
        """Does a card sent at this moment count?"""
        local = at.astimezone(ZoneInfo(self.timezone))
        passed = timedelta(
            hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        start, end = (_since_midnight(text) for text in self.hours)
        if start < end:
            return start <= passed < end
        return passed >= start or passed < end


@dataclass(frozen=True, slots=True)
class InviteAdvice:
    """`p_satisfied` is the mood's chance of a good rating; `reasons` are for people, most important first."""

    advice: Literal["invite", "wait", "no"]
    p_satisfied: float
    reasons: tuple[str, ...]
    text: str | None = None
    """A suggested invitation, where the advice is to invite."""


def advise(
    session: Session,
    mood: Mood,
    rules: InviteRules,
    now: datetime,
    *,
    open_items: int = 0,
    earlier_invites: Sequence[tuple[datetime, str]] = (),
    last_turn: Mood | None = None,
) -> InviteAdvice:
    """Should the buyer of this session be asked for a rating at `now`?

    `mood` is the session's, `last_turn` that of the buyer's last words where known. `open_items` are the items of the buyer
    that run on the reply clock; unanswered closing thanks of this session are not held against inviting, since the
    invitation answers them. `earlier_invites` are (when, agent) of the buyer's other sessions.
    """

    def no(*reasons: str) -> InviteAdvice:
        return InviteAdvice("no", mood.p_satisfied, reasons)

    def wait(*reasons: str) -> InviteAdvice:
        return InviteAdvice("wait", mood.p_satisfied, reasons)

    if not any(m.sender in HUMAN_SENDERS for m in session.standing if m.at <= now):
        return no("没有人工接待过，不邀评")
    if any(rating.at <= now for rating in session.ratings):
        return no("买家已经评价过")
    if rules.once_per_session and any(at <= now for at, _ in session.invites):
        return no("本会话已邀请过评价，手动和系统合计只有一次")
    if rules.once_per_agent_buyer_day and _invited_today(session, rules, now, earlier_invites):
        return no("今天这位客服已邀请过这位买家")
    if session.flag is not None or any(m.spam is not None for m in session.standing if m.by_buyer):
        return no("买家已被标记为骚扰或垃圾消息")
    if not rules.in_hours(now):
        return wait(f"现在不在评价考核时段（{rules.hours[0][:5]}–{rules.hours[1][:5]}），发出的卡片不计")
    resolution = resolve(session, now)
    if resolution.complaint is not None:
        return no(f"买家提到“{resolution.complaint}”，先安抚解决，不邀评")
    if mood.p_dissatisfied >= UPSET:
        return no(f"买家情绪不好（不满意的可能 {mood.p_dissatisfied:.0%}），先解决问题", *_moved_by(mood))
    if last_turn is not None and last_turn.p_dissatisfied >= UPSET_TURN and not resolution.signs:
        return no("买家最后一句带着不满，先解决问题", *_moved_by(last_turn))
    if resolution.open_reasons:
        return wait(*resolution.open_reasons)
    if (others := open_items - len(resolution.courtesies)) > 0:
        return wait(f"这位买家还有 {others} 条消息在等回复")
    if not resolution.resolved:
        return wait("还看不出问题已经解决：买家没有道谢，也没有确认")
    target = float(rules.target)
    if mood.p_satisfied < target:
        cost = rules.good_per_bad
        price = "" if cost is None else f"：一个中差评要 {_plain(cost)} 个好评才补得回"
        return no(f"满意的可能 {mood.p_satisfied:.0%}，低于目标 {target:.0%} 的盈亏点{price}")
    return InviteAdvice(
        "invite",
        mood.p_satisfied,
        (*resolution.signs, f"满意的可能 {mood.p_satisfied:.0%}，高于目标 {target:.0%}"),
        # The same session always reads the same words; buyers of different sessions read different ones.
        INVITATIONS[zlib.crc32(session.id.encode()) % len(INVITATIONS)],
    )


def _invited_today(
    session: Session, rules: InviteRules, now: datetime, earlier: Sequence[tuple[datetime, str]]
) -> bool:
    zone = ZoneInfo(rules.timezone)
    today = now.astimezone(zone).date()
    here = any(at <= now and at.astimezone(zone).date() == today for at, _ in session.invites)
    return here or any(
        at <= now and agent == session.agent and at.astimezone(zone).date() == today for at, agent in earlier
    )


def _moved_by(mood: Mood) -> tuple[str, ...]:
    return (f"依据：{'、'.join(f'“{word}”' for word in mood.words)}",) if mood.words else ()


def _plain(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.1f}"


def _since_midnight(text: str) -> timedelta:
    if text.startswith("24:"):
        return timedelta(days=1)
    at = time.fromisoformat(text)
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
