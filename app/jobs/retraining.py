"""Builds banks anew in the background once they have taken phrases in, so that their classifier learns too.

A changed phrase is found at once by what it says; what the classifier makes of all examples together follows some seconds
later. Every process does this for the banks that it has in memory.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from sqlmodel import Session as Database

from app.usecases.service import Service
from app.usecases.shops import read_shop

LOOK_EVERY_S: Final = 0.5
QUIET_S: Final = 2.0
"""A bank is built anew when it has not changed for so long,"""
PATIENCE_S: Final = 10.0
"""or when it is so long since it first changed."""
SHARE: Final = 5
"""Building takes at most one part in so many of the time: a bank that took 10 s to build waits 50 s for the next time."""
ACCEPTANCE_EVERY_S: Final = 60.0
"""How often the figures that order equal candidates are looked at."""

log = structlog.get_logger()


@dataclass(slots=True)
class Pace:
    """When one grown bank is to be built anew, in seconds of the caller's clock."""

    version: int
    since: float
    changed: float
    not_before: float = 0.0

    def see(self, version: int, now: float) -> None:
        """The bank has grown, and is at this version."""
        if version != self.version:
            self.version, self.changed = version, now

    def is_due(self, now: float) -> bool:
        settled = now - self.changed >= QUIET_S or now - self.since >= PATIENCE_S
        return settled and now >= self.not_before


async def retrain_banks(service: Service) -> None:
    """Run until the service stops."""
    clock = asyncio.get_running_loop().time
    paces: dict[str, Pace] = {}
    rest_until: dict[str, float] = {}
    acceptance_at = clock()
    while not service.stopping.is_set():
        try:
            for shop_id, version in (await service.read(service.knowledge.banks.grown)).items():
                pace = paces.setdefault(
                    shop_id, Pace(version, clock(), clock(), rest_until.get(shop_id, 0.0))
                )
                pace.see(version, clock())
                if pace.is_due(clock()):
                    began = clock()
                    await service.read(partial(_rebuild, service, shop_id))
                    del paces[shop_id]
                    rest_until[shop_id] = clock() + (SHARE - 1) * (clock() - began)
            if clock() - acceptance_at >= ACCEPTANCE_EVERY_S:
                acceptance_at = clock()
                await service.read(lambda db: _look_at_acceptance(service, db))
        except Exception:
            log.exception("job_failed", job="retraining")
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await service.stopping.wait()
        except TimeoutError:
            continue


def _rebuild(service: Service, shop_id: str, db: Database) -> None:
    service.knowledge.banks.rebuild(db, shop_id)


def _look_at_acceptance(service: Service, db: Database) -> None:
    for shop_id in service.knowledge.banks.in_use(db):
        shop = read_shop(db, service.knowledge.profiles, shop_id)
        today = shop.day_of(service.clock())
        service.knowledge.banks.look_at_acceptance(db, shop, today)
