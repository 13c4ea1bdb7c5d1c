"""Public holidays and make-up working days of China, from the package `chinesecalendar`.

It carries what the State Council announces, each November for the next year, and refuses other years instead of guessing.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

import chinese_calendar

from app.core.public_days import PublicDay

_NAMES: Final = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}


class ChinaDays:
    """Implements `app.core.public_days.PublicCalendar`."""

    def knows(self, year: int) -> bool:
        return year in known_years()

    def day(self, day: date) -> PublicDay | None:
        if not self.knows(day.year):
            return None
        off, name = chinese_calendar.get_holiday_detail(day)
        # A plain weekend is off without a name; a named day that is worked makes up for that holiday.
        return None if name is None else PublicDay(_NAMES.get(name, name), off)


@cache
def known_years() -> range:
    """The years whose arrangement the installed package carries."""
    years = [day.year for day in chinese_calendar.constants.holidays]
    return range(min(years), max(years) + 1)
