"""What the documents show on the command line is what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
GUIDE = REPO / "docs" / "user-guide.zh.md"
ENQUIRIES = ("能开发票吗", "可以开发票吗", "发票怎么开", "几天能到", "几天可以到", "在吗")
REPLIES = "标题,内容\n发货,亲，当天 16 点前的订单当天发出。\n介绍,这款是全网第一，买到就是赚到。\n"


def blocks(document: Path, language: str) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def shown(document: Path) -> list[tuple[str, str]]:
    """(command, what the document shows below it) in order; empty where it shows nothing."""
    return [
        found
        for block in blocks(document, "console")
        for found in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE)
    ]


def run_all(document: Path, folder: Path) -> list[str]:
    """Run the commands in order; what differs from what the document shows."""
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    wrong = []
    for command, expected in shown(document):
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode > 1 or (expected and done.stdout != expected):
            wrong.append(f"$ {command}\n{done.stdout}{done.stderr}")
    return wrong


def test_the_tour_of_the_readme_is_true(tmp_path: Path) -> None:
    assert len(shown(REPO / "README.md")) > 5
    assert run_all(REPO / "README.md", tmp_path) == []


def test_the_chinese_readme_shows_the_same_tour() -> None:
    assert shown(REPO / "README.zh-CN.md") == shown(REPO / "README.md")


def test_the_examples_of_the_user_guide_are_true(tmp_path: Path) -> None:
    (tmp_path / "chat.jsonl").write_text(blocks(GUIDE, "json")[0], encoding="utf-8")
    (tmp_path / "bank.csv").write_text(blocks(GUIDE, "csv")[0], encoding="utf-8")
    (tmp_path / "replies.csv").write_text(REPLIES, encoding="utf-8")
    (tmp_path / "asks.txt").write_text("".join(f"{line}\n" for line in ENQUIRIES), encoding="utf-8")
    assert len(shown(GUIDE)) > 10
    assert run_all(GUIDE, tmp_path) == []


@pytest.mark.parametrize("name", ["README.zh-CN.md", "CHANGELOG.md", "docs/user-guide.zh.md"])
def test_our_own_words_pass_our_own_linter(name: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "miaohui",
            "lint",
            REPO / name,
            "--fail-on",
            "warning",
            "--format",
            "text",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
