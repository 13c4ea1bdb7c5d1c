"""What the guide to calibration shows is what the commands print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "calibration.zh.md"


def block(language: str) -> str:
    found = re.search(
        rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    return found[1]


def shown() -> list[tuple[str, str]]:
    """(command, what the guide shows below it)."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [
        found for each in blocks for found in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", each, re.MULTILINE)
    ]


def test_the_examples_of_the_guide_are_true(tmp_path: Path) -> None:
    (tmp_path / "chat.jsonl").write_text(block("json"), encoding="utf-8")
    (tmp_path / "export.csv").write_text(block("csv"), encoding="gbk")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    steps = shown()
    assert len(steps) == 4
    for command, expected in steps:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, expected), done.stderr
    assert (tmp_path / "june.xlsx").exists()
