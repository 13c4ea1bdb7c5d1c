from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from short_logs import SHANGHAI, as_lines

from app.cli.forecast import command
from app.cli.metrics import command as metrics


def weeks(
    year: int, days: int = 45, *, until_hour: int = 15, shop: str | None = None
) -> list[dict[str, Any]]:
    """A log from 25 January on: two agents, of whom A2 is late more often; ratings now and then."""
    dice = random.Random(year)
    events: list[dict[str, Any]] = []

    def add(at: datetime, buyer: str, **fields: Any) -> None:
        base = {"id": f"{shop}{len(events)}", "at": at.isoformat(), "buyer": buyer, "session": f"S-{buyer}"}
        events.append(base | ({} if shop is None else {"shop": shop}) | fields)

    start = datetime(year, 1, 25, tzinfo=SHANGHAI)
    for number in range(days):
        for item in range(dice.randint(12, 20)):
            asked = start + timedelta(days=number, seconds=dice.randint(9 * 3600, 23 * 3600 - 1))
            if number == days - 1 and asked.hour >= until_hour:
                continue
            buyer, agent = f"B{number}-{item}", dice.choice(["A1", "A2"])
            late = dice.random() < (0.3 if agent == "A2" else 0.1)
            said = asked + timedelta(seconds=dice.randint(400, 900) if late else dice.randint(5, 150))
            add(asked, buyer, type="message", sender="buyer", kind="text", text="在吗")
            add(asked + timedelta(seconds=1), buyer, type="assigned", agent=agent)
            add(said, buyer, type="message", sender="agent", agent=agent, kind="text", text="亲在的")
            if item % 3 == 0:
                label = dice.choice(["满意", "满意", "满意", "一般"])
                add(said + timedelta(seconds=60), buyer, type="rating", label=label, by="human")
    return events


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("forecast") / "log.jsonl"
    path.write_text(as_lines(weeks(2024)), encoding="utf-8")
    return str(path)


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=text)


