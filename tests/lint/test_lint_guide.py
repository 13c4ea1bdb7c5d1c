"""What the guide for template writers shows is what the command prints, and its settings are understood."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from lint_runner import REPO, lint, with_miaohui

from lint.config import _KEYS
from lint.housekeeping import OWN_RULES

GUIDE = (REPO / "docs" / "lint.zh.md").read_text("utf-8")


def test_the_examples_of_the_guide_are_true(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    (shop / "templates").mkdir(parents=True)
    environment = with_miaohui(tmp_path)
    ran = 0
    for kind, name, block in re.findall(
        r"^```(txt|console)(?: (\S+))?\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE
    ):
        if kind == "txt":
            (shop / name).write_text(block, "utf-8")
            continue
        for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=shop,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode < 2, done.stderr
            assert done.stdout == expected, command
            ran += 1
    assert ran >= 9


def test_the_settings_of_the_guide_are_understood_and_complete(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"^```toml \.miaohui\.toml\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    (tmp_path / ".miaohui.toml").write_text(block, "utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "a.txt").write_text("您好\n", "utf-8")
    assert lint("a.txt", "--write-baseline", "lint-baseline.json").exit_code == 0
    assert lint("a.txt").exit_code == 0
    assert all(key in block for key in _KEYS)


def test_the_guide_names_every_rule_of_the_linter_itself() -> None:
    assert all(rule.code in GUIDE for rule in OWN_RULES)
