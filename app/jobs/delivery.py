"""Delivers the outbox by consoles' own APIs and signed callbacks, several sessions side by side, each session in order."""

from __future__ import annotations

import asyncio
from functools import partial

from app.gateways.callbacks import CallbackSender
from app.gateways.consoles import Desk
from app.gateways.outbound import TOTAL_TIMEOUT_S, Failed
from app.jobs.due_loop import run_when_due
from app.usecases.consoles import ShopConsole
from app.usecases.deliver import Letter, claim_letters, next_letter_at, record_failure, record_sent
from app.usecases.service import Service


async def deliver_outbox(service: Service, sender: CallbackSender, desk: Desk) -> None:
    """Run until the service stops."""

    async def send(letter: Letter) -> None:
        if letter.console is not None:
            result = await _tell(letter.console, letter, desk)
        else:
            result = await sender.send(
                letter.url, letter.secret, letter.id, _payload(letter), service.transport_clock()
            )
        now = service.clock()
        if isinstance(result, Failed):
            await service.write(
                partial(
                    record_failure,
                    letter=letter,
                    now=now,
                    error=result.error,
                    gone=result.gone,
                    retry_after_s=result.retry_after_s,
                )
            )
        else:
            await service.write(partial(record_sent, knowledge=service.knowledge, letter=letter, now=now))
        service.changes.tell([letter.shop_id])

    async def work() -> int:
        letters = await service.write(lambda db: claim_letters(db, service.knowledge, service.clock()))
        async with asyncio.TaskGroup() as group:
            for letter in letters:
                group.create_task(send(letter))
        return len(letters)

    await run_when_due(service, "delivery", next_letter_at, work)


async def _tell(shop_console: ShopConsole, letter: Letter, desk: Desk) -> Failed | None:
    """By the console's API. However many requests that takes, it lasts no longer than one may."""
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT_S):
            return await shop_console.console.reply(letter.reply, shop_console.settings, desk)
    except TimeoutError:
        return Failed(f"{TOTAL_TIMEOUT_S:.0f} 秒内没有办完 / timed out")


def _payload(letter: Letter) -> dict[str, str]:
    return {
        "type": "reply.send",
        "id": letter.id,
        "shop": letter.shop_id,
        "session": letter.session,
        "buyer": letter.buyer,
        "text": letter.text,
        "purpose": letter.purpose,
        "sender": letter.sender,
        "created_at": letter.created_at.isoformat(),
        "expires_at": letter.expires_at.isoformat(),
    }
