"""The event log of a simulated day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.core.events import Event, EventType, Kind, Sender
from app.core.simulation.floor import Chat

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class DayLog:
    """Writes events in time order; stamps are rounded to the millisecond."""

    def __init__(self, on: date, tz: str) -> None:
        self._midnight = datetime.combine(on, time(), ZoneInfo(tz))
        self.events: list[Event] = []

    def stamp(self, second: float) -> datetime:
        """The moment of a second of the day."""
        return self._midnight + timedelta(milliseconds=round(second * 1000))

    def message(
        self,
        chat: Chat,
        second: float,
        sender: Sender,
        text: str,
        *,
        courtesy: bool | None = None,
        agent: str | None = None,
        unattended: bool = False,
    ) -> str:
        """Write a message and return its id. `unattended` marks it as the service marks what it said itself."""
        chat.last_s = second
        event_id = self._next_id()
        self._add(
            chat,
            Event(
                id=event_id,
                type=EventType.MESSAGE,
                at=self.stamp(second),
                session=chat.session,
                buyer=chat.name,
                agent=agent,
                sender=sender,
                kind=Kind.TEXT,
                text=text,
                courtesy=courtesy,
                extra=MappingProxyType({"outbox": event_id}) if unattended else _NOTHING,
            ),
        )
        return event_id

    def record(self, chat: Chat, second: float, kind: EventType, agent: str | None = None) -> str:
        """Write what is no message and return its id."""
        event_id = self._next_id()
        self._add(
            chat,
            Event(
                id=event_id,
                type=kind,
                at=self.stamp(second),
                session=chat.session,
                buyer=chat.name,
                agent=agent,
            ),
        )
        return event_id

    def _next_id(self) -> str:
        return f"sim-{len(self.events) + 1:07d}"

    def _add(self, chat: Chat, event: Event) -> None:
        self.events.append(event)
        chat.events.append(event)
