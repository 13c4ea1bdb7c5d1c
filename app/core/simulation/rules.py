"""What the simulated shop knows of the platform's measure before anything has happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.definitions import ClockStart, Definition, Robot, SessionRule, Unit
from app.core.spans import DAY_S

SERVICE_HOURS_S: Final = (8 * 3600.0, float(DAY_S))
"""When the seats are staffed if the platform assesses the whole day."""


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """What the simulated shop knows of the platform's measure. Seconds; hours are seconds of the day."""

    window_s: float = 180.0
    opens_s: float = 8 * 3600.0
    closes_s: float = float(DAY_S)
    machine_counts: bool = False
    """Does a machine's draft, sent inside human service, count as a reply?"""
    robot_counts: bool = False
    """Does a machine count that answers unattended, before any person?"""
    once_missed_stays_missed: bool = False
    """Is one late answer the end of the buyer's day (unit person or session)?"""
    clock_from_assignment: bool = False
    clock_from_handover: bool = False
    tz: str = "Asia/Shanghai"

    @classmethod
    def of(cls, definition: Definition) -> ReplyRules:
        """What the shop can know of a reply definition before anything has happened."""
        opens_s, closes_s = float(definition.hours[0].start_s), float(definition.hours[-1].end_s)
        if opens_s >= closes_s or (opens_s, closes_s) == (0.0, float(DAY_S)):
            opens_s, closes_s = SERVICE_HOURS_S
        return cls(
            window_s=definition.window_s,
            opens_s=opens_s,
            closes_s=closes_s,
            machine_counts=definition.robot is not Robot.IGNORE,
            robot_counts=definition.robot is Robot.COUNTS,
            once_missed_stays_missed=definition.unit in (Unit.PERSON, Unit.SESSION)
            and definition.session_rule is SessionRule.ALL_ITEMS,
            clock_from_assignment=definition.clock_start is ClockStart.ASSIGNED,
            clock_from_handover=definition.clock_start is ClockStart.TRANSFER,
            tz=definition.tz,
        )
