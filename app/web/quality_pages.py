"""The pages of service quality and the report on paper: values in, HTML out. Nothing here reads the database or the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson

from app.core.events import Sender
from app.core.profiles import Edition
from app.core.quality.figures import LINE_NAMES, Keyed, RateFigure
from app.core.quality.reviews import Kind, Review
from app.core.quality.transcript import Line, Moment
from app.core.quality.waits import Wait
from app.core.quality.week_report import TO_LOOK_AT, Report
from app.core.quality.weeks import Week
from app.core.quality.wording import (
    KIND_NAMES,
    counts_text,
    headline,
    interval_text,
    next_steps,
    outlook_text,
    rate_text,
)
from app.usecases.quality_tables import SENDER_NAMES, STANDING_NAMES
from app.web.dashboard import KIND_NAMES as MESSAGE_KINDS
from app.web.dashboard import LINE_KINDS, STATUS_NAMES
from app.web.date_ranges import DateRange, Shortcut
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, STATIC_DIR, render
from app.web.trend_drawing import Drawing, draw, short_key

PAGE: Final = 25
UNKNOWN: Final = "（未知）"
KIND_TONES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.ATTITUDE: "bad",
        Kind.BAD: "bad",
        Kind.COMPLAINT: "bad",
        Kind.INVITED_UPSET: "warn",
        Kind.UPSET: "warn",
        Kind.PROMISE: "calm",
    }
)
KIND_HELP: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.ATTITUDE: "差评，且买家选了“服务态度差”",
        Kind.BAD: "平台算作中差评的评价",
        Kind.COMPLAINT: "买家提到投诉、举报一类的话，之后没有缓和",
        Kind.INVITED_UPSET: "邀请评价之后买家又不满",
        Kind.UPSET: "看买家的话，多半不满意",
        Kind.PROMISE: "客服答应过回复或处理，还没有回音",
    }
)
SENDERS: Final[Mapping[Sender, str]] = MappingProxyType(
    {
        Sender.BUYER: "买家",
        Sender.AGENT: "客服",
        Sender.ROBOT: "机器人",
        Sender.ROBOT_ASSIST: "机器代拟",
        Sender.WELCOME: "欢迎语",
        Sender.SYSTEM: "系统",
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the desk is asked for. An empty text asks for all; `start` is the first case of the page."""

    days: DateRange
    agent: str = ""
    group: str = ""
    label: str = ""
    kind: str = ""
    start: int = 0

    @property
    def narrowed(self) -> bool:
        return bool(self.agent or self.group or self.label or self.kind)

    def admits(self, review: Review) -> bool:
        return (
            (not self.agent or review.agent == self.agent)
            and (not self.group or review.group == self.group)
            and (not self.label or review.label == self.label)
            and (not self.kind or self.kind in review.kinds)
        )

    def address(self, **changed: object) -> str:
        """The query of the desk's address with some of this changed."""
        given: dict[str, object] = {"from": self.days.first, "to": self.days.last}
        given |= {name: getattr(self, name) for name in ("agent", "group", "label", "kind", "start")}
        return urlencode(
            {name: str(value) for name, value in (given | changed).items() if value}, errors="replace"
        )


@dataclass(frozen=True)
class Desk:
    """A period on the desk, and what of it is wanted."""

    report: Report
    wanted: Wanted
    frame: Frame = field(repr=False)
    shortcuts: Sequence[Shortcut] = ()

    @cached_property
    def found(self) -> tuple[Review, ...]:
        return tuple(review for review in self.report.cases if self.wanted.admits(review))

    @property
    def page(self) -> tuple[Review, ...]:
        return self.found[self.wanted.start : self.wanted.start + PAGE]

    @property
    def next_start(self) -> int | None:
        after = self.wanted.start + PAGE
        return after if after < len(self.found) else None

    @property
    def kinds(self) -> Mapping[Kind, int]:
        counted = Counter(kind for review in self.report.cases for kind in review.kinds)
        return {kind: counted[kind] for kind in Kind if counted[kind]}

    def names(self, what: str) -> list[str]:
        """The agents, groups or labels that the cases of the period bear."""
        return sorted({getattr(review, what) for review in self.report.cases} - {"", None})


def desk_page(desk: Desk) -> str:
    """The desk: rates, what stands out, and the sessions that are wanted."""
    return render(
        "quality/desk.html",
        frame=desk.frame,
        desk=desk,
        report=desk.report,
        wanted=desk.wanted,
        headline=headline(desk.report, "这段时间", "前一段"),
        week=Week.of(desk.wanted.days.last),
    )


