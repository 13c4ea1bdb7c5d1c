"""A trend as lines and dots for an SVG that needs no script and reads in black and white, on screen and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from app.core.percentages import percent
from app.core.profiles import Line
from app.core.quality.figures import Keyed

WIDTH: Final = 720
HEIGHT: Final = 165
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 84, 18, 30
_AIR: Final = 0.18
"""Share of the range that is left free above and below."""
_LEAST_AIR: Final = 2.0
"""In points."""
_NAME_HEIGHT: Final = 13
"""Pixels that the name of a line takes, so that two names do not cover each other."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One figure of the trend, in pixels. `words` is what it says; `above` puts its number over the dot."""

    x: float
    y: float
    label: str
    percent: str
    counts: str
    above: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A line that the figures are held against; `names` are its names with their heights."""

    y: float
    names: tuple[tuple[float, str], ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """`paths` are the stretches between figures: where a key counted nothing there is a gap."""

    dots: tuple[Dot, ...]
    paths: tuple[str, ...]
    levels: tuple[Level, ...]
    labels: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def draw(points: Sequence[Keyed], lines: Sequence[tuple[str, str, Line]]) -> Drawing | None:
    """Draw figures in the order given, with the lines as (name, kind, line); None without two figures."""
    rated = [point.tally.rate for point in points]
    if sum(rate is not None for rate in rated) < 2:
        return None
    values = [float(rate * 100) for rate in rated if rate is not None]
    values += [float(line.value * 100) for _, _, line in lines]
    low, high = min(values), max(values)
    air = max(_LEAST_AIR, (high - low) * _AIR)
    low, high = max(0.0, low - air), min(100.0, high + air)

    def x_of(index: int) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (index + 0.5) / len(points), 1)

    def y_of(rate: Fraction) -> float:
        share = (float(rate * 100) - low) / (high - low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)

    marks = [line.value for _, _, line in lines]
    heights = [None if rate is None else y_of(rate) for rate in rated]
    dots = [
        None
        if rate is None
        else Dot(
            x_of(index),
            y_of(rate),
            short_key(point.key),
            percent(rate, marks),
            f"{point.tally.hits}/{point.tally.counted}",
            _has_room_above(heights, index),
        )
        for index, (point, rate) in enumerate(zip(points, rated, strict=True))
    ]
    return Drawing(
        dots=tuple(dot for dot in dots if dot is not None),
        paths=tuple(_paths(dots)),
        levels=_levels([(name, kind, line, y_of(line.value)) for name, kind, line in lines]),
        labels=tuple((x_of(index), short_key(point.key)) for index, point in enumerate(points)),
        ticks=tuple((y_of(Fraction(tick, 100)), f"{tick}%") for tick in _ticks(low, high)),
    )


def _has_room_above(heights: Sequence[float | None], index: int) -> bool:
    """Does the number over a dot clear the curve and the upper edge? In a dip it stands below."""
    own = heights[index]
    if own is None or own <= _TOP + _NAME_HEIGHT:
        return False
    beside = [heights[at] for at in (index - 1, index + 1) if 0 <= at < len(heights)]
    known = [height for height in beside if height is not None]
    return any(height > own for height in known) or all(height >= own for height in known)


def _paths(dots: Sequence[Dot | None]) -> Iterator[str]:
    stretch: list[Dot] = []
    for dot in [*dots, None]:
        if dot is not None:
            stretch.append(dot)
            continue
        if len(stretch) > 1:
            yield "M" + " L".join(f"{each.x} {each.y}" for each in stretch)
        stretch = []


def _levels(lines: Sequence[tuple[str, str, Line, float]]) -> tuple[Level, ...]:
    """The lines from the top down; those at one height are one line with several names."""
    joined: dict[float, tuple[list[str], str]] = {}
    for name, kind, line, y in lines:
        names, _ = joined.setdefault(y, ([], kind))
        names.append(f"{name} {percent(line.value)}")
    levels = []
    free = 0.0
    for y in sorted(joined):
        names, kind = joined[y]
        placed = []
        for name in names:
            name_y = max(y + 4, free)
            free = name_y + _NAME_HEIGHT
            placed.append((round(name_y, 1), name))
        levels.append(Level(y, tuple(placed), kind))
    return tuple(levels)


def _ticks(low: float, high: float) -> list[int]:
    step = next(step for step in (1, 2, 5, 10, 20, 25, 50) if (high - low) / step <= 5)
    first = -(-int(low) // step) * step
    return [tick for tick in range(first, int(high) + 1, step) if low <= tick <= high]


def short_key(key: str) -> str:
    """A key of a week or a day, short: 2026-W47 as 第47周, 2026-11-22 as 11-22."""
    if "-W" in key:
        return f"第{int(key[-2:])}周"
    return key[5:] if len(key) == 10 else key
