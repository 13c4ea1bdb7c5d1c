"""The generated rule pages are those of today's rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_rule_pages_are_up_to_date() -> None:
    tool = Path(__file__).parents[2] / "tools" / "build_lint_docs.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
