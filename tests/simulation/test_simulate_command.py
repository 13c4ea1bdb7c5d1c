from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
