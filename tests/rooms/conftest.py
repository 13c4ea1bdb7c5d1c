"""The service of `tests/service`, the reader of markup of `tests/dashboard` and the people of `tests/accounts`, for the rooms of the dashboard."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("service", "dashboard", "accounts")]

from conftest_service import knowledge, on_sqlite, running  # noqa: E402

__all__ = ["knowledge", "on_sqlite", "running"]
