"""`miaohui report`: the week of an event log without a server."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from sample_week import as_log, events_of, week

from app.cli import main


def run(*arguments: str, log: str | None = None) -> Result:
    text = as_log(events_of(week())) if log is None else log
    return CliRunner().invoke(main, ["report", "-", "--platform", "kuaishou", *arguments], input=text)


def test_the_week_is_told_on_a_terminal() -> None:
    result = run("--week", "2026-W47")
    assert result.exit_code == 0
    assert "本周好评率 90%（18/20），比上周 +10.0 个百分点" in result.stdout
    assert "human-2023-03" in result.stdout
    assert "下一步" in result.stdout


def test_without_a_week_it_is_that_of_the_logs_last_event() -> None:
    assert json.loads(run("--format", "json").stdout)["week"] == "2026-W47"
    assert (
        json.loads(run("--format", "json", "--as-of", "2026-11-14T12:30:00+08:00").stdout)["week"]
        == "2026-W46"
    )


def test_json_is_what_the_api_says_with_all_sessions() -> None:
    found = json.loads(run("--week", "2026-W47", "--format", "json").stdout)
    assert found["measures"][0]["denominator"] == 20
    assert {each["session"] for each in found["sessions"]} == {
        "bad", "so-so", "upset", "after-invite", "promise", "complaint",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "head"),
    [("r.html", b"<!doctype html>"), ("r.xlsx", b"PK"), ("r.json", b"{"), ("r.txt", "服务周报".encode())],
)
def test_the_ending_of_a_file_tells_its_format(tmp_path: Path, name: str, head: bytes) -> None:
    target = tmp_path / name
    result = run("-o", str(target))
    assert result.exit_code == 0
    assert target.read_bytes().lstrip().startswith(head)
    again = run("-o", str(target))
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert run("-o", str(target), "--force").exit_code == 0
    assert list(tmp_path.iterdir()) == [target]


def test_a_workbook_may_go_down_a_pipe() -> None:
    result = run("--format", "xlsx", "-o", "-")
    assert openpyxl.load_workbook(io.BytesIO(result.stdout_bytes)).sheetnames[0] == "概览"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--week", "2026-47"), "2026-W47"),
        (("--week", "2026-W54"), "没有 2026-W54"),
        (("-o", "report.pdf"), ".html"),
        (("-o", "/no/such/folder/r.html"), "没有文件夹"),
        (("--as-of", "2020-01-01T00:00:00+08:00"), "没有事件"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout


def test_a_broken_log_is_named_by_its_line() -> None:
    result = run(log="{}\n")
    assert result.exit_code == 2
    assert "第 1 行" in result.stderr


def test_the_order_of_the_log_plays_no_part() -> None:
    events = events_of(week())
    assert run(log=as_log(events[::-1])).stdout == run().stdout
