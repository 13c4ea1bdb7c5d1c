"""Nearness of meaning by a stronger encoder than the built-in one: for suggestions that people wait for, never for events.

A shop's bank is encoded in a thread of its own. Until that is done, and whenever the encoder fails or is too slow, the
built-in bank answers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeVar

import structlog
from sqlalchemy import Engine

from app.db.encodings import EncodingStore
from app.db.writer import Writer
from app.gateways.embeddings import EndpointEncoder
from app.settings import Settings
from app.usecases.banks import brought_up_to
from phrasebank import Bank
from phrasebank.encoders.remembering import RememberingEncoder
from phrasebank.encoding import Encoder, EncodingError

T = TypeVar("T")

SEARCHES: Final = 2
"""Searches by the stronger encoder at one time; the next ones are answered by the built-in one at once."""
REST_S: Final = 30.0
"""After a failure the stronger encoder is left alone for so long."""
TOLD_EVERY: Final = 512
"""Texts between two lines of progress in the log."""

log = structlog.get_logger()


class _StoppedError(Exception):
    """The service stops while a bank is being encoded."""


@dataclass(frozen=True, slots=True)
class _Strong:
    """A shop's bank by the stronger encoder, and the built-in one that it has the phrases of."""

    plain: Bank
    bank: Bank
    texts: int


class Meaning:
    """The shops' banks by the stronger encoder, made when they are first asked. Lives on one event loop."""

    def __init__(self, encoder: Encoder, engine: Engine, writer: Writer, settings: Settings) -> None:
        """A question waits `encoder_limit_ms` at most; the banks held have `encoder_max_texts` together, the latest asked."""
        self._source = encoder
        self._encoder = RememberingEncoder(encoder)
        self._engine = engine
        self._writer = writer
        self._settings = settings
        self._banks: OrderedDict[str, _Strong] = OrderedDict()
        self._making: set[str] = set()
        self._too_large: set[str] = set()
        self._lock = Lock()
        self._searching = 0
        self._rests_until = 0.0
        self._stopping = False
        self._maker = ThreadPoolExecutor(1, "miaohui-encode")
        self._searchers = ThreadPoolExecutor(SEARCHES, "miaohui-meaning")

    async def ask(self, shop_id: str, plain: Bank, question: Callable[[Bank], T]) -> T:
        """What `question` says of the shop's bank: by the stronger encoder, or where that cannot be, of `plain`.

        `question` runs in a thread, perhaps once for each of the two.
        """
        strong = self._ready(shop_id, plain)
        if strong is not None and self._searching < SEARCHES:
            found = asyncio.get_running_loop().run_in_executor(self._searchers, question, strong)
            self._searching += 1
            found.add_done_callback(self._searched)
            try:
                async with asyncio.timeout(self._settings.encoder_limit_ms / 1000):
                    return await asyncio.shield(found)
            except TimeoutError:
                self._rest("too slow")
            except EncodingError as error:
                self._rest(str(error))
        return await asyncio.to_thread(question, plain)

    def close(self) -> None:
        """Stop encoding at the next batch; nothing that was encoded is lost."""
        self._stopping = True
        if isinstance(self._source, EndpointEncoder):
            self._source.close()
        self._maker.shutdown(wait=True, cancel_futures=True)
        self._searchers.shutdown(wait=False, cancel_futures=True)

    def _searched(self, found: asyncio.Future[T]) -> None:
        self._searching -= 1
        if not found.cancelled():
            found.exception()  # looked at, since nobody waits for one that was too slow

    def _ready(self, shop_id: str, plain: Bank) -> Bank | None:
        """The stronger bank if it has the phrases of `plain`; else its making is begun."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            return None
        with self._lock:
            known = self._banks.get(shop_id)
            if known is not None:
                self._banks.move_to_end(shop_id)
                if known.plain is plain:
                    return known.bank
        if shop_id not in self._making and not self._is_too_large(shop_id, plain):
            self._making.add(shop_id)
            made = loop.run_in_executor(self._maker, self._make, shop_id, plain, known)
            made.add_done_callback(lambda done: self._made(shop_id, done))
        return None

    def _is_too_large(self, shop_id: str, plain: Bank) -> bool:
        texts = texts_in(plain)
        if texts <= self._settings.encoder_max_texts:
            self._too_large.discard(shop_id)
            return False
        if shop_id not in self._too_large:
            self._too_large.add(shop_id)
            log.warning(
                "bank_too_large_to_encode", shop=shop_id, texts=texts, most=self._settings.encoder_max_texts
            )
        return True

    def _make(self, shop_id: str, plain: Bank, before: _Strong | None) -> None:
        """Runs in the thread that encodes."""
        store = EncodingStore(self._engine, self._writer, shop_id, self._encoder.name)

        def on_batch(done: int, total: int) -> None:
            if self._stopping:
                raise _StoppedError
            if total >= TOLD_EVERY and (done % TOLD_EVERY == 0 or done == total):
                log.info("bank_is_encoded", shop=shop_id, done=done, of=total)

        with self._encoder.keeping(store, on_batch):
            bank = (
                Bank(plain.phrases, encoder=self._encoder)
                if before is None
                else brought_up_to(before.bank, plain.phrases)
            )
        if before is None:
            store.forget_others()
        with self._lock:
            self._banks[shop_id] = _Strong(plain, bank, texts_in(plain))
            while sum(strong.texts for strong in self._banks.values()) > self._settings.encoder_max_texts:
                self._banks.popitem(last=False)

    def _made(self, shop_id: str, done: asyncio.Future[None]) -> None:
        self._making.discard(shop_id)
        error = None if done.cancelled() else done.exception()
        if error is None or self._stopping:
            return
        if isinstance(error, EncodingError):
            self._rest(str(error))
        else:
            log.error("bank_not_encoded", shop=shop_id, exc_info=error)
            self._rest(type(error).__name__)

    def _rest(self, why: str) -> None:
        self._rests_until = asyncio.get_running_loop().time() + REST_S
        log.warning("built_in_encoder_answers", why=why, for_s=REST_S)


def texts_in(bank: Bank) -> int:
    """How many texts of the bank are encoded, about."""
    return sum(1 + bool(phrase.title) + len(phrase.examples) for phrase in bank.phrases)
