"""The service of `tests/service`, for the quality desk."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "service"), str(TESTS / "dashboard"), str(TESTS / "measures")]

from conftest_service import knowledge, on_sqlite, running  # noqa: E402

__all__ = ["knowledge", "on_sqlite", "running"]
