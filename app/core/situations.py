"""What a decision to speak looks at, and what it comes to. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.core.clocks import OpenItem
from app.core.events import Sender
from app.core.invites import InviteAdvice
from app.core.mood import Mood
from app.core.policies import Policy
from app.core.sessions import HUMAN_SENDERS, SHOP_SENDERS, Message, Session


class Purpose(StrEnum):
    """Why the machine speaks."""

    ANSWER = "answer"
    """It knows the answer."""
    HOLDING = "holding"
    """Nobody answers, and the deadline is near."""
    OFF_HOURS = "off_hours"
    """Nobody is there, and says when somebody will be."""
    WELCOME = "welcome"
    """A buyer has come."""
    INVITE = "invite"
    """The matter is settled and the buyer content: it asks for a rating."""


class Moment(StrEnum):
    """When it is decided."""

    ARRIVAL = "arrival"
    DEADLINE = "deadline"
    QUIET = "quiet"
    SENDING = "sending"


_LASTING: Final = {Purpose.WELCOME: timedelta(seconds=60), Purpose.OFF_HOURS: timedelta(minutes=10)}
"""A greeting that would come later than this after the buyer's message does not come at all."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A person of the shop was typing into the session."""

    agent: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Staffing:
    """Is anybody there to answer? `staffed` None: not known. `opens_at`: when somebody will be, if that is known."""

    staffed: bool | None = None
    opens_at: datetime | None = None


def opening_words(opens_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When somebody will be there, as people say it: 今天 14:00, 明天 09:00, 11月30日 09:00."""
    opens, today = opens_at.astimezone(zone), now.astimezone(zone).date()
    days = (opens.date() - today).days
    day = {0: "今天", 1: "明天"}.get(days, f"{opens.month}月{opens.day}日")
    return f"{day} {opens:%H:%M}"


@dataclass(frozen=True, slots=True)
class Say:
    """The machine says `text` as `sender`, until `expires_at`. `once` names what must not be said twice."""

    purpose: Purpose
    text: str
    phrase_id: str
    sender: Sender
    once: str
    expires_at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """The machine says nothing. `code` is stable, `reasons` are for people.

    `until`: when it is worth asking again, where only a pause stood in the way.
    """

    code: str
    reasons: tuple[str, ...]
    until: datetime | None = None


Decision = Say | Silence


def _nothing_decided() -> frozenset[str]:
    return frozenset()


def _no_advice() -> InviteAdvice | None:
    return None


def _never_heard(_purpose: Purpose) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision looks at. What costs a look into a model or the database is a function, asked only at need."""

    session: Session
    item: OpenItem | None
    """What waits; None if it no longer does."""
    message: Message | None
    """What the buyer said, if it was a message and stands."""
    asked_at: datetime
    """Since when the buyer waits."""
    policy: Policy
    platform: str
    now: datetime
    zone: ZoneInfo
    """Of the shop."""
    expires_at: datetime
    """After this an answer or a holding reply is worth nothing."""
    mood: Callable[[], Mood]
    said: frozenset[str] = frozenset()
    """What the buyer has read of the shop."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Of the variables that are known."""
    typed: Typed | None = None
    """Who typed into the session last."""
    flagged: Callable[[], bool] = bool
    """Was the buyer flagged lately, in whatever session?"""
    staffing: Callable[[], Staffing] = Staffing
    decided: Callable[[], frozenset[str]] = _nothing_decided
    """What was decided on for this session before, by `Say.once`."""
    heard_at: Callable[[Purpose], datetime | None] = _never_heard
    """When the buyer last heard, or is about to hear, words of this purpose, in whatever session."""
    advice: Callable[[], InviteAdvice | None] = _no_advice
    """The rating advice as of now; None before anybody of the shop has spoken."""
    invited: Callable[[], bool] = bool
    """Is another invitation of ours on its way in this session, or may one have arrived that nobody has noted?"""

    @property
    def time_of_day(self) -> int:
        """Microseconds since midnight where the shop is."""
        local = self.now.astimezone(self.zone)
        seconds = (local.hour * 60 + local.minute) * 60 + local.second
        return seconds * 1_000_000 + local.microsecond

    def sender_for(self, purpose: Purpose) -> Sender:
        """As whom the machine would speak now."""
        if purpose is Purpose.WELCOME:
            return Sender.WELCOME
        return Sender.ROBOT_ASSIST if self.session.reached_human else Sender.ROBOT

    def ends_at(self, purpose: Purpose) -> datetime:
        """After this, words for the purpose are worth nothing."""
        lasting = _LASTING.get(purpose)
        return self.expires_at if lasting is None else self.asked_at + lasting

    @property
    def seconds_left(self) -> int:
        return max(0, int((self.expires_at - self.now).total_seconds()))


def phrases_chosen(purpose: Purpose, policy: Policy) -> tuple[str, ...]:
    """The ids of the phrases that a shop chose for a purpose; those of an answer are the bank's to find."""
    chosen = {
        Purpose.HOLDING: policy.holding_phrases,
        Purpose.OFF_HOURS: policy.off_hours_phrases,
        Purpose.WELCOME: policy.welcome_phrases,
        Purpose.INVITE: policy.invite_phrases,
    }
    return chosen.get(purpose, ())


def standing_phrases(policy: Policy) -> frozenset[str]:
    """The ids of all phrases that a shop chose: the policy needs them."""
    return frozenset(phrase_id for purpose in Purpose for phrase_id in phrases_chosen(purpose, policy))


def last_human(session: Session) -> Message | None:
    """What a person of the shop said last; our own words, and their echo, are no person's."""
    return next((m for m in reversed(session.standing) if is_human(m)), None)


def is_human(message: Message) -> bool:
    """Did a person of the shop say this?"""
    return message.sender in HUMAN_SENDERS and not message.by_machine


def last_words(session: Session) -> Message | None:
    """What either side said last."""
    return next((m for m in reversed(session.standing) if m.by_buyer or m.sender in SHOP_SENDERS), None)


def robot_in_row(session: Session) -> int:
    """Unattended replies since a person last spoke; greetings do not count."""
    count = 0
    for message in reversed(session.standing):
        if is_human(message):
            break
        count += message.sender in SHOP_SENDERS and message.sender is not Sender.WELCOME
    return count


def waiting_texts(session: Session) -> tuple[str, ...]:
    """What the buyer wrote since a person last spoke."""
    texts: list[str] = []
    for message in reversed(session.standing):
        if is_human(message):
            break
        if message.by_buyer and message.text:
            texts.append(message.text)
    return tuple(reversed(texts))
