"""The ladder of one open item: warn the agent, hold the buyer, note the miss, tell a supervisor.

Times only; nothing is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.core.policies import Policy

USUAL_WINDOW: Final = timedelta(seconds=180)
"""The window that a policy's times are meant for; in a shorter one what does not fit shrinks in proportion."""
_JUST_AFTER: Final = timedelta(microseconds=1)


class Step(StrEnum):
    """The steps, in the order in which they are taken where two fall on the same moment."""

    WARN = "warn"
    WARN_LAST = "warn_last"
    HOLD = "hold"
    MISS = "miss"
    ESCALATE = "escalate"


STEP_NAMES: Final = {
    Step.WARN: "提醒客服",
    Step.WARN_LAST: "最后一次提醒",
    Step.HOLD: "代答或安抚",
    Step.MISS: "记为超时",
    Step.ESCALATE: "告知主管",
}
"""What people call the steps."""
_RANK: Final = {step: rank for rank, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Due:
    """Something to do about an item, and when."""

    step: Step
    at: datetime

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, _RANK[self.step]


def steps(
    opened_at: datetime, deadline_at: datetime, policy: Policy, usual_warn_s: int | None = None
) -> tuple[Due, ...]:
    """All steps of an item in time order, each at most once.

    Warnings and the holding step lie inside the window, the last warning after the first. A warning that the policy turned
    off (0), or that a window of `USUAL_WINDOW` or more has no place for, is left out; in a shorter window the first warning
    comes after `usual_warn_s` (the platform's) and the others as long before the deadline as the window is shorter. The
    miss is due just after the deadline, since a reply exactly at the deadline is still in time; the supervisor is told
    `escalate_after_s` after it.
    """
    window = deadline_at - opened_at
    due = [
        Due(Step.HOLD, deadline_at - _lead(policy.hold_before_s, window)),
        Due(Step.MISS, deadline_at + _JUST_AFTER),
    ]
    warn = timedelta(seconds=policy.warn_after_s)
    if warn >= window and window < USUAL_WINDOW:
        warn = _shrunk(policy.warn_after_s, window)
        if usual_warn_s is not None and timedelta(0) < timedelta(seconds=usual_warn_s) < window:
            warn = timedelta(seconds=usual_warn_s)
    warned = timedelta(0) < warn < window
    if warned:
        due.append(Due(Step.WARN, opened_at + warn))
    last = window - _lead(policy.last_warn_before_s, window)
    if policy.last_warn_before_s and (warn if warned else timedelta(0)) < last < window:
        due.append(Due(Step.WARN_LAST, opened_at + last))
    if policy.escalate:
        due.append(Due(Step.ESCALATE, deadline_at + timedelta(seconds=policy.escalate_after_s) + _JUST_AFTER))
    return tuple(sorted(due, key=lambda one: one.order))


def first_ahead(ladder: Sequence[Due], now: datetime) -> Due:
    """What is next of a ladder that nobody has begun: warnings that have passed are skipped, the miss never is."""
    return next(due for due in ladder if due.at > now or due.step is Step.MISS)


def next_after(ladder: Sequence[Due], done: Due) -> Due | None:
    """The step that follows one that was due at `done.at`; None when the ladder has ended.

    The ladder may have been another when `done` was due: a policy may change at any time.
    """
    return next((due for due in ladder if due.order > done.order and due.step is not done.step), None)


def _lead(seconds: int, window: timedelta) -> timedelta:
    """How long before the deadline a step is due that the policy wants `seconds` before it."""
    lead = timedelta(seconds=seconds)
    if window < USUAL_WINDOW and lead > window / 2:
        return _shrunk(seconds, window)
    return lead if lead <= window else window / 2


def _shrunk(seconds: int, window: timedelta) -> timedelta:
    """The same part of a short window that `seconds` are of the usual one, in whole seconds; at most half the window."""
    part = seconds * window // USUAL_WINDOW
    return min(max(timedelta(seconds=part), timedelta(seconds=1)), window / 2)
