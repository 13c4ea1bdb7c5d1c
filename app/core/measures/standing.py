"""Reading standing counts: what the ledgers stored becomes the figures of any period.

Counts of days add up, but for units with items on several days of the period: those are put together from what is
stored of each of their days, and what the days alone said of them is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from app.core.definitions import MeasureKind
from app.core.measures.plans import spans_days
from app.core.measures.results import MeasureResult
from app.core.measures.shares import AGENT, ALL, ARRIVAL, GROUP, HOUR
from app.core.measures.tallies import ITEM_UNITS, Judge, Tally, Verdict, together
from app.core.profiles import Edition, Measure

STORED_KEYS: Final = ("agent", "group", "hour", "day", "week", "month")
"""What standing counts can be split by; a shop's counts are its own, so not by shop."""
_SPLITS: Final = {"agent": (AGENT,), "group": (GROUP,), "hour": (HOUR, ARRIVAL)}
_OF_DAYS: Final = frozenset({"hour", "day", "week", "month"})


class Count(NamedTuple):
    """Settled counts of one key of a split on one day (ISO), or of several days where only the key matters."""

    split: str
    day: str
    key: str
    good: int
    counted: int


class Pending(NamedTuple):
    """What may be in time yet, under one key of a split and one day; one stamp (`micros`) for each unit."""

    split: str
    day: str
    key: str
    untils: list[int]

    def count(self, now: int) -> int:
        """How many of them are pending at `now` (`micros`)."""
        return sum(now <= until for until in self.untils)


class Span(NamedTuple):
    """What one day holds of a unit that has several. `tally` as `Tally.to_json` writes it."""

    split: str
    day: str
    key: str
    unit: str
    tally: list[Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure over a period, for everything or for one key (see `MeasureResult.key`).

    `good` of `counted` are the settled counts, in which what is unanswered is missed; `pending` of these can still be
    answered in time.
    """

    good: int
    counted: int
    pending: int
    key: tuple[str, str] | None = None

    @property
    def live(self) -> MeasureResult:
        """The counts without what is pending."""
        return MeasureResult(self.good, self.counted - self.pending, self.pending, self.key)

    @property
    def settled(self) -> MeasureResult:
        return MeasureResult(self.good, self.counted, 0, self.key)


def splits_for(by: str | None) -> tuple[str, ...]:
    """The stored splits from which figures by a key are made. Raises ValueError for a key that is not stored."""
    if by is not None and by not in STORED_KEYS:
        raise ValueError(f"by must be one of {', '.join(STORED_KEYS)}, not {by!r}")
    return _SPLITS.get(by or "", (ALL,))


def days_matter(by: str | None) -> bool:
    """Must counts be told apart by day to be split so?"""
    return by in _OF_DAYS


def spanned(measure: Measure) -> bool:
    """Can units of this measure have items on several days?"""
    return any(spans_days(edition.definition) for edition in measure.editions)


def figures(
    measure: Measure,
    by: str | None,
    now: int,
    counts: Iterable[Count],
    pending: Iterable[Pending],
    spans: Iterable[Span] = (),
) -> list[Figure]:
    """The figures of a measure over the days that were read, as of `now` (`micros`, not before the newest event).

    What is handed in must be of these days and of `splits_for(by)` only. Without `by` exactly one figure; with it one
    for each key that counts anything, sorted.
    """
    totals: dict[str, list[int]] = {} if by else {"": [0, 0, 0]}

    def total(split: str, day: str, key: str) -> list[int] | None:
        bucket = _bucket(measure, by, split, day, key)
        return None if bucket is None else totals.setdefault(bucket, [0, 0, 0])

    for count in counts:
        if (found := total(count.split, count.day, count.key)) is not None:
            found[0] += count.good
            found[1] += count.counted
    for each in pending:
        if (found := total(each.split, each.day, each.key)) is not None:
            found[2] += each.count(now)
    for bucket, parts in _spanning(measure, by, spans):
        _put_together(totals[bucket], parts, now)
    return [
        Figure(good, counted, waiting, None if by is None else (by, key))
        for key, (good, counted, waiting) in sorted(totals.items())
        if by is None or counted
    ]


def _bucket(measure: Measure, by: str | None, split: str, day: str, key: str) -> str | None:
    """The key of the figure that a stored count belongs to; None if to none."""
    if by is None:
        return ""
    if by in (AGENT, GROUP):
        return key
    if by == HOUR:
        # Items and ratings of an hour are those that came in it; sessions and persons are formed within the hour.
        wanted = ARRIVAL if _counts_items(measure, day) else HOUR
        return f"{day}T{key[:2]}" if split == wanted else None
    if by == "day":
        return day
    if by == "month":
        return day[:7]
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year:04}-W{week:02}"


def _counts_items(measure: Measure, day: str) -> bool:
    edition = _edition(measure, day)
    return edition.definition.kind is MeasureKind.RATING or edition.definition.unit in ITEM_UNITS


def _edition(measure: Measure, day: str) -> Edition:
    edition = measure.edition_on(date.fromisoformat(day))
    assert edition is not None  # Nothing is counted on a day that no edition judges.
    return edition


def _spanning(
    measure: Measure, by: str | None, spans: Iterable[Span]
) -> list[tuple[str, tuple[Judge, list[Tally]]]]:
    """Units with several days in one figure and under one edition: the figure's key, and the days' tallies."""
    if by in ("hour", "day"):
        return []
    found: dict[tuple[str, str, str, str], tuple[Judge, list[Tally]]] = {}
    judges: dict[str, Judge] = {}
    for span in spans:
        bucket = _bucket(measure, by, span.split, span.day, span.key)
        if bucket is None:
            continue
        edition = _edition(measure, span.day)
        judge = judges.get(edition.id)
        if judge is None:
            judge = judges[edition.id] = Judge(edition.definition)
        place = (bucket, edition.id, span.key, span.unit)
        found.setdefault(place, (judge, []))[1].append(Tally.from_json(span.tally))
    return [(place[0], parts) for place, parts in found.items() if len(parts[1]) > 1]


def _put_together(total: list[int], parts: tuple[Judge, list[Tally]], now: int) -> None:
    """Count a unit once that its days have counted each."""
    judge, tallies = parts
    for tally in tallies:
        _add(total, judge.verdict(tally), now, -1)
    _add(total, judge.verdict(together(tallies)), now, 1)


def _add(total: list[int], verdict: Verdict, now: int, times: int) -> None:
    total[0] += times * verdict.good
    total[1] += times
    total[2] += times * (now <= verdict.until)
