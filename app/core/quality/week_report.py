"""The week that a supervisor forwards: headline, agents, reasons, what agents said, whom to look at, what to do next.

All figures are sums of counts. An agent is told apart from the shop only where the interval of his share says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from app.core.quality.figures import RateFigure, Tally
from app.core.quality.intervals import SMALL, wilson
from app.core.quality.invitations import Invitations
from app.core.quality.reviews import Kind, Review

NO_REASON: Final = "没有选原因"
TO_LOOK_AT: Final = 20
"""Sessions of each sort that a report names; the rest is on the desk."""
SIGNS: Final[Mapping[str, Callable[[Review], bool]]] = MappingProxyType(
    {
        "有超时的等待": lambda review: bool(review.late),
        "有一直没回复的消息": lambda review: review.unanswered > 0,
        "同一个问题问了两遍": lambda review: bool(review.asked_again),
        "客服有要改的话": lambda review: bool(review.flagged),
        "答应的事没有回音": lambda review: review.promise is not None,
    }
)
"""What a session may hold that goes with a bad rating."""
Standing = Literal["above", "below", "like", "small"]


@dataclass(frozen=True, slots=True)
class AgentWeek:
    """What a period holds of one agent. `ratings` are those of the first measure; `standing` compares with the shop.

    `interval` is Wilson's of 95 %, None without ratings. `late` of `items` counted buyer messages waited too long.
    """

    agent: str
    ratings: Tally
    interval: tuple[float, float] | None
    standing: Standing
    sessions: int
    rated_badly: int
    at_risk: int
    items: int
    late: int
    flagged: int

    @property
    def small(self) -> bool:
        """Too few ratings to say anything of the agent?"""
        return self.ratings.counted < SMALL


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule of the linter was hit, in how many sessions, and by how many agents."""

    rule: str
    name: str
    severity: str
    hits: int
    sessions: int
    agents: int
    suggestion: str


@dataclass(frozen=True, slots=True)
class Sign:
    """How many of the badly rated sessions show something, beside all the others."""

    name: str
    bad: Tally
    others: Tally

    @property
    def stands_out(self) -> bool:
        """Is it clearly more common among the badly rated, in at least three of them?"""
        if self.bad.hits < 3 or not self.others.counted:
            return False
        low = wilson(self.bad.hits, self.bad.counted, 0.8)
        high = wilson(self.others.hits, self.others.counted, 0.8)
        return low is not None and high is not None and low[0] > high[1]


