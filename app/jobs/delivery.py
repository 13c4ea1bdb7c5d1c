"""Delivers the outbox by consoles' own APIs and signed callbacks, many sessions side by side, each session in order.

A receiver that is slow holds up nobody but its own shop: while its letters are under way the replies of others are claimed
and sent, and no shop has more than `MAX_UNDER_WAY` letters out at a time.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Final

import structlog

from app.core.situations import Purpose
from app.gateways.callbacks import CallbackSender
from app.gateways.consoles import Desk
from app.gateways.outbound import TOTAL_TIMEOUT_S, Failed
from app.jobs.due_loop import run_when_due
from app.usecases.consoles import ShopConsole
from app.usecases.deliver import Attempt, Letter, claim_letters, next_letter_at, record_attempts
from app.usecases.service import Service

MAX_UNDER_WAY: Final = 40
"""Letters of one shop that are being sent at a time."""
CLAIM: Final = 20
"""Letters that are claimed at once; whoever waits for the writer waits for all of them."""
END_S: Final = 2.0
"""What letters under way are given when the service stops; their ids stay the same if they are sent once more."""

log = structlog.get_logger()


async def deliver_outbox(service: Service, sender: CallbackSender, desk: Desk) -> None:
    """Run until the service stops."""
    delivery = _Delivery(service, sender, desk)
    noting = asyncio.create_task(delivery.keep_noting())
    try:
        await run_when_due(service, "delivery", lambda db: next_letter_at(db, delivery.busy), delivery.work)
    finally:
        await delivery.end(noting)


class _Delivery:
    """The letters under way, and the attempts that are still to be noted."""

    def __init__(self, service: Service, sender: CallbackSender, desk: Desk) -> None:
        self._service = service
        self._sender = sender
        self._desk = desk
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._attempts: list[Attempt] = []
        self._something_to_note = asyncio.Event()
        self._ended = False

    @property
    def busy(self) -> frozenset[str]:
        """Shops that can have no more letters under way."""
        counts = Counter(self._under_way.values())
        return frozenset(shop_id for shop_id, count in counts.items() if count >= MAX_UNDER_WAY)

    async def work(self) -> int:
        """Claim what is due and begin to send it; says how much that was."""
        service, busy = self._service, self.busy
        letters = await service.write(
            lambda db: claim_letters(db, service.knowledge, service.clock(), CLAIM, busy)
        )
        for letter in letters:
            task = asyncio.create_task(self._send(letter))
            self._under_way[task] = letter.shop_id
            task.add_done_callback(self._under_way.pop)
        return len(letters)

    async def _send(self, letter: Letter) -> None:
        try:
            failed = await self._try(letter)
        except Exception as error:
            log.exception("callback_not_sent", shop=letter.shop_id)
            failed = Failed(type(error).__name__)
        self._attempts.append(Attempt(letter) if failed is None else _failed(letter, failed))
        self._something_to_note.set()

    async def _try(self, letter: Letter) -> Failed | None:
        if letter.console is not None:
            return await _tell(letter.console, letter, self._desk)
        now = self._service.transport_clock()
        return await self._sender.send(letter.url, letter.secret, letter.id, _payload(letter), now)

    async def keep_noting(self) -> None:
        """Note attempts as they end; those that end while a commit is under way share the next one."""
        while not self._ended:
            await self._something_to_note.wait()
            await self._note()

    async def _note(self) -> None:
        self._something_to_note.clear()
        attempts, self._attempts = self._attempts, []
        if not attempts:
            return
        service = self._service
        try:
            await service.write(lambda db: record_attempts(db, service.knowledge, attempts, service.clock()))
        except Exception:
            # Their leases end, and they are sent once more under the same ids.
            log.exception("attempts_not_noted", count=len(attempts))
        service.changes.tell({attempt.letter.shop_id for attempt in attempts})

    async def end(self, noting: asyncio.Task[None]) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=END_S)
        for task in list(self._under_way):
            task.cancel()
        self._ended = True
        self._something_to_note.set()
        await noting


def _failed(letter: Letter, failed: Failed) -> Attempt:
    return Attempt(
        letter, failed.error, gone=failed.gone, retry_after_s=failed.retry_after_s, chance=random.random()
    )


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
        "action": "invite" if letter.purpose == Purpose.INVITE.value else "say",
        "purpose": letter.purpose,
        "sender": letter.sender,
        "created_at": letter.created_at.isoformat(),
        "expires_at": letter.expires_at.isoformat(),
    }
