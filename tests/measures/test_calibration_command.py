from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from calibration_logs import busy_log
from click.testing import CliRunner, Result

from app.cli.calibrate import command
from app.cli.metrics import command as metrics
from app.core.definitions import Definition
from app.core.events import Event
from app.core.measures import MeasureResult, evaluate
from app.platforms.catalog import load_profiles

LOG = busy_log(21, days=4)
IN_FORCE = load_profiles()["kuaishou"].measure("reply_3min").latest.definition
NAMES = {"A1": "小林", "A2": "小周", "A3": "小吴"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def records(result: Result) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"row": [], "explanation": [], "problem": [], "summary": []}
    for line in result.stdout.splitlines():
        record = json.loads(line)
        found[record["record"]].append(record)
    return found


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(event.to_json()) + "\n" for event in LOG), encoding="utf-8")
    return str(path)


def cells(result: MeasureResult) -> list[Any]:
    missed = result.denominator - result.numerator
    return [f"{result.denominator:,}", missed, f"{result.numerator / result.denominator:.2%}"]


def by_day(definition: Definition, events: list[Event] = LOG) -> list[list[Any]]:
    results = evaluate(events, definition, by="day")
    return [[(result.key or ("", ""))[1].replace("-", "/"), *cells(result)] for result in results]


def write(tmp_path: Path, rows: list[list[Any]], header: list[str] | None = None) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["店铺客服数据"])
    writer.writerow(header or ["统计日期", "咨询人数", "3分钟未回复人数", "三分钟回复率（人维度）"])
    writer.writerows(rows)
    path = tmp_path / "export.csv"
    path.write_bytes(out.getvalue().encode("gbk"))
    return str(path)


def test_what_agrees_exits_0_and_says_so(log: str, tmp_path: Path) -> None:
    export = write(tmp_path, by_day(IN_FORCE))
    result = run(log, export, "--platform", "kuaishou", "--format", "text")
    assert result.exit_code == 0
    assert "现行口径与平台完全对上" in result.stdout
    assert "2024-03-01" in result.stdout


def test_hidden_settings_are_told_in_words_and_as_settings_to_use(log: str, tmp_path: Path) -> None:
    export = write(tmp_path, by_day(IN_FORCE.with_settings({"inclusive": False})))
    result = run(log, export, "--platform", "kuaishou", "--format", "text")
    assert result.exit_code == 0
    assert "1. 完全对上：正好到时限算超时（不含端点）" in result.stdout
    assert (
        f"miaohui metrics {log} --platform kuaishou --metric reply_3min --set inclusive=false"
        in result.stdout
    )

    found = records(run(log, export, "--platform", "kuaishou", "--format", "jsonl"))
    [summary] = found["summary"]
    assert (summary["fits"], summary["residual"], summary["settings"]) == (True, "0", {"inclusive": False})
    assert summary["residual_in_force"] != "0"
    assert found["explanation"][0]["changes"] == {"inclusive": False}
    assert len(found["row"]) == summary["rows"] == len(by_day(IN_FORCE))
    assert sum(int(row["ours"]["difference"]) for row in found["row"]) == int(summary["residual_in_force"])
    assert all(row["explained"]["difference"] == "0" for row in found["row"])


def test_the_definition_it_writes_gives_the_platforms_figures_in_metrics(log: str, tmp_path: Path) -> None:
    hidden = IN_FORCE.with_settings({"window_s": 300, "closing": "ignore_courtesy"})
    export = write(tmp_path, by_day(hidden))
    definition = tmp_path / "mine.json"
    result = run(log, export, "--platform", "kuaishou", "--output-definition", str(definition))
    assert result.exit_code == 0, result.output
    counted = CliRunner().invoke(
        metrics, [log, "--definition", str(definition), "--by", "day", "--format", "jsonl"]
    )
    lines = [json.loads(line) for line in counted.stdout.splitlines()]
    assert [(line["day"], line["numerator"], line["denominator"]) for line in lines] == [
        ((each.key or ("", ""))[1], each.numerator, each.denominator)
        for each in evaluate(LOG, hidden, by="day")
    ]
    before = definition.read_bytes()
    again = run(log, export, "--platform", "kuaishou", "--output-definition", str(definition))
    assert (again.exit_code, definition.read_bytes()) == (2, before)
    assert "--force" in again.stderr


def test_a_difference_that_remains_exits_1_and_is_shown_on_its_day(log: str, tmp_path: Path) -> None:
    rows = by_day(IN_FORCE)
    rows[1][2] += 3
    result = run(log, write(tmp_path, rows), "--platform", "kuaishou", "--format", "text")
    assert result.exit_code == 1
    [line] = [line for line in result.stdout.splitlines() if line.startswith("2024-03-02")]
    assert line.split()[-1] == "3" or "  3  " in line
    assert "自己的数对不上" in result.stdout


