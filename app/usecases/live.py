"""What the live page shows, as values: read from the database by `read_live`, drawn by `app.web`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from app.core.forecast import Forecast
from app.usecases.staff import StaffView


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """One reply that fits, with its reasons. `missing` are variables that still need a value."""

    phrase_id: str
    title: str
    text: str
    score: float
    why: tuple[str, ...]
    missing: tuple[str, ...] = ()
    message: str | None = None
    """The buyer's message for which it is offered, by its id."""


@dataclass(frozen=True, slots=True)
class AdviceView:
    """Whether to invite a rating now: `advice` is invite, wait or no."""

    session: str
    buyer: str
    advice: str
    p_satisfied: float
    reasons: tuple[str, ...]
    text: str | None = None
    texts: tuple[str, ...] = ()
    """More wordings of the invitation, `text` among them."""
    effect: str | None = None
    """What one more rating is expected to do to the rate, for people."""
    until: datetime | None = None
    """When it is worth asking again."""
    invitation: str | None = None
    """The state of the invitation that was sent: `pending`, `expired` or `rated`."""
    at_risk: bool = False
    """An invitation is out, and the buyer has come back upset."""


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A buyer whose message is unanswered. `counted` is False where the platform does not count the item."""

    session: str
    buyer: str
    agent: str | None
    text: str
    kind: str
    waiting_since: datetime
    deadline_at: datetime
    counted: bool
    suggestions: tuple[SuggestionView, ...] = ()
    note: str | None = None
    """Something that everybody must see, such as that the machine answered but the human clock still runs."""
    recap: Mapping[str, Any] | None = None
    """What was said before, as `Recap.to_json` has it; None where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class ActView:
    """What the machine did or left alone.

    `kind`: sent, offered, queued, held_back, warned, warned_last, missed, escalated, dropped, expired, dead.
    """

    at: datetime
    kind: str
    session: str
    buyer: str
    title: str
    text: str
    reasons: tuple[str, ...]
    late: bool


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding of the linter in what an agent sent; `start` and `end` are code points of `text`."""

    at: datetime
    session: str
    agent: str | None
    text: str
    start: int
    end: int
    severity: str
    rule: str
    name: str
    message: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class RateView:
    """One measure today. `rate` is None with an empty denominator. Lines are fractions such as 7/10, or None.

    `curve` has (time of day, numerator, denominator) in order of time: of what had come by then as it stands now, or, early
    in the day, as it was seen then.
    """

    measure: str
    name: str
    edition: str
    status: str
    numerator: int
    denominator: int
    pending: int
    penalty_line: Fraction | None
    platform_target: Fraction | None
    own_goal: Fraction | None
    higher_is_better: bool
    curve: tuple[tuple[str, int, int], ...]
    source: str
    ahead: Forecast | None = None
    """Where the period that the platform judges will end; only of primary measures, and not newer than a minute."""

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True)
class LiveView:
    """Everything on the live page at one moment. `waiting` is sorted: not yet missed by time left, then the missed."""

    shop: str
    shop_name: str
    platform_name: str
    now: datetime
    timezone: str
    robot_on: bool
    waiting: tuple[WaitingView, ...]
    acts: tuple[ActView, ...]
    findings: tuple[FindingView, ...]
    advice: tuple[AdviceView, ...]
    rates: tuple[RateView, ...]
    staff: StaffView | None = None
    """None where nothing is known of agents or hours."""
