"""The forms of hours and roster: what a form shows, it gives back; what is wrong is told beside its field."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.days_ahead import days_ahead
from app.core.document_merge import part, reconcile_documents, with_part
from app.core.faults import FaultsError
from app.core.roster import read_roster
from app.core.service_hours import WEEKDAYS, hours_json
from app.core.service_hours_reading import read_hours
from app.gateways.china_days import ChinaDays
from app.web import hours_forms, roster_forms
from app.web.hours_pages import merged, part_name, told
from app.web.row_fields import NUMBER, Reading

times = st.integers(0, 23).flatmap(
    lambda start: st.integers(start + 1, 24).map(lambda end: f"{start:02}:15-{end - 1:02}:45")
)
spans = st.lists(times, max_size=2, unique=True).map(sorted)
weeks = st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, spans))
days = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(str)
notes = st.text("大促盘点 A-z<>&\"'", max_size=8).map(str.strip)
names = st.text("小林周May<b>12", min_size=1, max_size=6)
moments = st.integers(0, 10**6).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes, microseconds=minutes)
)
closings = st.tuples(moments, st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=9)), notes).map(
    lambda each: {
        "from": each[0].isoformat(),
        "until": each[1] and (each[0] + each[1]).isoformat(),
        "reason": each[2],
    }
)
documents = st.fixed_dictionaries(
    {
        "week": weeks,
        "holidays": st.fixed_dictionaries(
            {
                "calendar": st.sampled_from(["china", "none"]),
                "hours": st.none() | spans,
                "make_up_like": st.none() | st.sampled_from(WEEKDAYS),
            }
        ),
        "days": st.dictionaries(days, st.fixed_dictionaries({"hours": spans, "note": notes}), max_size=3),
        "closings": st.lists(closings, max_size=2),
        "shifts": st.dictionaries(
            names,
            st.fixed_dictionaries({"week": weeks, "days": st.dictionaries(days, spans, max_size=2)}),
            max_size=3,
        ),
        "suspended": st.lists(
            st.tuples(days, notes).map(lambda each: {"from": each[0], "to": each[0], "note": each[1]}),
            max_size=2,
        ),
    }
)


def typed(shown: dict[str, str], rows: dict[str, list[dict[str, str]]]) -> dict[str, list[str]]:
    """The fields that a browser sends for what a form shows."""
    fields = {name: [value.replace("\n", "\r\n")] for name, value in shown.items()}
    for kind, entries in rows.items():
        for row in entries:
            for column, value in row.items():
                if column != NUMBER:
                    fields[f"{kind}.{row[NUMBER]}.{column}"] = [value.replace("\n", "\r\n")]
    return fields


def hours_fields(document: dict[str, Any], **changes: str) -> dict[str, list[str]]:
    fields = typed(hours_forms.shown_of(document), hours_forms.rows_shown(document))
    return fields | {name.replace("__", "."): [value] for name, value in changes.items()}


def reading_of(fields: dict[str, list[str]], base: dict[str, Any]) -> Reading:
    """The form read, and the faults of its document beside their fields."""
    reading = hours_forms.read_form(fields, base)
    try:
        read_hours(reading.document)
    except FaultsError as error:
        reading.take(error.faults)
    return reading


@given(documents)
def test_hours_that_nobody_touched_come_back_exactly(document: dict[str, Any]) -> None:
    stored = hours_json(read_hours(document))
    reading = reading_of(hours_fields(stored), stored)
    assert reading.faults == {}
    assert hours_json(read_hours(reading.document)) == stored


def test_hours_that_were_never_set_stay_so() -> None:
    stored = hours_json(read_hours({}))
    assert hours_json(read_hours(reading_of(hours_fields(stored), stored).document)) == stored


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00-12:00、13:00-22:00", ["09:00-12:00", "13:00-22:00"]),
        ("9点", ["9点"]),
        ("09：00～12：00，13:00 — 22:00", ["09:00-12:00", "13:00-22:00"]),
        ("08:00到20:00", ["08:00-20:00"]),
        ("9:00-12:00 13:00-22:00", ["09:00-12:00", "13:00-22:00"]),
        ("19:30-9:05", ["19:30-09:05"]),
        ("休息", []),
        ("", []),
    ],
)
def test_hours_may_be_written_as_people_write_them(text: str, spans: list[str]) -> None:
    assert hours_forms.spans_in(text) == spans


BASE: dict[str, Any] = {"week": {"mon": ["09:00-18:00"]}}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"week__mon": "九点到六点"}, "week.mon"),
        ({"week__tue": "18:00-18:00"}, "week.tue"),
        ({"has_week": ""}, "has_week"),
        ({"holidays__mode": "own", "holidays__hours": ""}, "holidays.hours"),
        ({"holidays__mode": "own", "holidays__hours": "25:00-26:00"}, "holidays.hours"),
        ({"day__0__date": "双十一", "day__0__hours": "09:00-10:00"}, "day.0.date"),
        ({"day__0__date": "2026-11-11", "day__0__hours": "全天"}, "day.0.hours"),
        ({"day__0__date": "2026-11-11", "day__1__date": "2026-11-11"}, "day.1.date"),
        ({"day__0__date": "2026-11-11", "day__0__note": "长" * 201}, "day.0.note"),
        ({"closing__0__from": "明天"}, "closing.0.from"),
        ({"closing__0__until": "2026-11-22T18:00"}, "closing.0.from"),
        (
            {"closing__0__from": "2026-11-22T18:00", "closing__0__until": "2026-11-22T17:00"},
            "closing.0.until",
        ),
        ({"shift__0__mon": "09:00-12:00"}, "shift.0.agent"),
        ({"shift__0__agent": "小林", "shift__0__mon": "早班"}, "shift.0.mon"),
        ({"shift__0__agent": "小林", "shift__0__days": "下周一 休息"}, "shift.0.days"),
        ({"shift__0__agent": "小林", "shift__0__days": "2026-11-23 上午"}, "shift.0.days"),
        ({"shift__0__agent": "小林", "shift__7__agent": "小林"}, "shift.7.agent"),
        ({"suspended__0__from": "春节"}, "suspended.0.from"),
        ({"suspended__0__from": "2026-02-12", "suspended__0__to": "2026-02-05"}, "suspended.0.to"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(changes: dict[str, str], field: str) -> None:
    stored = hours_json(read_hours(BASE))
    assert list(reading_of(hours_fields(stored, **changes), stored).faults) == [field]


def test_a_closing_is_in_the_shops_time_and_to_the_second() -> None:
    stored = hours_json(read_hours(BASE))
    fields = hours_fields(stored, closing__0__from="2026-11-22T14:00", closing__0__reason="盘点")
    [closing] = read_hours(reading_of(fields, stored).document).closings
    assert closing.from_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert (closing.until_at, closing.reason) == (None, "盘点")


def test_a_row_that_is_cleared_is_gone() -> None:
    stored = hours_json(
        read_hours(BASE | {"days": {"2026-11-11": {"hours": ["00:00-24:00"], "note": "大促"}}})
    )
    fields = hours_fields(stored, day__0__date="", day__0__hours="", day__0__note="")
    assert read_hours(reading_of(fields, stored).document).days == {}


ROSTER: dict[str, Any] = {
    "agents": [
        {
            "id": "小林",
            "name": "林",
            "groups": ["售前"],
            "limit": 6,
            "skills": ["退换货"],
            "note": "<b>早班</b>",
        },
        {"id": "小周", "limit": 0},
    ],
    "groups": [
        {"id": "售前", "select": {"keywords": ["有货、没货"], "items": ["A1", "B2"]}, "fallback": "售后"},
        {"id": "售后", "offline": {"rule": "agent", "agent": "小周"}},
    ],
    "default_group": "售前",
    "default_limit": 8,
    "returning_buyer_hours": 0,
    "offline": {"rule": "leave"},
}


def roster_fields(document: dict[str, Any], **changes: str) -> dict[str, list[str]]:
    fields = typed(roster_forms.shown_of(document), roster_forms.rows_shown(document))
    return fields | {name.replace("__", "."): [value] for name, value in changes.items()}


def test_a_roster_that_nobody_touched_comes_back_exactly() -> None:
    stored = read_roster(ROSTER).to_json()
    assert read_roster(roster_forms.read_form(roster_fields(stored), stored).document).to_json() == stored


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"agent__0__limit": "六"}, ["agent.0.limit"]),
        ({"agent__0__groups": "售前、仓库"}, ["agent.0.groups"]),
        ({"agent__0__id": ""}, ["agent.0.id"]),
        ({"agent__5__id": "小林"}, ["agent.5.id"]),
        ({"group__1__fallback": "售前"}, ["group.0.fallback", "group.1.fallback"]),
        ({"group__0__rule": "agent"}, ["group.0.agent"]),
        ({"group__9__keywords": "退款"}, ["group.9.id"]),
        ({"default_group": "仓库"}, ["default_group"]),
        ({"default_limit": "很多"}, ["default_limit"]),
        ({"rule": "queue", "agent": "小林"}, ["agent"]),
    ],
)
def test_what_is_wrong_with_a_roster_is_told_beside_its_field(
    changes: dict[str, str], fields: list[str]
) -> None:
    stored = read_roster(ROSTER).to_json()
    reading = roster_forms.read_form(roster_fields(stored, **changes), stored)
    with pytest.raises(FaultsError) as caught:
        read_roster(reading.document)
    reading.take(caught.value.faults)
    assert list(reading.faults) == fields


# --- Two editors ---


def test_changes_of_two_editors_meet_part_by_part() -> None:
    base = hours_json(read_hours(BASE))
    mine = with_part(base, "week.mon", ["10:00-18:00"], ["week"])
    theirs = with_part(base, "week.tue", ["09:00-12:00"], ["week"])
    document, found = reconcile_documents(base, mine, theirs, ["week", "days", "shifts"])
    assert (document["week"]["mon"], document["week"]["tue"]) == (["10:00-18:00"], ["09:00-12:00"])
    assert (found.taken, found.disagreements) == (("week.tue",), ())


def test_what_both_changed_is_told_in_words_and_mine_stands() -> None:
    base = hours_json(read_hours(BASE))
    mine = with_part(base, "week.mon", ["10:00-18:00"], ["week"])
    theirs = with_part(base, "week.mon", [], ["week"])
    document, clash = merged(base, mine, theirs, ["week"], "小周")
    assert part(document, "week.mon") == ["10:00-18:00"]
    assert clash.headline == "你编辑的时候，小周改了这一页"
    assert clash.disputed == (("week.mon", "10:00-18:00", "休息"),)
    assert part_name("week.mon") == "周一"


def test_an_agent_whom_one_editor_took_off_stays_off() -> None:
    base = roster_forms.named(read_roster(ROSTER).to_json())
    mine = with_part(base, "agents.小周", None, ["agents", "groups"])
    theirs = with_part(base, "default_limit", 5, ["agents", "groups"])
    document, clash = merged(base, mine, theirs, ["agents", "groups"], "小周")
    roster = read_roster(roster_forms.listed(document))
    assert [agent.id for agent in roster.agents] == ["小林"]
    assert (roster.default_limit, clash.taken, clash.disputed) == (5, ("默认接待上限",), ())


def test_a_part_is_told_in_words() -> None:
    rule = {"calendar": "china", "hours": ["10:00-16:00"], "make_up_like": "mon"}
    assert told(rule) == "日历 china，时段 10:00-16:00，调休按 mon"
    assert told([{"from": "2026-11-11", "to": "2026-11-11", "note": ""}]) == "从 2026-11-11，到 2026-11-11"
    assert (told(None), told([])) == ("没有", "休息")


# --- The days to come ---


def test_the_days_to_come_say_what_is_open_why_and_who_is_there() -> None:
    hours = read_hours(
        {
            "week": {day: ["09:00-18:00"] for day in WEEKDAYS[:5]},
            "holidays": {"calendar": "china", "hours": ["10:00-16:00"]},
            "days": {"2026-10-09": {"hours": [], "note": "盘点"}},
            "closings": [
                {"from": "2026-10-08T14:00:00+08:00", "until": "2026-10-08T15:00:00+08:00", "reason": "停电"}
            ],
            "shifts": {
                "小周": {"week": {"thu": ["12:00-18:00"]}, "days": {"2026-10-08": []}},
                "小林": {"week": {"thu": ["09:00-12:00"]}},
            },
            "suspended": [{"from": "2026-10-07"}],
        }
    )
    holiday, thursday, own, weekend = days_ahead(hours, date(2026, 10, 7), 4, ChinaDays())
    assert (holiday.plan.code, holiday.plan.text, holiday.suspended) == ("holiday", "10:00-16:00", True)
    assert thursday.staff == (("小林", "09:00-12:00"),)
    assert [closing.reason for closing in thursday.closings] == ["停电"]
    assert (own.open, own.plan.note, own.closings, own.staff) == (False, "盘点", (), ())
    assert weekend.plan.code == "make_up"
    assert weekend.open


def test_without_a_week_nothing_is_known_of_the_days_to_come() -> None:
    [day] = days_ahead(read_hours({}), date(2026, 11, 22), 1, ChinaDays())
    assert not day.known
