from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.core.events import read_log
from app.core.measures import evaluate
from app.platforms.catalog import load_profiles

SMALL = ("--buyers-per-hour", "12", "--format", "jsonl")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulate", *arguments])


def records(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_both_sides_are_played_by_default_one_object_each() -> None:
    off, on = records(run(*SMALL))
    assert (off["assist"], on["assist"]) == ("off", "on")
    assert off["buyers"] == on["buyers"]
    for record in (off, on):
        assert {
            "platform",
            "metric",
            "edition",
            "numerator",
            "denominator",
            "rate",
            "pending",
            "seed",
        } <= set(record)


@pytest.mark.parametrize("side", ["on", "off"])
def test_one_side_can_be_chosen(side: str) -> None:
    (only,) = records(run("--assist", side, *SMALL))
    assert only["assist"] == side


def test_the_same_command_gives_the_same_bytes() -> None:
    assert run("--seed", "7", *SMALL).stdout == run("--seed", "7", *SMALL).stdout
    assert run("--seed", "7", *SMALL).stdout != run("--seed", "8", *SMALL).stdout


def test_runs_count_the_seed_up() -> None:
    assert [record["seed"] for record in records(run("--runs", "3", "--assist", "off", *SMALL))] == [1, 2, 3]


@pytest.mark.parametrize("platform", sorted(load_profiles()))
def test_every_platform_can_be_simulated(platform: str) -> None:
    off, on = records(run("--platform", platform, *SMALL))
    assert off["platform"] == on["platform"] == platform
    assert isinstance(on["denominator"], int)
    assert on["denominator"] > 0


def test_the_written_log_gives_the_same_counts_by_the_same_edition(tmp_path: Path) -> None:
    log = tmp_path / "day.jsonl"
    (record,) = records(run("--assist", "on", "--log", str(log), *SMALL))
    profile = load_profiles()[str(record["platform"])]
    edition = profile.measure(str(record["metric"])).edition(str(record["edition"]))
    assert edition is not None
    with log.open(encoding="utf-8") as lines:
        events = [event for _, event in read_log(lines)]
    result = evaluate(events, edition.definition)[0]
    assert (result.numerator, result.denominator) == (record["numerator"], record["denominator"])


def test_assumptions_can_be_changed() -> None:
    (slow,) = records(run("--assist", "off", "--set", "typing_cps=0.5", *SMALL))
    (fast,) = records(run("--assist", "off", "--set", "typing_cps=5", *SMALL))
    assert isinstance(slow["busy_share"], float)
    assert isinstance(fast["busy_share"], float)
    assert slow["busy_share"] > fast["busy_share"]


def test_people_get_a_table_with_the_target() -> None:
    result = run("--buyers-per-hour", "12", "--format", "text", "--runs", "2")
    assert result.exit_code == 0
    assert "快手" in result.stdout
    assert "提升" in result.stdout
    assert "±" in result.stdout


def test_an_empty_day_has_no_rate() -> None:
    off, on = records(run("--buyers-per-hour", "0", "--format", "jsonl"))
    assert off["rate"] is on["rate"] is None
    assert off["met"] is None
    assert run("--buyers-per-hour", "0", "--format", "text").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--platform", "nowhere"),
        ("--metric", "nothing"),
        ("--edition", "never"),
        ("--date", "tomorrow"),
        ("--set", "nonsense=1"),
        ("--set", "typing_cps"),
        ("--set", "typing_cps=fast"),
        ("--set", "thanks=2"),
        ("--log", "day.jsonl"),
        ("--agents", "0"),
        ("--like", "/nowhere/day.jsonl"),
        ("--load-for", "0"),
        ("--load-for", "0.5", "--buyers-per-hour", "20"),
        ("--policy", "nonsense=1"),
        ("--policy", "holding"),
        ("--policy", "holding=perhaps"),
        ("--sensitivity", "--assist", "on"),
        ("--plot", "day.svg", "--assist", "off"),
        ("--plot", "/nowhere/day.svg", "--buyers-per-hour", "3"),
        ("--buyers-per-hour", "-1"),
        ("--buyers-per-hour", "nan"),
    ],
)
def test_what_cannot_run_ends_with_two_and_one_clear_line(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.strip()


def test_it_runs_as_a_command_and_leaves_the_web_alone() -> None:
    """The simulator needs neither server nor database."""
    code = (
        "import sys; from click.testing import CliRunner; from app.cli import main; "
        "r = CliRunner().invoke(main, ['simulate', '--buyers-per-hour', '5', '--format', 'jsonl']); "
        "assert r.exit_code == 0, r.output; "
        "loaded = {'fastapi', 'sqlalchemy', 'uvicorn'} & set(sys.modules); assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_several_platforms_stand_in_one_table() -> None:
    result = run(
        "--platform",
        "kuaishou",
        "--platform",
        "tmall",
        "--buyers-per-hour",
        "12",
        "--runs",
        "2",
        "--format",
        "text",
    )
    assert result.exit_code == 0, result.output
    for words in (
        "快手小店",
        "person-human-2023-03",
        "不计入",
        "≥ 70%",
        "天猫/淘宝",
        "turn-2025-10",
        "计入",
        "共 2 天",
    ):
        assert words in result.stdout


def test_all_are_the_platforms_with_a_reply_measure() -> None:
    result = run("--platform", "all", "--assist", "off", "--buyers-per-hour", "3", "--format", "jsonl")
    named = [record["platform"] for record in records(result)]
    with_reply = [
        platform
        for platform, profile in load_profiles().items()
        if any(measure.kind == "reply" and measure.primary for measure in profile.measures)
    ]
    assert named == with_reply
    assert {"kuaishou", "douyin", "pinduoduo", "tmall"} <= set(named)


def test_a_platform_that_is_named_twice_is_played_once() -> None:
    assert len(records(run("--platform", "douyin", "--platform", "抖音", *SMALL))) == 2


def test_each_record_says_whose_target_it_is_and_what_counts() -> None:
    platforms = ("kuaishou", "douyin", "pinduoduo", "tmall")
    asked = [word for platform in platforms for word in ("--platform", platform)]
    found = {
        str(record["platform"]): (record["target"], record["target_of"], record["machine_counts"])
        for record in records(run(*asked, "--assist", "off", *SMALL))
    }
    assert found == {
        "kuaishou": ("7/10", "penalty", False),
        "douyin": ("4/5", "own", True),
        "pinduoduo": ("4/5", "platform", False),
        "tmall": ("4/5", "penalty", True),
    }


def test_the_load_can_be_found() -> None:
    off, _ = records(run("--load-for", "0.5", "--agents", "1", "--format", "jsonl"))
    assert isinstance(off["numerator"], int)
    assert isinstance(off["denominator"], int)
    assert 0.4 <= off["numerator"] / off["denominator"] <= 0.6


def test_where_there_is_no_such_load_the_others_are_played() -> None:
    """京东 wants an answer in 30 seconds, and these agents read for 40."""
    asked = (
        "--load-for",
        "0.5",
        "--agents",
        "1",
        "--assist",
        "off",
        "--set",
        "read_s=40",
        "--format",
        "jsonl",
    )
    alone = run("--platform", "jd", *asked)
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "京东" in alone.stderr
    both = run("--platform", "jd", "--platform", "kuaishou", *asked)
    assert [record["platform"] for record in records(both)] == ["kuaishou"]
    assert "京东" in both.stderr


def test_the_sensitivity_halves_and_doubles_one_assumption_at_a_time() -> None:
    found = records(run("--sensitivity", *SMALL))
    plain = found[0]["assumptions"]
    assert isinstance(plain, dict)
    varied = [record["varied"] for record in found[::2]]
    assert varied[0] is None
    for name in ("buyers_per_hour", "patience_s", "typing_cps", "suggestion_fits", "absences_per_hour"):
        assert {name: 0.5} in varied
        assert {name: 2.0} in varied
    for record in found:
        its = record["assumptions"]
        assert isinstance(its, dict)
        assert {name for name in its if its[name] != plain[name]} == set(record["varied"] or ())  # type: ignore[call-overload]
    text = run("--sensitivity", "--buyers-per-hour", "12", "--format", "text").stdout
    assert text.count("×0.5") == text.count("×2") == 5


def test_the_plot_is_an_svg_with_a_panel_for_each_platform(tmp_path: Path) -> None:
    path = tmp_path / "day.svg"
    asked = ("--platform", "kuaishou", "--platform", "douyin", "--plot", str(path))
    assert run(*asked, "--runs", "2", *SMALL).exit_code == 0
    svg = ElementTree.parse(path).getroot()
    assert svg.tag.endswith("svg")
    texts = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("快手小店") == texts.count("抖音飞鸽") == 2
    assert "没有秒回" in texts
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}polyline"))) == 4


def test_the_same_command_draws_the_same_plot(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        run("--plot", str(tmp_path / name), *SMALL)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_day_without_buyers_can_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "empty.svg"
    assert run("--buyers-per-hour", "0", "--plot", str(path), "--format", "jsonl").exit_code == 0
    assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_how_much_faster_than_real_time_goes_to_stderr() -> None:
    result = run(*SMALL)
    assert "模拟了 2 天（30 小时）" in result.stderr
    assert "times real time" in result.stderr


def test_the_policy_can_be_changed() -> None:
    busy = ("--platform", "douyin", "--buyers-per-hour", "90", "--assist", "on", "--format", "jsonl")
    (plain,) = records(run(*busy))
    (silent,) = records(run(*busy, "--policy", "holding=false", "--policy", "answer=off"))
    assert isinstance(plain["holding"], int)
    assert plain["holding"] > 0
    assert (silent["holding"], silent["answered"]) == (0, 0)


def test_a_shop_is_simulated_like_its_own_log(tmp_path: Path) -> None:
    log = tmp_path / "day.jsonl"
    asked = ("--buyers-per-hour", "20", "--agents", "2", "--assist", "off", "--format", "jsonl")
    assert run(*asked, "--log", str(log)).exit_code == 0
    result = run("--like", str(log), "--assist", "off", "--set", "thanks=0.1", "--format", "jsonl")
    (record,) = records(result)
    its = record["assumptions"]
    assert isinstance(its, dict)
    assert its["agents"] == 2
    assert 15 < its["buyers_per_hour"] < 25
    assert its["thanks"] == 0.1
    assert "从日志估出：buyers_per_hour=" in result.stderr


def test_an_empty_log_is_like_the_default(tmp_path: Path) -> None:
    log = tmp_path / "empty.jsonl"
    log.touch()
    result = run("--like", str(log), "--assist", "off", "--buyers-per-hour", "3", "--format", "jsonl")
    assert records(result) == records(run("--assist", "off", "--buyers-per-hour", "3", "--format", "jsonl"))
    assert "什么也估不出" in result.stderr
