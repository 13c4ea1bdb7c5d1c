"""The layers of a bank: what was indexed at one go, and over it what came in since.

A layer never changes. A phrase that is replaced or removed is marked as gone in the layer that holds it, so that a change costs
as much as the phrases that change, however large the layers below are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phrasebank.encoding import Encoder
from phrasebank.folding import levelled
from phrasebank.occasion import Marks, Reservations
from phrasebank.phrase import TEAM, Phrase
from phrasebank.segment import Segment
from phrasebank.validity import APPROVED

NEWEST_LAYER: Final = 64
"""Phrases up to which the newest layer is indexed anew with every change."""
LATER_LAYER: Final = 1024
"""Phrases up to which later layers are put together; that takes some tens of milliseconds, once in `NEWEST_LAYER` changes."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Phrases taken in at one go, of which the approved ones are indexed. The ids differ."""

    phrases: tuple[Phrase, ...]
    places: Sequence[int]
    """Where each stands in the order of the bank."""
    gone: Marks
    """Which of them the bank has no more,"""
    gone_count: int
    positions: Mapping[str, int]
    """By id, also of those gone."""
    codes: Sequence[tuple[str, int]]
    """Short codes of approved phrases with their positions, in order."""
    approved: NDArray[np.int64]
    """The positions of the phrases of the segment."""
    segment: Segment
    hidden: Marks | None
    """Which phrases of the segment are gone; None if none is."""
    reservations: Reservations
    agents: frozenset[str]
    """Who has phrases of their own in the segment."""

    @classmethod
    def of(
        cls,
        phrases: Sequence[Phrase],
        encoder: Encoder | None,
        places: Sequence[int] | None = None,
        base: Segment | None = None,
    ) -> Layer:
        """Index `phrases`; without `places`, they stand in this order. `base` is the segment of the lowest layer."""
        phrases = tuple(phrases)
        approved = [position for position, phrase in enumerate(phrases) if phrase.state == APPROVED]
        indexed = phrases if len(approved) == len(phrases) else [phrases[position] for position in approved]
        segment = Segment(indexed, base, encoder)
        return cls(
            phrases,
            range(len(phrases)) if places is None else places,
            np.zeros(len(phrases), dtype=np.bool_),
            0,
            {phrase.id: position for position, phrase in enumerate(phrases)},
            sorted(
                (bare_code(phrases[position].code), position)
                for position in approved
                if phrases[position].code
            ),
            np.array(approved, dtype=np.int64),
            segment,
            None,
            Reservations(segment.phrases),
            frozenset(phrase.owner for phrase in segment.phrases if phrase.owner != TEAM),
        )

    @property
    def present_count(self) -> int:
        return len(self.phrases) - self.gone_count

    def present(self) -> Iterator[tuple[int, Phrase]]:
        """The phrases that are not gone, with their places."""
        rows = zip(self.places, self.phrases, self.gone.tolist(), strict=True)
        return ((place, phrase) for place, phrase, gone in rows if not gone)

    def get(self, phrase_id: str) -> Phrase | None:
        """The phrase with this id, if it is not gone."""
        position = self.positions.get(phrase_id)
        return None if position is None or self.gone[position] else self.phrases[position]

    def positions_of(self, phrase_ids: Iterable[str]) -> dict[str, int]:
        """The positions of those that are here and not gone."""
        found = ((phrase_id, self.positions.get(phrase_id)) for phrase_id in phrase_ids)
        return {
            name: position for name, position in found if position is not None and not self.gone[position]
        }

    def without(self, positions: Collection[int]) -> Layer:
        """The layer with some more phrases gone, which were present."""
        if not positions:
            return self
        gone = self.gone.copy()
        gone[list(positions)] = True
        return replace(
            self, gone=gone, gone_count=self.gone_count + len(positions), hidden=gone[self.approved]
        )

    def coded(self, typed: str) -> Iterator[tuple[str, Phrase]]:
        """Short code and phrase where the code begins with `typed`, in the order of the codes."""
        for at in range(bisect_left(self.codes, (typed, -1)), len(self.codes)):
            code, position = self.codes[at]
            if not code.startswith(typed):
                return
            if not self.gone[position]:
                yield code, self.phrases[position]


def layers_with(
    layers: Sequence[Layer], arriving: Sequence[tuple[int, Phrase]], encoder: Encoder | None
) -> tuple[Layer, ...]:
    """The layers, the base first, with phrases and their places taken in at the end."""
    base, *later = layers
    later = [layer for layer in later if layer.present_count]
    taken = list(arriving)
    while arriving and later and _joins(later[-1].present_count, len(taken)):
        taken = [*later.pop().present(), *taken]
    if taken:
        places, phrases = zip(*sorted(taken, key=lambda pair: pair[0]), strict=True)
        later.append(Layer.of(phrases, encoder, places, base.segment))
    return (base, *later)


def _joins(last: int, taken: int) -> bool:
    return last < NEWEST_LAYER or (taken >= NEWEST_LAYER and last + taken <= LATER_LAYER)


def bare_code(code: str) -> str:
    """A short code as it is compared: levelled, without its slash."""
    return levelled(code).strip().lstrip("/")
