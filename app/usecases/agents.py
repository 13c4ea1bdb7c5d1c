"""Who serves a shop now: its state by the clock, its agents with their loads, and where a buyer should go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select, union

from app.core.roster import Roster
from app.core.routing import AgentNow, Enquiry, Request, RoutingAdvice, advise_routing
from app.core.service_hours import staffed
from app.core.sessions import Session
from app.db.tables import PresenceRow, SessionRow
from app.usecases.opening import CALENDAR
from app.usecases.picture import Picture
from app.usecases.shop_documents import stored_roster
from app.usecases.shops import Shop

RETURNING_HOURS: Final = 72
"""How long a buyer goes back to his agent, where neither the shop nor its platform says."""
_SERVED_MINUTES: Final = 20
"""How long after the last word a session is still served, where the platform does not say when it ends."""
_WAITS_AT_MOST: Final = timedelta(days=1)
"""A buyer who has waited longer takes up nobody's hands."""


def returning_within(shop: Shop, roster: Roster) -> timedelta:
    """How long a buyer goes back to the same agent: as the shop says, else as its platform does."""
    routing = shop.profile.routing
    hours = roster.returning_buyer_hours
    if hours is None and routing is not None:
        hours = routing.returning_buyer_hours
    return timedelta(hours=RETURNING_HOURS if hours is None else hours)


def agents_now(db: Database, shop: Shop, roster: Roster, now: datetime) -> list[AgentNow]:
    """All agents who are in the roster, have a shift, or were ever online, in order of id."""
    presence = dict(
        db.exec(select(PresenceRow.agent, PresenceRow.online).where(PresenceRow.shop_id == shop.id)).all()
    )
    loads = _loads(db, shop, now)
    on_shift = set(staffed(shop.hours, now, CALENDAR))
    ids = {agent.id for agent in roster.agents} | set(presence) | set(shop.hours.shifts)
    found = []
    for agent_id in sorted(ids):
        agent = roster.agent(agent_id)
        found.append(
            AgentNow(
                id=agent_id,
                online=presence.get(agent_id, False),
                load=loads.get(agent_id, 0),
                limit=roster.limit_of(agent),
                groups=roster.groups_of(agent),
                on_shift=agent_id in on_shift if agent_id in shop.hours.shifts else None,
            )
        )
    return found


def route(db: Database, picture: Picture, session: Session) -> RoutingAdvice:
    """Whom the buyer of this session should go to."""
    shop = picture.shop
    roster = stored_roster(db, shop.id)
    within = returning_within(shop, roster)
    earlier = db.exec(
        select(SessionRow.last_event_at, SessionRow.agent).where(
            SessionRow.shop_id == shop.id,
            SessionRow.buyer == picture.buyer,
            SessionRow.last_event_at >= picture.now - within,
            col(SessionRow.agent).is_not(None),
        )
    ).all()
    last = session.last_buyer_message
    request = Request(
        now=picture.now,
        enquiry=Enquiry(
            item=session.mentioned("item"),
            order_state=session.mentioned("order_state"),
            entry=session.mentioned("entry"),
            text=last.text if last is not None else "",
        ),
        earlier=_told(earlier),
        returning_within=within,
    )
    return advise_routing(request, agents_now(db, shop, roster, picture.now), roster)


def _told(earlier: Iterable[tuple[datetime, str | None]]) -> Sequence[tuple[datetime, str]]:
    return [(at, agent) for at, agent in earlier if agent is not None]


def _loads(db: Database, shop: Shop, now: datetime) -> dict[str, int]:
    """How many buyers each agent serves: those who wait, and those whose session goes on."""
    ends = shop.profile.session_end
    minutes = ends.buyer_silent_minutes if ends is not None else None
    served_since = now - timedelta(minutes=_SERVED_MINUTES if minutes is None else minutes)
    of_agents = select(SessionRow.agent, SessionRow.buyer).where(
        SessionRow.shop_id == shop.id, col(SessionRow.agent).is_not(None), col(SessionRow.closed_at).is_(None)
    )
    served = union(
        of_agents.where(
            col(SessionRow.waiting_since).is_not(None), SessionRow.last_event_at >= now - _WAITS_AT_MOST
        ),
        of_agents.where(SessionRow.last_event_at >= served_since),
    ).subquery()
    counts = db.execute(select(served.c.agent, func.count()).group_by(served.c.agent))
    return {row[0]: row[1] for row in counts}
