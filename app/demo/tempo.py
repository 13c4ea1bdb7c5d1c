"""How the demo squeezes a shop's day into minutes. Pure: numbers in, numbers out.

The clocks of the service run on real time, and the platform's windows stay as they are. So only the schedule is
squeezed, each part by its own factor:

* the gaps between arrivals, by `arrivals` = the speed N;
* the pauses inside a dialogue (a buyer reads, thinks, types), by `pauses` = the fourth root of N, so that at 60 times
  a pause of 30 s still lasts 11 s and a wait looks like a wait;
* the agents' hands, by `hands` = the eighth root of N: at 60 times they type as a quick person does.

Events always carry the real time at which they are sent, but for the few early buyers that `head_starts_s` speaks of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

HEAD_STARTS_S: Final = (118.0, 96.0, 70.0, 45.0)
"""How long the first buyers whom nobody answers have waited already when the demo starts, in seconds: of a window of
180 s the machine's answer is then due within a minute, and the others follow one by one."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """Divisors of scripted times, all above 0."""

    arrivals: float
    pauses: float
    hands: float

    def __post_init__(self) -> None:
        for value in (self.arrivals, self.pauses, self.hands):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"a divisor must be a finite number above 0: {value}")

    @classmethod
    def of_speed(cls, speed: float) -> Tempo:
        """The tempo of `--speed N`. At 1 everything takes as long as it is written."""
        if not (math.isfinite(speed) and speed > 0):
            raise ValueError(f"speed must be a finite number above 0: {speed}")
        return cls(arrivals=speed, pauses=speed**0.25, hands=speed**0.125)

    def arrival_s(self, shop_s: float, first_s: float) -> float:
        """Real seconds from the start of the demo to an arrival, of a day whose first arrival is at `first_s`.

        `shop_s` and `first_s` are seconds of the shop's day.
        """
        return max(0.0, shop_s - first_s) / self.arrivals

    def pause_s(self, scripted_s: float) -> float:
        """Real seconds of a pause inside a dialogue."""
        return max(0.0, scripted_s) / self.pauses

    def hands_s(self, human_s: float) -> float:
        """Real seconds of something that an agent does."""
        return max(0.0, human_s) / self.hands

    def shop_clock_s(self, elapsed_s: float, first_s: float) -> float:
        """What the shop's clock shows `elapsed_s` real seconds after the start: seconds of its day, at most 86,399."""
        return min(86_399.0, first_s + max(0.0, elapsed_s) * self.arrivals)
