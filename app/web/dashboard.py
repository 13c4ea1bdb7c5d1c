"""The live page: values of `app.usecases.live` in, HTML out.

Nothing here reads the database, the clock or the request; the routes do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from app.core.forecast import Forecast, LineAhead
from app.core.forecast_words import PERIOD_NAMES, ending_words, line_words
from app.core.percentages import percent
from app.core.profiles import Status
from app.usecases.live import FindingView, LiveView, RateView, WaitingView
from app.web.rendering import ENVIRONMENT, render
from app.web.who import NOBODY, Who

FRAGMENTS: Final = ("waiting", "staff", "acts", "findings", "advice", "rates")
"""The parts of the page that are fetched again one by one; also the names of the stream's events."""

AMBER_S: Final = 80
"""At this many seconds left, or fewer, a waiting buyer turns amber."""
RED_S: Final = 25
"""At this many seconds left, or fewer, a waiting buyer turns red."""

LIKELY: Final = 0.8
"""A line that is met and will be kept with this chance or more gives no cause for worry."""
LINE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"penalty_line": "扣罚线", "platform_target": "平台目标", "own_goal": "本店目标"}
)
LINE_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"penalty_line": "penalty", "platform_target": "target", "own_goal": "goal"}
)
"""Line of an edition -> its colour and dash."""
LONG_TEXT: Final = 180
"""Texts longer than this many code points are shown folded."""
EXCERPT_AROUND: Final = 60
"""How many code points of a long text stand on either side of a finding."""

KIND_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"image": "图片", "card": "商品/订单卡片", "emoji": "表情", "file": "文件", "voice": "语音"}
)
ACT_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "sent": ("已自动回复", "good"),
        "offered": ("已给建议", "calm"),
        "queued": ("待发送", "calm"),
        "held_back": ("暂不代答", "plain"),
        "warned": ("已提醒客服", "warn"),
        "warned_last": ("最后一次提醒", "warn"),
        "alert_failed": ("提醒没送到", "bad"),
        "missed": ("已超时", "bad"),
        "escalated": ("已告知主管", "bad"),
        "dropped": ("已取消", "plain"),
        "rating_at_risk": ("有差评风险", "bad"),
        "expired": ("已过期", "plain"),
        "dead": ("送达失败", "bad"),
    }
)
"""Kind of act -> (what people read, tone of its badge)."""
SEVERITY_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"error": ("违规", "bad"), "warning": ("风险", "warn"), "info": ("提示", "calm")}
)
ADVICE_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"invite": ("现在邀评", "good"), "wait": ("再等等", "calm"), "no": ("先别邀评", "plain")}
)
INVITATION_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"pending": "已邀请，等评价", "expired": "邀请已过期", "rated": "已评价"}
)
STATUS_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        Status.STATED: ("有文可查", "good"),
        Status.REPORTED: ("据报道", "calm"),
        Status.ASSUMED: ("推定", "warn"),
        Status.UNKNOWN: ("未核实", "warn"),
        Status.SUPERSEDED: ("旧版规则", "warn"),
        Status.DEFUNCT: ("平台已停运", "plain"),
    }
)
"""Status of an edition -> (what people read, tone); a status that is not listed is shown as it is."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that a rate is held against. `words` is such as 「≥ 70%」."""

    name: str
    kind: str
    words: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Ahead:
    """Where a period will end: its name and days, how it stands, the end, and what each line still needs."""

    period: str
    standing: str
    end: str
    lines: tuple[tuple[str, str, str], ...]
    """(Name, tone, words) of each line."""


@dataclass(frozen=True, slots=True)
class _RateCard:
    """A measure as it is drawn. `percent` is None with an empty denominator; `plot` is JSON, None with nothing to draw."""

    id: str
    view: RateView
    percent: str | None
    tone: str
    standing: str
    lines: tuple[_Line, ...]
    status: str
    status_tone: str
    plot: str | None
    rows: tuple[tuple[str, int, int, str], ...]
    ahead: Ahead | None


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """A text around a span. `cut_left` and `cut_right` say that something was left out."""

    before: str
    match: str
    after: str
    cut_left: bool
    cut_right: bool


