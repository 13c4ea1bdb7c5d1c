"""What a person sent though the linter had stopped it is kept once, masked, and listed for the supervisor."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running
from sqlmodel import select

from app.db.tables import LintOverrideRow

FINDING = {"rule": "red-line/personal-data", "severity": "error", "match": "13800138000", "name": "个人信息"}
OVERRIDE: dict[str, Any] = {
    "id": "o1",
    "session": "s1",
    "agent": "小林",
    "text": "您直接打 13800138000 吧",
    "reason": "买家急用，主管 13900139000 同意",
    "findings": [FINDING],
}


def send(running: Running, **changes: Any) -> Any:
    return running.ask("POST", "/v1/lint/overrides", json=OVERRIDE | changes)


def listed(running: Running, **query: str) -> list[dict[str, Any]]:
    found = running.ask("GET", "/v1/lint/overrides", params=query).json()["overrides"]
    assert isinstance(found, list)
    return found


def test_it_is_kept_once_by_its_id(running: Running) -> None:
    assert send(running).json() == {"id": "o1", "status": "accepted"}
    running.clock.forward(60)
    assert send(running).json() == {"id": "o1", "status": "duplicate"}
    assert len(listed(running)) == 1
    answer = send(running, text="别的话")
    assert (answer.status_code, answer.json()["reason"]) == (409, "conflict")


def test_personal_data_are_masked_before_anything_is_kept(running: Running) -> None:
    send(running)
    (found,) = listed(running)
    assert "138" not in str(found)
    assert "139" not in str(found)
    assert found["text"] == "您直接打 [隐去] 吧"
    assert (found["agent"], found["session"], found["findings"][0]["rule"]) == ("小林", "s1", FINDING["rule"])
    with running.db() as db:
        row = db.exec(select(LintOverrideRow)).one()
    assert "13800138000" not in str(row.model_dump())


def test_the_latest_come_first_and_can_be_narrowed(running: Running) -> None:
    for number, agent in enumerate(("小林", "小周", "小林")):
        send(running, id=f"o{number}", agent=agent, session=f"s{number}")
        running.clock.forward(1)
    assert [each["id"] for each in listed(running)] == ["o2", "o1", "o0"]
    assert [each["id"] for each in listed(running, agent="小林")] == ["o2", "o0"]
    assert [each["id"] for each in listed(running, session="s1")] == ["o1"]
    assert [each["id"] for each in listed(running, limit="1")] == ["o2"]


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"id": ""}, "missing_field", "id"),
        ({"text": None}, "missing_field", "text"),
        ({"agent": 7}, "wrong_type", "agent"),
        ({"findings": []}, "missing_field", "findings"),
        ({"findings": ["x"]}, "wrong_type", "findings"),
        ({"findings": [FINDING] * 51}, "too_many", "findings"),
        ({"findings": [{"rule": "r"}]}, "missing_field", "severity"),
        ({"reason": "长" * 201}, "too_long", "reason"),
        ({"at": "2026-11-22"}, "bad_time", "at"),
        ({"at": "2099-01-01T00:00:00Z"}, "time_in_future", "at"),
    ],
)
def test_what_is_no_override_is_refused_by_name(
    on_sqlite: Running, changes: dict[str, Any], reason: str, field: str
) -> None:
    answer = send(on_sqlite, **changes)
    assert (answer.status_code, answer.json()["reason"], answer.json()["field"]) == (422, reason, field)
    assert listed(on_sqlite) == []
