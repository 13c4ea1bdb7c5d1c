"""For which platform, item, agent and day a reply is wanted, and which phrases are meant for others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phrasebank.phrase import TEAM, Phrase
from phrasebank.validity import APPROVED, holds_on

Marks = NDArray[np.bool_]
"""One truth value for each phrase of a segment."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of the moment. None: not known; then nothing is left out for its sake, but of the agent.

    Without an agent only the team's phrases are offered.
    """

    platform: str | None = None
    item: str | None = None
    agent: str | None = None
    today: date | None = None
    acceptance: Mapping[str, float] = field(default_factory=dict, hash=False)
    """How often phrases are taken when offered, 0..1, by id; see `matching.by_acceptance`."""

    def admits(self, phrase: Phrase) -> bool:
        """Whether the phrase is approved and meant for this occasion."""
        return (
            phrase.state == APPROVED
            and phrase.owner in (TEAM, self.agent)
            and (self.platform is None or not phrase.platforms or self.platform in phrase.platforms)
            and (self.item is None or not phrase.items or self.item in phrase.items)
            and (self.today is None or holds_on(phrase.valid_from, phrase.valid_until, self.today))
        )


ANY: Final = Occasion()


class _Reserved:
    """The phrases of a segment that are reserved for certain names: platforms, items or agents."""

    __slots__ = ("_by_name", "_reserved")

    def __init__(self, phrases: Sequence[Phrase], names_of: Callable[[Phrase], Iterable[str]]) -> None:
        by_name: dict[str, list[int]] = defaultdict(list)
        for position, phrase in enumerate(phrases):
            for name in names_of(phrase):
                by_name[name].append(position)
        self._by_name = {name: np.array(positions) for name, positions in by_name.items()}
        self._reserved = np.zeros(len(phrases), dtype=np.bool_)
        for positions in self._by_name.values():
            self._reserved[positions] = True

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def for_others(self, name: str | None) -> Marks:
        """Those that are reserved, but not for `name`."""
        if name is None or name not in self._by_name:
            return self._reserved
        marks = self._reserved.copy()
        marks[self._by_name[name]] = False
        return marks


class Reservations:
    """Which phrases of a segment are meant for some occasions only, found once so that each search costs little.

    Where no phrase is, as in most banks, a search costs nothing at all.
    """

    __slots__ = ("_agents", "_days", "_items", "_platforms", "_size")

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._size = len(phrases)
        self._platforms = _Reserved(phrases, lambda phrase: phrase.platforms)
        self._items = _Reserved(phrases, lambda phrase: phrase.items)
        self._agents = _Reserved(phrases, lambda phrase: () if phrase.owner == TEAM else (phrase.owner,))
        dated = [
            (position, _ordinal(phrase.valid_from, date.min), _ordinal(phrase.valid_until, date.max))
            for position, phrase in enumerate(phrases)
            if phrase.valid_from or phrase.valid_until
        ]
        self._days = np.array(dated, dtype=np.int64).reshape(-1, 3)

    def barred(self, occasion: Occasion) -> Marks | None:
        """The phrases that `Occasion.admits` does not; None if it admits all."""
        groups = []
        if self._agents:
            groups.append(self._agents.for_others(occasion.agent))
        if occasion.platform is not None and self._platforms:
            groups.append(self._platforms.for_others(occasion.platform))
        if occasion.item is not None and self._items:
            groups.append(self._items.for_others(occasion.item))
        if occasion.today is not None and len(self._days):
            positions, first, last = self._days.T
            today = occasion.today.toordinal()
            expired = np.zeros(self._size, dtype=np.bool_)
            expired[positions[(first > today) | (last < today)]] = True
            groups.append(expired)
        return either(*groups)

    def for_single_items(self) -> Marks | None:
        """The phrases that are meant for certain items; None if there are none."""
        return self._items.for_others(None) if self._items else None


def either(*marks: Marks | None) -> Marks | None:
    """What any of them marks; None stands for marking nothing."""
    given = [one for one in marks if one is not None]
    return np.logical_or.reduce(given) if given else None


def _ordinal(day: str, otherwise: date) -> int:
    return (date.fromisoformat(day) if day else otherwise).toordinal()
