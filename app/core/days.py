"""Runs of calendar days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Days, both included. The note is for people."""

    from_day: date
    to_day: date
    note: str = ""

    def holds(self, day: date) -> bool:
        return self.from_day <= day <= self.to_day


def any_holds(spans: Iterable[DaySpan], day: date) -> bool:
    """Does one of the runs hold the day?"""
    return any(span.holds(day) for span in spans)
