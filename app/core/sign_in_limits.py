"""How often somebody may try to sign in: by login, by address, and by both together, in time that is handed in."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

_LIMITS: Final = {
    "both": (5, timedelta(seconds=60)),
    "login": (50, timedelta(seconds=20)),
    "address": (30, timedelta(seconds=10)),
}
"""How many tries at once, and after how long one more is free. The login alone has room for many, so that a stranger
elsewhere does not lock its owner out."""
_HELD: Final = 20_000
_IPV6_SITE: Final = 64
"""Whoever has an address of version 6 has all that share these bits."""


@dataclass(slots=True)
class _Tries:
    """`back_at`: when all tries will be free again; each one used up puts it off by the time that one takes to come back."""

    back_at: datetime
    told: bool = False


@dataclass(slots=True)
class SignInLimits:
    """Tries that are used up. What is right gives its try back, so that only failures count."""

    _used: dict[tuple[str, str], _Tries] = field(default_factory=dict)

    def take(self, login: str, address: str, now: datetime) -> int:
        """Use up a try; 0 if there was one, else the whole seconds after which there will be."""
        if len(self._used) > _HELD:
            self._used = {key: tries for key, tries in self._used.items() if tries.back_at > now}
        keys = _keys(login, address)
        used = [self._used.setdefault(key, _Tries(now)) for key in keys]
        waits = [_wait(key[0], tries, now) for key, tries in zip(keys, used, strict=True)]
        if (longest := max(waits)) > timedelta(0):
            return math.ceil(longest / timedelta(seconds=1))
        for key, tries in zip(keys, used, strict=True):
            tries.back_at = max(tries.back_at, now) + _LIMITS[key[0]][1]
        return 0

    def succeeded(self, login: str, address: str, now: datetime) -> None:
        """The last try was right: it counts for nothing, nor do earlier failures of this login from there."""
        for key in _keys(login, address):
            tries = self._used.get(key)
            if tries is not None:
                tries.back_at = now if key[0] == "both" else tries.back_at - _LIMITS[key[0]][1]
                tries.told = False

    def is_news(self, login: str) -> bool:
        """That this login was stopped: is it the first time since somebody got in with it?"""
        tries = self._used.get(("login", login))
        if tries is None or tries.told:
            return False
        tries.told = True
        return True


def _wait(limit: str, tries: _Tries, now: datetime) -> timedelta:
    most, every = _LIMITS[limit]
    return tries.back_at - now - (most - 1) * every


def _keys(login: str, address: str) -> tuple[tuple[str, str], ...]:
    site = _site(address)
    return ("both", f"{login}\n{site}"), ("login", login), ("address", site)


def _site(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, _IPV6_SITE), strict=False))
