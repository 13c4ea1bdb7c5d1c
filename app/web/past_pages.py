"""The page of past measures: values of `app.usecases.past_measures` in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from app.core.measures.standing import Figure
from app.core.percentages import percent
from app.core.profiles import Edition, Line, Measure, Status
from app.usecases.measure_tables import lines_of
from app.usecases.past_measures import SHOPS, Course, Past, PastMeasure, Stretch
from app.web.dashboard import LINE_KINDS, LINE_NAMES, STATUS_NAMES
from app.web.date_ranges import DateRange, Shortcut
from app.web.phrase_pages import Frame
from app.web.rendering import render

PERIOD_NAMES: Final[Mapping[str, str]] = MappingProxyType({"day": "按天", "week": "按周", "month": "按月"})
SPLIT_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"shop": "整个店铺", "agent": "每位客服", "group": "每个分组", SHOPS: "我的各家店铺"}
)
WHOSE: Final[Mapping[str, str]] = MappingProxyType({"agent": "客服", "group": "分组", SHOPS: "店铺"})
"""Head of the column of names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. `name` is one agent or group, "" for all; `measure` one measure, "" for all."""

    days: DateRange
    per: str
    of: str
    measure: str = ""
    name: str = ""

    def address(self, **changed: str) -> str:
        """The query of the same page with some of it changed."""
        given = {
            "from": self.days.first.isoformat(),
            "to": self.days.last.isoformat(),
            "per": self.per,
            "of": self.of,
            "measure": self.measure,
            "name": self.name,
        }
        return urlencode({key: value for key, value in (given | changed).items() if value}, errors="replace")


@dataclass(frozen=True, slots=True)
class LineView:
    """A line that a figure is held against. `tone` and `words` tell how it stands."""

    name: str
    kind: str
    text: str
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class PointView:
    """A stretch in the table below a plot."""

    stretch: Stretch
    figure: Figure
    percent: str
    editions: str


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course as it is drawn. `percent` is None with an empty denominator; `plot` is JSON, None with nothing to draw."""

    id: str
    name: str
    whole: Figure
    percent: str | None
    value: float
    tone: str
    standing: str
    lines: tuple[LineView, ...]
    points: tuple[PointView, ...]
    plot: str | None


@dataclass(frozen=True, slots=True)
class MeasureView:
    """A measure with its courses. `changes` tells which edition held from when, where there was more than one."""

    measure: Measure
    platform: str
    edition: Edition
    status: str
    status_tone: str
    source: str
    changes: tuple[str, ...]
    courses: tuple[CourseView, ...]


@dataclass(frozen=True, slots=True)
class PastView:
    """Everything on the page. `measures` of the form are all that the platform has."""

    wanted: Wanted
    shortcuts: Sequence[Shortcut]
    choices: Sequence[Measure]
    past: Past
    measures: tuple[MeasureView, ...]
    platform: str
    several_shops: bool


def past_page(frame: Frame, view: PastView) -> str:
    """The page of past measures."""
    splits = {key: name for key, name in SPLIT_NAMES.items() if view.several_shops or key != SHOPS}
    return render(
        "past/page.html",
        frame=frame,
        view=view,
        period_names=PERIOD_NAMES,
        split_names=splits,
        whose=WHOSE.get(view.wanted.of, ""),
    )


def measure_views(past: Past) -> tuple[MeasureView, ...]:
    """The measures as they are drawn; those that count nothing come last."""
    views = [_measure_view(number, each, past.stretches) for number, each in enumerate(past.measures)]
    return tuple(sorted(views, key=lambda view: not any(course.whole.counted for course in view.courses)))


def _measure_view(number: int, found: PastMeasure, stretches: Sequence[Stretch]) -> MeasureView:
    edition = found.editions[-1]
    status, status_tone = STATUS_NAMES.get(edition.status, (edition.status, "plain"))
    cited = edition.provenance[0]
    return MeasureView(
        measure=found.measure,
        platform=found.platform,
        edition=edition,
        status=status,
        status_tone=status_tone,
        source=f"“{cited.quote}”（{cited.url or cited.source}）",
        changes=tuple(
            f"{each.id}（{each.from_day or '…'} 到 {each.to_day or '今'}，{STATUS_NAMES[Status(each.status)][0]}）"
            for each in found.editions
        )
        if len(found.editions) > 1
        else (),
        courses=tuple(
            _course_view(f"m{number}-{place}", found, course, stretches)
            for place, course in enumerate(found.courses)
        ),
    )


def _course_view(id_: str, found: PastMeasure, course: Course, stretches: Sequence[Stretch]) -> CourseView:
    lines = dict(lines_of(found.editions[-1]))
    live = course.whole.live
    marks = [line.value for line in lines.values()]
    tone, standing = _standing(lines, live.numerator, live.denominator)
    return CourseView(
        id=id_,
        name=course.name,
        whole=course.whole,
        percent=None if live.rate is None else percent(live.rate, marks),
        value=0.0 if live.rate is None else float(live.rate * 100),
        tone=tone,
        standing=standing,
        lines=tuple(
            LineView(
                LINE_NAMES[name],
                LINE_KINDS[name],
                line.text,
                *_MET[line.met(live.numerator, live.denominator)],
            )
            for name, line in lines.items()
        ),
        points=tuple(
            _point(found.measure, stretch, figure, marks)
            for stretch, figure in zip(stretches, course.figures, strict=True)
        ),
        plot=_plot(found, course, stretches),
    )


_MET: Final = {True: ("good", "达到"), False: ("warn", "未达到"), None: ("plain", "暂无")}


def _standing(lines: Mapping[str, Line], good: int, counted: int) -> tuple[str, str]:
    """(Tone, words): the first line that is not met, the gravest first."""
    if not counted:
        return "plain", "没有可计的数据"
    missed = next((name for name, line in lines.items() if line.met(good, counted) is False), None)
    if missed is None:
        return "good", "达标"
    return {
        "penalty_line": ("bad", "过了扣罚线"),
        "platform_target": ("warn", "未达平台目标"),
        "own_goal": ("calm", "未达本店目标"),
    }[missed]


def _point(measure: Measure, stretch: Stretch, figure: Figure, marks: Sequence[Any]) -> PointView:
    rate = figure.live.rate
    editions = measure.editions_between(stretch.first_day, stretch.last_day)
    return PointView(
        stretch,
        figure,
        "暂无" if rate is None else percent(rate, marks),
        "、".join(edition.id for edition in editions) or "没有口径",
    )


def _plot(found: PastMeasure, course: Course, stretches: Sequence[Stretch]) -> str | None:
    """What `plots.js` draws, as JSON; None with fewer than two points. A line follows the editions: it may begin, move and end."""
    if sum(1 for figure in course.figures if figure.live.denominator) < 2:
        return None
    in_force = [found.measure.edition_on(stretch.last_day) for stretch in stretches]
    values = {
        name: [None if edition is None else _percent_of(getattr(edition, name)) for edition in in_force]
        for name in LINE_NAMES
    }
    return orjson.dumps(
        {
            "labels": [stretch.label for stretch in stretches],
            "numerators": [figure.live.numerator for figure in course.figures],
            "denominators": [figure.live.denominator for figure in course.figures],
            "lines": [
                {"name": LINE_NAMES[name], "kind": LINE_KINDS[name], "values": line}
                for name, line in values.items()
                if any(value is not None for value in line)
            ],
            "apart": True,
        }
    ).decode()


def _percent_of(line: Line | None) -> float | None:
    return None if line is None else float(line.value * 100)
