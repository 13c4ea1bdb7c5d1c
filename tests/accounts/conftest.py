"""Makes the fixtures of `conftest_service` known to every test here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from conftest_service import knowledge, on_sqlite, running

__all__ = ["knowledge", "on_sqlite", "running"]
