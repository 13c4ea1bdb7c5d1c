"""One writer per process: waiting units of work share a commit, and only a commit answers them.

A unit is a function of an open database session. It may be run again (alone) when the shared commit fails, so it
must do nothing but read and write through that session. See docs/adr for why.

Units wait in lanes, one for each shop and one for the service's own work, and the lanes take turns: who sends much waits for
itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

T = TypeVar("T")
Unit = Callable[[Session], T]

BATCH: Final = 128
"""Units in one commit at most."""
BATCH_S: Final = 0.1
"""After this much work a commit takes no more units in, so that none waits long for the others."""
OWN_WORK: Final = ""
"""The lane of the service's own work, which may fill the queue."""
LANE_SHARE: Final = 3
"""A shop's lane may hold so many times what is still free in the queue: one alone three quarters of it, never all."""
TRIES: Final = 4
"""How often a unit is run alone when the database says that trying again may help."""


class OverloadedError(RuntimeError):
    """The queue is full: the caller should come back later."""


class ClosedError(RuntimeError):
    """The writer has been closed."""


_Entry = tuple[Unit[Any], Future[Any]]


@dataclass(slots=True)
class _Lanes:
    """Units that wait, in the order in which their lanes take turns. Used under the writer's lock."""

    limit: int
    waiting: int = 0
    _lanes: OrderedDict[str, deque[_Entry]] = field(default_factory=OrderedDict)

    def put(self, lane: str, entry: _Entry) -> None:
        """Raises `OverloadedError` where the lane holds its share."""
        own = self._lanes.get(lane)
        free = self.limit - self.waiting
        share = free * LANE_SHARE if lane != OWN_WORK else len(own or ()) + free
        if len(own or ()) >= share:
            raise OverloadedError("排队的请求太多 / too many requests wait")
        if own is None:
            own = self._lanes[lane] = deque()
        own.append(entry)
        self.waiting += 1

    def take(self) -> _Entry | None:
        """The first unit of the lane whose turn it is."""
        if not self._lanes:
            return None
        lane, own = self._lanes.popitem(last=False)
        entry = own.popleft()
        if own:
            self._lanes[lane] = own
        self.waiting -= 1
        return entry


class Writer:
    """Runs units one after the other in a thread of its own and commits as many together as are waiting."""

    def __init__(self, engine: Engine, *, queue_limit: int = 2000) -> None:
        self._engine = engine.execution_options(writes=True)
        self._lanes = _Lanes(queue_limit)
        self._lock = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="miaohui-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many units wait for a commit."""
        return self._lanes.waiting

    def submit(self, unit: Unit[T], lane: str = OWN_WORK) -> Future[T]:
        """Queue a unit; the future has its result once it is committed.

        Raises `OverloadedError` if too many of its lane wait, `ClosedError` after `close`.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise ClosedError("服务正在停止 / the service is stopping")
            self._lanes.put(lane, (unit, future))
            self._lock.notify()
        return future

    async def run(self, unit: Unit[T], lane: str = OWN_WORK) -> T:
        """Queue a unit and wait until it is committed."""
        return await asyncio.wrap_future(self.submit(unit, lane))

    def close(self) -> None:
        """Commit what waits, then stop."""
        with self._lock:
            self._closed = True
            self._lock.notify()
        self._thread.join()

    def _run(self) -> None:
        while (entry := self._wait()) is not None:
            self._commit(entry)

    def _wait(self) -> _Entry | None:
        """The next unit; None once the writer is closed and nothing waits."""
        with self._lock:
            while True:
                if (entry := self._wanted()) is not None:
                    return entry
                if self._closed:
                    return None
                self._lock.wait()

    def _wanted(self) -> _Entry | None:
        while (entry := self._lanes.take()) is not None:
            # Somebody who has gone away was not answered, so nothing is owed: the console will retry.
            if entry[1].set_running_or_notify_cancel():
                return entry
        return None

    def _commit(self, first: _Entry) -> None:
        """Run this unit and those that wait, in one transaction."""
        batch, results = [first], []
        until = time.monotonic() + BATCH_S
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                while True:
                    results.append(batch[-1][0](session))
                    if len(batch) == BATCH or time.monotonic() > until:
                        break
                    with self._lock:
                        entry = self._wanted()
                    if entry is None:
                        break
                    batch.append(entry)
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
