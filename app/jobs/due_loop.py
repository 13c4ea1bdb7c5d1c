"""The pace of work that falls due: look when the next thing is due, or when something changed, or after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog
from sqlmodel import Session as Database

from app.usecases.service import Service

POLL_S: Final = 1.0
"""At the latest then look again: another process may have written something that is due sooner."""
BUSY_PAUSE_S: Final = 0.05
"""The pause when what is due is held by another process."""
GATHER_S: Final = 0.02
"""The pause after a change, in which more of them come together."""

log = structlog.get_logger()


async def run_when_due(
    service: Service,
    name: str,
    next_at: Callable[[Database], datetime | None],
    work: Callable[[], Awaitable[int]],
) -> None:
    """Call `work` (which says how much it did) whenever something is due, until the service stops.

    A failure is logged and tried again after `POLL_S`; the loop itself never ends by one.
    """
    changed = service.changes.listen(None)
    try:
        while not service.stopping.is_set():
            changed.clear()
            try:
                due_at = await service.read(next_at)
                wait = POLL_S if due_at is None else (due_at - service.clock()).total_seconds()
                if wait <= 0:
                    if not await work():
                        await asyncio.sleep(BUSY_PAUSE_S)
                    continue
            except Exception:
                log.exception("job_failed", job=name)
                wait = POLL_S
            try:
                async with asyncio.timeout(min(wait, POLL_S)):
                    await changed.wait()
            except TimeoutError:
                continue
            # Many changes at once are one reason to look.
            await asyncio.sleep(GATHER_S)
    finally:
        service.changes.forget(changed)
