"""Measures over past days: by day, week or month, of the whole shop or of each of its agents or groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final, Protocol, TypeVar

from sqlmodel import Session as Database

from app.core.measures.history import micros
from app.core.measures.shares import AGENT, ALL, GROUP
from app.core.measures.standing import Figure, figures, spanned
from app.core.profiles import Edition, Measure
from app.db import standing as rows
from app.gateways.spreadsheets import Value
from app.usecases.measure_tables import LINE_NAMES
from app.usecases.shops import Shop

PERIODS: Final = ("day", "week", "month")
SPLITS: Final = {"shop": ALL, "agent": AGENT, "group": GROUP}
"""Whose figures they are -> the split of the standing counts."""
SHOPS: Final = "shops"
MOST_DAYS: Final = 800
_NOTHING: Final = Figure(0, 0, 0)


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


_Row = TypeVar("_Row", bound=_Keyed)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, or the part of a week or month that was asked for; both days included."""

    key: str
    first_day: date
    last_day: date

    @property
    def label(self) -> str:
        """For people: 11-22, 11-16 到 11-22, 2026-11."""
        if self.first_day == self.last_day:
            return f"{self.first_day:%m-%d}"
        if "-W" in self.key:
            return f"{self.first_day:%m-%d} 到 {self.last_day:%m-%d}"
        return self.key


@dataclass(frozen=True, slots=True)
class Course:
    """How a figure went: one for each stretch, and all of them together. `name` is an agent's or group's, "" the shop's.

    A unit with items on several days counts once in whatever stretch holds it, so the whole may be less than the sum.
    """

    name: str
    whole: Figure
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class PastMeasure:
    """A measure with the editions that judged it, in order of time."""

    measure: Measure
    editions: tuple[Edition, ...]
    courses: tuple[Course, ...]
    platform: str = ""
    """The platform's name, where shops of several platforms stand beside each other."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was asked for. `split` is a key of `SPLITS`, or `shops` for several shops beside each other."""

    stretches: tuple[Stretch, ...]
    measures: tuple[PastMeasure, ...]
    split: str

    @property
    def empty(self) -> bool:
        return not any(course.whole.counted for each in self.measures for course in each.courses)


def stretches_of(first: date, last: date, per: str) -> tuple[Stretch, ...]:
    """The days (both included) cut into days, ISO weeks or calendar months."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    cut = (list(part) for _, part in groupby(days, key=lambda day: _key(day, per)))
    return tuple(Stretch(_key(part[0], per), part[0], part[-1]) for part in cut)


def read_past(
    db: Database,
    shop: Shop,
    measures: Sequence[Measure],
    now: datetime,
    first: date,
    last: date,
    *,
    per: str = "day",
    of: str = "shop",
    name: str | None = None,
) -> Past:
    """These measures over these days as of `now`, each item by the edition of its day. Of agents or groups with `name` only that one.

    Measures without an edition on these days are left out. Raises KeyError for an unknown `of`, ValueError for an unknown `per`.
    """
    if per not in PERIODS:
        raise ValueError(f"per must be one of {', '.join(PERIODS)}, not {per!r}")
    split = SPLITS[of]
    stretches = stretches_of(first, last, per)
    pending = [
        (measure_id, each)
        for measure_id, each in rows.read_pending(db, [shop.id], now)[shop.id]
        if each.split == split and first.isoformat() <= each.day <= last.isoformat()
    ]
    found = []
    for measure in measures:
        editions = measure.editions_between(first, last)
        if not editions:
            continue
        counts = rows.read_counts(db, [shop.id], measure.id, [split], first, last, by_day=True)[shop.id]
        spans: list[Any] = []
        if first < last and spanned(measure):
            spans = rows.read_spans(db, [shop.id], measure.id, split, first, last)[shop.id]
        of_name = (
            _by_key(counts),
            _by_key(each for measure_id, each in pending if measure_id == measure.id),
            _by_key(spans),
        )
        keys = [""] if split == ALL else sorted(of_name[0]) if name is None else [name]
        courses = [
            _course(measure, key, per, stretches, micros(now), *(parts.get(key, []) for parts in of_name))
            for key in keys
        ]
        found.append(
            PastMeasure(
                measure,
                editions,
                tuple(
                    course for course in courses if split == ALL or name is not None or course.whole.counted
                ),
            )
        )
    return Past(stretches, tuple(found), of)


def side_by_side(pasts: Sequence[tuple[Shop, Past]]) -> Past:
    """What was read of several whole shops for the same days, measure by measure; there is at least one."""
    found: dict[tuple[str, str], PastMeasure] = {}
    for shop, past in pasts:
        for each in past.measures:
            key = (shop.profile.platform, each.measure.id)
            courses = tuple(
                replace(course, name=shop.name) for course in each.courses if course.whole.counted
            )
            known = found.get(key)
            found[key] = replace(
                each, platform=shop.profile.name, courses=(*(known.courses if known else ()), *courses)
            )
    return Past(pasts[0][1].stretches, tuple(each for each in found.values() if each.courses), SHOPS)


def past_table(shop: Shop, past: Past) -> tuple[list[str], Iterable[list[Value]]]:
    """The figures as a table: headers, and a row for each stretch of each course that counts anything."""
    whose = {"agent": "客服", "group": "分组"}.get(past.split, "店铺")
    headers = [
        "指标",
        "名称",
        whose,
        "从",
        "到",
        "达标数",
        "计入数",
        "比率",
        "待定数",
        "口径版本",
        *LINE_NAMES.values(),
    ]
    return headers, (
        row
        for each in past.measures
        for course in each.courses
        for row in _table_rows(
            each.measure, course.name or (shop.name if past.split == "shop" else "（无）"), course, past
        )
    )


def _table_rows(measure: Measure, who: str, course: Course, past: Past) -> Iterable[list[Value]]:
    for stretch, figure in zip(past.stretches, course.figures, strict=True):
        if not figure.counted:
            continue
        editions = measure.editions_between(stretch.first_day, stretch.last_day)
        live = figure.live
        lines = [getattr(editions[-1], line) for line in LINE_NAMES]
        yield [
            measure.id,
            measure.name,
            who,
            stretch.first_day.isoformat(),
            stretch.last_day.isoformat(),
            live.numerator,
            live.denominator,
            live.rate,
            live.pending,
            "、".join(edition.id for edition in editions),
            *(None if line is None else line.text for line in lines),
        ]


def _course(
    measure: Measure,
    name: str,
    per: str,
    stretches: Sequence[Stretch],
    now: int,
    counts: Sequence[Any],
    pending: Sequence[Any],
    spans: Sequence[Any],
) -> Course:
    by_key = {
        figure.key[1]: figure
        for figure in figures(measure, per, now, counts, pending, spans)
        if figure.key is not None
    }
    [whole] = figures(measure, None, now, counts, pending, spans)
    return Course(name, whole, tuple(by_key.get(stretch.key, _NOTHING) for stretch in stretches))


def _by_key(found: Iterable[_Row]) -> dict[str, list[_Row]]:
    by_key: dict[str, list[_Row]] = defaultdict(list)
    for row in found:
        by_key[row.key].append(row)
    return by_key


def _key(day: date, per: str) -> str:
    if per == "day":
        return day.isoformat()
    if per == "month":
        return f"{day:%Y-%m}"
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"
