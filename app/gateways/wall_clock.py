"""The one module that knows what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime."""


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def shifted(offset_s: float) -> Clock:
    """A clock that runs beside the wall clock, so many seconds ahead (or, negative, behind)."""
    if not offset_s:
        return now
    offset = timedelta(seconds=offset_s)
    return lambda: now() + offset
