"""When to ask a buyer for a rating: invite, wait or no, and why (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from app.core.invitations import INVITATIONS, in_turn, invitations_read
from app.core.mood import Mood
from app.core.profiles import Profile
from app.core.rating_effect import Effect, good_per_bad, plain
from app.core.resolution import Resolution, resolve
from app.core.sessions import HUMAN_SENDERS, SHOP_SENDERS, Session

UPSET: Final = 0.3
"""Chance of a bad rating above which nobody asks for one; about three times the share among all sessions."""
UPSET_TURN: Final = 0.6
"""The same for the last turn alone, in a session that is at least `UNEASY`: alone, a short question sounds worse than it is."""
UNEASY: Final = 0.15
"""Chance of a bad rating that is half as much again as the usual one."""
COOLDOWN_DAYS: Final = 7
AFTER_BAD_DAYS: Final = 30
_ONCE: Final = frozenset({"session"})


def ends_cross(session: Mood, last: Mood) -> bool:
    """Do the buyer's last words sound displeased, in a session that bears it out?"""
    return last.p_dissatisfied >= UPSET_TURN and session.p_dissatisfied >= UNEASY


@dataclass(frozen=True, slots=True)
class InviteRules:
    """What a platform and the shop's settings say about inviting, ready to decide by.

    `hours` are half-open times of day in `timezone`; "24:00:00" is the end of the day. `target` is the share of good ratings
    that is aimed at.
    """

    once_per: frozenset[str] = _ONCE
    """`session`: an agent's and the system's invitation share the one shot; `buyer_agent_day`: once a day for buyer and agent."""
    hours: tuple[str, str] = ("08:00:00", "23:00:00")
    timezone: str = "Asia/Shanghai"
    target: Fraction = Fraction(4, 5)
    valid_hours: int | None = None
    """A rating later than this after the invitation does not count; None where no such rule is known."""
    bad_labels: frozenset[str] = frozenset({"失望", "一般", "不满意", "非常不满意", "差评", "中评"})
    """Option texts that are no good rating."""
    cooldown_days: int = COOLDOWN_DAYS
    """A buyer who was invited in another session within so many days is left alone; 0 for no such rest."""
    after_bad_days: int = AFTER_BAD_DAYS
    """The same after a rating that was not a good one."""

    @classmethod
    def of_profile(cls, profile: Profile) -> InviteRules:
        """A platform's rules with the goal of its newest rating edition; where it has none that we know, the defaults."""
        rating, rules = profile.primary_rating, profile.invite
        own = cls(timezone=profile.timezone)
        if rating is not None:
            own = replace(own, target=rating.latest.own_goal.value)
        if profile.rating_labels:
            known = {*profile.rating_labels, *profile.label_synonyms}
            own = replace(
                own, bad_labels=frozenset(label for label in known if profile.is_positive(label) is False)
            )
        if rules is None:
            return own
        start, end = rules.hours.to_json()
        return replace(
            own, once_per=frozenset(rules.once_per), hours=(start, end), valid_hours=rules.valid_hours
        )

    @property
    def good_per_bad(self) -> Fraction | None:
        """Good ratings that one bad one costs at the target: t/(1-t). None at a target of 100 %."""
        return good_per_bad(self.target)

    def in_hours(self, at: datetime) -> bool:
        """Does a card sent at this moment count?"""
        passed = self._passed(at)
        start, end = (_since_midnight(text) for text in self.hours)
        if start < end:
            return start <= passed < end
        return passed >= start or passed < end

    def opens_at(self, at: datetime) -> datetime:
        """The next moment, not before `at`, from which a card counts."""
        if self.in_hours(at):
            return at
        local = at.astimezone(ZoneInfo(self.timezone))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        opening = midnight + _since_midnight(self.hours[0])
        return opening if opening > local else opening + timedelta(days=1)

    def expires_at(self, invited_at: datetime) -> datetime | None:
        """From when on a rating no longer counts for this invitation."""
        return None if self.valid_hours is None else invited_at + timedelta(hours=self.valid_hours)

    def _passed(self, at: datetime) -> timedelta:
        """Since midnight where the rules hold."""
        local = at.astimezone(ZoneInfo(self.timezone))
        return timedelta(
            hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )


