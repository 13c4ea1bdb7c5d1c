"""Fetches what consoles have to say whose hook tells only that there is something."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from app.gateways.consoles import Desk, Pulled
from app.gateways.outbound import TOTAL_TIMEOUT_S, Failed
from app.jobs.due_loop import run_when_due
from app.usecases.pull_consoles import Pull, claim_pulls, next_pull_at, record_pull_failure, record_pulled
from app.usecases.service import Service

log = structlog.get_logger()


async def pull_consoles(service: Service, desk: Desk) -> None:
    """Run until the service stops."""
    future_tolerance = timedelta(seconds=service.settings.future_tolerance_s)

    async def fetch(pull: Pull) -> None:
        pulled = await _pull(pull, desk)
        now = service.clock()
        if isinstance(pulled, Failed):
            log.warning("console_pull_failed", shop=pull.shop_id, console=pull.adapter, error=pulled.error)
            await service.write(
                partial(
                    record_pull_failure,
                    pull=pull,
                    now=now,
                    error=pulled.error,
                    retry_after_s=pulled.retry_after_s,
                )
            )
            return
        await service.write(
            partial(
                record_pulled,
                knowledge=service.knowledge,
                pull=pull,
                pulled=pulled,
                now=now,
                future_tolerance=future_tolerance,
            )
        )
        service.changes.tell([pull.shop_id])

    async def work() -> int:
        pulls = await service.write(lambda db: claim_pulls(db, service.clock()))
        async with asyncio.TaskGroup() as group:
            for pull in pulls:
                group.create_task(fetch(pull))
        return len(pulls)

    await run_when_due(service, "console_pulls", next_pull_at, work)


async def _pull(pull: Pull, desk: Desk) -> Pulled | Failed:
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT_S):
            return await pull.shop_console.console.pull(
                pull.cursor, pull.token, pull.shop_console.settings, desk
            )
    except TimeoutError:
        return Failed(f"{TOTAL_TIMEOUT_S:.0f} 秒内没有取完 / timed out")
