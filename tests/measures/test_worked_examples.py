"""Every worked example, with every alternative, through the public command."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from short_logs import SHARED, as_lines, log_of, moment, shared

from app.cli.metrics import command
from app.core.forecast import fines_allowed, needed_to_recover
from app.platforms.catalog import load_profiles


def _examples() -> dict[str, Any]:
    path = SHARED / "examples" / "reply_rate.yaml"
    return (
        yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {"examples": [], "configs": {}}
    )


_FILE = _examples()
_CASES = [
    pytest.param(
        example, case["set"] if case is not example else {}, case["expect"], id=f"{example['id']}-{number}"
    )
    for example in _FILE["examples"]
    if "events" in example or "ratings" in example
    for number, case in enumerate([example, *example.get("alternatives", ())])
]


def _arguments(example: dict[str, Any], settings: dict[str, Any], tmp_path: Path) -> list[str]:
    log, definition = tmp_path / "log.jsonl", tmp_path / "definition.json"
    log.write_text(as_lines(log_of(example)), encoding="utf-8")
    definition.write_text(
        json.dumps(_FILE["configs"][example["config"]], ensure_ascii=False), encoding="utf-8"
    )
    arguments = [str(log), "--definition", str(definition), "--format", "jsonl"]
    for knob, value in settings.items():
        arguments += ["--set", f"{knob}={value if isinstance(value, str) else json.dumps(value)}"]
    if "period" in example:
        arguments += ["--from", example["period"][0], "--to", example["period"][1]]
    if "as_of" in example:
        arguments += ["--as-of", moment(example["as_of"], example["day"])]
    return arguments


def _check(output: str, expected: dict[str, Any]) -> None:
    [record] = [json.loads(line) for line in output.splitlines()]
    wanted = {"pending": 0} | expected
    assert {name: record[name] for name in wanted} == wanted


@pytest.mark.skipif(not _CASES, reason="the shared folder beside the repository is absent")
@pytest.mark.parametrize(("example", "settings", "expected"), _CASES)
def test_the_command_counts_as_the_example_says(
    example: dict[str, Any], settings: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    result = CliRunner().invoke(command, _arguments(example, settings, tmp_path))
    assert result.exit_code == 0, result.output
    _check(result.stdout, expected)


@pytest.mark.skipif(not _CASES, reason="the shared folder beside the repository is absent")
@pytest.mark.parametrize(("example", "settings", "expected"), _CASES[::40])
def test_the_installed_command_counts_alike(
    example: dict[str, Any], settings: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    run = subprocess.run(
        [str(Path(sys.executable).parent / "miaohui"), "metrics", *_arguments(example, settings, tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    _check(run.stdout, expected)


def test_there_are_examples_of_every_kind() -> None:
    shared("examples", "reply_rate.yaml")
    assert len(_CASES) > 120
    assert any("as_of" in case.values[0] for case in _CASES)  # type: ignore[operator]


@pytest.mark.parametrize("example", [pytest.param(e, id=e["id"]) for e in _FILE["examples"] if "tier" in e])
def test_a_tier_allows_the_fines_that_the_example_says(example: dict[str, Any]) -> None:
    tiers = next(p for p in load_profiles()["taojiji"].penalties if p.tiers)
    allowed = fines_allowed(tiers, example["tier"]["volume"], example["tier"]["rate"])
    assert list(allowed.amounts) == example["expect"]["fines_text_allows"]


@pytest.mark.parametrize("example", [pytest.param(e, id=e["id"]) for e in _FILE["examples"] if "need" in e])
def test_recovery_needs_as_many_as_the_example_says(example: dict[str, Any]) -> None:
    need = example["need"]
    assert (
        needed_to_recover(need["good"], need["total"], Fraction(need["target"])) == example["expect"]["more"]
    )
