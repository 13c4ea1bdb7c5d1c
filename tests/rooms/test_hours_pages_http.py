"""The pages of service hours and of the roster over HTTP, as a browser without a script uses them."""

from __future__ import annotations

from typing import Any

import pytest
from browser_fields import fields_of
from conftest_service import Running, run_service
from live_markup import Element, read

from app.usecases.administration import add_key

PARTS = {"x-part": "1"}
HOURS = {"week": {"mon": ["09:00-18:00"], "sun": ["10:00-16:00"]}}
ROSTER = {"agents": [{"id": "小林", "limit": 6}], "groups": [{"id": "售前"}], "default_group": "售前"}


@pytest.fixture
def desk(running: Running) -> Running:
    """Somebody is signed in."""
    assert running.client.post("/sign-in", data={"key": running.key}).status_code == 200
    return running


def form(desk: Running, path: str = "/hours", **changes: str) -> dict[str, Any]:
    """The fields of the page's form as it is shown now, with changes."""
    page = read(desk.client.get(path).text)
    fields = fields_of(page, "roster-form" if path.endswith("roster") else "hours-form")
    return fields | {name.replace("__", "."): value for name, value in changes.items()}


def hours(desk: Running) -> dict[str, Any]:
    document = desk.ask("GET", "/v1/service-hours").json()["hours"]
    assert isinstance(document, dict)
    return document


def roster(desk: Running) -> dict[str, Any]:
    document = desk.ask("GET", "/v1/roster").json()["roster"]
    assert isinstance(document, dict)
    return document


def shown(page: Element, name: str) -> str:
    return page.one(id=f"f-{name}").attributes["value"]


def test_hours_are_written_for_the_first_time(desk: Running) -> None:
    fields = form(desk, has_week="1", week__mon="09:00-12:00、13:00-22:00", day__0__date="2026-11-27")
    answer = desk.client.post("/hours/save", data=fields)
    assert "已保存" in answer.text
    stored = hours(desk)
    assert stored["week"]["mon"] == ["09:00-12:00", "13:00-22:00"]
    assert stored["days"] == {"2026-11-27": {"hours": [], "note": ""}}


def test_a_form_that_nobody_touched_changes_nothing(desk: Running) -> None:
    desk.ask("PUT", "/v1/service-hours", json=HOURS)
    desk.ask("PUT", "/v1/roster", json=ROSTER)
    before = (hours(desk), roster(desk))
    assert desk.client.post("/hours/save", data=form(desk)).status_code == 200
    assert desk.client.post("/hours/roster/save", data=form(desk, "/hours/roster")).status_code == 200
    assert (hours(desk), roster(desk)) == before


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(desk: Running) -> None:
    desk.ask("PUT", "/v1/service-hours", json=HOURS)
    fields = form(desk, week__tue="九点到六点", closing__0__from="明天", shift__0__agent="<b>小周</b>")
    answer = desk.client.post("/hours/save", data=fields)
    page = read(answer.text)
    assert answer.status_code == 422
    assert "还没有保存，有 2 处要改" in page.text
    for name in ("week.tue", "closing.0.from"):
        assert page.one(id=f"fault-{name}").text.strip()
        assert page.one(id=f"f-{name}").attributes["aria-invalid"] == "true"
    assert shown(page, "week.tue") == "九点到六点"
    assert shown(page, "closing.0.from") == "明天"
    assert shown(page, "shift.0.agent") == "<b>小周</b>"
    assert "tue" in hours(desk)["week"]
    assert hours(desk)["week"]["tue"] == []


def test_the_days_to_come_are_shown_before_anything_is_stored(desk: Running) -> None:
    desk.ask("PUT", "/v1/service-hours", json=HOURS)
    fields = form(desk, week__mon="07:00-08:00", shift__0__agent="小林", shift__0__mon="07:00-08:00")
    for headers in ({}, PARTS):
        answer = desk.client.post("/hours/ahead", data=fields, headers=headers)
        page = read(answer.text)
        days = page.one(class_="days-ahead").all("li")
        assert len(days) == 14
        # The test's clock stands on a Sunday.
        assert "10:00-16:00" in days[0].text
        assert "07:00-08:00" in days[1].text
        assert "小林" in days[1].text
        assert "休息" in days[2].text
    assert shown(read(desk.client.post("/hours/ahead", data=fields).text), "week.mon") == "07:00-08:00"
    assert hours(desk)["week"]["mon"] == ["09:00-18:00"]


def test_days_to_come_of_hours_that_are_wrong_are_not_guessed(desk: Running) -> None:
    answer = desk.client.post("/hours/ahead", data=form(desk, has_week="1", week__mon="早"), headers=PARTS)
    assert answer.status_code == 422
    assert "改好再看" in answer.text


