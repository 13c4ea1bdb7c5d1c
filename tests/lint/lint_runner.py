"""Run `miaohui lint` in a test and read what it says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from app.cli.lint import command


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
