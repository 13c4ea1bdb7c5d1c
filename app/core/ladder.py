"""The ladder of one open item: warn the agent, hold the buyer, note the miss. Times only; nothing is done here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.policies import Policy


class Step(StrEnum):
    WARN = "warn"
    HOLD = "hold"
    MISS = "miss"


@dataclass(frozen=True, slots=True)
class Due:
    """The next thing to do about an item, and when."""

    step: Step
    at: datetime


def steps(opened_at: datetime, deadline_at: datetime, policy: Policy) -> tuple[Due, ...]:
    """All steps of an item in time order. A step that would not lie inside the window is left out.

    The miss is due just after the deadline: a reply exactly at the deadline is still in time.
    """
    window = deadline_at - opened_at
    due: list[Due] = []
    warn = timedelta(seconds=policy.warn_after_s)
    if timedelta(0) < warn < window:
        due.append(Due(Step.WARN, opened_at + warn))
    hold = window - timedelta(seconds=policy.hold_before_s)
    if hold < timedelta(0):
        hold = window / 2
    due.append(Due(Step.HOLD, opened_at + hold))
    due.append(Due(Step.MISS, deadline_at + timedelta(microseconds=1)))
    return tuple(sorted(due, key=lambda step: step.at))


def next_step(opened_at: datetime, deadline_at: datetime, policy: Policy, after: Step | None) -> Due | None:
    """The step that follows `after` (None: the first); None when the ladder has ended."""
    ladder = steps(opened_at, deadline_at, policy)
    if after is None:
        return ladder[0]
    names = [due.step for due in ladder]
    position = names.index(after) + 1 if after in names else len(ladder)
    return ladder[position] if position < len(ladder) else None
