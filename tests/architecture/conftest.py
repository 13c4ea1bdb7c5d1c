"""The service of `tests/service`, for a look at it from above."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))

from conftest_service import knowledge

__all__ = ["knowledge"]
