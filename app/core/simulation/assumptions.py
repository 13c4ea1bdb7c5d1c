"""What is assumed of load, people and assistant; each field says what it is, `docs/simulation.zh.md` why."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Final

SHARES: Final = (
    "more_messages",
    "thanks",
    "lookups",
    "shortcuts",
    "suggestion_fits",
    "edits",
    "surely_known",
    "surely_right",
    "robot_in_front",
)
"""The assumptions that are shares of a whole."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Load, people and assistant. Times in seconds, shares in 0..1, rates per hour."""

    buyers_per_hour: float = 75.0
    """Mean over the assessed hours; the evening peak is about twice this."""
    agents: int = 3

    noon_peak: float = 1.3
    """Height of the peak at 12:30 above a base of 1."""
    evening_peak: float = 2.0
    """Height of the peak at 20:30 above a base of 1."""

    enquiries: float = 2.6
    """Mean number of enquiries of a buyer (geometric, at least one)."""
    more_messages: float = 0.35
    """Chance that a run of messages goes on (at most four)."""
    message_gap_s: float = 9.0
    next_enquiry_s: float = 45.0
    """Mean time from a reply to the buyer's next message."""
    thanks: float = 0.4
    """Share of buyers who close with a thanks."""
    patience_s: float = 900.0
    """Mean of the exponential time after which a waiting buyer has left."""
    nudge_s: float = 150.0
    """Mean time after which a waiting buyer asks again, twice at most."""

    chats_at_once: int = 8
    read_s: float = 4.0
    think_s: float = 6.0
    typing_cps: float = 1.4
    """Characters a second of the median agent (84 a minute)."""
    skill_spread: float = 0.2
    """Sigma of the log-normal spread of speed between agents."""
    reply_chars: float = 24.0
    """Median length of a typed reply (log-normal, sigma 0.5)."""
    lookups: float = 0.3
    """Share of enquiries for which the agent looks something up."""
    lookup_s: float = 25.0
    shortcuts: float = 0.2
    """Share of enquiries that an agent answers with a quick phrase of the console's own, assistant or not."""
    shortcut_s: float = 8.0
    """To find such a phrase and to adapt it."""
    meal_s: float = 2400.0
    short_break_s: float = 600.0
    """One meal and two short breaks a seat and day, the seats one after another."""
    absences_per_hour: float = 2.5
    absence_s: float = 150.0
    """Absences from the screen without signing off; mean length."""
    quiet_s: float = 300.0
    """A chat in which nobody writes for so long is closed and frees its place."""
    overtime_s: float = 900.0
    """How long after the assessed hours the seats still answer."""

    suggestion_fits: float = 0.44
    """Share of enquiries for which a suggestion fits."""
    click_s: float = 3.0
    edits: float = 0.25
    edit_s: float = 6.0
    recall_s: float = 15.0
    """How soon a warned agent is back at the screen."""
    surely_known: float = 0.01
    """Share of enquiries for which the phrase bank is sure enough to answer unattended."""
    surely_right: float = 0.9
    """How often it is right then."""
    objection_s: float = 20.0
    """How soon a buyer who got a wrong answer objects."""
    robot_in_front: float = 0.0
    """Share of buyers whom the assistant receives before any person; it answers only by the policy `answer: at_once`."""
    ceiling_s: float = 900.0
    """After so long a missed buyer comes first again."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{each.name} must be a finite number, not below 0: {value}")
        for name in ("noon_peak", "evening_peak"):
            if getattr(self, name) > 1000:
                raise ValueError(f"{name} must be at most 1000")
        for name in SHARES:
            if getattr(self, name) > 1:
                raise ValueError(f"{name} is a share between 0 and 1: {getattr(self, name)}")
        for name in ("agents", "chats_at_once", "enquiries"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1: {getattr(self, name)}")
        if self.surely_known * self.surely_right > self.suggestion_fits:
            raise ValueError(
                "surely_known × surely_right must not exceed suggestion_fits: a right answer is a fitting one"
            )
        if self.typing_cps <= 0:
            raise ValueError("typing_cps must be above 0")

    def scaled(self, name: str, factor: float) -> Assumptions:
        """The same with one assumption multiplied; a share ends at 1. Raises ValueError for an unknown name."""
        if name not in {each.name for each in fields(self)}:
            raise ValueError(f"no such assumption: {name}")
        value = getattr(self, name) * factor
        changes: dict[str, Any] = {name: min(1.0, value) if name in SHARES else value}
        return replace(self, **changes)
