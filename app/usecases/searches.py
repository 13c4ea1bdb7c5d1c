"""What a shop's bank said of the messages that it was asked last.

Buyers ask the same in the same words, and each message is asked about again when its deadline comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from phrasebank import Bank, Result

KEPT: Final = 1000
"""Results of each shop that are held, some 3 KB each."""


@dataclass(slots=True)
class _OfBank:
    """Results of one bank as it is, by one reckoning of what is accepted."""

    bank: Bank
    acceptance: Mapping[str, float]
    results: OrderedDict[Hashable, Result] = field(default_factory=OrderedDict)


@dataclass(slots=True)
class Searches:
    """Safe to share between threads."""

    _shops: dict[str, _OfBank] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def ask(
        self,
        shop_id: str,
        bank: Bank,
        acceptance: Mapping[str, float],
        question: Hashable,
        search: Callable[[], Result],
    ) -> Result:
        """The result of `search`, which asks `bank` with `acceptance`; `question` is all else that it depends on."""
        with self._lock:
            known = self._shops.get(shop_id)
            if known is None or known.bank is not bank or known.acceptance is not acceptance:
                known = self._shops[shop_id] = _OfBank(bank, acceptance)
            result = known.results.get(question)
            if result is not None:
                known.results.move_to_end(question)
                return result
        result = search()
        with self._lock:
            known.results[question] = result
            if len(known.results) > KEPT:
                known.results.popitem(last=False)
        return result