@dataclass(frozen=True, slots=True)
class PastInvite:
    """An invitation in another session of the buyer; `words` where it is known what was said beside the card."""

    at: datetime
    agent: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class BuyerPast:
    """What a buyer's other sessions know of invitations and ratings, in time order."""

    invites: tuple[PastInvite, ...] = ()
    ratings: tuple[tuple[datetime, str], ...] = ()
    """(when, label)."""

    def by(self, now: datetime) -> BuyerPast:
        """What had happened by `now`."""
        return BuyerPast(
            tuple(one for one in self.invites if one.at <= now),
            tuple(one for one in self.ratings if one[0] <= now),
        )


def _nothing_past() -> BuyerPast:
    return BuyerPast()


class Waits(StrEnum):
    """What an advice to wait waits for."""

    ANSWER = "answer"
    """The shop owes the buyer an answer."""
    HANDOVER = "handover"
    """A person, since the buyer was handed over."""
    PROMISE = "promise"
    """What the shop promised to come back with."""
    REFUND = "refund"
    """Money or after-sales under way."""
    BUYER = "buyer"
    """The buyer's answer to the agent."""
    OTHER_SESSION = "other_session"
    """Something else of this buyer is open."""
    SILENCE = "silence"
    """Thanks, or enough silence after the answer."""
    SIGN = "sign"
    """A sign that the buyer is content after all."""
    HOURS = "hours"
    """The hours in which a card counts."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """The invitation of this session. `state`: `pending`; `expired`, where an answer no longer counts; `rated`."""

    at: datetime
    by: str | None
    expires_at: datetime | None
    state: Literal["pending", "expired", "rated"]

    def to_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "by": self.by,
            "expires_at": self.expires_at.isoformat() if self.expires_at is not None else None,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class InviteAdvice:
    """`p_satisfied` is the chance of a good rating; `reasons` are for people, most important first. `code` is stable."""

    advice: Literal["invite", "wait", "no"]
    p_satisfied: float
    reasons: tuple[str, ...]
    code: str
    texts: tuple[str, ...] = ()
    """Suggested invitations where the advice is to invite, the one whose turn it is first."""
    waits_for: Waits | None = None
    until: datetime | None = None
    """When it is worth asking again, where time alone may change the advice."""
    invitation: Invitation | None = None
    at_risk: bool = False
    """An invitation is out and the buyer has come back upset: it may bring a bad rating."""
    target: Fraction = field(default=Fraction(4, 5))

    @property
    def text(self) -> str | None:
        """The suggested invitation."""
        return self.texts[0] if self.texts else None

    @property
    def effect(self) -> Effect:
        """What asking is expected to do, as far as it is known without the shop's present rate."""
        return Effect(self.p_satisfied, self.target)


def advise(
    session: Session,
    mood: Mood,
    rules: InviteRules,
    now: datetime,
    *,
    open_items: int = 0,
    last_turn: Mood | None = None,
    past: Callable[[], BuyerPast] = _nothing_past,
    wordings: Sequence[str] = INVITATIONS,
) -> InviteAdvice:
    """Should the buyer of this session be asked for a rating at `now`?

    `mood` is the session's, `last_turn` that of the buyer's last words where known. `open_items` are the items of the buyer
    that run on the reply clock; unanswered closing thanks of this session are not held against inviting, since the
    invitation answers them. `past` tells of the buyer's other sessions and is asked only if nothing else stands in the way.
    """
    return _Adviser(session, mood, rules, now, open_items, last_turn, past, wordings).advise()


