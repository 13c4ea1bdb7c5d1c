"""One writer per process: waiting units of work share a commit, and only a commit answers them.

A unit is a function of an open database session. It may be run again (alone) when the shared commit fails, so it
must do nothing but read and write through that session. See docs/adr for why.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

T = TypeVar("T")
Unit = Callable[[Session], T]

BATCH: Final = 128
"""Units in one commit at most."""
TRIES: Final = 4
"""How often a unit is run alone when the database says that trying again may help."""


class OverloadedError(RuntimeError):
    """The queue is full: the caller should come back later."""


class ClosedError(RuntimeError):
    """The writer has been closed."""


class Writer:
    """Runs units one after the other in a thread of its own and commits as many together as are waiting."""

    def __init__(self, engine: Engine, *, queue_limit: int = 2000) -> None:
        self._engine = engine.execution_options(writes=True)
        self._queue: queue.Queue[tuple[Unit[Any], Future[Any]] | None] = queue.Queue(maxsize=queue_limit)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="miaohui-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many units wait for a commit."""
        return self._queue.qsize()

    def submit(self, unit: Unit[T]) -> Future[T]:
        """Queue a unit; the future has its result once it is committed.

        Raises `OverloadedError` if too many wait, `ClosedError` after `close`.
        """
        if self._closed:
            raise ClosedError("服务正在停止 / the service is stopping")
        future: Future[T] = Future()
        try:
            self._queue.put_nowait((unit, future))
        except queue.Full:
            raise OverloadedError("排队的请求太多 / too many requests wait") from None
        return future

    async def run(self, unit: Unit[T]) -> T:
        """Queue a unit and wait until it is committed."""
        return await asyncio.wrap_future(self.submit(unit))

    def close(self) -> None:
        """Commit what waits, then stop."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_ = True
        while open_:
            batch: list[tuple[Unit[Any], Future[Any]]] = []
            entry = self._queue.get()
            while True:
                if entry is None:
                    open_ = False
                    break
                if entry[1].set_running_or_notify_cancel():
                    # Somebody who has gone away was not answered, so nothing is owed: the console will retry.
                    batch.append(entry)
                if len(batch) == BATCH:
                    break
                try:
                    entry = self._queue.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[tuple[Unit[Any], Future[Any]]]) -> None:
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                results = [unit(session) for unit, _ in batch]
        except Exception:
            # Something in the batch failed; run each alone, so that only the culprit fails.
            for unit, future in batch:
                self._run_alone(unit, future)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)

    def _run_alone(self, unit: Unit[Any], future: Future[Any]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                with Session(self._engine, expire_on_commit=False) as session, session.begin():
                    result = unit(session)
            except Exception as error:
                if attempt == TRIES or not _may_pass(error):
                    future.set_exception(error)
                    return
            else:
                future.set_result(result)
                return


def _may_pass(error: BaseException) -> bool:
    """Is this a fault (lost connection, deadlock, serialisation) that a second try may not meet?"""
    if isinstance(error, OperationalError):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}
    )
