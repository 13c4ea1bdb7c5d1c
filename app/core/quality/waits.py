"""How long a buyer waited: every item of a session against the window of the reply measure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.measures.history import BuyerHistory, instant
from app.core.measures.items import Bookmark, Dropped, ItemReader

_SECOND: Final = 1_000_000
_NO_WAIT: Final = frozenset({Dropped.COURTESY, Dropped.SPAM, Dropped.WITHDRAWN, Dropped.ROBOT_ONLY})
"""What nobody waited for."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One item: the buyer's message (or the hand-over) that began it, and when an answer that counts came.

    `seconds` is None while it is unanswered. `counted`: does the platform count it? `until` is the last moment at which an
    answer is in time.
    """

    message_id: str
    at: datetime
    until: datetime
    seconds: float | None
    late: bool
    counted: bool

    @property
    def unanswered(self) -> bool:
        return self.seconds is None


def waits_of(buyer: BuyerHistory, session: str, reader: ItemReader, as_of: datetime) -> tuple[Wait, ...]:
    """The waits of a session of this buyer, in time order; closing thanks, spam and what was withdrawn are none.

    A platform may count an unanswered thanks as missed all the same; nobody was kept waiting by it. What is unanswered is late once its window has passed at `as_of`.
    """
    waits = []
    for item in reader.read(buyer, session, Bookmark()):
        if item.dropped in _NO_WAIT or (item.event.courtesy and item.reply is None):
            continue
        until = instant(item.start + reader.longest_wait)
        seconds = None if item.wait is None else item.wait / _SECOND
        late = as_of > until if item.wait is None else item.wait > reader.longest_wait
        waits.append(Wait(item.event.id, instant(item.at), until, seconds, late, item.dropped is None))
    return tuple(waits)


def longest(waits: Iterable[Wait]) -> Wait | None:
    """The longest of the answered waits; None if nothing was answered."""
    answered = [wait for wait in waits if wait.seconds is not None]
    return max(answered, key=lambda wait: wait.seconds or 0.0, default=None)
