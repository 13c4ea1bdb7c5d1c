"""Run `miaohui lint` in a test and read what it says."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from app.cli.lint import command

REPO = Path(__file__).resolve().parents[2]


HOUSE_RULE = """\
rule: house/nickname
name: 不用外号
category: house
severity: warning
message: “{match}”是外号
why: 店里规定
source: 店规（2024-05-01）
suggestion: 称呼“您”
match:
  - terms: [小可爱]
bad: [小可爱您好]
good: [您好]
"""


def lint(*args: str | Path, stdin: str | bytes = "") -> Result:
    """The command without a settings file above the test's folder, unless the test is about one."""
    return CliRunner().invoke(command, [str(arg) for arg in args], input=stdin)


def records(result: Result) -> list[dict[str, Any]]:
    """The objects of `--format jsonl`."""
    return [json.loads(line) for line in result.stdout_bytes.decode().splitlines()]


def found(result: Result) -> list[tuple[str, int | str, str]]:
    """(rule, line or cell, match) of every finding, in order."""
    return [
        (finding["rule"], record.get("line") or record["cell"], finding["match"])
        for record in records(result)
        for finding in record["findings"]
    ]


def git(folder: Path, *args: str) -> str:
    """Run git as a person without settings of their own."""
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=n@example.com",
         "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main", *args],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def with_miaohui(folder: Path) -> dict[str, str]:
    """An environment in which `miaohui` is the command of this checkout; it lies in `bin` below the folder."""
    commands = folder / "bin"
    commands.mkdir(exist_ok=True)
    (commands / "miaohui").write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -c 'from app.cli import main; main()' \"$@\"\n",
        "utf-8",
    )
    (commands / "miaohui").chmod(0o755)
    known = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(REPO)]))
    return {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": known}
