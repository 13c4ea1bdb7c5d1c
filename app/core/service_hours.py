"""When a shop is open and who should be there: its week, holidays, exceptions, temporary closings and shifts.

A day's span that reaches past midnight belongs to the day on which it starts, so a day that is closed does not cut off
the evening before it. What a shop did not say is not known: `State.open` is then None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.days import DaySpan, any_holds
from app.core.public_days import OrdinaryDays, PublicCalendar
from app.core.spans import Span

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_NAMES: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
LOOK_AHEAD_DAYS: Final = 400
"""How far ahead the next opening is looked for."""
_DAY: Final = timedelta(days=1)

Spans = tuple[Span, ...]
Week = tuple[Spans, ...]
"""The spans of the seven weekdays, Monday first; a day without any is a day off."""


@dataclass(frozen=True, slots=True)
class OwnDay:
    """Hours that the shop has given to one date; without spans it is closed on it."""

    hours: Spans
    note: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """Closed from `from_at` until before `until_at`, whatever the week says; None: until further notice."""

    from_at: datetime
    until_at: datetime | None
    reason: str

    def holds(self, at: datetime) -> bool:
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


@dataclass(frozen=True, slots=True)
class Shift:
    """When an agent works. `days` go before the week."""

    week: Week
    days: Mapping[date, Spans] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """What public holidays mean to the shop. `hours`: those of a holiday, None for those of the weekday.

    `make_up_like`: the weekday (0 is Monday) whose hours a make-up working day has; None for its own.
    """

    follows: bool = False
    hours: Spans | None = ()
    make_up_like: int | None = 0


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The hours of one day, and what makes them so. `code`: `week`, `own_day`, `holiday` or `make_up`."""

    day: date
    hours: Spans
    code: str
    note: str
    like: int
    """The weekday (0 is Monday) that shifts go by."""

    @property
    def text(self) -> str:
        """For people: "09:00-12:00、13:00-22:00"; 休息 for none."""
        return "、".join(span.text for span in self.hours) or "休息"


@dataclass(frozen=True, slots=True)
class State:
    """Is the shop open? None where it is not known. `code` is that of the day's plan, `closing` or `unknown`.

    `opens_at` is the next opening of a closed shop; None where there is none in sight. `calendar_known` is False where the
    shop goes by a calendar that does not know the year yet.
    """

    open: bool | None
    code: str
    reason: str
    opens_at: datetime | None = None
    calendar_known: bool = True


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """A shop's hours in its time zone. Without a `week` nothing is known but closings and suspended days."""

    timezone: str = "Asia/Shanghai"
    week: Week | None = None
    holidays: HolidayRule = HolidayRule()
    days: Mapping[date, OwnDay] = field(default_factory=dict)
    closings: tuple[Closing, ...] = ()
    shifts: Mapping[str, Shift] = field(default_factory=dict)
    suspended: tuple[DaySpan, ...] = ()
    """Days on which the platform has announced that it does not assess replies."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def is_suspended(self, day: date) -> bool:
        return any_holds(self.suspended, day)

    def plan(self, day: date, calendar: PublicCalendar) -> DayPlan:
        """What a day is: its own hours before a holiday before the week."""
        week = self.week or ((),) * 7
        weekday = day.weekday()
        public = calendar.day(day) if self.holidays.follows else None
        like = weekday
        if public is not None and not public.off and self.holidays.make_up_like is not None:
            like = self.holidays.make_up_like
        if (own := self.days.get(day)) is not None:
            return DayPlan(day, own.hours, "own_day", own.note, like)
        if public is not None and public.off:
            hours = week[weekday] if self.holidays.hours is None else self.holidays.hours
            return DayPlan(day, hours, "holiday", public.name, like)
        if public is not None:
            return DayPlan(day, week[like], "make_up", f"{public.name}调休", like)
        return DayPlan(day, week[weekday], "week", "", like)


_ORDINARY: Final = OrdinaryDays()


def state(hours: ServiceHours, at: datetime, calendar: PublicCalendar = _ORDINARY) -> State:
    """Is the shop open at `at` (aware), why, and if not, when next? Times in the result bear the shop's zone."""
    today = at.astimezone(hours.zone).date()
    known = not hours.holidays.follows or calendar.knows(today.year)
    closing = next((each for each in hours.closings if each.holds(at)), None)
    if closing is not None:
        reason = f"临时停止接待：{closing.reason}" if closing.reason else "临时停止接待"
        return State(False, "closing", reason, next_opening(hours, at, calendar), known)
    if hours.week is None:
        return State(None, "unknown", "店铺没有设置服务时间")
    for day in (today - _DAY, today):
        plan = hours.plan(day, calendar)
        if any(start <= at < end for start, end in _instants(plan.hours, day, hours.zone)):
            return State(True, plan.code, f"营业中，{_why(plan)}", None, known)
    plan = hours.plan(today, calendar)
    return State(False, plan.code, f"不在服务时间，{_why(plan)}", next_opening(hours, at, calendar), known)


