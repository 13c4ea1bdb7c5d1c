"""A platform's rules as values: measures with dated editions, rating options, invite rules, limits, penalties.

Everything that a platform says carries `Provenance`; `app.platforms.catalog` reads the data files into these values
and refuses what cites no source. Figures that come from outside the platform's own pages have status `reported`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from app.core.days import DaySpan
from app.core.definitions import Definition, MeasureKind
from app.core.spans import Span

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
    relative_to: str | None = None
    """Set where the platform's own line moves (the industry's, a ranking) and is not published: `value` stands in."""

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
class PeriodUse:
    """What a platform does with the figure of a period. `use` is "governance" (it acts) or "score" (it ranks)."""

    period: str
    use: str
    only_below: Fraction | None = None
    """Taken up only if the rate of the shorter period lies below this."""


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
    period_uses: tuple[PeriodUse, ...] = ()
    """What for, of those periods where it was read."""
    assessed_from: int | None = None
    """The least number of counted units in the period from which the platform assesses at all."""
    settles_days: int | None = None
    """Days after which the platform's own figure of a day stands; until then it may restate it."""
    rating_sources: tuple[str, ...] = ()
    """Which ratings count: `user_initiated`, `merchant_invited`, `system_pushed`."""
    calibrate: tuple[str, ...] = ()
    """Knobs that nothing we read settles: fit them to the platform's own export before trusting the figure."""

    def holds_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)

    def within(self, first: date | None, last: date | None) -> tuple[date | None, date | None] | None:
        """The part of these days (both included; None is open) on which it is in force; None if it is on none."""
        start = max((day for day in (first, self.from_day) if day is not None), default=None)
        end = min((day for day in (last, self.to_day) if day is not None), default=None)
        return None if start is not None and end is not None and start > end else (start, end)


@dataclass(frozen=True, slots=True)
class Measure:
    """One of a platform's figures. Editions are in order of time and do not overlap."""

    id: str
    name: str
    kind: MeasureKind
    editions: tuple[Edition, ...]
    primary: bool = False
    note: str | None = None
    variant_of: str | None = None
    """The measure of which this is another way of counting: compute both and plan on the lower."""

    def edition_on(self, day: date) -> Edition | None:
        """The edition in force on a day."""
        return next((edition for edition in self.editions if edition.holds_on(day)), None)

    def editions_between(self, first: date, last: date) -> tuple[Edition, ...]:
        """The editions in force on one of these days (both included), in order of time."""
        return tuple(edition for edition in self.editions if edition.within(first, last) is not None)

    def with_suspended(self, days: tuple[DaySpan, ...]) -> Measure:
        """The measure with more days that are not assessed; a measure of ratings stays as it is."""
        if self.kind is not MeasureKind.REPLY:
            return self
        return replace(
            self,
            editions=tuple(
                replace(each, definition=replace(each.definition, suspended=each.definition.suspended + days))
                for each in self.editions
            ),
        )

    def edition(self, edition_id: str) -> Edition | None:
        return next((edition for edition in self.editions if edition.id == edition_id), None)

    @property
    def latest(self) -> Edition:
        return self.editions[-1]


@dataclass(frozen=True, slots=True)
class InviteRules:
    """When a buyer may be asked for a rating.

    `once_per` holds `session`, `buyer_agent_day` or both; a manual and a system invitation share the one shot. A rating later
    than `valid_hours` after the card does not count; a card sent outside `hours` does not count either.
    """

    once_per: tuple[str, ...]
    hours: Span
    valid_hours: int | None
    robot_ratings_count: bool
    status: Status
    provenance: tuple[Provenance, ...]
    guidance: tuple[str, ...] = ()
    """The platform's advice on when to invite and when not, for people."""


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
    buyer_silent_choice: tuple[int, int] | None = None
    """What a shop may set for a silent buyer, (least, most) minutes; `buyer_silent_minutes` is then the default."""


@dataclass(frozen=True, slots=True)
class OnlineTime:
    """How long a shop must have agents online each day."""

    hours_per_day: int
    status: Status
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """Something a shop may not do for a number of days, (least, most)."""

    action: str
    days: tuple[int, int]

    @property
    def text(self) -> str:
        """For people: "禁止上架新商品 1-10 天"."""
        least, most = self.days
        return f"{self.action} {least if least == most else f'{least}-{most}'} 天"


@dataclass(frozen=True, slots=True)
class PenaltyLevel:
    """What one degree of severity brings. Money is (least, most) in CNY."""

    level: str
    actions: tuple[str, ...]
    """All of it in words, the limits last."""
    fine_cny: tuple[int, int] | None = None
    points: int | None = None
    limits: tuple[Limit, ...] = ()
    when: str | None = None
    """When the platform takes this level, in words."""
    misses: int | None = None
    """From how many misses on; None where the text gives no number."""
    rate: Line | None = None
    """The rates at which this level is taken, as written, where it hangs on the rate alone."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """Days, both included, on which the platform does not apply a penalty."""

    from_day: date
    to_day: date
    status: Status
    provenance: tuple[Provenance, ...]


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
    """A penalty table of one edition. Never show an amount without `from_day` and `status`.

    `measures` is empty for what no measure of ours counts; `line` is then the line of that figure, if there is one.
    """

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
    line: Line | None = None
    suspended: tuple[Suspension, ...] = ()
    """The suspensions that were read; a platform may have had others."""

    def holds_on(self, day: date) -> bool:
        """Is it in force on a day, and not suspended?"""
        in_force = (self.from_day is None or self.from_day <= day) and (
            self.to_day is None or day <= self.to_day
        )
        return in_force and not any(each.from_day <= day <= each.to_day for each in self.suspended)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that we only keep and show: data delay, exemptions, where to look and the like."""

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
    online_time: OnlineTime | None = None
    suspended: tuple[DaySpan, ...] = ()
    """Days on which the platform has said to one shop that it does not assess its replies (`with_suspended`)."""
    doubtful: tuple[Rule, ...] = ()
    """Passages that probably speak of another platform: kept to be shown with their doubt, applied nowhere."""

    def with_suspended(self, days: tuple[DaySpan, ...]) -> Profile:
        """The profile of a shop that the platform does not assess on some days: no reply measure counts them."""
        days = tuple(replace(each, note="") for each in days)
        return replace(
            self, suspended=days, measures=tuple(measure.with_suspended(days) for measure in self.measures)
        )

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

    def sourced(self) -> Iterator[tuple[str, tuple[Provenance, ...]]]:
        """Everything that cites a source, in file order, as its path in the profile and what it cites.

        A path reads like `measures.reply_3min.editions.person-2021-09`, `penalties.good-weekly` or `sms`.
        """
        for measure in self.measures:
            for edition in measure.editions:
                yield f"measures.{measure.id}.editions.{edition.id}", edition.provenance
        for name in ("invite", "sms", "routing", "session_end", "online_time"):
            single = getattr(self, name)
            if single is not None:
                yield name, single.provenance
        for name in ("response_windows", "send_quotas", "penalties", "rules", "doubtful"):
            for each in getattr(self, name):
                yield f"{name}.{each.id}", each.provenance
        for penalty in self.penalties:
            for number, suspension in enumerate(penalty.suspended):
                yield f"penalties.{penalty.id}.suspended[{number}]", suspension.provenance