def session_page(
    frame: Frame, review: Review, talk: Sequence[Line | Moment], timezone: str, back: str
) -> str:
    """One session with its talk and all that was found in it. `back` is the query of the desk that led here."""
    return render("quality/session.html", frame=frame, review=review, talk=talk, timezone=timezone, back=back)


@dataclass(frozen=True, slots=True)
class Paper:
    """How a report is put out. `served` has links to other pages; a file has its style in itself and links nowhere."""

    served: bool
    week: Week | None = None

    @property
    def title(self) -> str:
        return "服务周报" if self.week is not None else "服务质量报告"

    @property
    def name(self) -> str:
        """What is reported on, for people."""
        if self.week is None:
            return ""
        year, number, _ = self.week.first.isocalendar()
        return f"{year} 年第 {number} 周"


def report_page(report: Report, paper: Paper) -> str:
    """The report as a page of its own that prints on A4."""
    week = paper.week
    words = ("本周", "上周") if week is not None else ("这段时间", "前一段")
    return render(
        "quality/report.html",
        report=report,
        paper=paper,
        headline=headline(report, *words),
        steps=next_steps(report),
        style=None if paper.served else (STATIC_DIR / "report.css").read_text("utf-8"),
        earlier=None if week is None else week.moved(-1),
        later=None if week is None else week.moved(1),
        most=TO_LOOK_AT,
    )


def plot_json(figure: RateFigure, points: Sequence[Keyed]) -> str | None:
    """What `plots.js` draws; None with fewer than two points that have a rate."""
    if sum(point.tally.counted > 0 for point in points) < 2:
        return None
    return orjson.dumps(
        {
            "apart": True,
            "labels": [short_key(point.key) for point in points],
            "numerators": [point.tally.hits for point in points],
            "denominators": [point.tally.counted for point in points],
            "lines": [
                {"name": LINE_NAMES[name], "kind": LINE_KINDS[name], "value": float(line.value * 100)}
                for name, line in figure.lines()
            ],
        }
    ).decode()


def _drawing(figure: RateFigure, by: str) -> Drawing | None:
    points = figure.by_week if by == "week" else figure.by_day
    lines = [(LINE_NAMES[name], LINE_KINDS[name], line) for name, line in figure.lines()]
    return draw(points, lines)


def _tone(figure: RateFigure) -> str:
    """The tone of a figure by the gravest of its lines that is not met."""
    unmet = [name for name, outlook in figure.outlooks() if outlook.met is False]
    if not figure.whole.counted or not figure.in_force:
        return "plain"
    tones = {"penalty_line": "bad", "platform_target": "warn", "own_goal": "calm"}
    return next((tones[name] for name in LINE_NAMES if name in unmet), "good")


def _edition_words(edition: Edition) -> str:
    start = "…" if edition.from_day is None else edition.from_day.isoformat()
    end = "至今" if edition.to_day is None else f"至 {edition.to_day.isoformat()}"
    return f"{edition.id}（{start} {end}）"


def _seconds(wait: Wait | None) -> str:
    """A wait for people: 45 秒, 3 分 5 秒, 2 小时 10 分; 没有回复 while unanswered."""
    if wait is None:
        return "—"
    if wait.seconds is None:
        return "没有回复"
    whole = int(wait.seconds)
    if whole < 60:
        return f"{whole} 秒"
    if whole < 3600:
        return f"{whole // 60} 分 {whole % 60} 秒" if whole % 60 else f"{whole // 60} 分"
    return f"{whole // 3600} 小时 {whole % 3600 // 60} 分"


def _at(at: datetime, timezone: str, form: str = "%m-%d %H:%M") -> str:
    return at.astimezone(ZoneInfo(timezone)).strftime(form)


def _session_address(review: Review, back: str = "") -> str:
    given = {"id": review.session} | ({"back": back} if back else {})
    return f"/quality/session?{urlencode(given, errors='replace')}"


ENVIRONMENT.filters.update(
    tally_rate=lambda tally, figure=None: rate_text(tally, figure),
    tally_counts=counts_text,
    wait_words=_seconds,
    short_time=_at,
    interval_words=interval_text,
    edition_words=_edition_words,
    quality_tone=_tone,
    plot_json=plot_json,
    drawing=_drawing,
    session_address=_session_address,
)
ENVIRONMENT.globals.update(
    outlook_text=outlook_text,
    quality_kinds=KIND_NAMES,
    quality_tones=KIND_TONES,
    quality_help=KIND_HELP,
    line_names=LINE_NAMES,
    standing_names=STANDING_NAMES,
    invite_names=SENDER_NAMES,
    sender_names=SENDERS,
    message_kinds=MESSAGE_KINDS,
    edition_status=STATUS_NAMES,
    page_of_cases=PAGE,
    nobody=UNKNOWN,
)
