"""What a cell of an export says: a day, a count or a rate. Nothing is guessed; what cannot be read is a `CellError`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from app.core.calibration import Interval

_NOTHING: Final = frozenset(
    {"", "-", "--", "---", "—", "——", "/", "\\", "n/a", "na", "nan", "null", "none", "无", "暂无", "无数据"}
)
_TOTAL: Final = re.compile(
    r"(?:合计|总计|总合计|汇总|小计|总和|总数|平均|均值|日均|整体|全部|全店|店铺|团队|total|sum|average|avg)(?:值|数|行)?(?:\(.*\))?"
)
_COUNT: Final = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*[人次条个通轮]?")
_RATE: Final = re.compile(r"(\d*)(?:\.(\d*))?\s*(%?)")
_DATE: Final = re.compile(r"(\d{4})(?:[-/.]|\s*年\s*)(\d{1,2})(?:[-/.]|\s*月\s*)(\d{1,2})\s*日?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH_DAY: Final = re.compile(r"(\d{1,2})(?:[-/.]|\s*月\s*)(\d{1,2})\s*日?")
_SERIAL: Final = re.compile(r"\d{5}")
_AFTER_DAY: Final = re.compile(
    r"(?:[T\s]*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*[(]?(?:(?:星期|周)[一二三四五六日天])?[)]?"
)
_RANGE: Final = re.compile(r"\s*(?:~|至|到|—|–|\s-\s)\s*")
_SERIAL_START: Final = date(1899, 12, 30)
"""Day 0 of a workbook's calendar."""
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 73_050
"""The years 2000 to 2099."""
_FINEST: Final = Fraction(1, 10**9)
"""A rate kept in full carries no more than this, so that a float's last digits do not matter."""


class CellError(ValueError):
    """A cell that cannot be read; the message says why and what to do, in Chinese."""


def folded(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip()


def says_nothing(cell: str) -> bool:
    """Is it empty, a dash, or a word for no value?"""
    return folded(cell).lower() in _NOTHING


def is_total(cell: str) -> bool:
    """Does it name a row of totals or averages?"""
    return _TOTAL.fullmatch(re.sub(r"\s+", "", folded(cell)).lower()) is not None


def read_count(cell: str) -> int:
    """A whole number, thousands divided by commas or not. Raises `CellError`."""
    match = _COUNT.fullmatch(folded(cell))
    if match is None:
        raise CellError(f"「{cell}」不是整数")
    return int(match[1].replace(",", ""))


def read_day(cell: str, year: int | None) -> date:
    """A calendar day in any usual spelling, a workbook's day number included; `year` is for 3月5日. Raises `CellError`."""
    text = folded(cell)
    ends = [part for part in _RANGE.split(text) if part]
    if len(ends) == 2:
        first, last = (read_day(end, year) for end in ends)
        if first != last:
            raise CellError(f"「{cell}」是一段时间，不是一天；请按天导出")
        return first
    for pattern in (_DATE, _COMPACT):
        match = pattern.match(text)
        if match and _AFTER_DAY.fullmatch(text, match.end()):
            return _day(cell, int(match[1]), int(match[2]), int(match[3]))
    if _SERIAL.fullmatch(text) and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        return _SERIAL_START + timedelta(days=int(text))
    match = _MONTH_DAY.match(text)
    if match and _AFTER_DAY.fullmatch(text, match.end()):
        if year is None:
            raise CellError(f"「{cell}」没有年份，请加 --year，例如 --year 2024")
        return _day(cell, year, int(match[1]), int(match[2]))
    raise CellError(f"「{cell}」不是日期")


def _day(cell: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError(f"「{cell}」没有这一天") from None


@dataclass(frozen=True, slots=True)
class _Printed:
    text: str
    value: Fraction
    decimals: int
    percent: bool


def read_rates(
    cells: Mapping[int, str], *, in_percent: bool = False
) -> tuple[dict[int, Interval], dict[int, CellError]]:
    """The rates of one column, by row number, and what could not be read.

    A column is read as a whole: it is in percent where a cell or its header (`in_percent`) says so or a value exceeds 1,
    else in fractions; and it is as precise as its most precise cell, because programs drop closing zeros.
    """
    printed: dict[int, _Printed] = {}
    errors: dict[int, CellError] = {}
    for row, cell in cells.items():
        match = _RATE.fullmatch(folded(cell))
        if match is None or not (match[1] or match[2]):
            errors[row] = CellError(f"「{cell}」不是比率，应当像 83.33% 或 0.8333")
            continue
        whole, decimals = match[1] or "0", match[2] or ""
        value = Fraction(int(whole + decimals), 10 ** len(decimals))
        printed[row] = _Printed(cell, value, len(decimals), bool(match[3]))
    bare = [each for each in printed.values() if not each.percent]
    bare_percent = in_percent or any(each.value > 1 for each in bare)
    rates: dict[int, Interval] = {}
    for row, each in printed.items():
        percent = each.percent or bare_percent
        value = each.value / 100 if percent else each.value
        if value > 1:
            errors[row] = CellError(f"「{each.text}」超过 100%")
            continue
        half = _half_step(printed.values() if each.percent else bare, each.percent, percent=percent)
        rates[row] = Interval(value - half, value + half, each.text)
    return rates, errors


def _half_step(column: Iterable[_Printed], signed: bool, *, percent: bool) -> Fraction:
    """Half of the last place of the column's cells that are written the same way; a bare fraction has two places."""
    places = max(each.decimals for each in column if each.percent == signed)
    step = Fraction(1, 10 ** (places + 2)) if percent else Fraction(1, 10 ** max(places, 2))
    return max(step / 2, _FINEST)
