"""What service hours make of the days to come: open or closed, why, and who should be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.core.public_days import PublicCalendar
from app.core.service_hours import Closing, DayPlan, ServiceHours


@dataclass(frozen=True, slots=True)
class DayAhead:
    """A day's plan, with the closings that touch it. `staff` are agents with their hours on it, in order of name."""

    plan: DayPlan
    known: bool
    """Is anything known of the shop's hours on it? Without a week nothing is."""
    closings: tuple[Closing, ...]
    staff: tuple[tuple[str, str], ...]
    suspended: bool
    calendar_known: bool

    @property
    def open(self) -> bool:
        return bool(self.plan.hours)


def days_ahead(hours: ServiceHours, first: date, count: int, calendar: PublicCalendar) -> Iterator[DayAhead]:
    """The `count` days from `first` on."""
    for number in range(count):
        day = first + timedelta(days=number)
        begins = datetime.combine(day, time(0), hours.zone)
        ends = datetime.combine(day + timedelta(days=1), time(0), hours.zone)
        plan = hours.plan(day, calendar)
        yield DayAhead(
            plan=plan,
            known=hours.week is not None,
            closings=tuple(
                each
                for each in hours.closings
                if each.from_at < ends and (each.until_at is None or begins < each.until_at)
            ),
            staff=tuple(
                (agent, "、".join(span.text for span in spans))
                for agent, shift in sorted(hours.shifts.items())
                if plan.hours and (spans := shift.days.get(day, shift.week[plan.like]))
            ),
            suspended=hours.is_suspended(day),
            calendar_known=not hours.holidays.follows or calendar.knows(day.year),
        )
