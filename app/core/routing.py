"""Which agent a waiting buyer should go to, as advice (分流), and what would help where nobody is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

from app.core.roster import Group, OfflineRule, Roster

NOMINAL_LIMIT: Final = 10
"""What an agent without a limit is compared with others by; nobody is full by it."""
MOST_HINTS: Final = 3


class Rule(StrEnum):
    """By what an agent, or nobody, is advised."""

    RETURNING = "returning"
    LEAST_LOADED = "least_loaded"
    FALLBACK = "fallback"
    FULL = "full"
    """Somebody is online, and all are at their limit: the buyer waits."""
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class AgentNow:
    """An agent at this moment. `load`: buyers whom he serves; `limit` None: as many as come."""

    id: str
    online: bool
    load: int = 0
    limit: int | None = None
    groups: tuple[str, ...] = ()
    on_shift: bool | None = None
    """Should he be there? None where he has no shifts."""

    @property
    def full(self) -> bool:
        return self.limit is not None and self.load >= self.limit

    @property
    def share(self) -> Fraction:
        """His load as a part of what he can take."""
        return Fraction(self.load, self.limit or NOMINAL_LIMIT) if self.limit != 0 else Fraction(1)

    @property
    def load_text(self) -> str:
        return f"{self.load} 位" if self.limit is None else f"{self.load}/{self.limit} 位"


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What is known of a waiting buyer that may select a group; None where it is not told."""

    item: str | None = None
    order_state: str | None = None
    entry: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RoutingAdvice:
    """`agent` is None where nobody should get the buyer now; he is online otherwise, and not at his limit.

    `group` is that which the enquiry selects, None without groups. `offline` says what becomes of a buyer for whom nobody is
    online. `hints` are what a supervisor could do about it.
    """

    agent: str | None
    reason: str
    rule: Rule = Rule.OFFLINE
    group: str | None = None
    offline: OfflineRule | None = None
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A buyer who wants an agent at `now`.

    `earlier`: when and by whom he was served before, in any order; within `returning_within` he goes back to the same
    agent (None or no time: never).
    """

    now: datetime
    enquiry: Enquiry = Enquiry()
    earlier: Sequence[tuple[datetime, str]] = field(default=())
    returning_within: timedelta | None = None


def advise_routing(request: Request, agents: Sequence[AgentNow], roster: Roster) -> RoutingAdvice:
    """Advise the agent who knows the buyer, else the least loaded of the group that the enquiry selects, else nobody.

    Groups that take over from the selected one are asked in turn.
    """
    group, selected_by = select_group(request.enquiry, roster)
    name = group.id if group is not None else None
    before = _served_by(request)
    known = next((agent for agent in agents if agent.id == before), None)
    if known is not None and known.online and not known.full:
        hours = _hours(request.returning_within)
        return RoutingAdvice(known.id, f"{hours}由同一位客服接待过", Rule.RETURNING, name)
    why = _why_another(before, known)
    chain: Sequence[Group | None] = (None,) if group is None else roster.after(group)
    for number, each in enumerate(chain):
        free = [agent for agent in members(agents, each) if agent.online and not agent.full]
        if free:
            best = min(free, key=lambda agent: (agent.share, agent.load, agent.id))
            rule = Rule.FALLBACK if number else Rule.LEAST_LOADED
            return RoutingAdvice(best.id, _reason(best, each, number, why, selected_by), rule, name)
    return _nobody(agents, chain, roster, why, name)


def select_group(enquiry: Enquiry, roster: Roster) -> tuple[Group | None, str]:
    """The group that an enquiry selects, and by what in words.

    The item goes before the state of the order, that before the entry page, that before a word; of several groups the first.
    Nothing selected: the default group, if there is one.
    """
    for group in roster.groups:
        if enquiry.item is not None and enquiry.item in group.select.items:
            return group, f"商品 {enquiry.item}"
    for group in roster.groups:
        if enquiry.order_state is not None and enquiry.order_state in group.select.order_states:
            return group, f"订单状态“{enquiry.order_state}”"
    for group in roster.groups:
        if enquiry.entry is not None and enquiry.entry in group.select.entries:
            return group, f"进线页面“{enquiry.entry}”"
    for group in roster.groups:
        word = next((word for word in group.select.keywords if word in enquiry.text), None)
        if word is not None:
            return group, f"提到“{word}”"
    return roster.group(roster.default_group), ""


def members(agents: Iterable[AgentNow], group: Group | None) -> list[AgentNow]:
    """The agents of a group; all of them for None. Who is in no group takes every group's buyers."""
    return [agent for agent in agents if group is None or not agent.groups or group.id in agent.groups]


def hints_for(agents: Sequence[AgentNow]) -> tuple[str, ...]:
    """What would free a place among these agents: recall who should be there, or raise a limit."""
    return tuple(_hints(agents))[:MOST_HINTS]


def _hints(agents: Sequence[AgentNow]) -> Iterator[str]:
    away = [agent.id for agent in agents if agent.on_shift and not agent.online and agent.limit != 0]
    if away:
        yield f"{'、'.join(away[:3])} 在班但不在线，可请上线"
    busy = [agent for agent in agents if agent.online and agent.limit and agent.full]
    if busy:
        least = min(busy, key=lambda agent: (agent.load, agent.id))
        yield f"{least.id} 已到上限 {least.load_text}，顾得过来可调到 {max(least.load, least.limit or 0) + 1} 位"
    if not away and not busy:
        yield "没有可以召回的在班客服；可临时安排人上线"


def _nobody(
    agents: Sequence[AgentNow], chain: Sequence[Group | None], roster: Roster, why: str, name: str | None
) -> RoutingAdvice:
    concerned = list({agent.id: agent for group in chain for agent in members(agents, group)}.values())
    title = f"{chain[0].title} " if chain[0] is not None else ""
    if any(agent.online and agent.limit != 0 for agent in concerned):
        reason = f"{why}{title}在线客服都已接满，买家先排队"
        return RoutingAdvice(None, reason, Rule.FULL, name, None, hints_for(concerned))
    offline = next((group.offline for group in chain if group is not None and group.offline), roster.offline)
    reason = f"{why}{title}没有客服在线，按离线规则处理：{offline.text}"
    return RoutingAdvice(None, reason, Rule.OFFLINE, name, offline, hints_for(concerned))


def _served_by(request: Request) -> str | None:
    if not request.returning_within:
        return None
    recent = [each for each in request.earlier if request.now - each[0] <= request.returning_within]
    return max(recent)[1] if recent else None


def _why_another(before: str | None, known: AgentNow | None) -> str:
    if before is None:
        return ""
    if known is not None and known.online:
        return f"原客服 {before} 已接满（{known.load_text}），"
    return f"原客服 {before} 不在线，"


def _reason(agent: AgentNow, group: Group | None, number: int, why: str, selected_by: str) -> str:
    where = group.title if group is not None else ""
    if selected_by and not number:
        why = f"{selected_by}，{why}"
    if number:
        why = f"{why}本组没有空闲客服，由 {where} 接替，"
        where = ""
    of = f"{where} " if where else ""
    return f"{why}{of}在线客服中接待最少（{agent.load_text}）"


def _hours(within: timedelta | None) -> str:
    return f"{int((within or timedelta()) / timedelta(hours=1))} 小时内"
