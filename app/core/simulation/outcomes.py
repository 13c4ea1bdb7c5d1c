"""What a simulated day came to."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.core.events import Event


@dataclass(frozen=True, slots=True)
class SimulatedDay:
    """The log of the day and what a manager would ask next. `waits_s` are the buyers' waits for a person."""

    events: tuple[Event, ...]
    buyers: int
    left_unanswered: int
    """Buyers who left while they waited for a person."""
    waits_s: tuple[float, ...]
    typed: int
    clicked: int
    holding: int
    answered: int
    """What the machine answered by itself, rightly or wrongly."""
    answered_wrongly: int
    taken_over: int
    busy_share: float
    """Share of the seats' assessed time spent reading and writing."""

    @property
    def mean_wait_s(self) -> float | None:
        return sum(self.waits_s) / len(self.waits_s) if self.waits_s else None

    def wait_quantile_s(self, share: float) -> float | None:
        """The wait that `share` of all waits do not exceed; None without waits."""
        if not self.waits_s:
            return None
        ordered = sorted(self.waits_s)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
