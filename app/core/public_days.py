"""Public holidays and make-up working days (调休) as the core asks for them; who knows them is a gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PublicDay:
    """A day that the state has changed: off, though it may be a weekday, or worked, though it is a weekend.

    `name` is the holiday's, such as 国庆节, also for a day that is worked to make up for it.
    """

    name: str
    off: bool


class PublicCalendar(Protocol):
    """A country's calendar."""

    def knows(self, year: int) -> bool:
        """Has the year been announced? Of other years nothing is known."""

    def day(self, day: date) -> PublicDay | None:
        """What is special about a day; None for an ordinary one, and for every day of a year that is not known."""


class OrdinaryDays:
    """A calendar in which no day is special."""

    def knows(self, year: int) -> bool:
        return True

    def day(self, day: date) -> PublicDay | None:
        return None
