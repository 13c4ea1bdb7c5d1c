"""The days that a page looks at, as its address says: two dates, or the usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class DateRange:
    """Both days are included. `first_text` and `last_text` are what the fields show; `problem` says why they do not hold."""

    first: date
    last: date
    first_text: str
    last_text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A range that is often wanted. `here` is set for the one that is shown."""

    name: str
    first: date
    last: date
    here: bool


def read_range(query: Mapping[str, str], today: date, *, days: int, most: int) -> DateRange:
    """The days `from` to `to` of an address; without them the last `days` up to today.

    What cannot be taken is told, and the usual days are shown instead; the fields keep what was written.
    """
    usual = today - timedelta(days=days - 1)
    first_text, last_text = query.get("from", "").strip(), query.get("to", "").strip()

    def refused(problem: str) -> DateRange:
        return DateRange(usual, today, first_text, last_text, problem)

    try:
        last = date.fromisoformat(last_text) if last_text else today
        first = date.fromisoformat(first_text) if first_text else min(usual, last)
    except ValueError:
        return refused("日期要写成 2026-11-22 这样")
    if last < first:
        return refused("开始的日期在结束的后面，请对调")
    if (last - first).days >= most:
        return refused(f"一次最多看 {most} 天，请缩短一些")
    if first.year < 2000 or last.year > 9000:
        return refused("这些日子里没有数据，请换一段")
    return DateRange(first, last, first.isoformat(), last.isoformat())


def shortcuts(shown: DateRange, today: date) -> tuple[Shortcut, ...]:
    """The ranges that a supervisor asks for most."""
    month = today.replace(day=1)
    month_before = (month - timedelta(days=1)).replace(day=1)
    ranges = (
        ("今天", today, today),
        ("近 7 天", today - timedelta(days=6), today),
        ("近 30 天", today - timedelta(days=29), today),
        ("本周", today - timedelta(days=today.weekday()), today),
        ("本月", month, today),
        ("上月", month_before, month - timedelta(days=1)),
        ("近 12 周", today - timedelta(days=today.weekday() + 7 * 11), today),
        ("近一年", today - timedelta(days=364), today),
    )
    return tuple(
        Shortcut(name, first, last, not shown.problem and (first, last) == (shown.first, shown.last))
        for name, first, last in ranges
    )
