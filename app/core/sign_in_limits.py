"""How often somebody may try to sign in: by login, by address, and by both together, in time that is handed in."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_TRIES: Final = {"both": (5, 60.0), "login": (50, 20.0), "address": (30, 10.0)}
"""How many tries at once, and the seconds after which one more is free. The login alone has room for many, so that a stranger
elsewhere does not lock its owner out."""
_HELD: Final = 20_000
_IPV6_SITE: Final = 64
"""Whoever has an address of version 6 has all that share these bits."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime
    told: bool = False


@dataclass(slots=True)
class SignInLimits:
    """Tries that are used up. What is right gives its try back, so that only failures count."""

    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def take(self, login: str, address: str, now: datetime) -> int:
        """Use up a try; 0 if there was one, else the whole seconds after which there will be."""
        keys = _keys(login, address)
        if len(self._buckets) > _HELD:
            self._forget_full(now)
        for key in keys:
            self._refill(key, now)
        waits = [math.ceil((1 - self._buckets[key].left) * _TRIES[key[0]][1]) for key in keys]
        if (wait := max(waits)) > 0:
            return wait
        for key in keys:
            self._buckets[key].left -= 1
        return 0

    def succeeded(self, login: str, address: str) -> None:
        """The last try was right: it counts for nothing, nor do earlier failures of this login from there."""
        for key in _keys(login, address):
            bucket = self._buckets.get(key)
            if bucket is not None:
                most = _TRIES[key[0]][0]
                bucket.left = most if key[0] == "both" else min(most, bucket.left + 1)
                bucket.told = False

    def is_news(self, login: str) -> bool:
        """That this login was stopped: is it the first time since somebody got in with it?"""
        bucket = self._buckets.get(("login", login))
        if bucket is None or bucket.told:
            return False
        bucket.told = True
        return True

    def _refill(self, key: tuple[str, str], now: datetime) -> None:
        most, every_s = _TRIES[key[0]]
        bucket = self._buckets.setdefault(key, _Bucket(most, now))
        flowed = max(0.0, (now - bucket.at).total_seconds()) / every_s
        bucket.left, bucket.at = min(most, bucket.left + flowed), max(now, bucket.at)

    def _forget_full(self, now: datetime) -> None:
        for key in list(self._buckets):
            self._refill(key, now)
            if self._buckets[key].left >= _TRIES[key[0]][0]:
                del self._buckets[key]


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
