"""The page of the policy's knobs is the one that the table of knobs makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_knobs_is_up_to_date() -> None:
    tool = ROOT / "tools" / "build_policy_docs.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0
