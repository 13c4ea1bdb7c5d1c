"""Server-sent events: that something of a shop has changed, at most once a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from app.usecases.service import Service

HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
EVERY_S: Final = 1.0
"""The pause after a change was told."""
REFRESH_S: Final = 10.0
"""Without a change of this process tell all the same: time itself, and other processes, change things."""


async def changes_as_events(service: Service, shop_id: str, names: Sequence[str]) -> AsyncIterator[bytes]:
    """One event of each name at the start, and again after each change. Ends when the service stops."""
    changed = service.changes.listen(shop_id)
    stopping = asyncio.ensure_future(service.stopping.wait())
    try:
        while not service.stopping.is_set():
            for name in names:
                yield f"event: {name}\ndata: changed\n\n".encode()
            await asyncio.wait({stopping}, timeout=EVERY_S)
            waiting = asyncio.ensure_future(changed.wait())
            try:
                await asyncio.wait(
                    {stopping, waiting}, timeout=REFRESH_S, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                waiting.cancel()
            changed.clear()
    finally:
        stopping.cancel()
        service.changes.forget(changed)
