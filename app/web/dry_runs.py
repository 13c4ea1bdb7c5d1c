"""A policy is tried out beside the event path: one at a time in a process, in a thread that rests, and not for long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel import Session as Database

from app.gateways.pace import Pace
from app.usecases.policy_versions import checked_policy
from app.usecases.rehearse_policy import Report, rehearse_policy
from app.usecases.service import Service
from app.usecases.shops import read_shop

BUDGET_S: Final = 20.0
"""How long one may take; what was played by then is reported."""


class RehearsingError(Exception):
    """Somebody tries a policy out already."""

    def __init__(self) -> None:
        super().__init__("已有一次试跑在进行，请稍后再试 / a dry run is under way, come back soon")


async def dry_run(
    service: Service, shop_id: str, knobs: Mapping[str, Any], days: int, *, whole: bool
) -> Report:
    """What the policy would have made of the last days; `whole`, or some knobs of the present one turned.

    Raises `RehearsingError`, and `PolicyError` for a policy that could not be saved either.
    """
    if service.rehearsing.locked():
        raise RehearsingError
    now = service.clock()

    def rehearse(db: Database) -> Report:
        shop = read_shop(db, service.knowledge.profiles, shop_id)
        raw = knobs if whole else shop.policy.to_json() | dict(knobs)
        policy = checked_policy(db, shop, raw, now)
        return rehearse_policy(
            db, service.knowledge, shop_id, policy, now, days=days, stop=Pace(BUDGET_S).over
        )

    async with service.rehearsing:
        return await service.read(rehearse)
