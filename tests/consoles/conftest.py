"""The service of `tests/service`, and a console's API on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from conftest_service import knowledge, on_sqlite, running
from fake_api import FakeApi

__all__ = ["knowledge", "on_sqlite", "running"]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    server = FakeApi()
    yield server
    server.close()
