"""What consoles talk through: the guarded client, and access tokens kept while they are good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.gateways.outbound import Failed, GuardedClient

_SPARE: Final = timedelta(seconds=120)
"""A token this near to its end is not used any more."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and how many seconds it is good for."""

    value: str
    lasts_s: int


class Desk:
    """Shared by all consoles of a process; lives on one event loop."""

    def __init__(self, allowed: Collection[str], clock: Callable[[], datetime]) -> None:
        self.client = GuardedClient(allowed)
        self._clock = clock
        self._tokens: dict[tuple[str, ...], tuple[str, datetime]] = {}

    async def close(self) -> None:
        await self.client.close()

    async def token(
        self, owner: tuple[str, ...], fetch: Callable[[], Awaitable[AccessToken | Failed]]
    ) -> str | Failed:
        """The token of `owner` (all that it was given for, secrets too, so that a changed one asks anew)."""
        kept = self._tokens.get(owner)
        if kept is not None and self._clock() < kept[1]:
            return kept[0]
        fetched = await fetch()
        if isinstance(fetched, Failed):
            return fetched
        self._tokens[owner] = (
            fetched.value,
            self._clock() + timedelta(seconds=fetched.lasts_s) - _SPARE,
        )
        return fetched.value

    def forget_token(self, owner: tuple[str, ...]) -> None:
        """The console did not accept it."""
        self._tokens.pop(owner, None)
