"""An SVG of simulated days: both sides of each platform as bars, and hour by hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from app.cli.simulation_cases import Played
from app.core.simulation import Run, Spread

WIDTH: Final = 960
OFF_COLOUR: Final = "#8d99ae"
ON_COLOUR: Final = "#1b998b"
GOAL_COLOUR: Final = "#d1495b"
GRID_COLOUR: Final = "#dfe3e8"
TEXT_COLOUR: Final = "#2b2d42"
FONT: Final = "'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
MARGIN: Final = 56
BARS_TOP: Final = 84
BARS_HEIGHT: Final = 240
HOURS_HEIGHT: Final = 150
HOURS_PITCH: Final = 232

Point = tuple[float, float]


def draw(played: Sequence[Played]) -> str:
    """The drawing as SVG text. The runs must bear both sides and their hours."""
    rows = (len(played) + 1) // 2
    hours_top = BARS_TOP + BARS_HEIGHT + 150
    height = hours_top + rows * HOURS_PITCH
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "font-family": FONT,
            "font-size": "13",
            "fill": TEXT_COLOUR,
        },
    )
    SubElement(svg, "rect", {"width": str(WIDTH), "height": str(height), "fill": "#ffffff"})
    days = max(len(each.side(assist=True)) for each in played)
    _text(svg, (MARGIN, 32), "模拟的回复率：没有秒回与有秒回", size=18, bold=True)
    _text(svg, (MARGIN, 54), f"{days} 天（{days} 个随机种子）的平均；细线是最低到最高，红线是目标", size=12)
    _legend(svg, (WIDTH - 300, 32))
    _bars(svg, played)
    _text(svg, (MARGIN, hours_top - 38), "按钟点：色带是各天的最低到最高", size=15, bold=True)
    for place, each in enumerate(played):
        panel = Panel(
            left=MARGIN + (place % 2) * 456,
            top=hours_top + (place // 2) * HOURS_PITCH,
            width=400,
            height=HOURS_HEIGHT,
        )
        _hours(svg, panel, each)
    return tostring(svg, encoding="unicode") + "\n"


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot area with percent upwards. `left` and `top` are its corner."""

    left: float
    top: float
    width: float
    height: float

    def y(self, percent: float) -> float:
        return self.top + self.height * (1 - percent / 100)

    def grid(self, svg: Element) -> None:
        """Lines at each quarter, with their percent."""
        for percent in (0, 25, 50, 75, 100):
            y = self.y(percent)
            _line(svg, (self.left, y), (self.left + self.width, y), GRID_COLOUR)
            _text(svg, (self.left - 8, y + 4), f"{percent}%", size=11, anchor="end")


def _legend(svg: Element, at: Point) -> None:
    x, y = at
    for offset, colour, label in ((0, OFF_COLOUR, "没有秒回"), (120, ON_COLOUR, "有秒回")):
        _box(svg, (x + offset, y - 11), 14, 14, colour)
        _text(svg, (x + offset + 20, y), label)


def _bars(svg: Element, played: Sequence[Played]) -> None:
    panel = Panel(MARGIN, BARS_TOP, WIDTH - 2 * MARGIN, BARS_HEIGHT)
    panel.grid(svg)
    pitch = panel.width / len(played)
    bar = min(64.0, pitch / 4)
    for place, each in enumerate(played):
        middle = panel.left + pitch * (place + 0.5)
        for left, colour, spread in (
            (middle - bar - 4, OFF_COLOUR, each.rates(assist=False)),
            (middle + 4, ON_COLOUR, each.rates(assist=True)),
        ):
            if spread is not None:
                _bar(svg, panel, left, bar, spread, colour)
        goal_y = panel.y(100 * float(each.case.goal.value))
        _line(svg, (middle - bar - 16, goal_y), (middle + bar + 16, goal_y), GOAL_COLOUR, width=2, dash="5 4")
        below = panel.top + panel.height
        _text(svg, (middle, below + 20), each.case.profile.name, anchor="middle", bold=True)
        for line, words in enumerate(_under(each)):
            _text(svg, (middle, below + 38 + 18 * line), words, size=12, anchor="middle")


