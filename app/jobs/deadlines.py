"""Acts on deadlines as they come; at start-up, on those that passed while nobody was there."""

from __future__ import annotations

from typing import Final

from app.jobs.due_loop import run_when_due
from app.usecases.act_on_due import act_on_due, next_due_at
from app.usecases.service import Service

AT_ONCE: Final = 20
"""Items in one unit of work: together they are read cheaper, but whoever waits for the writer waits for all of them."""


async def keep_deadlines(service: Service) -> None:
    """Run until the service stops."""

    async def work() -> int:
        done = await service.write(lambda db: act_on_due(db, service.knowledge, service.clock(), AT_ONCE))
        service.changes.tell(done.shops)
        return done.handled

    await run_when_due(service, "deadlines", next_due_at, work)