@dataclass(frozen=True, slots=True)
class _Adviser:
    session: Session
    mood: Mood
    rules: InviteRules
    now: datetime
    open_items: int
    last_turn: Mood | None
    past: Callable[[], BuyerPast]
    wordings: Sequence[str]

    def advise(self) -> InviteAdvice:
        """One way out for each reason, in the order in which a person would ask."""
        session, rules, now = self.session, self.rules, self.now
        if not any(m.sender in HUMAN_SENDERS for m in session.standing if m.at <= now):
            return self._no("no_human", "没有人工接待过，不邀评")
        resolution = resolve(session, now)
        upset = self._upset(resolution)
        if (used := self._used_up(upset)) is not None:
            return used
        if session.flag is not None or any(m.spam is not None for m in session.standing if m.by_buyer):
            return self._no("flagged", "买家已被标记为骚扰或垃圾消息")
        if upset is not None:
            return upset
        if not rules.in_hours(now):
            span = f"{rules.hours[0][:5]}–{rules.hours[1][:5]}"
            return self._wait(
                "hours",
                Waits.HOURS,
                f"现在不在评价考核时段（{span}），发出的卡片不计",
                until=rules.opens_at(now),
            )
        if resolution.open_items:
            return self._wait("open", Waits(resolution.open_items[0][0]), *resolution.open_reasons)
        if (others := self.open_items - len(resolution.courtesies)) > 0:
            return self._wait("other_items", Waits.OTHER_SESSION, f"这位买家还有 {others} 条消息在等回复")
        if not resolution.resolved:
            return self._unsettled(resolution)
        past = self.past().by(now)
        if (resting := self._resting(past)) is not None:
            return resting
        effect = Effect(self.mood.p_satisfied, rules.target)
        target = f"{float(rules.target):.0%}"
        if not effect.worth_it:
            cost = rules.good_per_bad
            price = "" if cost is None else f"：一个中差评要 {plain(cost)} 个好评才补得回"
            return self._no(
                "chance", f"满意的可能 {self.mood.p_satisfied:.0%}，低于目标 {target} 的盈亏点{price}"
            )
        return replace(
            self._no(
                "ready", *resolution.signs, f"满意的可能 {self.mood.p_satisfied:.0%}，高于目标 {target}"
            ),
            advice="invite",
            texts=in_turn(self.wordings, session.buyer, self._read(past)),
        )

    def _used_up(self, upset: InviteAdvice | None) -> InviteAdvice | None:
        """The buyer has rated, or was invited: the one shot is gone, and may yet do harm."""
        session, rules, now = self.session, self.rules, self.now
        sent = [(at, by) for at, by in session.invites if at <= now]
        rated = any(rating.at <= now for rating in session.ratings)
        invitation = None
        if sent:
            at, by = sent[-1]
            expires_at = rules.expires_at(at)
            gone = expires_at is not None and now > expires_at
            invitation = Invitation(
                at, by, expires_at, "rated" if rated else "expired" if gone else "pending"
            )
        if rated:
            return replace(self._no("rated", "买家已经评价过"), invitation=invitation)
        if invitation is None or not self._once("session"):
            return None
        who = {"agent": "客服", "system": "系统"}.get(invitation.by or "", "")
        reasons = [f"本会话已由{who}邀请过评价" if who else "本会话已邀请过评价"]
        reasons[0] += "，手动和系统合计只有一次"
        risk = False
        if invitation.state == "expired":
            reasons.append(f"邀请已超过 {rules.valid_hours} 小时有效期，现在评价也不计")
        elif upset is not None and self._spoke_since(invitation.at):
            risk = True
            reasons = [
                "邀请已经发出，买家又不满，可能带来差评：请主管跟进，先解决问题",
                *upset.reasons,
                *reasons,
            ]
        else:
            reasons.append("邀请还在有效期内，等买家评价" if invitation.expires_at else "等买家评价")
        return replace(
            self._no("invited", *reasons),
            invitation=invitation,
            at_risk=risk,
            until=invitation.expires_at if invitation.state == "pending" else None,
        )

    def _upset(self, resolution: Resolution) -> InviteAdvice | None:
        if resolution.complaint is not None:
            return self._no("complaint", f"买家提到“{resolution.complaint}”，先安抚解决，不邀评")
        mood, last = self.mood, self.last_turn
        if mood.p_dissatisfied >= UPSET:
            return self._no(
                "upset",
                f"买家情绪不好（不满意的可能 {mood.p_dissatisfied:.0%}），先解决问题",
                *_moved_by(mood),
            )
        if last is not None and ends_cross(mood, last) and not resolution.thanked:
            return self._no("upset_turn", "买家最后一句带着不满，先解决问题", *_moved_by(last))
        return None

    def _unsettled(self, resolution: Resolution) -> InviteAdvice:
        if resolution.displeased is not None:
            return self._wait(
                "unsettled", Waits.SIGN, f"买家最后说“{resolution.displeased}”，还看不出已经满意"
            )
        return self._wait(
            "unsettled",
            Waits.SILENCE,
            "还看不出问题已经解决：买家没有道谢，也没有确认",
            until=resolution.quiet_at,
        )

    def _resting(self, past: BuyerPast) -> InviteAdvice | None:
        """The buyer was asked, or rated badly, in another session lately."""
        rules, now = self.rules, self.now
        zone = ZoneInfo(rules.timezone)
        local = now.astimezone(zone)
        if self._once("buyer_agent_day"):
            here = [PastInvite(at, self.session.agent) for at, _ in self.session.invites if at <= now]
            today = (one for one in (*past.invites, *here) if one.at.astimezone(zone).date() == local.date())
            if any(one.agent == self.session.agent for one in today):
                tomorrow = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
                return replace(self._no("invited_today", "今天这位客服已邀请过这位买家"), until=tomorrow)
        bad = [at for at, label in past.ratings if label in rules.bad_labels]
        rests = [
            ("after_bad", bad[-1:], rules.after_bad_days, "给过中差评，别再打扰"),
            ("cooldown", [one.at for one in past.invites[-1:]], rules.cooldown_days, "邀请过评价，别再打扰"),
        ]
        for code, found, days, what in rests:
            if found and now < found[0] + timedelta(days=days):
                ago = _ago(now - found[0])
                return replace(
                    self._no(code, f"这位买家{ago}在别的会话里{what}（间隔 {days} 天）"),
                    until=found[0] + timedelta(days=days),
                )
        return None

    def _read(self, past: BuyerPast) -> list[str]:
        """The invitations that the buyer has read, the newest last."""
        said = [m.text for m in self.session.standing if m.sender in SHOP_SENDERS and m.at <= self.now]
        return invitations_read(self.wordings, [*(one.words or "" for one in past.invites), *said])

    def _spoke_since(self, at: datetime) -> bool:
        return any(m.by_buyer and at < m.at <= self.now for m in self.session.standing)

    def _once(self, what: str) -> bool:
        return what in self.rules.once_per

    def _no(self, code: str, *reasons: str) -> InviteAdvice:
        return InviteAdvice("no", self.mood.p_satisfied, reasons, code, target=self.rules.target)

    def _wait(self, code: str, what: Waits, *reasons: str, until: datetime | None = None) -> InviteAdvice:
        return replace(self._no(code, *reasons), advice="wait", waits_for=what, until=until)


CODES_OF_UPSET: Final[Collection[str]] = frozenset({"complaint", "upset", "upset_turn"})
"""Codes of advice against inviting since the buyer is upset."""


def _moved_by(mood: Mood) -> tuple[str, ...]:
    return (f"依据：{'、'.join(f'“{word}”' for word in mood.words)}",) if mood.words else ()


def _ago(passed: timedelta) -> str:
    return f" {passed.days} 天前" if passed.days else f" {int(passed / timedelta(hours=1))} 小时前"


def _since_midnight(text: str) -> timedelta:
    if text.startswith("24:"):
        return timedelta(days=1)
    at = time.fromisoformat(text)
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