def page(view: LiveView, token: str = "", who: Who = NOBODY) -> str:
    """The whole live page. With the token of the viewer's forms it has the switch that silences the machine."""
    return render("live.html", view=view, token=token, who=who, **_shared(view))


def fragment(name: str, view: LiveView) -> str:
    """The inner HTML of one part, for a swap into the open page.

    `acts` also brings the state of the robot, swapped out of band into the header. Raises KeyError on a name that is
    not in `FRAGMENTS`.
    """
    if name not in FRAGMENTS:
        raise KeyError(name)
    return render(f"parts/{name}.html", view=view, swapped=True, **_shared(view))


def error_page(status: int, title: str, message: str) -> str:
    """A page that says what happened and where to go on."""
    return render("error.html", status=status, title=title, message=message)


def excerpt(text: str, start: int, end: int, around: int = EXCERPT_AROUND) -> _Excerpt:
    """`text` cut to `around` code points on either side of the half-open span; a span outside the text is clamped."""
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    left, right = max(0, start - around), min(len(text), end + around)
    if len(text) <= LONG_TEXT:
        left, right = 0, len(text)
    return _Excerpt(text[left:start], text[start:end], text[end:right], left > 0, right < len(text))


def _standing(rate: RateView) -> tuple[str, str]:
    """(tone, words): where the rate stands, compared exactly. A line that is just met is met."""
    value = rate.rate
    if value is None:
        return "plain", "还没有可计的数据"

    def falls_short(line: Fraction | None) -> bool:
        return line is not None and (value < line if rate.higher_is_better else value > line)

    if falls_short(rate.penalty_line):
        return "bad", "低于扣罚线" if rate.higher_is_better else "高于扣罚线"
    if falls_short(rate.platform_target):
        return "warn", "未达平台目标"
    if falls_short(rate.own_goal):
        return "calm", "未达本店目标"
    if rate.penalty_line is rate.platform_target is rate.own_goal is None:
        return "plain", "未设目标"
    return "good", "达标"


def _lines(rate: RateView) -> tuple[_Line, ...]:
    sign = "≥" if rate.higher_is_better else "≤"
    named = (
        ("penalty_line", rate.penalty_line),
        ("platform_target", rate.platform_target),
        ("own_goal", rate.own_goal),
    )
    return tuple(
        _Line(LINE_NAMES[name], LINE_KINDS[name], f"{sign} {percent(value)}", value)
        for name, value in named
        if value is not None
    )


def _plot(rate: RateView, lines: tuple[_Line, ...]) -> str | None:
    """What `plots.js` draws, as JSON; None with fewer than two points, since one point is no curve."""
    if sum(1 for _, _, denominator in rate.curve if denominator) < 2:
        return None
    return orjson.dumps(
        {
            "labels": [hour for hour, _, _ in rate.curve],
            "numerators": [numerator for _, numerator, _ in rate.curve],
            "denominators": [denominator for _, _, denominator in rate.curve],
            "lines": [
                {"name": line.name, "kind": line.kind, "value": float(line.value * 100)} for line in lines
            ],
        }
    ).decode()


def ahead_of(forecast: Forecast) -> Ahead:
    """A forecast in people's words."""
    period, rate = forecast.period, forecast.rate
    days = f"{period.first_day:%m-%d} 到 {period.last_day:%m-%d}"
    marks = [ahead.line.value for ahead in forecast.lines]
    return Ahead(
        period=f"{PERIOD_NAMES[period.name]}（{days}）" if period.first_day < period.last_day else "今天",
        standing="暂无"
        if rate is None
        else f"{percent(rate, marks)}（{forecast.numerator} / {forecast.denominator}）",
        end=ending_words(forecast),
        lines=tuple(
            (LINE_NAMES[ahead.name], _line_tone(ahead), "；".join(line_words(ahead, forecast)))
            for ahead in forecast.lines
        ),
    )


def _line_tone(ahead: LineAhead) -> str:
    """good: met, and likely at the end; bad: out of reach; warn: in between; plain: nothing is known."""
    if ahead.met is None and ahead.chance is None:
        return "plain"
    if ahead.needed is None or (ahead.affordable is not None and ahead.affordable < 0):
        return "bad"
    likely = ahead.chance is None or ahead.chance >= LIKELY
    return "good" if ahead.met and likely else "warn"