def test_agents_are_compared_under_the_names_of_the_export(log: str, tmp_path: Path) -> None:
    rows: list[list[Any]] = []
    hidden = IN_FORCE.with_settings({"robot": "assist_only"})
    for day in ("2024-03-01", "2024-03-02"):
        parsed = date.fromisoformat(day)
        for result in evaluate(LOG, hidden, first_day=parsed, last_day=parsed, by="agent"):
            agent = (result.key or ("", ""))[1]
            if agent in NAMES:
                rows.append([NAMES[agent], day, *cells(result)])
    rows.append(["路人", "2024-03-01", 5, 1, "80.00%"])
    header = ["客服昵称", "日期", "咨询人数", "3分钟未回复人数", "三分钟回复率（人维度）"]
    export = write(tmp_path, rows, header)
    names = [part for agent, name in NAMES.items() for part in ("--agent", f"{name}={agent}")]
    result = run(log, export, "--platform", "kuaishou", *names, "--format", "jsonl")
    assert result.exit_code == 0, result.output
    found = records(result)
    assert found["explanation"][0]["changes"] == {"robot": "assist_only"}
    assert {row["agent"] for row in found["row"]} == set(NAMES)
    [problem] = found["problem"]
    assert "--agent '路人=" in problem["reason"]


def test_two_names_of_one_agent_are_reported_not_mixed(log: str, tmp_path: Path) -> None:
    rows = [["小林", 10, 1], ["林林", 20, 2]]
    export = write(tmp_path, rows, ["客服", "咨询人数", "3分钟未回复人数"])
    both = ("--agent", "小林=A1", "--agent", "林林=A1")
    found = records(run(log, export, "--platform", "kuaishou", *both, "--format", "jsonl"))
    assert [(row["agent"], row["theirs"]["denominator"]) for row in found["row"]] == [("A1", 10)]
    assert [problem["place"] for problem in found["problem"]] == ["第 4 行"]


def test_a_column_whose_name_settles_a_knob_starts_from_it(log: str, tmp_path: Path) -> None:
    human = load_profiles()["pinduoduo"].measure("reply_3min").latest.definition
    all_day = human.with_settings({"hours": ["00:00:00", "24:00:00"]})
    rows = [[day, rate] for day, _, _, rate in by_day(all_day)]
    export = write(tmp_path, rows, ["日期", "3分钟人工回复率（全天）"])
    found = records(run(log, export, "--platform", "pinduoduo", "--format", "jsonl"))
    [summary] = found["summary"]
    assert (summary["view"], summary["residual_in_force"]) == ("reply_3min_all_day", "0")
    assert summary["settings"] == {"hours": ["00:00:00", "24:00:00"]}


def test_days_outside_the_log_or_the_asked_span_are_not_compared(log: str, tmp_path: Path) -> None:
    rows = [*by_day(IN_FORCE), ["2024/05/01", 10, 1, "90.00%"]]
    export = write(tmp_path, rows)
    result = run(log, export, "--platform", "kuaishou", "--from", "2024-03-02", "--format", "jsonl")
    found = records(result)
    assert [row["day"] for row in found["row"]] == [f"2024-03-0{day}" for day in (2, 3, 4, 5)]
    [problem] = found["problem"]
    assert problem["place"] == f"第 {len(rows) + 2} 行"
    assert "2024-05-01" in problem["reason"]


def test_a_measure_is_picked_by_name_and_mapped_by_hand(log: str, tmp_path: Path) -> None:
    messages = load_profiles()["kuaishou"].measure("reply_3min_messages").latest.definition
    rows = [[day, rate] for day, _, _, rate in by_day(messages)]
    export = write(tmp_path, rows, ["哪天", "消息及时率"])
    asked = ("--platform", "kuaishou", "--metric", "reply_3min_messages", "--column", "哪天=日期")
    result = run(log, export, *asked, "--column", "消息及时率=rate", "--format", "text")
    assert result.exit_code == 0, result.output
    assert "消息口径" in result.stdout
    assert run(log, export, *asked).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["LOG", "EXPORT", "--platform", "mars"], "mars"),
        (["LOG", "nowhere.csv", "--platform", "kuaishou"], "nowhere.csv"),
        (["nowhere.jsonl", "EXPORT", "--platform", "kuaishou"], "nowhere.jsonl"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--metric", "speed"], "speed"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--metric", "good_rate"], "--column"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--edition", "1999"], "person-human-2023-03"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--set", "windows=3"], "windows"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--column", "咨询人数"], "--column"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--column", "咨询人数=speed"], "denominator"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--column", "甲=rate", "--column", "乙=rate"], "两列"),
        (["LOG", "EXPORT", "--platform", "kuaishou", "--from", "2025-01-01"], "没有可比的行"),
        (
            ["LOG", "EXPORT", "--platform", "kuaishou", "--output-definition", "no/such/folder.json"],
            "no/such",
        ),
        (["LOG", "LOG", "--platform", "kuaishou"], "表头"),
    ],
)
def test_what_could_not_run_says_why_in_one_line(
    log: str, tmp_path: Path, arguments: list[str], said: str
) -> None:
    places = {"LOG": log, "EXPORT": write(tmp_path, by_day(IN_FORCE))}
    result = run(*[places.get(argument, argument) for argument in arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert said in line