def test_two_editors_of_hours_meet_and_neither_loses_a_change(desk: Running) -> None:
    desk.ask("PUT", "/v1/service-hours", json=HOURS)
    fields = form(desk, week__mon="08:00-18:00", week__wed="09:00-12:00")
    desk.ask("PUT", "/v1/service-hours", json={"week": {"mon": ["11:00-18:00"], "fri": ["09:00-10:00"]}})
    answer = desk.client.post("/hours/save", data=fields)
    page = read(answer.text)
    assert answer.status_code == 409
    clash = page.one(class_="clash")
    assert "周一" in clash.one("h3").text
    assert "11:00-18:00" in clash.text
    assert shown(page, "week.mon") == "08:00-18:00"
    assert shown(page, "week.wed") == "09:00-12:00"
    assert shown(page, "week.fri") == "09:00-10:00"
    assert hours(desk)["week"]["mon"] == ["11:00-18:00"]
    taken = desk.client.post("/hours/save", data=fields_of(page, "hours-form") | {"take": "week.mon"})
    page = read(taken.text)
    assert (taken.status_code, shown(page, "week.mon")) == (409, "11:00-18:00")
    assert desk.client.post("/hours/save", data=fields_of(page, "hours-form")).status_code == 200
    week = hours(desk)["week"]
    assert (week["mon"], week["wed"], week["fri"]) == (["11:00-18:00"], ["09:00-12:00"], ["09:00-10:00"])


def test_two_editors_of_a_roster_meet_and_neither_loses_a_change(desk: Running) -> None:
    desk.ask("PUT", "/v1/roster", json=ROSTER)
    fields = form(desk, "/hours/roster", agent__0__limit="9", agent__1__id="小周")
    desk.ask("PUT", "/v1/roster", json=ROSTER | {"agents": [{"id": "小林", "limit": 3}], "default_limit": 5})
    answer = desk.client.post("/hours/roster/save", data=fields)
    page = read(answer.text)
    assert answer.status_code == 409
    assert "客服 小林" in page.one(class_="clash").text
    assert "默认接待上限" in page.one(class_="clash").text
    assert desk.client.post("/hours/roster/save", data=fields_of(page, "roster-form")).status_code == 200
    stored = roster(desk)
    assert [(agent["id"], agent["limit"]) for agent in stored["agents"]] == [("小林", 9), ("小周", None)]
    assert stored["default_limit"] == 5


def test_a_roster_s_faults_stand_beside_their_fields(desk: Running) -> None:
    desk.ask("PUT", "/v1/roster", json=ROSTER)
    answer = desk.client.post(
        "/hours/roster/save",
        data=form(desk, "/hours/roster", agent__0__limit="六", group__0__fallback="仓库"),
    )
    page = read(answer.text)
    assert answer.status_code == 422
    assert shown(page, "agent.0.limit") == "六"
    assert {"fault-agent.0.limit", "fault-group.0.fallback"} <= {
        fault.attributes["id"] for fault in page.all("p", "fault")
    }
    assert roster(desk)["agents"][0]["limit"] == 6


def test_the_roster_page_says_who_is_there(desk: Running) -> None:
    desk.ask("PUT", "/v1/roster", json=ROSTER)
    at = desk.clock().isoformat()
    desk.post([{"id": "on", "type": "agent_online", "at": at, "agent": "小林"}])
    seat = read(desk.client.get("/hours/roster").text).one("li", "seat")
    assert "小林" in seat.text
    assert "在线" in seat.text


def test_whoever_may_only_read_sees_the_pages_and_cannot_change_them(sqlite_url: str, knowledge: Any) -> None:
    for desk in run_service(sqlite_url, knowledge):
        key = desk.service.writer.submit(
            lambda db: add_key(db, "demo", desk.clock(), scopes=("dashboard", "read"))  # noqa: B023
        ).result(30)
        desk.client.post("/sign-in", data={"key": key})
        for path in ("/hours", "/hours/roster"):
            page = read(desk.client.get(path).text)
            assert not page.all("button", class_="primary")
            assert all("disabled" in field.attributes for field in page.all("fieldset"))
        token = page.one("body").attributes["data-token"]
        fields = {"token": token, "base": "{}", "version": "0", "has_week": "1"}
        for path in ("/hours/save", "/hours/ahead", "/hours/roster/save"):
            assert desk.client.post(path, data=fields).status_code == 403


def test_a_form_of_another_site_is_refused(desk: Running) -> None:
    fields = form(desk)
    assert (
        desk.client.post("/hours/save", data=fields, headers={"origin": "https://evil.example"}).status_code
        == 403
    )
    assert desk.client.post("/hours/save", data=fields | {"token": "x"}).status_code == 403
    assert desk.client.post("/hours/save", data=fields | {"base": "[]"}).status_code == 422
