"""What the documents of a bank mean, and how near a message is to them in letters and meaning together."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phrasebank.encoding import Encoder, Vectors
from phrasebank.grams import Texts
from phrasebank.index import Floats

PACKED_ABOVE: Final = 20_000
"""More vectors than this are kept as 8-bit numbers."""
_BLOCK: Final = 8_192


class Meanings:
    """Vectors of documents, a row each."""

    __slots__ = ("_rows",)

    def __init__(self, encoder: Encoder, texts: Texts) -> None:
        """Encodes `texts`; raises what the encoder raises."""
        packed = len(texts) > PACKED_ABOVE
        kind: type[np.int8 | np.float32] = np.int8 if packed else np.float32
        self._rows: NDArray[np.int8 | np.float32] = np.zeros((len(texts), encoder.dimensions), dtype=kind)
        for start in range(0, len(texts), _BLOCK):
            vectors = encoder.encode([texts[row] for row in range(start, min(start + _BLOCK, len(texts)))])
            self._rows[start : start + len(vectors)] = np.round(vectors * 127) if packed else vectors

    def cosines(self, meaning: Vectors, rows: NDArray[np.integer] | slice = slice(None)) -> Floats:
        """The cosines of `rows` with the vector `meaning`."""
        chosen = self._rows[rows]
        if chosen.dtype == np.int8:
            chosen = chosen.astype(np.float32) / np.float32(127)
        # einsum keeps to this thread: a product so small is done before the threads of BLAS have met.
        return np.asarray(np.einsum("ij,j->i", chosen, meaning), dtype=np.float32)

    def between_rows(self) -> Floats:
        """The cosines of all rows with each other, a square matrix."""
        rows = self._rows.astype(np.float32) / (127 if self._rows.dtype == np.int8 else 1)
        return np.asarray(rows @ rows.T, dtype=np.float32)


def nearness(letters: Floats, meanings: Floats | None) -> Floats:
    """How near texts are, 0 to about 2 (without `meanings`, to 1), of their cosines by letters and by meaning.

    A kernel, so that the classifier can learn on it. The cube makes the near ones count more than many that are merely of
    the same trade.
    """
    if meanings is None:
        return letters
    return np.asarray(letters + 0.5 * (meanings + np.maximum(meanings, 0) ** 3), dtype=np.float32)


def most_near(encoded: bool) -> float:
    """The `nearness` of a text to itself."""
    return 2.0 if encoded else 1.0
