"""Who is there to serve a shop's buyers, and how much each has to do: for people and programs that look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database

from app.core.roster import Roster
from app.core.routing import AgentNow, hints_for, members
from app.core.service_hours import State, closes_at
from app.usecases.agents import agents_now
from app.usecases.opening import CALENDAR, state_of
from app.usecases.shop_documents import stored_roster
from app.usecases.shops import Shop


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent with his name; `now` says what he has to do."""

    now: AgentNow
    name: str
    skills: tuple[str, ...] = ()
    note: str = ""

    @property
    def listed(self) -> bool:
        """Is he worth a line: online, or expected?"""
        return self.now.online or self.missing

    @property
    def missing(self) -> bool:
        """Should he be there, and is not?"""
        return bool(self.now.on_shift) and not self.now.online


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group's online agents together. `limit` is None if one of them has none."""

    id: str
    name: str
    online: int
    load: int
    limit: int | None

    @property
    def full(self) -> bool:
        """Can nobody who is online take one more?"""
        return self.online > 0 and self.limit is not None and self.load >= self.limit


@dataclass(frozen=True, slots=True)
class StaffView:
    """Online agents come first, by load. `closes_at` is of an open shop; `hints` say what would free a place, if none is free."""

    state: State
    closes_at: datetime | None
    agents: tuple[AgentView, ...]
    groups: tuple[GroupView, ...]
    hints: tuple[str, ...]

    @property
    def online(self) -> int:
        return sum(agent.now.online for agent in self.agents)

    @property
    def missing(self) -> tuple[AgentView, ...]:
        return tuple(agent for agent in self.agents if agent.missing)


def read_staff(db: Database, shop: Shop, now: datetime) -> StaffView:
    """The shop's agents and groups at `now`."""
    roster = stored_roster(db, shop.id)
    agents = agents_now(db, shop, roster, now)
    state = state_of(shop, now)
    serving = [agent for agent in agents if agent.limit != 0]
    nobody_free = not any(agent.online and not agent.full for agent in serving)
    wanted = state.open is not False and bool(serving)
    return StaffView(
        state=state,
        closes_at=closes_at(shop.hours, now, CALENDAR) if state.open else None,
        agents=tuple(_views(agents, roster)),
        groups=tuple(_group_views(agents, roster)),
        hints=hints_for(agents) if wanted and nobody_free else (),
    )


def _views(agents: Sequence[AgentNow], roster: Roster) -> Iterable[AgentView]:
    for agent in sorted(agents, key=lambda each: (not each.online, not each.on_shift, -each.share, each.id)):
        known = roster.agent(agent.id)
        yield AgentView(agent, known.name or agent.id, known.skills, known.note)


def _group_views(agents: Sequence[AgentNow], roster: Roster) -> Iterable[GroupView]:
    for group in roster.groups:
        online = [agent for agent in members(agents, group) if agent.online and agent.limit != 0]
        limits = [agent.limit for agent in online if agent.limit is not None]
        yield GroupView(
            id=group.id,
            name=group.title,
            online=len(online),
            load=sum(agent.load for agent in online),
            limit=sum(limits) if len(limits) == len(online) else None,
        )


def staff_json(view: StaffView) -> dict[str, Any]:
    return {
        "open": view.state.open,
        "state": state_json(view.state, view.closes_at),
        "agents": [_agent_json(agent) for agent in view.agents],
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "online": group.online,
                "load": group.load,
                "limit": group.limit,
                "full": group.full,
            }
            for group in view.groups
        ],
        "hints": list(view.hints),
    }


def state_json(state: State, closing_at: datetime | None) -> dict[str, Any]:
    return {
        "open": state.open,
        "code": state.code,
        "reason": state.reason,
        "opens_at": state.opens_at.isoformat() if state.opens_at else None,
        "closes_at": closing_at.isoformat() if closing_at else None,
        "calendar_known": state.calendar_known,
    }


def _agent_json(view: AgentView) -> dict[str, Any]:
    now = view.now
    return {
        "agent": now.id,
        "name": view.name,
        "online": now.online,
        "on_shift": now.on_shift,
        "load": now.load,
        "limit": now.limit,
        "full": now.full,
        "groups": list(now.groups),
        "skills": list(view.skills),
        "note": view.note,
    }
