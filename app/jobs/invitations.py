"""Looks at talks that have gone quiet: their rating advice, and the invitations that a shop lets the machine send."""

from __future__ import annotations

from typing import Final

from app.jobs.due_loop import run_when_due
from app.usecases.invite_on_due import invite_on_due, next_look_at
from app.usecases.service import Service

AT_ONCE: Final = 20
"""Talks in one unit of work; whoever waits for the writer waits for all of them."""


async def keep_invitations(service: Service) -> None:
    """Run until the service stops."""

    async def work() -> int:
        done = await service.write(lambda db: invite_on_due(db, service.knowledge, service.clock(), AT_ONCE))
        service.changes.tell(done.shops)
        return done.handled

    await run_when_due(service, "invitations", next_look_at, work)
