"""What turns texts into vectors whose cosine says how near their meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
MEANING_SHARE: Final = 0.5
"""What nearness of meaning counts beside nearness in letters, where the two are made one."""


class Encoder(Protocol):
    """One way to tell meanings. The same text always gives the same vector."""

    @property
    def name(self) -> str:
        """What tells this encoder, with the version of its weights, from any other; vectors are kept under it."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """`texts` as rows of `dimensions` numbers, each of length 1, or all 0 where a text says nothing.

        Raises `EncodingError` if it cannot.
        """


class EncodingError(RuntimeError):
    """Texts could not be encoded; the message says why and what to do, in Chinese and English."""


def encodable(text: str) -> str:
    """`text` without what no encoder can take: half a surrogate pair has no UTF-8, and a null ends a text in C."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def joined(letters: Vectors, meanings: Vectors) -> Vectors:
    """Cosines by letters and by meaning as one; a meaning that points away counts as one that is merely strange."""
    return np.asarray((1 - MEANING_SHARE) * letters + MEANING_SHARE * np.maximum(meanings, 0), np.float32)
