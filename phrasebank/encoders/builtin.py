"""The encoder that ships with the package: a vector for each frequent character and pair of characters.

A text's vector is the sum of its grams', in microseconds and without anything to install. The vectors were distilled from a
sentence encoder by tools/distil_encoder.py; docs/meaning-data-sheet.md says from what and how well.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class BuiltinEncoder:
    """Static vectors; see the module. Texts are given folded (see `folding.folded`). Safe to share between threads."""

    name = "builtin-1"
    strength: Strength = "builtin"

    def __init__(self, grams: Sequence[str], vectors: Vectors) -> None:
        """`vectors` has a row for each gram."""
        self._rows = {gram: row for row, gram in enumerate(grams)}
        self._vectors = vectors

    @property
    def dimensions(self) -> int:
        return int(self._vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Encoder.encode`; a text of unknown characters only says nothing."""
        found = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        rows: list[int] = []
        starts: list[int] = []
        places: list[int] = []
        for place, text in enumerate(texts):
            known = [row for gram in grams_in(text) if (row := self._rows.get(gram)) is not None]
            if known:
                places.append(place)
                starts.append(len(rows))
                rows += known
            if len(rows) > LOOKED_UP_AT_ONCE:
                found[places] = self._sums(rows, starts)
                rows, starts, places = [], [], []
        if places:
            found[places] = self._sums(rows, starts)
        return found

    def _sums(self, rows: list[int], starts: list[int]) -> Vectors:
        sums = np.add.reduceat(self._vectors[rows], starts, axis=0)
        lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
        return np.asarray(sums / np.maximum(lengths, 1e-9)[:, None], dtype=np.float32)


@cache
def builtin_encoder() -> BuiltinEncoder:
    """The encoder with the weights of the package; read once."""
    with np.load(WEIGHTS) as file:
        vectors = file["vectors"].astype(np.float32) * file["scales"].astype(np.float32)[:, None]
        return BuiltinEncoder(str(file["grams"]).split("\n"), vectors)
