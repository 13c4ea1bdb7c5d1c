"""A platform's rules as values: measures with dated editions, rating options, invite rules, limits, penalties.

Everything that a platform says carries `Provenance`; `app.platforms.catalog` reads the data files into these values
and refuses what cites no source. Figures that come from outside the platform's own pages have status `reported`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from app.core.definitions import Definition, MeasureKind, Span

DEFAULT_GOAL = Fraction(4, 5)
"""The own goal where no target is published."""


class Status(StrEnum):
    """How sure we are of a rule, or that it is over."""

    STATED = "stated"
    """Said by one of the documents the profile was started from."""
    REPORTED = "reported"
    """Read in an outside source; the platform's own page was not read."""
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    ASSUMED = "assumed"
    """Settled by nothing that was read: our reading, to be calibrated."""
    DEFUNCT = "defunct"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a rule was read. Either `source` (a document, with `line`) or `url` is set; `quote` is verbatim."""

    quote: str
    source: str | None = None
    line: int | None = None
    url: str | None = None
    date: date | None = None
    """When the page was posted or the rule dated."""
    fact: str | None = None
    """Id of the fact in our own list of facts."""
    grade: str | None = None
    """A: the platform's own page, B: a reprint that reads as official, C: an article."""
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a rate is held against. `op` is one of ">=", ">", "<=", "<"."""

    op: str
    value: Fraction

    def met(self, num: int, den: int) -> bool | None:
        """Does num/den lie on the good side? Compared exactly; None on an empty denominator."""
        if den == 0:
            return None
        left, right = num * self.value.denominator, self.value.numerator * den
        if self.op == ">=":
            return left >= right
        if self.op == ">":
            return left > right
        if self.op == "<=":
            return left <= right
        return left < right

    @property
    def higher_is_better(self) -> bool:
        return self.op in (">=", ">")

    @property
    def text(self) -> str:
        """For people: "≥ 70%"."""
        percent = self.value * 100
        shown = str(percent) if percent.denominator == 1 else f"{float(percent):g}"
        return f"{ {'>=': '≥', '<=': '≤'}.get(self.op, self.op) } {shown}%"


@dataclass(frozen=True, slots=True)
class Edition:
    """A measure as it was counted from `from_day` to `to_day`, both included; None is open."""

    id: str
    from_day: date | None
    to_day: date | None
    status: Status
    definition: Definition
    penalty_line: Line | None
    """Below it the platform acts."""
    platform_target: Line | None
    """What the platform wants to see."""
    own_goal: Line
    """What the shop aims at; the target where one is published, else 80 % or the penalty line if that is stricter."""
    provenance: tuple[Provenance, ...]
    periods: tuple[str, ...] = ()
    """Over what the platform judges: `natural_day`, `natural_week`, `natural_month`, `trailing_30d`…"""
    note: str | None = None

    def holds_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Measure:
    """One of a platform's figures. Editions are in order of time and do not overlap."""

    id: str
    name: str
    kind: MeasureKind
    editions: tuple[Edition, ...]
    primary: bool = False
    note: str | None = None

    def edition_on(self, day: date) -> Edition | None:
        """The edition in force on a day."""
        return next((edition for edition in self.editions if edition.holds_on(day)), None)

    def edition(self, edition_id: str) -> Edition | None:
        return next((edition for edition in self.editions if edition.id == edition_id), None)

    @property
    def latest(self) -> Edition:
        return self.editions[-1]


@dataclass(frozen=True, slots=True)
class InviteRules:
    """When a buyer may be asked for a rating.

    `once_per` is `session`, or `buyer_agent_day`; a manual and a system invitation share the one shot. A rating later
    than `valid_hours` after the card does not count; a card sent outside `hours` does not count either.
    """

    once_per: str
    hours: Span
    valid_hours: int | None
    robot_ratings_count: bool
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class SmsLimits:
    """The platform's own text messages about waiting buyers: best effort, so we keep to the same limits."""

    hours: Span
    unhandled_over_s: int
    max_per_hour: int
    max_per_day: int
    who_can_switch: str | None
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class ResponseWindow:
    """Something beside chat that must be answered in time, such as a refund request."""

    id: str
    name: str
    hours: int
    on_timeout: str | None
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class SendQuota:
    """How many messages a shop may send after something the buyer did."""

    id: str
    after: str
    messages: int
    within_s: int
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """How the platform hands buyers to agents."""

    returning_buyer_hours: int | None
    rules: tuple[str, ...]
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """When a session closes by silence, in minutes; None where it is not known."""

    agent_silent_minutes: int | None
    buyer_silent_minutes: int | None
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class PenaltyLevel:
    """What one degree of severity brings. Money is (least, most) in CNY."""

    level: str
    actions: tuple[str, ...]
    fine_cny: tuple[int, int] | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class PenaltyTier:
    """A fine for a band of monthly volume and of rate, both as the rule writes them."""

    volume_over: int
    volume_up_to: int | None
    rate: tuple[Line, ...]
    """All must hold."""
    fine_cny: int

    def applies(self, volume: int, rate: Fraction) -> bool:
        in_band = volume > self.volume_over and (self.volume_up_to is None or volume <= self.volume_up_to)
        return in_band and all(line.met(rate.numerator, rate.denominator) for line in self.rate)


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty table of one edition. Never show an amount without `from_day` and `status`."""

    id: str
    name: str
    measures: tuple[str, ...]
    from_day: date | None
    to_day: date | None
    status: Status
    severity: str | None
    """How the platform decides between the levels, in its words."""
    levels: tuple[PenaltyLevel, ...]
    tiers: tuple[PenaltyTier, ...]
    provenance: tuple[Provenance, ...]

    def holds_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that we only keep and show: online time, red lines of data delay and the like."""

    id: str
    topic: str
    text: str
    values: Mapping[str, object]
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """All that we know of one platform."""

    platform: str
    name: str
    timezone: str
    status: Status
    measures: tuple[Measure, ...]
    aliases: tuple[str, ...] = ()
    rating_labels: tuple[str, ...] = ()
    """The platform's own option texts, best first; empty where it has none that we know."""
    positive_labels: frozenset[str] = frozenset()
    label_synonyms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    invite: InviteRules | None = None
    sms: SmsLimits | None = None
    warn_after_s: int = 100
    """When an agent is reminded of a waiting buyer."""
    response_windows: tuple[ResponseWindow, ...] = ()
    send_quotas: tuple[SendQuota, ...] = ()
    routing: Routing | None = None
    session_end: SessionEnd | None = None
    penalties: tuple[Penalty, ...] = ()
    rules: tuple[Rule, ...] = ()

    def measure(self, measure_id: str) -> Measure:
        """The measure of that id. Raises KeyError if the platform has none."""
        for measure in self.measures:
            if measure.id == measure_id:
                return measure
        raise KeyError(measure_id)

    @property
    def primary_reply(self) -> Measure:
        """The reply measure that the live clock and the dashboard follow."""
        return next(m for m in self.measures if m.primary and m.kind is MeasureKind.REPLY)

    @property
    def primary_rating(self) -> Measure | None:
        """The rating measure that the rating advice follows, if there is one; a good rate, never a bad one."""
        return next((m for m in self.measures if m.primary and m.kind is MeasureKind.RATING), None)

    def is_positive(self, label: str) -> bool | None:
        """Is this option text a good rating? None for a text that is none of the platform's."""
        known = self.label_synonyms.get(label, label)
        if known not in self.rating_labels:
            return None
        return known in self.positive_labels
