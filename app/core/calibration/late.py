"""Facts that changed a day after it was over: an export taken before them cannot know them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.core.events import Event, EventType, Sender

_LATE = frozenset({EventType.BUYER_FLAGGED, EventType.MESSAGE_WITHDRAWN})


@dataclass(frozen=True, slots=True)
class LateFact:
    """A flag or a withdrawal that came on a later day than a buyer message of its session."""

    type: EventType
    at: datetime
    """In the zone that was asked for."""
    session: str


def late_facts(events: Iterable[Event], tz: str) -> dict[date, list[LateFact]]:
    """By the day of the buyer messages that they touch, in order of time."""
    zone = ZoneInfo(tz)
    said: dict[tuple[str | None, str | None], set[date]] = defaultdict(set)
    facts: list[Event] = []
    for event in events:
        if event.type is EventType.MESSAGE and event.sender is Sender.BUYER:
            said[(event.buyer, event.session)].add(event.at.astimezone(zone).date())
        elif event.type in _LATE:
            facts.append(event)
    found: dict[date, list[LateFact]] = defaultdict(list)
    for event in sorted(facts, key=lambda event: event.order):
        at = event.at.astimezone(zone)
        for day in sorted(said[(event.buyer, event.session)]):
            if day < at.date():
                found[day].append(LateFact(event.type, at, event.session or ""))
    return dict(found)
