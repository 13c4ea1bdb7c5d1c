"""Makes the fixtures of the service and of the fake robots known to every test here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from conftest_service import knowledge, on_sqlite, running
from fake_robots import robots

__all__ = ["knowledge", "on_sqlite", "robots", "running"]
