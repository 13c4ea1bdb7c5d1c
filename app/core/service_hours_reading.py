"""A shop's service hours read from JSON, with every fault by its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.days import DaySpan
from app.core.faults import Faults
from app.core.fields import MAX_ID_LENGTH, FieldError, moment
from app.core.service_hours import (
    WEEKDAYS,
    Closing,
    HolidayRule,
    OwnDay,
    ServiceHours,
    Shift,
    Spans,
    Week,
)
from app.core.spans import SpanError, parse_span

MAX_SPANS: Final = 12
"""Spans of a day."""
MAX_DAYS: Final = 1000
MAX_CLOSINGS: Final = 200
MAX_SHIFTS: Final = 500
MAX_NOTE: Final = 200
_KEYS: Final = frozenset({"timezone", "week", "holidays", "days", "closings", "shifts", "suspended"})
_NEED_A_WEEK: Final = ("holidays", "days", "shifts")


def read_hours(raw: object, timezone: str = "Asia/Shanghai") -> ServiceHours:
    """Read the document; what is left out is not known or not there. `timezone` holds where the document names none.

    Raises `FaultsError` with all that is wrong.
    """
    faults = Faults()
    table = faults.table(raw, "", _KEYS)
    if raw is None:
        faults.add("", "必须是一个对象 / must be an object")
    reader = _Reader(faults)
    week = None if table.get("week") is None else reader.week(table["week"], "week")
    if week is None:
        for name in _NEED_A_WEEK:
            if table.get(name):
                faults.add(name, "要先填 week（每周的服务时间）/ needs a week")
    read = ServiceHours(
        timezone=reader.zone(table.get("timezone"), timezone),
        week=week,
        holidays=reader.holidays(table.get("holidays")),
        days={
            day: reader.own_day(value, f"days.{day}")
            for day, value in reader.by_day(table.get("days"), "days").items()
        },
        closings=tuple(
            reader.closing(value, place)
            for place, value in faults.entries(table.get("closings"), "closings", MAX_CLOSINGS)
        ),
        shifts=reader.shifts(table.get("shifts")),
        suspended=tuple(
            reader.days(value, place)
            for place, value in faults.entries(table.get("suspended"), "suspended", MAX_DAYS)
        ),
    )
    faults.check()
    return read


class _Reader:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def zone(self, value: object, default: str) -> str:
        if value is None:
            return default
        try:
            return ZoneInfo(value).key if isinstance(value, str) else self._no_zone(default)
        except (KeyError, ValueError, OSError):
            return self._no_zone(default)

    def _no_zone(self, default: str) -> str:
        self._faults.add("timezone", "要写时区名，例如 Asia/Shanghai / an IANA zone name")
        return default

    def spans(self, value: object, where: str) -> Spans:
        """Hours of a day such as ["09:00-12:00", "13:00-22:00"]; a single string is a list of one."""
        out = []
        given = [value] if isinstance(value, str) else value
        for place, text in self._faults.entries(given, where, MAX_SPANS):
            try:
                out.append(parse_span(text if isinstance(text, str) else str(text)))
            except SpanError as error:
                self._faults.add(place, str(error))
        return tuple(sorted(out, key=lambda span: span.start_s))

    def week(self, value: object, where: str) -> Week:
        table = self._faults.table(value, where, frozenset(WEEKDAYS))
        return tuple(self.spans(table.get(name), f"{where}.{name}") for name in WEEKDAYS)

    def holidays(self, value: object) -> HolidayRule:
        if value is None:
            return HolidayRule()
        table = self._faults.table(value, "holidays", frozenset({"calendar", "hours", "make_up_like"}))
        calendar = table.get("calendar", "china")
        if calendar not in {"china", "none"}:
            self._faults.add("holidays.calendar", "只能是 china（中国法定节假日）或 none / china or none")
        like = table.get("make_up_like", WEEKDAYS[0])
        if like is not None and like not in WEEKDAYS:
            self._faults.add(
                "holidays.make_up_like", f"只能是 {'、'.join(WEEKDAYS)} 或 null / one of these, or null"
            )
            like = None
        hours = table.get("hours", [])
        return HolidayRule(
            follows=calendar == "china",
            hours=None if hours is None else self.spans(hours, "holidays.hours"),
            make_up_like=None if like is None else WEEKDAYS.index(like),
        )

    def by_day(self, value: object, where: str) -> dict[date, Any]:
        out: dict[date, Any] = {}
        table = self._faults.table(value, where)
        if len(table) > MAX_DAYS:
            self._faults.add(where, f"最多 {MAX_DAYS} 天 / too many days")
            return out
        for key, entry in table.items():
            if (day := self.day(key, f"{where}.{key}")) is not None:
                out[day] = entry
        return out

    def day(self, value: object, where: str) -> date | None:
        try:
            if isinstance(value, str) and len(value) == len("2026-10-01"):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self._faults.add(where, "日期要写成 2026-10-01 这样 / write days as 2026-10-01")
        return None

    def own_day(self, value: object, where: str) -> OwnDay:
        if isinstance(value, Mapping):
            table = self._faults.table(value, where, frozenset({"hours", "note"}))
            note = self._faults.words(table, "note", where, limit=MAX_NOTE)
            return OwnDay(self.spans(table.get("hours"), f"{where}.hours"), note)
        return OwnDay(self.spans(value, where))

    def closing(self, value: object, where: str) -> Closing:
        table = self._faults.table(value, where, frozenset({"from", "until", "reason"}))
        times: dict[str, datetime | None] = {}
        for name, required in (("from", True), ("until", False)):
            try:
                times[name] = moment(table, name, required=required)
            except FieldError as error:
                self._faults.add(f"{where}.{name}", error.message)
                times[name] = None
        from_at, until_at = times["from"], times["until"]
        if from_at is not None and until_at is not None and until_at <= from_at:
            self._faults.add(f"{where}.until", "必须晚于 from / must be after from")
        reason = self._faults.words(table, "reason", where, limit=MAX_NOTE)
        return Closing(from_at or datetime.max.replace(tzinfo=UTC), until_at, reason)

    def shifts(self, value: object) -> dict[str, Shift]:
        table = self._faults.table(value, "shifts")
        if len(table) > MAX_SHIFTS:
            self._faults.add("shifts", f"最多 {MAX_SHIFTS} 位 / too many agents")
            return {}
        out = {}
        for agent, entry in table.items():
            where = f"shifts.{agent}"
            if not agent or len(agent) > MAX_ID_LENGTH:
                self._faults.add(where, f"客服 id 为 1 到 {MAX_ID_LENGTH} 字 / a bad agent id")
            shift = self._faults.table(entry, where, frozenset({"week", "days"}))
            days = self.by_day(shift.get("days"), f"{where}.days")
            out[agent] = Shift(
                self.week(shift.get("week"), f"{where}.week"),
                {day: self.spans(spans, f"{where}.days.{day}") for day, spans in days.items()},
            )
        return out

    def days(self, value: object, where: str) -> DaySpan:
        table = self._faults.table(value, where, frozenset({"from", "to", "note"}))
        first = self.day(table.get("from"), f"{where}.from")
        last = self.day(table["to"], f"{where}.to") if "to" in table else first
        if first is not None and last is not None and last < first:
            self._faults.add(f"{where}.to", "不能早于 from / must not be before from")
        note = self._faults.words(table, "note", where, limit=MAX_NOTE)
        return DaySpan(first or date.min, last or date.max, note)
