"""`miaohui shop hours` and `miaohui shop roster`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MIAOHUI_DATABASE_URL", sqlite_url)
    runner = CliRunner()

    def call(*arguments: str, ok: bool = True) -> Result:
        result = runner.invoke(main, ["shop", *arguments])
        assert (result.exit_code == 0) is ok, result.output
        return result

    call("add", "tea", "--name", "小茶铺", "--platform", "kuaishou")
    return call


def record(result: Result) -> Any:
    return json.loads(result.stdout)


def test_weekdays_are_set_one_by_one_or_in_a_row(run: Run) -> None:
    run("hours", "tea", "--set", "mon-fri=09:00-22:00", "--set", "周六=10:00-12:00,13:00-18:00")
    week = record(run("hours", "tea"))["hours"]["week"]
    assert week["fri"] == ["09:00-22:00"]
    assert week["sat"] == ["10:00-12:00", "13:00-18:00"]
    assert week["sun"] == []
    run("hours", "tea", "--set", "sat=")
    assert record(run("hours", "tea"))["hours"]["week"]["sat"] == []


def test_a_shop_is_closed_for_a_while_and_opened_again(run: Run) -> None:
    run("hours", "tea", "--set", "mon-sun=00:00-24:00")
    closed = record(run("hours", "tea", "--close-until", "2099-01-01T08:00", "--reason", "搬仓库"))
    assert closed["state"]["open"] is False
    assert "搬仓库" in closed["state"]["reason"]
    assert closed["state"]["opens_at"] == "2099-01-01T08:00:00+08:00"
    opened = record(run("hours", "tea", "--open"))
    assert opened["state"]["open"] is True
    assert opened["hours"]["closings"] == []


def test_holidays_have_hours_of_their_own(run: Run) -> None:
    run("hours", "tea", "--set", "mon-sun=09:00-22:00", "--holidays", "10:00-16:00")
    assert record(run("hours", "tea"))["hours"]["holidays"] == {
        "calendar": "china",
        "hours": ["10:00-16:00"],
        "make_up_like": "mon",
    }
    run("hours", "tea", "--holidays", "as-usual")
    assert record(run("hours", "tea"))["hours"]["holidays"]["hours"] is None


def test_a_document_replaces_the_whole_and_a_faulty_one_changes_nothing(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"week": {"mon": ["09:00-18:00"]}, "shifts": {"小林": {"week": {}}}}))
    bad.write_text(json.dumps({"week": {"mon": ["9"], "tue": ["8"]}}))
    run("hours", "tea", "--file", str(good))
    refused = run("hours", "tea", "--file", str(bad), ok=False)
    assert refused.exit_code == 2
    assert "week.mon[0]" in refused.stderr
    assert "week.tue[0]" in refused.stderr
    assert list(record(run("hours", "tea"))["hours"]["shifts"]) == ["小林"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "mon"),
        ("--set", "someday=09:00-18:00"),
        ("--set", "fri-mon=09:00-18:00"),
        ("--close-until", "25:99"),
    ],
)
def test_what_cannot_be_read_ends_with_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run("hours", "tea", *arguments, ok=False)
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1


def test_the_roster_is_set_from_a_file_and_shown(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "roster.json"
    document.write_text(
        json.dumps(
            {
                "agents": [{"id": "小林", "groups": ["售后"], "limit": 5}],
                "groups": [{"id": "售后", "select": {"keywords": "退货"}}],
            }
        )
    )
    assert record(run("roster", "tea", "--file", str(document)))["agents"][0]["limit"] == 5
    shown = run("roster", "tea", "--format", "text").stdout
    assert "售后\tkeywords 退货" in shown
    assert "小林\t售后\t上限 5" in shown


def test_people_read_the_week_as_a_table(run: Run) -> None:
    run("hours", "tea", "--set", "mon-fri=09:00-22:00")
    shown = run("hours", "tea", "--format", "text").stdout
    assert "周五\t09:00-22:00" in shown
    assert "周日\t休息" in shown


def test_a_shop_that_is_not_there_is_named(run: Run) -> None:
    assert "nobody" in run("hours", "nobody", ok=False).stderr
    assert "nobody" in run("roster", "nobody", ok=False).stderr
