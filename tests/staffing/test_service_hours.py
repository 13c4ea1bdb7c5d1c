"""When a shop is open, when it opens next, and who should be there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.faults import FaultsError
from app.core.public_days import PublicDay
from app.core.service_hours import WEEKDAYS, ServiceHours, closes_at, hours_json, next_opening, staffed, state
from app.core.service_hours_reading import read_hours
from app.gateways.china_days import ChinaDays, known_years

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS: dict[str, Any] = {day: ["09:00-18:00"] for day in WEEKDAYS[:5]}
CHINA = ChinaDays()


class Holidays:
    """National day from the first of October to the seventh, made up for on the tenth, a Saturday; nothing of 2027."""

    def knows(self, year: int) -> bool:
        return year == 2026

    def day(self, day: date) -> PublicDay | None:
        if day.year != 2026 or day.month != 10:
            return None
        return (
            PublicDay("国庆节", True)
            if day.day <= 7
            else PublicDay("国庆节", False)
            if day.day == 10
            else None
        )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def opens(document: dict[str, Any], text: str, calendar: Any = None) -> str | None:
    found = next_opening(read_hours(document), at(text), *([calendar] if calendar else []))
    return None if found is None else f"{found:%m-%d %H:%M}"


def is_open(document: dict[str, Any], text: str, calendar: Any = None) -> bool | None:
    return state(read_hours(document), at(text), *([calendar] if calendar else [])).open


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T08:59:59", False),
        ("2026-11-20T09:00:00", True),
        ("2026-11-20T17:59:59", True),
        ("2026-11-20T18:00:00", False),
        ("2026-11-21T12:00:00", False),
    ],
)
def test_hours_are_half_open_and_a_day_without_hours_is_a_day_off(moment: str, expected: bool) -> None:
    assert is_open({"week": WORKDAYS}, moment) is expected


def test_the_next_opening_skips_days_off() -> None:
    assert opens({"week": WORKDAYS}, "2026-11-20T18:00:00") == "11-23 09:00"
    assert opens({"week": WORKDAYS}, "2026-11-23T08:00:00") == "11-23 09:00"


def test_hours_over_midnight_belong_to_the_day_on_which_they_start() -> None:
    late = {"week": {"fri": ["20:00-02:00"]}}
    assert is_open(late, "2026-11-21T01:59:59") is True
    assert is_open(late, "2026-11-21T02:00:00") is False
    assert is_open(late, "2026-11-20T01:00:00") is False
    closed_saturday = late | {"days": {"2026-11-21": []}}
    assert is_open(closed_saturday, "2026-11-21T01:00:00") is True
    closed_friday = late | {"days": {"2026-11-20": {"hours": [], "note": "盘点"}}}
    assert is_open(closed_friday, "2026-11-21T01:00:00") is False


def test_a_shop_that_set_no_week_is_neither_open_nor_closed() -> None:
    found = state(read_hours({}), at("2026-11-20T12:00:00"))
    assert (found.open, found.code) == (None, "unknown")


def test_a_holiday_has_its_own_hours_and_its_name() -> None:
    document = {"week": WORKDAYS, "holidays": {"calendar": "china", "hours": ["10:00-12:00"]}}
    found = state(read_hours(document), at("2026-10-01T11:00:00"), Holidays())
    assert (found.open, found.code) == (True, "holiday")
    assert "国庆节" in found.reason
    assert is_open(document, "2026-10-01T14:00:00", Holidays()) is False
    as_ever = {"week": WORKDAYS, "holidays": {"calendar": "china", "hours": None}}
    assert is_open(as_ever, "2026-10-01T14:00:00", Holidays()) is True


def test_without_a_calendar_a_holiday_is_a_day_like_others() -> None:
    document = {"week": WORKDAYS, "holidays": {"calendar": "none"}}
    assert is_open(document, "2026-10-01T14:00:00", Holidays()) is True
    assert is_open({"week": WORKDAYS}, "2026-10-01T14:00:00", Holidays()) is True


def test_a_make_up_day_is_worked_like_the_weekday_that_the_shop_names() -> None:
    week = WORKDAYS | {"mon": ["08:00-10:00"]}
    document = {"week": week, "holidays": {"calendar": "china"}}
    found = state(read_hours(document), at("2026-10-10T09:00:00"), Holidays())
    assert (found.open, found.code) == (True, "make_up")
    assert "调休" in found.reason
    own = {"week": week, "holidays": {"calendar": "china", "make_up_like": None}}
    assert is_open(own, "2026-10-10T09:00:00", Holidays()) is False


def test_the_shop_s_own_day_goes_before_the_holiday() -> None:
    document = {"week": WORKDAYS, "holidays": {}, "days": {"2026-10-01": ["09:00-21:00"]}}
    assert is_open(document, "2026-10-01T20:00:00", Holidays()) is True
    assert opens(document, "2026-10-01T21:00:00", Holidays()) == "10-08 09:00"


def test_a_year_that_the_calendar_does_not_know_is_taken_as_ordinary_and_said_to_be_so() -> None:
    hours = read_hours({"week": WORKDAYS, "holidays": {}})
    assert state(hours, at("2027-01-01T12:00:00"), Holidays()).open is True
    assert state(hours, at("2027-01-01T12:00:00"), Holidays()).calendar_known is False
    assert state(hours, at("2026-12-31T12:00:00"), Holidays()).calendar_known is True


CLOSED = {"from": "2026-11-20T14:00:00+08:00", "until": "2026-11-20T16:00:00+08:00", "reason": "停电"}


def test_a_temporary_closing_ends_when_it_says() -> None:
    document = {"week": WORKDAYS, "closings": [CLOSED]}
    found = state(read_hours(document), at("2026-11-20T15:00:00"))
    assert (found.open, found.code) == (False, "closing")
    assert "停电" in found.reason
    assert opens(document, "2026-11-20T15:00:00") == "11-20 16:00"
    assert is_open(document, "2026-11-20T16:00:00") is True
    past_the_evening = CLOSED | {"until": "2026-11-20T20:00:00+08:00"}
    assert opens({"week": WORKDAYS, "closings": [past_the_evening]}, "2026-11-20T15:00:00") == "11-23 09:00"


def test_a_closing_until_further_notice_has_no_next_opening() -> None:
    document = {"week": WORKDAYS, "closings": [CLOSED | {"until": None}]}
    assert opens(document, "2026-11-20T15:00:00") is None
    assert is_open(document, "2026-12-20T15:00:00") is False


def test_closings_that_follow_each_other_are_one() -> None:
    second = {"from": "2026-11-20T15:30:00+08:00", "until": "2026-11-20T17:00:00+08:00"}
    assert opens({"week": WORKDAYS, "closings": [second, CLOSED]}, "2026-11-20T15:00:00") == "11-20 17:00"


def test_a_closing_without_a_week_ends_at_its_end() -> None:
    found = state(read_hours({"closings": [CLOSED]}), at("2026-11-20T15:00:00"))
    assert found.open is False
    assert found.opens_at == at("2026-11-20T16:00:00")


def test_an_open_shop_closes_after_all_spans_that_touch_or_at_a_closing() -> None:
    def closes(document: dict[str, Any], text: str) -> str | None:
        found = closes_at(read_hours(document), at(text))
        return None if found is None else f"{found:%m-%d %H:%M}"

    assert (
        closes({"week": {"fri": ["09:00-24:00"], "sat": ["00:00-03:00"]}}, "2026-11-20T12:00:00")
        == "11-21 03:00"
    )
    assert closes({"week": WORKDAYS, "closings": [CLOSED]}, "2026-11-20T12:00:00") == "11-20 14:00"
    assert closes({"week": {day: ["00:00-24:00"] for day in WEEKDAYS}}, "2026-11-20T12:00:00") is None


def test_agents_are_expected_on_their_shifts_while_the_shop_is_open() -> None:
    document = {
        "week": WORKDAYS,
        "holidays": {},
        "shifts": {
            "小林": {"week": {"mon": ["08:00-13:00"], "fri": ["08:00-13:00"]}},
            "阿美": {"week": {"fri": ["12:00-20:00"]}, "days": {"2026-11-20": []}},
            "小周": {"week": {"fri": ["12:00-20:00"]}},
        },
    }
    hours = read_hours(document)
    assert staffed(hours, at("2026-11-20T12:30:00")) == ("小周", "小林")
    assert staffed(hours, at("2026-11-27T12:30:00")) == ("小周", "小林", "阿美")
    assert staffed(hours, at("2026-11-20T08:30:00")) == ()
    assert staffed(hours, at("2026-11-20T19:00:00")) == ()
    assert staffed(hours, at("2026-10-02T12:30:00"), Holidays()) == ()
    assert staffed(hours, at("2026-10-10T09:30:00"), Holidays()) == ("小林",)


def test_a_night_shift_goes_on_after_midnight() -> None:
    document = {"week": {"fri": ["20:00-02:00"]}, "shifts": {"夜班": {"week": {"fri": ["22:00-02:00"]}}}}
    assert staffed(read_hours(document), at("2026-11-21T01:00:00")) == ("夜班",)


@pytest.mark.parametrize(
    ("document", "places"),
    [
        (None, [""]),
        ({"weak": {}}, ["weak"]),
        ({"week": {"monday": ["09:00-18:00"]}}, ["week.monday"]),
        ({"week": {"mon": ["9-18"], "tue": ["09:00-25:00"]}}, ["week.mon[0]", "week.tue[0]"]),
        ({"week": {"mon": [7]}}, ["week.mon[0]"]),
        ({"week": {"mon": 7}}, ["week.mon"]),
        ({"days": {"2026-10-01": []}}, ["days"]),
        ({"week": {}, "days": {"10-01": []}}, ["days.10-01"]),
        ({"week": {}, "days": {"2026-02-30": []}}, ["days.2026-02-30"]),
        ({"week": {}, "holidays": {"calendar": "mars"}}, ["holidays.calendar"]),
        ({"week": {}, "holidays": {"make_up_like": "someday"}}, ["holidays.make_up_like"]),
        ({"closings": [{"until": "2026-11-20T16:00:00+08:00"}]}, ["closings[0].from"]),
        ({"closings": [CLOSED | {"until": "2026-11-20 13:00"}]}, ["closings[0].until"]),
        ({"closings": [CLOSED | {"until": "2026-11-20T13:00:00+08:00"}]}, ["closings[0].until"]),
        ({"week": {}, "shifts": {"小林": {"week": {"mon": ["x"]}}}}, ["shifts.小林.week.mon[0]"]),
        ({"suspended": [{"from": "2026-11-20", "to": "2026-11-19"}]}, ["suspended[0].to"]),
        ({"timezone": "Asia/Beijing"}, ["timezone"]),
    ],
)
def test_every_fault_is_told_by_its_place(document: Any, places: list[str]) -> None:
    with pytest.raises(FaultsError) as caught:
        read_hours(document)
    assert [fault.where for fault in caught.value.faults] == places


def test_the_calendar_of_china_names_holidays_and_make_up_days_and_does_not_guess() -> None:
    assert CHINA.day(date(2026, 10, 1)) == PublicDay("国庆节", True)
    assert CHINA.day(date(2026, 10, 10)) == PublicDay("国庆节", False)
    assert CHINA.day(date(2026, 11, 21)) is None
    after = known_years()[-1] + 1
    assert not CHINA.knows(after)
    assert CHINA.day(date(after, 1, 1)) is None


# Properties

_MINUTES = st.integers(0, 95).map(lambda quarter: quarter * 15)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    def spans() -> list[str]:
        pairs = draw(st.lists(st.tuples(_MINUTES, _MINUTES), max_size=2))
        return [f"{clock(start)}-{clock(end or 1440)}" for start, end in pairs if start != end]

    first = date(2026, 10, 1)
    days = draw(st.lists(st.integers(0, 40), max_size=4, unique=True))
    starts = draw(st.lists(st.integers(0, 40 * 24), max_size=3))
    begin = datetime(2026, 10, 1, tzinfo=UTC)
    return {
        "timezone": draw(st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])),
        "week": {day: spans() for day in WEEKDAYS},
        "holidays": {
            "calendar": draw(st.sampled_from(["china", "none"])),
            "hours": draw(st.sampled_from([None, [], ["10:00-14:00"]])),
            "make_up_like": draw(st.sampled_from([None, "mon", "wed"])),
        },
        "days": {(first + timedelta(days=day)).isoformat(): {"hours": spans()} for day in days},
        "closings": [
            {
                "from": (begin + timedelta(hours=start)).isoformat(),
                "until": (begin + timedelta(hours=start + draw(st.integers(1, 60)))).isoformat(),
            }
            for start in starts
        ],
    }


MOMENTS = st.integers(0, 45 * 24 * 4).map(
    lambda n: datetime(2026, 9, 29, tzinfo=UTC) + timedelta(minutes=15 * n)
)


def between(first: datetime, end: datetime) -> list[datetime]:
    """Moments from `first` to just before `end`."""
    return [first + (end - first) * part / 16 for part in range(16)] + [end - timedelta(microseconds=1)]


@given(documents())
def test_what_is_stored_reads_back_equal(document: dict[str, Any]) -> None:
    hours = read_hours(document)
    assert read_hours(hours_json(hours)) == hours


@settings(max_examples=60, deadline=None)
@given(documents(), MOMENTS)
def test_a_closed_shop_opens_when_it_says_and_not_before(document: dict[str, Any], moment: datetime) -> None:
    hours = read_hours(document)
    found = state(hours, moment, Holidays())
    if found.open:
        assert next_opening(hours, moment, Holidays()) == moment
        return
    ends = moment + timedelta(days=9) if found.opens_at is None else found.opens_at
    for probe in between(moment, ends):
        assert not state(hours, probe, Holidays()).open
    if found.opens_at is not None:
        assert state(hours, found.opens_at, Holidays()).open
        assert not state(hours, found.opens_at - timedelta(microseconds=1), Holidays()).open


@settings(max_examples=60, deadline=None)
@given(documents(), MOMENTS)
def test_an_open_shop_is_open_until_it_closes(document: dict[str, Any], moment: datetime) -> None:
    hours = read_hours(document)
    if not state(hours, moment, Holidays()).open:
        return
    ends = closes_at(hours, moment, Holidays())
    last = moment + timedelta(days=9) if ends is None else ends
    for probe in between(moment, last):
        assert state(hours, probe, Holidays()).open
    if ends is not None:
        assert not state(hours, ends, Holidays()).open


def test_hours_of_which_nothing_is_said_are_read_back_so() -> None:
    assert read_hours(hours_json(ServiceHours())) == ServiceHours()
