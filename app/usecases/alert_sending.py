"""One message to one channel: sent, and noted what became of it."""

from __future__ import annotations

from functools import partial

from sqlmodel import Session as Database

from app.gateways.outbound import Failed
from app.usecases.alert_delivery import Dispatch, claim_trial, record_failure, record_sent
from app.usecases.service import Service
from app.usecases.shops import read_shop


async def deliver(service: Service, dispatch: Dispatch, *, final: bool = False) -> Failed | None:
    """Send a message and note what became of it; why it failed, if it did. `final`: there is no second attempt."""
    failed = await service.alert_sender.send(dispatch.address, dispatch.title, dispatch.body)
    if failed is None:
        await service.write(partial(record_sent, dispatch=dispatch))
    else:
        note = partial(
            record_failure,
            dispatch=dispatch,
            now=service.clock(),
            error=failed.error,
            retry_after_s=failed.retry_after_s,
            final=final,
        )
        await service.write(note)
    return failed


async def try_channel(service: Service, shop_id: str, channel_id: str) -> Failed | None:
    """Send a test message now; why it failed, if it did. Raises `UnknownChannelError` and `TooOftenError`."""

    def claim(db: Database) -> Dispatch:
        shop = read_shop(db, service.knowledge.profiles, shop_id)
        return claim_trial(db, shop, channel_id, service.clock())

    return await deliver(service, await service.write(claim), final=True)