def next_opening(hours: ServiceHours, at: datetime, calendar: PublicCalendar = _ORDINARY) -> datetime | None:
    """The first moment from `at` on at which the shop is open; None where there is none in sight.

    A shop without a week opens when its closing ends.
    """
    free = _after_closings(hours, at)
    if free is None or hours.week is None:
        return _local(free, hours.zone)
    first = free.astimezone(hours.zone).date() - _DAY
    for start, end in _spans_from(hours, first, calendar):
        opens = _after_closings(hours, max(start, free))
        if opens is None:
            return None
        if opens < end:
            return _local(opens, hours.zone)
    return None


def closes_at(hours: ServiceHours, at: datetime, calendar: PublicCalendar = _ORDINARY) -> datetime | None:
    """When a shop that is open at `at` closes next, over spans that touch; None where that is not in sight."""
    ends = at
    for start, end in _spans_from(hours, at.astimezone(hours.zone).date() - _DAY, calendar):
        if start > ends:
            break
        ends = max(ends, end)
    else:
        return None
    ahead = [each.from_at for each in hours.closings if at < each.from_at < ends]
    return _local(min([ends, *ahead]), hours.zone)


def staffed(hours: ServiceHours, at: datetime, calendar: PublicCalendar = _ORDINARY) -> tuple[str, ...]:
    """The agents who should be there at `at`, in order of name; none while the shop is closed."""
    if not state(hours, at, calendar).open:
        return ()
    today = at.astimezone(hours.zone).date()
    plans = [hours.plan(day, calendar) for day in (today - _DAY, today)]
    return tuple(
        agent
        for agent, shift in sorted(hours.shifts.items())
        if any(
            start <= at < end
            for plan in plans
            for start, end in _instants(shift.days.get(plan.day, shift.week[plan.like]), plan.day, hours.zone)
        )
    )


def _why(plan: DayPlan) -> str:
    if plan.code == "week":
        return f"{WEEKDAY_NAMES[plan.day.weekday()]} {plan.text}"
    if plan.code == "own_day":
        return f"{plan.day:%m-%d} 另行安排{f'（{plan.note}）' if plan.note else ''} {plan.text}"
    return f"{plan.note} {plan.text}"


def _spans_from(
    hours: ServiceHours, first: date, calendar: PublicCalendar
) -> Iterator[tuple[datetime, datetime]]:
    """The instants of the hours of the days from `first` on, by start, closings not looked at."""
    for number in range(LOOK_AHEAD_DAYS):
        day = first + number * _DAY
        yield from _instants(hours.plan(day, calendar).hours, day, hours.zone)


def _instants(spans: Spans, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The spans of a day as half-open instants in UTC, by start; what a change of the clock swallows is left out."""
    out = []
    for span in spans:
        end_s = span.end_s if span.end_s > span.start_s else span.end_s + 86_400
        start, end = _instant(day, span.start_s, zone), _instant(day, end_s, zone)
        if start < end:
            out.append((start, end))
    return sorted(out)


def _instant(day: date, seconds: int, zone: ZoneInfo) -> datetime:
    wall = datetime.combine(day, time(0)) + timedelta(seconds=seconds)
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _after_closings(hours: ServiceHours, at: datetime) -> datetime | None:
    """The first moment from `at` on that lies in no closing; None if one has no end."""
    while (closing := next((each for each in hours.closings if each.holds(at)), None)) is not None:
        if closing.until_at is None:
            return None
        at = closing.until_at
    return at


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)


def hours_json(hours: ServiceHours) -> dict[str, Any]:
    """The document that `app.core.service_hours_reading.read_hours` reads back as equal hours."""
    out: dict[str, Any] = {"timezone": hours.timezone}
    if hours.week is not None:
        out["week"] = _week_json(hours.week)
        rule = hours.holidays
        out["holidays"] = {
            "calendar": "china" if rule.follows else "none",
            "hours": None if rule.hours is None else _spans_json(rule.hours),
            "make_up_like": None if rule.make_up_like is None else WEEKDAYS[rule.make_up_like],
        }
    out["days"] = {
        day.isoformat(): {"hours": _spans_json(each.hours), "note": each.note}
        for day, each in sorted(hours.days.items())
    }
    out["closings"] = [
        {
            "from": each.from_at.isoformat(),
            "until": None if each.until_at is None else each.until_at.isoformat(),
            "reason": each.reason,
        }
        for each in hours.closings
    ]
    out["shifts"] = {
        agent: {
            "week": _week_json(shift.week),
            "days": {day.isoformat(): _spans_json(spans) for day, spans in sorted(shift.days.items())},
        }
        for agent, shift in sorted(hours.shifts.items())
    }
    out["suspended"] = [
        {"from": each.from_day.isoformat(), "to": each.to_day.isoformat(), "note": each.note}
        for each in hours.suspended
    ]
    return out


def _week_json(week: Week) -> dict[str, list[str]]:
    return {name: _spans_json(spans) for name, spans in zip(WEEKDAYS, week, strict=True)}


def _spans_json(spans: Spans) -> list[str]:
    return [span.text for span in spans]
