"""Spans of a day's hours: when a platform assesses, when a shop is open, when the machine keeps quiet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DAY_S: Final = 86_400
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


class SpanError(ValueError):
    """What is no span of a day; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of a day in whole seconds since midnight, `start_s` in 0..86399, `end_s` in 1..86400.

    An end before the start reaches past midnight. Half-open unless a caller says that the end is included.
    """

    start_s: int
    end_s: int

    def holds(self, micros: int, *, end_inclusive: bool = False) -> bool:
        """Does this time of day (microseconds since midnight) lie in the hours?"""
        start, end = self.start_s * 1_000_000, self.end_s * 1_000_000
        before_end = micros <= end if end_inclusive else micros < end
        if start < end:
            return micros >= start and before_end
        return micros >= start or before_end

    def to_json(self) -> list[str]:
        return [clock_text(self.start_s), clock_text(self.end_s)]

    @property
    def text(self) -> str:
        """For people: "08:00-24:00"; seconds only where there are some."""
        return "-".join(text.removesuffix(":00") for text in self.to_json())


WHOLE_DAY: Final = (Span(0, DAY_S),)


def read_span(start: str, end: str) -> Span:
    """A span from two times of day, HH:MM or HH:MM:SS up to 24:00. Raises `SpanError`."""
    start_s, end_s = read_clock(start), read_clock(end)
    if start_s >= DAY_S or end_s in (0, start_s):
        raise SpanError(f"{start} 到 {end} 不是一段时间；整天写 00:00:00 到 24:00:00 / not an open span")
    return Span(start_s, end_s)


def parse_span(text: str) -> Span:
    """A span from a text such as "08:30-22:00". Raises `SpanError`."""
    start, dash, end = text.replace(" ", "").partition("-")
    if not dash:
        raise SpanError(f"“{text}” 要写成 08:30-22:00 这样 / write hours as 08:30-22:00")
    return read_span(start, end)


def read_clock(text: str) -> int:
    """Seconds since midnight of "HH:MM" or "HH:MM:SS", up to 24:00. Raises `SpanError`."""
    match = _CLOCK.fullmatch(text)
    seconds = 0
    if match is not None:
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)
    if match is None or seconds > DAY_S:
        raise SpanError(f"“{text}” 不是时间，请写 HH:MM:SS，最晚 24:00:00 / not a time of day, HH:MM:SS")
    return seconds


def clock_text(seconds: int) -> str:
    """Seconds since midnight as HH:MM:SS."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
