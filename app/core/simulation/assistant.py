"""What the assistant does in the simulated shop, as the service itself decides it.

When an agent is called comes from the ladder, whether the machine speaks and in which words from
`app.core.auto_reply`, on the session folded from the day's own events, with the built-in lint rules and the starter
bank's holding phrases. Only what the phrase bank knows of an enquiry is thrown by dice (`Enquiry.sure`, `.right`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from app.core.auto_reply import (
    Decision,
    Purpose,
    Say,
    Situation,
    Sources,
    decide_at_once,
    decide_before_deadline,
)
from app.core.clocks import OpenItem
from app.core.ladder import Step, steps
from app.core.mood import Mood
from app.core.policies import Policy
from app.core.sessions import SHOP_SENDERS, Session, fold_session
from app.core.simulation.floor import Chat
from app.core.simulation.rules import ReplyRules
from lint import Linter
from phrasebank import Hit, Phrase, Result
from phrasebank.starting import starter_phrases

_CALM: Final = Mood(p_satisfied=0.1, p_dissatisfied=0.1)
"""The simulated buyers do not lose their temper."""
_NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wait:
    """What is open of a chat, as the service sees it: since when its clock runs, when it ends, and what time it is."""

    opened_at: datetime
    deadline_at: datetime
    now: datetime


class Assistant:
    """The service beside one simulated shop, for one day."""

    def __init__(self, policy: Policy, rules: ReplyRules, sure_score: float) -> None:
        """`sure_score` is the chance that the phrase bank gives to an answer that it is sure of."""
        self.policy: Final = policy
        self._rules = rules
        self._sure_score = sure_score
        self._decided: set[str] = set()
        self._zone = ZoneInfo(rules.tz)
        ladder = steps(_NOON, _NOON + timedelta(seconds=rules.window_s), policy)
        after_s = [(due.step, (due.at - _NOON).total_seconds()) for due in ladder]
        self.calls_after_s: Final = tuple(
            seconds for step, seconds in after_s if step not in (Step.HOLD, Step.MISS)
        )
        """When somebody is called, in seconds after the clock began."""
        self.speaks_after_s: Final = next((seconds for step, seconds in after_s if step is Step.HOLD), None)
        """When the machine may speak for the people."""

    def before_deadline(self, chat: Chat, wait: Wait) -> Say | None:
        """What the machine says to a buyer whose time runs out."""
        return self._once(decide_before_deadline(self._situation(chat, wait), self._sources(chat)))

    def at_once(self, chat: Chat, wait: Wait) -> Say | None:
        """What the machine says as soon as the buyer has asked."""
        return self._once(decide_at_once(self._situation(chat, wait), self._sources(chat)))

    def _once(self, decision: Decision) -> Say | None:
        if not isinstance(decision, Say):
            return None
        self._decided.add(decision.once)
        return decision

    def _situation(self, chat: Chat, wait: Wait) -> Situation:
        session = fold_session(chat.events)
        return Situation(
            session=session,
            item=self._item(chat, session, wait),
            message=session.last_buyer_message,
            asked_at=wait.opened_at,
            policy=self.policy,
            platform="",
            now=wait.now,
            zone=self._zone,
            expires_at=wait.deadline_at,
            mood=lambda: _CALM,
            said=frozenset(message.text for message in session.standing if message.sender in SHOP_SENDERS),
            decided=lambda: frozenset(self._decided),
        )

    def _item(self, chat: Chat, session: Session, wait: Wait) -> OpenItem:
        return OpenItem(
            item_id=chat.clock_item,
            session=session.id,
            buyer=session.buyer,
            at=wait.opened_at,
            deadline_at=wait.deadline_at,
            counted=True,
            reason_uncounted=None,
            counts_robot=self._rules.robot_counts,
            counts_assist=self._rules.machine_counts,
        )

    def _sources(self, chat: Chat) -> Sources:
        return Sources(found=lambda: self._found(chat), phrases=self._phrases, linter=Linter.default())

    def _phrases(self, purpose: Purpose) -> tuple[Phrase, ...]:
        """The simulated shop always has somebody in: only holding replies are looked for."""
        names = self.policy.holding_phrases if purpose is Purpose.HOLDING else ()
        return tuple(_starter()[name] for name in names if name in _starter())

    def _found(self, chat: Chat) -> Result:
        enquiry = chat.at_hand
        if not enquiry.sure:
            return Result("", (), confident=False)
        number = chat.enquiry + 1
        answer = Phrase(f"answer-{number}", f"亲，请看商品页的说明（{number}）")
        return Result("", (Hit(answer, self._sure_score, ()),), confident=True)


@cache
def _starter() -> dict[str, Phrase]:
    return {phrase.id: phrase for phrase in starter_phrases()}