def records(*arguments: str, text: str | None = None) -> list[dict[str, Any]]:
    result = run(*arguments, "--format", "jsonl", text=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_measure_in_force_is_forecast_over_its_own_period(log: str) -> None:
    found = {record["metric"]: record for record in records(log, "--platform", "kuaishou")}
    assert "reply_5min" not in found
    reply = found["reply_3min"]
    assert reply["period"] == {"name": "natural_week", "from": "2024-03-04", "to": "2024-03-10"}
    forecast = reply["forecast"]
    assert 0 < forecast["low"] < forecast["rate"] < forecast["high"] < 1
    assert forecast["counted"] == sorted(forecast["counted"])
    assert reply["lines"]["penalty_line"]["met"] is True
    assert 0 <= reply["lines"]["penalty_line"]["chance"] <= 1
    assert reply["history_days"] == 44
    assert found["good_rate"]["forecast"]["interval"] == 0.8


def test_what_stands_is_what_the_metrics_command_says(log: str) -> None:
    [forecast] = records(log, "--platform", "kuaishou", "--metric", "reply_3min")
    period = ["--from", "2024-03-04", "--to", "2024-03-10", "--as-of", forecast["as_of"]]
    measured = CliRunner().invoke(
        metrics, [log, "--platform", "kuaishou", "--metric", "reply_3min", *period, "--format", "jsonl"]
    )
    stands = json.loads(measured.stdout)
    for name in ("numerator", "denominator", "rate", "pending"):
        assert forecast[name] == stands[name]


def test_the_parts_of_the_agents_add_up_and_the_later_one_ends_lower(log: str) -> None:
    arguments = ("--platform", "tmall", "--metric", "reply_3min", "--period", "natural_month")
    [whole] = records(log, *arguments)
    agents = {record["agent"]: record for record in records(log, *arguments, "--by", "agent")}
    assert set(agents) == {"A1", "A2"}
    for name in ("numerator", "denominator", "pending"):
        assert sum(agent[name] for agent in agents.values()) == whole[name]
    assert agents["A2"]["forecast"]["rate"] < agents["A1"]["forecast"]["rate"]
    assert "penalty" not in agents["A1"]
    assert "penalty" in whole


def test_ratings_of_agents_are_found_through_their_sessions(log: str) -> None:
    arguments = ("--platform", "kuaishou", "--metric", "good_rate", "--period", "natural_month")
    [whole] = records(log, *arguments)
    agents = records(log, *arguments, "--by", "agent")
    assert {agent["agent"] for agent in agents} == {"A1", "A2"}
    assert sum(agent["denominator"] for agent in agents) == whole["denominator"] > 0


def test_shops_are_forecast_apart() -> None:
    text = as_lines([*weeks(2024, 20, shop="甲"), *weeks(2024, 20, shop="乙")])
    arguments = ("-", "--platform", "kuaishou", "--metric", "reply_3min")
    shops = records(*arguments, "--by", "shop", text=text)
    [both] = records(*arguments, text=text)
    assert [shop["shop"] for shop in shops] == ["乙", "甲"]
    assert shops[0]["denominator"] + shops[1]["denominator"] == both["denominator"]


def test_an_earlier_moment_forgets_what_came_later(log: str) -> None:
    arguments = ("--platform", "kuaishou", "--metric", "reply_3min", "--period", "natural_month")
    [record] = records(log, *arguments, "--as-of", "2024-02-20T14:00:00")
    assert record["period"]["to"] == "2024-02-29"
    assert record["as_of"] == "2024-02-20T14:00:00+08:00"
    assert record["history_days"] == 26
    [full] = records(log, *arguments, "--as-of", "2024-02-29T23:59:59")
    assert record["forecast"]["low"] - 0.05 < int(full["numerator"]) / int(full["denominator"])
    assert record["forecast"]["high"] + 0.05 > int(full["numerator"]) / int(full["denominator"])


def test_a_few_items_are_no_forecast_with_a_reason() -> None:
    text = as_lines(weeks(2024, 1, until_hour=18))
    [record] = records("-", "--platform", "kuaishou", "--metric", "reply_3min", text=text)
    assert record["forecast"] is None
    assert record["reason"] == "too_few_items"
    assert record["lines"]["penalty_line"]["chance"] is None
    result = run("-", "--platform", "kuaishou", "--metric", "reply_3min", "--format", "text", text=text)
    assert "数据太少" in result.stdout


def test_the_text_tells_a_supervisor_what_stands_and_what_it_would_cost(log: str) -> None:
    result = run(log, "--platform", "kuaishou", "--metric", "reply_3min", "--format", "text")
    assert result.exit_code == 0, result.output
    for words in ("现在", "平台线 ≥ 70%", "还能漏", "80% 区间", "扣罚线", "2022-11-24", "金额未知"):
        assert words in result.stdout


def test_fines_are_shown_with_the_dates_of_their_edition(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    path.write_text(as_lines(weeks(2022)), encoding="utf-8")
    [record] = records(str(path), "--platform", "kuaishou", "--metric", "reply_3min")
    [penalty] = record["penalty"]["standing"]["penalties"]
    assert (penalty["from"], penalty["to"], penalty["status"]) == ("2021-11-17", "2022-11-23", "superseded")
    assert [level["fine_cny"] for level in penalty["levels"]] == [None, [100, 150], [200, 300]]
    text = run(str(path), "--platform", "kuaishou", "--metric", "reply_3min", "--format", "text").stdout
    assert "违约金 200-300 元" in text
    assert "2021-11-17 — 2022-11-23" in text


def test_tiers_go_by_the_volume_of_the_platforms_own_period() -> None:
    text = as_lines(weeks(2019, 60))
    arguments = ("-", "--platform", "taojiji", "--metric", "effective_reply")

    def fines(*more: str) -> Any:
        [record] = records(*arguments, *more, text=text)
        return record["penalty"]["expected"]["penalties"][0]["tier_fines_cny"]

    assert fines() is not None
    assert fines("--period", "natural_week") is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--platform", "nowhere"], "没有平台"),
        (["--platform", "kuaishou", "--metric", "nothing"], "没有指标"),
        (["--platform", "kuaishou", "--as-of", "someday"], "--as-of"),
        (["--platform", "taojiji"], "没有生效的口径版本"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(log: str, arguments: list[str], said: str) -> None:
    result = run(log, *arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert said in result.stderr


def test_an_empty_log_is_refused() -> None:
    result = run("-", "--platform", "kuaishou", text="")
    assert result.exit_code == 2
    assert "没有事件" in result.stderr
