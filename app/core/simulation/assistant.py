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

from app.core.auto_reply import Decision, Say, Situation, decide_at_once, decide_before_deadline
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
class Moment:
    """An open wait, as the service sees it: since when its clock runs, when it ends, and what time it is."""

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
        self._said_once: set[str] = set()
        ladder = steps(_NOON, _NOON + timedelta(seconds=rules.window_s), policy)
        after_s = [(due.step, (due.at - _NOON).total_seconds()) for due in ladder]
        self.calls_after_s: Final = tuple(
            seconds for step, seconds in after_s if step not in (Step.HOLD, Step.MISS)
        )
        """When somebody is called, in seconds after the clock began."""
        self.speaks_after_s: Final = next((seconds for step, seconds in after_s if step is Step.HOLD), None)
        """When the machine may speak for the people."""

    def before_deadline(self, chat: Chat, moment: Moment) -> Say | None:
        """What the machine says to a buyer whose time runs out."""
        situation = self._situation(chat, moment)
        return self._once(
            decide_before_deadline(situation, lambda: self._found(chat), self._holding(), Linter.default())
        )

    def at_once(self, chat: Chat, moment: Moment) -> Say | None:
        """What the machine says as soon as the buyer has asked."""
        return self._once(decide_at_once(self._situation(chat, moment), self._found(chat), Linter.default()))

    def _holding(self) -> tuple[Phrase, ...]:
        return tuple(_starter()[name] for name in self.policy.holding_phrases if name in _starter())

    def _once(self, decision: Decision) -> Say | None:
        if not isinstance(decision, Say) or decision.once in self._said_once:
            return None
        self._said_once.add(decision.once)
        return decision

    def _situation(self, chat: Chat, moment: Moment) -> Situation:
        session = fold_session(chat.events)
        return Situation(
            session=session,
            item=self._item(chat, session, moment),
            policy=self.policy,
            mood=_CALM,
            platform="",
            now=moment.now,
            said=frozenset(message.text for message in session.standing if message.sender in SHOP_SENDERS),
        )

    def _item(self, chat: Chat, session: Session, moment: Moment) -> OpenItem:
        return OpenItem(
            item_id=chat.clock_item,
            session=session.id,
            buyer=session.buyer,
            at=moment.opened_at,
            deadline_at=moment.deadline_at,
            counted=True,
            reason_uncounted=None,
            counts_robot=False,
            counts_assist=self._rules.machine_counts,
        )

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
