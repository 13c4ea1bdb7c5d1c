"""Reviews of sessions that were made already: a session is looked at again only when something of it has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, NamedTuple

from app.core.quality.reviews import Review

KEPT: Final = 40_000
"""Reviews that are held, a kilobyte or so each where nothing is wrong."""
SETTLED_AFTER: Final = timedelta(minutes=10)
"""So long after its last event a session says the same at every later moment, unless something in it can still be late."""
LOOK_AGAIN: Final = timedelta(seconds=30)


class _Kept(NamedTuple):
    review: Review
    events: int
    """How many events the session had when it was looked at."""
    made_at: datetime


class ReviewShelf:
    """Reviews by shop and session, the longest unused going first. Safe to share between threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._limit = kept
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = Lock()

    def standing(self, shop_id: str, events: Mapping[str, int], now: datetime) -> dict[str, Review]:
        """The reviews, by session, that still say what is true of sessions with so many events each."""
        found = {}
        with self._lock:
            for session, count in events.items():
                kept = self._kept.get((shop_id, session))
                if kept is not None and kept.events == count and _holds(kept, now):
                    self._kept.move_to_end((shop_id, session))
                    found[session] = kept.review
        return found

    def put(self, shop_id: str, review: Review, events: int, now: datetime) -> None:
        with self._lock:
            self._kept[shop_id, review.session] = _Kept(review, events, now)
            self._kept.move_to_end((shop_id, review.session))
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)


def _holds(kept: _Kept, now: datetime) -> bool:
    pending = any(wait.unanswered and not wait.late for wait in kept.review.waits)
    settled = kept.made_at - kept.review.at >= SETTLED_AFTER and not pending
    return settled or timedelta(0) <= now - kept.made_at < LOOK_AGAIN