@dataclass(frozen=True)
class Report:
    """A period of one shop, ready to be shown. `reviews` are all its sessions, `unread` how many more there were.

    `figures` are the measures of ratings, the one that advice follows first.
    """

    shop_name: str
    platform_name: str
    timezone: str
    first: date
    last: date
    as_of: datetime
    figures: tuple[RateFigure, ...]
    invitations: tuple[Invitations, ...]
    reviews: Sequence[Review] = field(repr=False)
    unread: int = 0

    @property
    def main(self) -> RateFigure | None:
        """The measure that the advice follows, if the platform has one and it is in force."""
        return next((figure for figure in self.figures if figure.in_force), None)

    @property
    def unfinished(self) -> bool:
        """Does the period still run?"""
        return self.as_of.astimezone(ZoneInfo(self.timezone)).date() <= self.last

    @cached_property
    def cases(self) -> tuple[Review, ...]:
        """The sessions with anything wrong, the gravest first."""
        found = [review for review in self.reviews if review.kinds]
        return tuple(sorted(found, key=lambda each: (each.weight, each.at, each.session)))

    @property
    def rated_badly(self) -> tuple[Review, ...]:
        return tuple(review for review in self.cases if review.rated_badly)

    @property
    def at_risk(self) -> tuple[Review, ...]:
        return tuple(review for review in self.cases if not review.rated_badly)

    @cached_property
    def agents(self) -> tuple[AgentWeek, ...]:
        """Each agent of the period: those with ratings enough by the lower end of their interval, then the others."""
        by_agent = {} if self.main is None else {each.key: each.tally for each in self.main.by_agent}
        own: dict[str, list[Review]] = defaultdict(list)
        for review in self.reviews:
            own[review.agent].append(review)
        whole = Tally() if self.main is None else self.main.whole
        higher = self.main is None or self.main.higher_is_better
        found = [
            _agent_week(name, by_agent.get(name, Tally()), own.get(name, ()), whole, higher)
            for name in {*by_agent, *own} - {""}
        ]
        return tuple(sorted(found, key=_rank))

    @cached_property
    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why buyers rated badly, as far as they said so: (reason, sessions), the most common first."""
        counted: Counter[str] = Counter()
        for review in self.rated_badly:
            counted.update(review.reasons or (NO_REASON,))
        return tuple(sorted(counted.items(), key=lambda pair: (pair[0] == NO_REASON, -pair[1], pair[0])))

    @cached_property
    def signs(self) -> tuple[Sign, ...]:
        """What the badly rated sessions hold beside the others: slow answers, repeated questions, flagged sentences."""
        bad = self.rated_badly
        others = [review for review in self.reviews if not review.rated_badly]
        return tuple(
            Sign(name, _showing(bad, shows), _showing(others, shows)) for name, shows in SIGNS.items()
        )

    @cached_property
    def rules(self) -> tuple[RuleCount, ...]:
        """The linter's rules that were hit, the gravest and most common first."""
        hits: dict[str, list[tuple[str, str]]] = defaultdict(list)
        sample = {}
        for review in self.reviews:
            for each in review.flagged:
                hits[each.rule].append((review.session, each.agent))
                sample[each.rule] = each
        counts = [
            RuleCount(
                rule,
                sample[rule].name,
                sample[rule].severity,
                len(own),
                len({session for session, _ in own}),
                len({agent for _, agent in own}),
                sample[rule].suggestion,
            )
            for rule, own in hits.items()
        ]
        return tuple(sorted(counts, key=lambda each: (each.severity != "error", -each.hits, each.rule)))

    @cached_property
    def late_hours(self) -> tuple[tuple[int, int], ...]:
        """Hours of the day with late answers that count: (hour, how many), the most first."""
        zone = ZoneInfo(self.timezone)
        counted = Counter(wait.at.astimezone(zone).hour for review in self.reviews for wait in review.late)
        return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def late(self) -> Tally:
        """Counted buyer messages that waited beyond the window, of all."""
        waits = [wait for review in self.reviews for wait in review.waits if wait.counted]
        return Tally(sum(wait.late for wait in waits), len(waits))

    def count(self, kind: Kind) -> int:
        return sum(kind in review.kinds for review in self.cases)


def _agent_week(
    name: str, ratings: Tally, own: Sequence[Review], whole: Tally, higher_is_better: bool
) -> AgentWeek:
    waits = [wait for review in own for wait in review.waits if wait.counted]
    interval = wilson(ratings.hits, ratings.counted)
    return AgentWeek(
        agent=name,
        ratings=ratings,
        interval=interval,
        standing=_standing(ratings, interval, whole, higher_is_better),
        sessions=len(own),
        rated_badly=sum(review.rated_badly for review in own),
        at_risk=sum(bool(review.kinds) and not review.rated_badly for review in own),
        items=len(waits),
        late=sum(wait.late for wait in waits),
        flagged=sum(len(review.flagged) for review in own),
    )


def _standing(
    ratings: Tally, interval: tuple[float, float] | None, whole: Tally, higher_is_better: bool
) -> Standing:
    if interval is None or ratings.counted < SMALL or whole.rate is None:
        return "small"
    low, high = interval
    if low > whole.rate:
        return "above" if higher_is_better else "below"
    if high < whole.rate:
        return "below" if higher_is_better else "above"
    return "like"


def _rank(each: AgentWeek) -> tuple[bool, float, str]:
    return (each.small, -each.interval[0] if each.interval else 0.0, each.agent)


def _showing(reviews: Sequence[Review], shows: Callable[[Review], bool]) -> Tally:
    return Tally(sum(map(shows, reviews)), len(reviews))
