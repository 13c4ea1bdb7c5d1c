"""How much each caller may send: a token bucket for each, by time that is handed in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


@dataclass(slots=True)
class RateLimit:
    """`rate` tokens a second flow into a caller's bucket, which holds `burst` of them. A rate of 0 limits nobody."""

    rate: float
    burst: float
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, caller: str, tokens: int, now: datetime) -> int:
        """Take tokens out of the caller's bucket; 0 if it had them, else the whole seconds after which it will.

        More than the bucket can hold are given to a caller whose bucket is full, and leave it in debt.
        """
        if not self.rate:
            return 0
        bucket = self._buckets.setdefault(caller, _Bucket(self.burst, now))
        flowed = max(0.0, (now - bucket.at).total_seconds()) * self.rate
        bucket.left, bucket.at = min(self.burst, bucket.left + flowed), max(now, bucket.at)
        missing = min(tokens, self.burst) - bucket.left
        if missing > 0:
            return math.ceil(missing / self.rate)
        bucket.left -= tokens
        return 0
