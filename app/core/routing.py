"""Which agent a waiting buyer should go to, as advice (分流)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RETURN_WITHIN = timedelta(hours=72)
"""A buyer who was in touch within this time goes to the same agent (Kuaishou's rule, seed S1 lines 149 to 153)."""


@dataclass(frozen=True, slots=True)
class RoutingAdvice:
    """`agent` is None where nobody is online."""

    agent: str | None
    reason: str


def advise_routing(
    now: datetime,
    load: Mapping[str, int],
    earlier: Sequence[tuple[datetime, str]],
) -> RoutingAdvice:
    """Advise an agent.

    `load`: online agents and how many waiting or open buyers each has. `earlier`: when and by whom this buyer was
    served before, in any order.
    """
    recent = sorted((at, agent) for at, agent in earlier if now - at <= RETURN_WITHIN)
    if recent and recent[-1][1] in load:
        return RoutingAdvice(recent[-1][1], "72 小时内由同一位客服接待过")
    if not load:
        return RoutingAdvice(None, "没有客服在线，按离线规则处理")
    agent = min(sorted(load), key=lambda name: load[name])
    if recent:
        return RoutingAdvice(agent, f"原客服 {recent[-1][1]} 不在线，转给在线且接待最少的客服")
    return RoutingAdvice(agent, f"在线客服中接待最少（{load[agent]} 位）")
