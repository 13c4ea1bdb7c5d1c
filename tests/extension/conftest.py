"""The service of `tests/service` for the tests of the browser extension."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "service")]

from conftest_service import knowledge  # noqa: E402

__all__ = ["knowledge"]
