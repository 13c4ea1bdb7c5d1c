"""Moments on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.cli.output import cannot


def read_moment(text: str | None, tz: str) -> datetime | None:
    """The moment that `--as-of` names, in UTC; one without an offset is meant in `tz`. Ends the program if it is none."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(tz))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        cannot(f"--as-of 要写时刻，例如 2026-11-22T10:00:00+08:00，不是 {text} / --as-of takes a time")
