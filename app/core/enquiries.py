"""What buyers asked and what agents answered, read from the events of a shop."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from app.core.events import Event, EventType, Kind, Sender
from phrasebank.care.enquiries import Enquiry, asks


def enquiries_in(events: Sequence[Event], timezone: ZoneInfo) -> list[Enquiry]:
    """The questions in `events`, which are in the tidy order, with the day in `timezone` and the agents' replies.

    A reply counts for the last question before it in its session. What was withdrawn, and spam, is left out.
    """
    withdrawn = {event.message for event in events if event.type is EventType.MESSAGE_WITHDRAWN}
    asked: list[tuple[Event, list[str]]] = []
    last: dict[str | None, tuple[Event, list[str]]] = {}
    answered: set[str | None] = set()
    for event in events:
        if event.type is not EventType.MESSAGE or event.kind is not Kind.TEXT or event.id in withdrawn:
            continue
        if event.sender is Sender.BUYER:
            if event.spam is None and asks(event.text):
                last[event.session] = (event, [])
                asked.append(last[event.session])
                answered.discard(event.session)
            elif event.session in answered:
                last.pop(event.session, None)
        elif event.sender is Sender.AGENT and event.session in last:
            last[event.session][1].append(event.text)
            answered.add(event.session)
    return [
        Enquiry(event.text, event.at.astimezone(timezone).date(), tuple(replies)) for event, replies in asked
    ]
