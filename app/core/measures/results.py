"""What a measure says: whole counts, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

KEYS: Final = ("shop", "group", "agent", "hour", "day", "week", "month")
"""What results can be split by."""


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """Counts of one measure, for everything or for one key.

    `numerator` <= `denominator`; `pending` is in neither. `key` is (what it was split by, its value), for example
    ("day", "2024-03-05"), ("hour", "2024-03-05T10"), ("week", "2024-W10"), ("month", "2024-03"); the value "" means
    that nobody or nothing is known to bear it.
    """

    numerator: int
    denominator: int
    pending: int = 0
    key: tuple[str, str] | None = None

    @property
    def rate(self) -> Fraction | None:
        """The exact rate, None on an empty denominator."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    @property
    def rate_text(self) -> str | None:
        """The reduced fraction as text: "3/4", "1", "0", or None."""
        rate = self.rate
        return None if rate is None else str(rate)


def summed(parts: list[list[MeasureResult]], *, by: str | None) -> list[MeasureResult]:
    """Results of disjoint parts of a log as one list: counts are added key by key, sorted by key."""
    totals: dict[tuple[str, str] | None, list[int]] = {} if by else {None: [0, 0, 0]}
    for part in parts:
        for result in part:
            total = totals.setdefault(result.key, [0, 0, 0])
            total[0] += result.numerator
            total[1] += result.denominator
            total[2] += result.pending
    return [
        MeasureResult(good, counted, pending, key)
        for key, (good, counted, pending) in sorted(totals.items(), key=lambda pair: (pair[0] or ("", ""))[1])
    ]