def _bar(svg: Element, panel: Panel, left: float, width: float, spread: Spread, colour: str) -> None:
    top = panel.y(spread.mean)
    _box(svg, (left, top), width, panel.top + panel.height - top, colour)
    middle = left + width / 2
    _line(svg, (middle, panel.y(spread.least)), (middle, panel.y(spread.greatest)), TEXT_COLOUR, width=1.5)
    _text(svg, (middle, panel.y(spread.greatest) - 6), f"{spread.mean:.1f}%", size=12, anchor="middle")


def _under(each: Played) -> tuple[str, str]:
    gain = f"{each.gain.mean:+.1f} 点" if each.gain is not None else "–"
    counts = "机器计入" if each.case.machine_counts else "只算人工"
    return (gain, f"{counts}，每小时 {each.case.trial.assumptions.buyers_per_hour:g} 人")


def _hours(svg: Element, panel: Panel, each: Played) -> None:
    panel.grid(svg)
    _text(svg, (panel.left, panel.top - 8), each.case.profile.name, bold=True)
    hours = sorted({hour for run in each.runs for hour, _, _ in run.hours})
    if not hours:
        return
    step = panel.width / max(1, len(hours) - 1)
    x = {hour: panel.left + place * step for place, hour in enumerate(hours)}
    for hour in hours[::2]:
        _text(svg, (x[hour], panel.top + panel.height + 18), f"{hour} 点", size=11, anchor="middle")
    for assist, colour in ((False, OFF_COLOUR), (True, ON_COLOUR)):
        spreads = _by_hour(each.side(assist=assist))
        upper = [(x[hour], panel.y(spread.greatest)) for hour, spread in spreads.items()]
        lower = [(x[hour], panel.y(spread.least)) for hour, spread in spreads.items()]
        SubElement(
            svg, "polygon", {"points": _points(upper + lower[::-1]), "fill": colour, "fill-opacity": "0.18"}
        )
        means = [(x[hour], panel.y(spread.mean)) for hour, spread in spreads.items()]
        SubElement(
            svg,
            "polyline",
            {"points": _points(means), "fill": "none", "stroke": colour, "stroke-width": "2.5"},
        )
    goal_y = panel.y(100 * float(each.case.goal.value))
    _line(svg, (panel.left, goal_y), (panel.left + panel.width, goal_y), GOAL_COLOUR, width=1.5, dash="5 4")


def _by_hour(runs: Sequence[Run]) -> dict[int, Spread]:
    """Percent on time of each hour over the runs."""
    rates: dict[int, list[float]] = {}
    for run in runs:
        for hour, good, counted in run.hours:
            rates.setdefault(hour, []).append(100 * good / counted)
    return {hour: Spread.of(rates[hour]) for hour in sorted(rates)}


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _box(svg: Element, at: Point, width: float, height: float, colour: str) -> None:
    SubElement(
        svg,
        "rect",
        {
            "x": f"{at[0]:.1f}",
            "y": f"{at[1]:.1f}",
            "width": f"{width:.1f}",
            "height": f"{height:.1f}",
            "fill": colour,
        },
    )


def _line(
    svg: Element, start: Point, end: Point, colour: str, *, width: float = 1, dash: str | None = None
) -> None:
    attributes = {
        "x1": f"{start[0]:.1f}",
        "y1": f"{start[1]:.1f}",
        "x2": f"{end[0]:.1f}",
        "y2": f"{end[1]:.1f}",
        "stroke": colour,
        "stroke-width": f"{width:g}",
    }
    SubElement(svg, "line", attributes | ({"stroke-dasharray": dash} if dash else {}))


def _text(
    svg: Element, at: Point, text: str, *, size: int = 13, anchor: str = "start", bold: bool = False
) -> None:
    attributes = {
        "x": f"{at[0]:.1f}",
        "y": f"{at[1]:.1f}",
        "font-size": str(size),
        "text-anchor": anchor,
    }
    SubElement(svg, "text", attributes | ({"font-weight": "bold"} if bold else {})).text = text
