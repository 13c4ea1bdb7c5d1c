"""How often a channel may be used: hours of the day, messages an hour and a day, a pause in which several things gather.

A platform that says "at most 2 an hour" does not say which hour, so both are kept: any 60 minutes, and the hour on the
clock; a day likewise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from app.core.spans import DAY_S, Span

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
ALL_DAY: Final = Span(0, DAY_S)


@dataclass(frozen=True, slots=True)
class AlertLimits:
    """What one channel may be sent. Counts are of messages, each of which may tell of several buyers."""

    hours: Span = ALL_DAY
    """The hours of the day in which messages may be sent, in the shop's time."""
    max_per_hour: int = 60
    max_per_day: int = 500
    digest_s: int = 60
    """The least time between two messages; what comes up meanwhile is told in one."""
    waited_over_s: int = 0
    """Only of buyers who have waited longer than this."""


def next_allowed(limits: AlertLimits, sent: Sequence[datetime], now: datetime, tz: tzinfo) -> datetime:
    """The earliest moment, from `now` on, at which one more message may be sent after those of `sent`.

    An hour is half-open: a message exactly 60 minutes ago no longer counts. `sent` may be in any order.
    """
    before = sorted(sent)
    at = now
    while True:
        free_at = max(_obstacles(limits, before, at, tz), default=at)
        if free_at <= at:
            return at
        at = free_at


def _obstacles(limits: AlertLimits, sent: Sequence[datetime], at: datetime, tz: tzinfo) -> Iterator[datetime]:
    """For each limit that forbids a message at `at`: when that one ends."""
    local = at.astimezone(tz)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if not limits.hours.holds((local - midnight) // timedelta(microseconds=1)):
        opens = midnight + timedelta(seconds=limits.hours.start_s)
        yield opens if opens > local else opens + DAY
    if sent:
        yield sent[-1] + timedelta(seconds=limits.digest_s)
    for most, length, start in (
        (limits.max_per_hour, HOUR, local.replace(minute=0, second=0, microsecond=0)),
        (limits.max_per_day, DAY, midnight),
    ):
        rolling = [moment for moment in sent if at - length < moment]
        if len(rolling) >= most:
            yield rolling[-most] + length
        if sum(start <= moment for moment in sent) >= most:
            yield start + length
