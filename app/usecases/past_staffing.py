"""Was anybody there to answer then? Told from the log, where `staffing_of` knows only the present."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session as Database
from sqlmodel import select

from app.core.events import Event, EventType
from app.core.situations import Staffing
from app.db.tables import PresenceRow
from app.usecases.shops import Shop
from app.usecases.staffing import staffing_by_hours


@dataclass(frozen=True, slots=True)
class PastStaffing:
    """Who was online, as far as a log tells. `online[n]` is whether anybody was from `times[n]` on; None: not known."""

    shop: Shop
    times: tuple[datetime, ...]
    online: tuple[bool, ...]
    before: bool | None

    @classmethod
    def of(cls, db: Database, shop: Shop, events: Iterable[Event], since: datetime) -> PastStaffing:
        """`events` are those of the shop from `since` on, in the tidy order.

        Who came or went last before that, and not since, is still as they were.
        """
        rows = db.exec(
            select(PresenceRow.agent, PresenceRow.online).where(
                PresenceRow.shop_id == shop.id, PresenceRow.at < since
            )
        )
        state = dict(rows.all())
        before = any(state.values()) if state else None
        times: list[datetime] = []
        online: list[bool] = []
        for event in events:
            if event.agent is None or event.type not in {EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE}:
                continue
            state[event.agent] = event.type is EventType.AGENT_ONLINE
            times.append(event.at)
            online.append(any(state.values()))
        return cls(shop, tuple(times), tuple(online), before)

    def at(self, when: datetime) -> Staffing:
        """Whether anybody was there at a time, by the hours that the shop has now and by who was online then."""
        place = bisect_right(self.times, when)
        return staffing_by_hours(self.shop, when, self.online[place - 1] if place else self.before)
