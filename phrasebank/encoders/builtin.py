"""The encoder that ships with the package: a vector for each frequent character and pair of characters.

A text's vector is the sum of its grams', in microseconds and without anything to install. The vectors were distilled from a
sentence encoder by tools/distil_encoder.py; docs/meaning-data-sheet.md says from what and how well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from phrasebank.encoding import Strength, Vectors

WEIGHTS: Final = Path(__file__).parents[1] / "data" / "meaning.npz"
LOOKED_UP_AT_ONCE: Final = 50_000
"""Grams whose vectors are in memory at the same time while many texts are encoded."""


def grams_in(words: str) -> list[str]:
    """The characters and pairs of characters of folded `words`, as often as they occur."""
    return [*words, *(words[start : start + 2] for start in range(len(words) - 1))]


@dataclass(frozen=True, slots=True)
class _Weights:
    rows: Mapping[str, int]
    vectors: Vectors
    """A row for each gram."""


@cache
def _weights() -> _Weights:
    with np.load(WEIGHTS) as file:
        grams = str(file["grams"]).split("\n")
        vectors = file["vectors"].astype(np.float32) * file["scales"].astype(np.float32)[:, None]
    return _Weights({gram: row for row, gram in enumerate(grams)}, vectors)


class BuiltinEncoder:
    """Static vectors; see the module. Reads its weights when it is first used; safe to share between threads."""

    name = "builtin-1"
    strength: Strength = "builtin"

    @property
    def dimensions(self) -> int:
        return int(_weights().vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Encoder.encode`; a text of unknown characters only says nothing."""
        weights = _weights()
        found = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        rows: list[int] = []
        starts: list[int] = []
        places: list[int] = []
        for place, text in enumerate(texts):
            known = [row for gram in grams_in(text) if (row := weights.rows.get(gram)) is not None]
            if known:
                places.append(place)
                starts.append(len(rows))
                rows += known
            if len(rows) > LOOKED_UP_AT_ONCE:
                found[places] = _sums(weights.vectors, rows, starts)
                rows, starts, places = [], [], []
        if places:
            found[places] = _sums(weights.vectors, rows, starts)
        return found


BUILTIN: Final = BuiltinEncoder()


def _sums(vectors: Vectors, rows: list[int], starts: list[int]) -> Vectors:
    sums = np.add.reduceat(vectors[rows], starts, axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
    return np.asarray(sums / np.maximum(lengths, 1e-9)[:, None], dtype=np.float32)
