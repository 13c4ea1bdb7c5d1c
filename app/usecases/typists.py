"""Who is typing: kept in memory, since a minute later nobody wants to know.

One process's memory: with several, the one that sends may not have heard of it. A message that was sent pauses the machine in all
of them, as it is in the journal.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from app.core.situations import Typed

SESSIONS: Final = 20_000
"""Sessions that are remembered, the latest."""


@dataclass(slots=True)
class Typists:
    """Who typed into each session last. Safe to share between threads."""

    _typed: OrderedDict[tuple[str, str], Typed] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, shop_id: str, session: str, typed: Typed) -> None:
        """Somebody of the shop is typing into the session."""
        with self._lock:
            self._typed[shop_id, session] = typed
            self._typed.move_to_end((shop_id, session))
            if len(self._typed) > SESSIONS:
                self._typed.popitem(last=False)

    def typed(self, shop_id: str, session: str) -> Typed | None:
        """Who typed into the session last; None if nobody did, or so long ago that it is forgotten."""
        return self._typed.get((shop_id, session))
