"""Calendar weeks from Monday to Sunday, by their ISO name such as 2026-W47."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_NAME = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """`first` is its Monday."""

    first: date

    @classmethod
    def of(cls, day: date) -> Week:
        """The week of a day."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def named(cls, name: str) -> Week:
        """The week of an ISO name. Raises ValueError for what is none, such as 2026-W54."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"周要写成 2026-W47 这样，不是 {name} / a week is written like 2026-W47")
        try:
            return cls(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        except ValueError:
            raise ValueError(f"没有 {name} 这一周 / there is no such week") from None

    @property
    def last(self) -> date:
        """Its Sunday; on the calendar's last week the last day there is."""
        return date.fromordinal(min(self.first.toordinal() + 6, date.max.toordinal()))

    @property
    def name(self) -> str:
        year, week, _ = self.first.isocalendar()
        return f"{year:04}-W{week:02}"

    def moved(self, weeks: int) -> Week | None:
        """The week so many weeks later; None where the calendar ends."""
        try:
            return Week(self.first + timedelta(weeks=weeks))
        except OverflowError:
            return None
