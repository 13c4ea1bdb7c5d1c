"""Tells the shop's own people of buyers who wait, several channels side by side."""

from __future__ import annotations

import asyncio

import structlog

from app.jobs.due_loop import run_when_due
from app.usecases.alert_delivery import Dispatch, claim_dispatches, next_alert_at
from app.usecases.alert_sending import deliver
from app.usecases.service import Service

log = structlog.get_logger()


async def tell_people(service: Service) -> None:
    """Run until the service stops. A channel that is slow holds up no other."""

    async def tell(dispatch: Dispatch) -> None:
        try:
            await deliver(service, dispatch)
        except Exception:
            # Its lease ends, and then it is sent again.
            log.exception("alert_not_noted", shop=dispatch.shop_id, message=dispatch.id)
        service.changes.tell([dispatch.shop_id])

    async with asyncio.TaskGroup() as under_way:

        async def work() -> int:
            claimed = await service.write(
                lambda db: claim_dispatches(
                    db, service.knowledge, service.clock(), service.settings.public_url
                )
            )
            for dispatch in claimed.dispatches:
                under_way.create_task(tell(dispatch))
            return claimed.handled

        await run_when_due(service, "alerts", next_alert_at, work)