def _rate_card(rate: RateView) -> _RateCard:
    lines = _lines(rate)
    marks = [line.value for line in lines]
    tone, standing = _standing(rate)
    status, status_tone = STATUS_NAMES.get(rate.status, (rate.status, "plain"))
    return _RateCard(
        id=_digest("rate", rate.measure, rate.edition),
        view=rate,
        percent=None if rate.rate is None else percent(rate.rate, marks),
        tone=tone,
        standing=standing,
        lines=lines,
        status=status,
        status_tone=status_tone,
        plot=_plot(rate, lines),
        rows=tuple(
            (
                hour,
                numerator,
                denominator,
                percent(Fraction(numerator, denominator), marks) if denominator else "暂无",
            )
            for hour, numerator, denominator in rate.curve
        ),
        ahead=None if rate.ahead is None else ahead_of(rate.ahead),
    )


def _digest(*parts: str) -> str:
    """A short id for the page, the same for the same parts and safe whatever they hold."""
    return "x" + hashlib.blake2s("\0".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()


def _unique(names: Iterable[str]) -> list[str]:
    """`names`, with a number added to those that were there before."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return result


def _state(waiting: WaitingView, now: datetime) -> str:
    """calm, amber, red or missed; the browser goes on with the same bounds. Exactly at the deadline is not missed."""
    left = (waiting.deadline_at - now).total_seconds()
    if left < 0:
        return "missed"
    if left <= RED_S:
        return "red"
    return "amber" if left <= AMBER_S else "calm"


def _span(seconds: float) -> str:
    """A length of time as `01:23`, or `1:02:03` from an hour on; fractions are dropped."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def _moment(at: datetime, now: datetime) -> str:
    """A time as people say it: `22:00` today, else with its day."""
    days = (at.date() - now.date()).days
    return {0: "", 1: "明天 "}.get(days, f"{at.month}月{at.day}日 ") + f"{at:%H:%M}"


def _left(waiting: WaitingView, now: datetime) -> str:
    """What the clock of a waiting buyer shows: time left rounded up, or time over rounded down."""
    left = (waiting.deadline_at - now).total_seconds()
    return _span(-(-left // 1)) if left >= 0 else _span(-left)


def _chance(p: float) -> str:
    """A probability in whole per cent; never 0 % or 100 %, which nobody can promise."""
    if p >= 0.995:
        return ">99%"
    return "<1%" if p < 0.005 else f"{round(p * 100)}%"


def _epoch_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _finding_excerpt(finding: FindingView) -> _Excerpt:
    return excerpt(finding.text, finding.start, finding.end)


def _shared(view: LiveView) -> dict[str, object]:
    """What every part may need beside the view itself."""
    states = [(waiting, _state(waiting, view.now)) for waiting in view.waiting]
    ids = _unique(_digest("waiting", w.session, w.waiting_since.isoformat()) for w in view.waiting)
    zone = ZoneInfo(view.timezone)
    entries = [(waiting, state, id_) for (waiting, state), id_ in zip(states, ids, strict=True)]
    return {
        "in_time": [entry for entry in entries if entry[1] != "missed"],
        "missed": [entry for entry in entries if entry[1] == "missed"],
        "rate_cards": [_rate_card(rate) for rate in view.rates],
        "clock": lambda at: at.astimezone(zone).strftime("%H:%M:%S"),
        "moment": lambda at: _moment(at.astimezone(zone), view.now.astimezone(zone)),
        "left": lambda waiting: _left(waiting, view.now),
        "waited": lambda waiting: _span(max(0.0, (view.now - waiting.waiting_since).total_seconds())),
    }


ENVIRONMENT.filters.update(chance=_chance, epoch=_epoch_ms, excerpt=_finding_excerpt)
ENVIRONMENT.globals.update(
    act_names=ACT_NAMES,
    advice_names=ADVICE_NAMES,
    invitation_names=INVITATION_NAMES,
    kind_names=KIND_NAMES,
    severity_names=SEVERITY_NAMES,
    long_text=LONG_TEXT,
    amber_s=AMBER_S,
    red_s=RED_S,
)
