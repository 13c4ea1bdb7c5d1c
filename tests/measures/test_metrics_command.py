from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from short_logs import as_lines, log_of

from app.cli.metrics import command

DAY = {
    "day": "2024-03-05",
    "events": [
        {"t": "10:00:00", "from": "buyer"},
        {"t": "10:00:10", "from": "assigned", "agent": "A1"},
        {"t": "10:01:00", "from": "agent", "agent": "A1"},
        {"t": "2024-03-06T10:00:00", "from": "buyer", "buyer": "B2"},
        {"t": "2024-03-06T10:05:00", "from": "agent", "agent": "A2", "buyer": "B2"},
    ],
    "ratings": [{"t": "11:00:00", "label": "满意", "agent": "A1"}],
}


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "log.jsonl"
    path.write_text(as_lines(log_of(DAY)), encoding="utf-8")
    return str(path)


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=text)


def records(*arguments: str, text: str | None = None) -> list[dict[str, Any]]:
    result = run(*arguments, "--format", "jsonl", text=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_without_a_metric_all_of_the_platform_are_counted(log: str) -> None:
    found = {record["metric"]: record for record in records(log, "--platform", "kuaishou")}
    assert list(found) == [
        "reply_3min",
        "reply_3min_messages",
        "reply_3min_session",
        "reply_5min",
        "good_rate",
        "attitude_rate",
    ]
    reply = found["reply_3min"]
    assert (reply["numerator"], reply["denominator"], reply["rate"], reply["pending"]) == (1, 2, "1/2", 0)
    assert reply["editions"] == ["person-human-2023-03"]
    assert reply["penalty_line"] == {"op": ">=", "value": "7/10", "met": False}
    assert found["good_rate"]["rate"] == "1"
    assert found["reply_5min"]["rate"] is None
    assert (found["reply_5min"]["denominator"], found["reply_5min"]["editions"]) == (0, [])


def test_one_metric_is_one_line(log: str) -> None:
    [record] = records(log, "--platform", "taobao", "--metric", "reply_3min")
    assert (record["platform"], record["metric"], record["rate"]) == ("tmall", "reply_3min", "1/2")


def test_a_split_adds_its_key_one_line_each(log: str) -> None:
    by_day = records(log, "--platform", "kuaishou", "--metric", "reply_3min", "--by", "day")
    assert [(record["day"], record["rate"]) for record in by_day] == [
        ("2024-03-05", "1"),
        ("2024-03-06", "0"),
    ]
    by_agent = records(log, "--platform", "kuaishou", "--metric", "reply_3min", "--by", "agent")
    assert [(record["agent"], record["rate"]) for record in by_agent] == [("A1", "1"), ("A2", "0")]
    by_shop = records(log, "--platform", "kuaishou", "--metric", "reply_3min", "--by", "shop")
    assert [(record["shop"], record["rate"]) for record in by_shop] == [(None, "1/2")]


def test_standard_input_and_the_period_and_settings(log: str) -> None:
    text = Path(log).read_text(encoding="utf-8")
    [record] = records("-", "--to", "2024-03-05", text=text)
    assert (record["metric"], record["rate"]) == ("reply", "1")
    [record] = records("-", "--from", "2024-03-06", "--set", "window_s=300", text=text)
    assert record["rate"] == "1"
    [record] = records("-", "--set", "tz=UTC", "--set", 'hours=["02:00:00","02:00:01"]', text=text)
    assert record["denominator"] == 2


def test_as_of_shows_what_is_pending(log: str) -> None:
    [record] = records(log, "--as-of", "2024-03-06T10:02:00+08:00")
    assert (record["numerator"], record["denominator"], record["pending"]) == (1, 1, 1)
    [record] = records(log, "--as-of", "2024-03-06T10:02:00")
    assert record["pending"] == 1


def test_an_edition_overrides_the_day(log: str) -> None:
    found = records(log, "--platform", "kuaishou", "--edition", "message-5min")
    assert [(record["metric"], record["rate"], record["editions"]) for record in found] == [
        ("reply_5min", "1", ["message-5min"])
    ]


def test_a_setting_goes_to_the_measures_that_know_it(log: str) -> None:
    found = records(log, "--platform", "kuaishou", "--set", "valid_hours=1")
    assert [record["metric"] for record in found] == ["good_rate", "attitude_rate"]


def test_hints_are_inferred_only_if_asked(tmp_path: Path) -> None:
    log = log_of({"day": "2024-03-05", "events": [{"t": "10:00:00", "from": "buyer"}]})
    log[0]["text"] = "好的谢谢"
    path = tmp_path / "log.jsonl"
    path.write_text(as_lines(log), encoding="utf-8")
    knob = ("--set", "closing=ignore_courtesy")
    assert records(str(path), *knob)[0]["denominator"] == 1
    assert records(str(path), *knob, "--infer")[0]["denominator"] == 0


def test_a_definition_file_names_the_metric(log: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"unit": "person"}', encoding="utf-8")
    assert records(log, "--definition", str(file))[0]["metric"] == "mine"
    file.write_text('{"unit": "person", "label": "我的"}', encoding="utf-8")
    assert records(log, "--definition", str(file))[0]["metric"] == "我的"


def test_all_ids_are_listed() -> None:
    listed = records("--list")
    assert {record["platform"] for record in listed} >= {"kuaishou", "tmall", "taojiji"}
    [jd] = [
        record for record in records("--list", "--platform", "jd") if record["metric"] == "first_reply_30s"
    ]
    assert jd["editions"][0]["definition"]["window_s"] == 30
    assert "reply_3min" in run("--list", "--format", "text").stdout


def test_people_read_percents_and_nobody_a_rate_of_nothing(log: str) -> None:
    shown = run(log, "--platform", "kuaishou", "--format", "text").stdout
    assert "50.00%" in shown
    assert "—  (0/0)" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--list"),
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["LOG", "--platform", "mars"], "mars"),
        (["LOG", "--platform", "jd", "--metric", "speed"], "first_reply_30s"),
        (["LOG", "--metric", "reply_3min"], "--platform"),
        (["LOG", "--set", "window_s"], "旋钮=值"),
        (["LOG", "--set", "windows=3"], "windows"),
        (["LOG", "--set", "window_s=soon"], "window_s"),
        (["LOG", "--platform", "jd", "--set", "windows=3"], "windows"),
        (["LOG", "--platform", "jd", "--edition", "1999"], "1999"),
        (["LOG", "--definition", "nowhere.json"], "nowhere.json"),
        (["LOG", "--definition", "LOG"], "JSON"),
        (["LOG", "--definition", "d.json", "--platform", "jd", "--metric", "first_reply_30s"], "--metric"),
        (["LOG", "--as-of", "yesterday"], "--as-of"),
        (["LOG", "--from", "2024-3-5"], "--from"),
        (["LOG", "--to", "2024-02-30"], "--to"),
    ],
)
def test_what_could_not_run_says_why_in_one_line(log: str, arguments: list[str], said: str) -> None:
    result = run(*[log if argument == "LOG" else argument for argument in arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id":"x","type":"message"}', "at"),
        ('{"id":"x","type":"poke","at":"2024-03-05T10:00:00+08:00"}', "type"),
        (
            '{"id":"x","type":"message","at":"2024-03-05 10:00","session":"S","buyer":"B","sender":"buyer"}',
            "at",
        ),
        ("not json", "JSON"),
        ("[1]", "对象"),
    ],
)
def test_a_bad_event_is_named_by_line_and_field(log: str, line: str, said: str) -> None:
    text = Path(log).read_text(encoding="utf-8")
    result = run("-", text=text + line + "\n")
    assert result.exit_code == 2
    [message] = result.stderr.splitlines()
    assert f"第 {len(text.splitlines()) + 1} 行" in message
    assert said in message
