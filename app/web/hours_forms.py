"""The form of service hours: the document as the texts of fields, and back.

A field gives back what was typed, however wrong: what is wrong with it the reading of the document says, and the field shows
it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.service_hours import WEEKDAYS
from app.web.row_fields import (
    NUMBER,
    SEPARATOR,
    Fields,
    Reading,
    Row,
    numbered,
    rows_of,
    text_of,
    with_spare,
)

DAY: Final = ("date", "hours", "note")
CLOSING: Final = ("from", "until", "reason")
SHIFT: Final = ("agent", *WEEKDAYS, "days")
SUSPENDED: Final = ("from", "to", "note")
KINDS: Final[Mapping[str, Sequence[str]]] = {
    "day": DAY,
    "closing": CLOSING,
    "shift": SHIFT,
    "suspended": SUSPENDED,
}
"""Kind of row -> its columns."""
CLOSED, AS_USUAL, OWN = "closed", "as_usual", "own"
"""What holidays may be like."""
OFF: Final = "休息"
_DASHES: Final = str.maketrans({"：": ":", **dict.fromkeys("－—–~～至到", "-")})
_AROUND_DASH: Final = re.compile(r"\s*-\s*")
_ONE_DIGIT_HOUR: Final = re.compile(r"(?<!\d)(?=\d:)", re.ASCII)


def shown_of(document: Mapping[str, Any]) -> dict[str, str]:
    """What the fields show of a document, but for its rows."""
    week = document.get("week") or {}
    rule = document.get("holidays") or {"calendar": "none", "hours": [], "make_up_like": "mon"}
    hours = rule.get("hours", [])
    return {
        "has_week": "1" if document.get("week") is not None else "",
        **{f"week.{day}": spans_text(week.get(day, ())) for day in WEEKDAYS},
        "holidays.follow": "1" if rule.get("calendar", "china") == "china" else "",
        "holidays.mode": AS_USUAL if hours is None else OWN if hours else CLOSED,
        "holidays.hours": spans_text(hours or ()),
        "holidays.make_up_like": rule.get("make_up_like") or "",
    }


def rows_shown(document: Mapping[str, Any]) -> dict[str, list[Row]]:
    """The rows of each kind, and an empty one after them."""
    zone = _zone(document)
    rows: dict[str, list[dict[str, str]]] = {
        "day": [
            {"date": day, "hours": spans_text(own["hours"]), "note": own["note"]}
            for day, own in (document.get("days") or {}).items()
        ],
        "closing": [
            {
                "from": _local(each["from"], zone),
                "until": _local(each["until"], zone),
                "reason": each["reason"],
            }
            for each in document.get("closings") or ()
        ],
        "shift": [
            {
                "agent": agent,
                **{day: spans_text(shift["week"].get(day, ())) for day in WEEKDAYS},
                "days": "\n".join(
                    f"{day} {spans_text(spans) or OFF}" for day, spans in shift["days"].items()
                ),
            }
            for agent, shift in (document.get("shifts") or {}).items()
        ],
        "suspended": [dict(each) for each in document.get("suspended") or ()],
    }
    return {kind: with_spare(numbered(rows[kind]), columns) for kind, columns in KINDS.items()}


def rows_written(fields: Fields) -> dict[str, list[Row]]:
    """The rows of a form that was sent, as they were typed."""
    return {kind: with_spare(rows_of(fields, kind, columns), columns) for kind, columns in KINDS.items()}


def written(fields: Fields) -> dict[str, str]:
    """What the other fields of a form that was sent show again."""
    return {name: text_of(fields, name) for name in shown_of({})}


def read_form(fields: Fields, base: Mapping[str, Any]) -> Reading:
    """The document that the fields say; times that nobody touched are exactly those of `base`."""
    reading = Reading({"timezone": base.get("timezone", "Asia/Shanghai")})
    if text_of(fields, "has_week"):
        _read_week(fields, reading)
        _read_holidays(fields, reading)
    elif any(text_of(fields, f"week.{day}") for day in WEEKDAYS):
        reading.faults["has_week"] = "每周的时间填了却没勾上：要用就勾上，不用就把它们清空"
    _read_days(fields, reading)
    _read_closings(fields, reading, base)
    _read_shifts(fields, reading)
    reading.document["suspended"] = []
    for place, row in enumerate(rows_of(fields, "suspended", SUSPENDED)):
        name = f"suspended.{row[NUMBER]}"
        reading.document["suspended"].append(
            {"from": row["from"], "note": row["note"]} | ({"to": row["to"]} if row["to"] else {})
        )
        reading.places |= {f"suspended[{place}].{column}": f"{name}.{column}" for column in SUSPENDED}
    return reading


def spans_in(text: str) -> list[str]:
    """Hours written one after the other; Chinese dashes and colons are taken for plain ones, 9:00 for 09:00, 休息 for none."""
    plain = _ONE_DIGIT_HOUR.sub("0", _AROUND_DASH.sub("-", text.translate(_DASHES)))
    return [span for span in SEPARATOR.split(plain) if span and span != OFF]


def spans_text(spans: Sequence[str]) -> str:
    return "、".join(spans)


def _read_week(fields: Fields, reading: Reading) -> None:
    reading.document["week"] = {day: spans_in(text_of(fields, f"week.{day}")) for day in WEEKDAYS}
    reading.places |= {f"week.{day}": f"week.{day}" for day in WEEKDAYS}


def _read_holidays(fields: Fields, reading: Reading) -> None:
    mode = text_of(fields, "holidays.mode")
    own = spans_in(text_of(fields, "holidays.hours"))
    if mode == OWN and not own:
        reading.faults["holidays.hours"] = "请写放假日的时段，或选“不营业”"
    reading.document["holidays"] = {
        "calendar": "china" if text_of(fields, "holidays.follow") else "none",
        "hours": {AS_USUAL: None, OWN: own}.get(mode, []),
        "make_up_like": text_of(fields, "holidays.make_up_like") or None,
    }
    reading.places |= {
        "holidays.hours": "holidays.hours",
        "holidays.make_up_like": "holidays.make_up_like",
        "holidays": "has_week",
    }


def _read_days(fields: Fields, reading: Reading) -> None:
    days: dict[str, Any] = {}
    for row in rows_of(fields, "day", DAY):
        name = f"day.{row[NUMBER]}"
        if (fault := _fault_of_day(row["date"], days)) is not None:
            reading.faults[f"{name}.date"] = fault
            continue
        days[row["date"]] = {"hours": spans_in(row["hours"]), "note": row["note"]}
        reading.places |= {
            f"days.{row['date']}": f"{name}.hours",
            f"days.{row['date']}.note": f"{name}.note",
        }
    reading.document["days"] = days
    reading.places["days"] = "has_week"


def _read_closings(fields: Fields, reading: Reading, base: Mapping[str, Any]) -> None:
    zone = _zone(base)
    known = {
        _local(moment, zone): moment
        for each in base.get("closings") or ()
        for moment in (each["from"], each["until"])
        if moment
    }
    closings: list[dict[str, Any]] = []
    for row in rows_of(fields, "closing", CLOSING):
        name, place = f"closing.{row[NUMBER]}", f"closings[{len(closings)}]"
        times = {}
        for column in ("from", "until"):
            try:
                times[column] = _moment(row[column], zone, known)
            except ValueError:
                reading.faults[f"{name}.{column}"] = "时间要写成 2026-11-22 18:00 这样"
        if row["from"] == "":
            reading.faults[f"{name}.from"] = "请填从什么时候开始"
        if len(times) < 2 or times["from"] is None:
            continue
        closings.append(times | {"reason": row["reason"]})
        reading.places |= {f"{place}.{column}": f"{name}.{column}" for column in CLOSING}
    reading.document["closings"] = closings


def _read_shifts(fields: Fields, reading: Reading) -> None:
    shifts: dict[str, Any] = {}
    for row in rows_of(fields, "shift", SHIFT):
        name, agent = f"shift.{row[NUMBER]}", row["agent"]
        if not agent:
            reading.faults[f"{name}.agent"] = "请填客服编号"
            continue
        if agent in shifts:
            reading.faults[f"{name}.agent"] = f"{agent} 已经在上面了，请合成一行"
            continue
        shifts[agent] = {
            "week": {day: spans_in(row[day]) for day in WEEKDAYS},
            "days": _own_days(row["days"], f"{name}.days", reading),
        }
        reading.places |= {f"shifts.{agent}": f"{name}.agent", f"shifts.{agent}.days": f"{name}.days"}
        reading.places |= {f"shifts.{agent}.week.{day}": f"{name}.{day}" for day in WEEKDAYS}
    reading.document["shifts"] = shifts
    reading.places["shifts"] = "has_week"


def _own_days(text: str, field: str, reading: Reading) -> dict[str, list[str]]:
    """Lines such as "2026-11-23 09:00-12:00"."""
    days: dict[str, list[str]] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        day, *rest = re.split(r"[\s:：]+", line, maxsplit=1)
        if (fault := _fault_of_day(day, days)) is not None:
            reading.faults[field] = f"“{line[:40]}”：{fault}，后面写时段，如 2026-11-23 09:00-12:00"
            continue
        days[day] = spans_in(rest[0] if rest else "")
    return days


def _fault_of_day(text: str, known: Mapping[str, Any]) -> str | None:
    """What is wrong with a date; None for one that is right and new."""
    if text in known:
        return f"{text} 已经有一行了"
    try:
        return None if date.fromisoformat(text).isoformat() == text else "日期要写成 2026-10-01 这样"
    except ValueError:
        return "日期要写成 2026-10-01 这样"


def _zone(document: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(document.get("timezone", "Asia/Shanghai"))


def _local(moment: str | None, zone: ZoneInfo) -> str:
    """A moment as a field of date and time has it, to the second."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat()


def _moment(text: str, zone: ZoneInfo, known: Mapping[str, str]) -> str | None:
    """The moment that a field says; None for an empty one. Raises ValueError."""
    if not text:
        return None
    at = datetime.fromisoformat(text).replace(microsecond=0)
    if at.tzinfo is None:
        if (untouched := known.get(at.isoformat())) is not None:
            return untouched
        at = at.replace(tzinfo=zone)
    return at.isoformat()
