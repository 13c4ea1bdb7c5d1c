"""Long work in a thread beside the event path: it works a while, rests a while, and ends in time."""

from __future__ import annotations

import time
from typing import Final

WORKS_S: Final = 0.02
RESTS_S: Final = 0.01
"""One process has one interpreter lock: in every rest it is free for whoever takes events."""


class Pace:
    """Made when the work begins; `over` is asked at every step of it."""

    def __init__(self, budget_s: float) -> None:
        self._began = self._rested = time.monotonic()
        self._budget_s = budget_s

    def over(self) -> bool:
        """Rest if it is time to, and say whether the work has had its time."""
        now = time.monotonic()
        if now - self._rested >= WORKS_S:
            time.sleep(RESTS_S)
            now = self._rested = time.monotonic()
        return now - self._began > self._budget_s
