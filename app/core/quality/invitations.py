"""What became of the invitations to rate: how many were sent by whom, how many rated, how many of these well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.events import Event, EventType

SENDERS: Final = ("agent", "system")


@dataclass(frozen=True, slots=True)
class Invitations:
    """Sessions in which a rating was asked for. `good` of `rated` are good; `rated` of `invited` were rated afterwards."""

    by: str
    invited: int = 0
    rated: int = 0
    good: int = 0

    def __add__(self, other: Invitations) -> Invitations:
        by = self.by if self.by == other.by else ""
        return Invitations(by, self.invited + other.invited, self.rated + other.rated, self.good + other.good)


def invitations(
    events: Iterable[Event], since: datetime, until: datetime, is_good: Callable[[str], bool | None]
) -> tuple[Invitations, ...]:
    """Invitations with `since <= at < until`, one line each for those of agents and those of the system.

    `events` are invitations and ratings in any order, the ratings also later ones. A session counts once, under whoever asked
    first; its rating is the last one after that.
    """
    first: dict[str, Event] = {}
    ratings: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda event: event.order):
        if event.session is None:
            continue
        if event.type is EventType.INVITE_SENT:
            first.setdefault(event.session, event)
        elif event.type is EventType.RATING:
            ratings.setdefault(event.session, []).append(event)
    total = {by: Invitations(by) for by in SENDERS}
    for session, invite in first.items():
        if not since <= invite.at < until:
            continue
        answered = [rating for rating in ratings.get(session, ()) if rating.at >= invite.at]
        label = answered[-1].label if answered else None
        by = "system" if invite.by == "system" else "agent"
        total[by] += Invitations(by, 1, label is not None, label is not None and bool(is_good(label)))
    return tuple(total[by] for by in SENDERS)
