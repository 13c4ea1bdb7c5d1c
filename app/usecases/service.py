"""The running service as one value: what routes and jobs need to read, write and tell others that something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session as Database

from app.core.rates import RateLimit
from app.core.sign_in_limits import SignInLimits
from app.db.writer import Writer
from app.gateways.alert_sender import AlertSender
from app.settings import Settings
from app.usecases.knowledge import Knowledge
from app.usecases.meaning import Meaning
from app.usecases.measures import RateBoard
from app.usecases.review_shelf import ReviewShelf
from phrasebank import Bank

T = TypeVar("T")


class Changes:
    """Tells listeners in this process that something of a shop has changed. Lives on one event loop."""

    def __init__(self) -> None:
        self._listeners: dict[asyncio.Event, str | None] = {}

    def listen(self, shop_id: str | None) -> asyncio.Event:
        """An event that is set at each change of the shop (None: of any shop), until `forget`."""
        event = asyncio.Event()
        self._listeners[event] = shop_id
        return event

    def forget(self, event: asyncio.Event) -> None:
        self._listeners.pop(event, None)

    def tell(self, shop_ids: Iterable[str]) -> None:
        changed = set(shop_ids)
        if changed:
            for event, shop_id in self._listeners.items():
                if shop_id is None or shop_id in changed:
                    event.set()

    def tell_all(self) -> None:
        """Wake every listener."""
        for event in self._listeners:
            event.set()


@dataclass(slots=True)
class Service:
    settings: Settings
    engine: Engine
    writer: Writer
    knowledge: Knowledge
    clock: Callable[[], datetime]
    """The shop's time, by which everything is decided; a demo may shift it."""
    transport_clock: Callable[[], datetime]
    """The time that signatures bear, always the real one."""
    board: RateBoard
    rates: RateLimit
    """How many events each shop may send."""
    meaning: Meaning | None = None
    """The stronger encoder, if the operator chose one."""
    alert_sender: AlertSender = field(default_factory=AlertSender)
    changes: Changes = field(default_factory=Changes)
    sign_in_limits: SignInLimits = field(default_factory=SignInLimits)
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """Held while a password is hashed, so that many who sign in at once take neither all cores nor much memory."""
    setup_code: str = ""
    """What whoever makes the first shop must know; empty once there is one, or where none was handed out."""
    rehearsing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a policy is tried out: one at a time, so that there is always room for events."""
    reviews: ReviewShelf = field(default_factory=ReviewShelf)
    """Sessions that were looked at for their quality."""
    reviewing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while some sessions are looked at: one lot at a time, so that there is always room for events."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to stop, so that open streams end at once."""

    async def write(self, unit: Callable[[Database], T], lane: str = "") -> T:
        """Run a unit in the writer and wait for its commit; what a shop sends goes in its own `lane`."""
        return await self.writer.run(unit, lane)

    async def read(self, query: Callable[[Database], T]) -> T:
        """Run a query in a thread, on a connection of its own."""

        def run() -> T:
            with Database(self.engine) as db:
                return query(db)

        return await asyncio.to_thread(run)

    async def ask_bank(self, shop_id: str, bank: Bank, question: Callable[[Bank], T]) -> T:
        """What `question` says of a shop's bank, in a thread: with the stronger encoder where there is one and it is ready."""
        if self.meaning is None:
            return await asyncio.to_thread(question, bank)
        return await self.meaning.ask(shop_id, bank, question)
