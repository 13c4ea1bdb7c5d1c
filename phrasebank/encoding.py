"""What turns texts into vectors whose cosine says how near their meanings are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Strength = Literal["none", "builtin", "semantic"]
"""How far cosines of meaning are to be trusted: which of the fitted figures judge them (see `matching.weights`)."""


class Encoder(Protocol):
    """One way to tell meanings. The same text always gives the same vector."""

    @property
    def name(self) -> str:
        """What tells this encoder, with the version of its weights, from any other; vectors are kept under it."""

    @property
    def strength(self) -> Strength:
        """What its cosines are worth."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """`texts` as rows of `dimensions` numbers, each of length 1, or all 0 where a text says nothing.

        Texts come as the bank compares them (see `folding.folded`). Cosines of texts that have nothing to do with each
        other are to be about 0. Raises `EncodingError` if it cannot.
        """


class EncodingError(RuntimeError):
    """Texts could not be encoded; the message says why and what to do, in Chinese and English."""


def encodable(text: str) -> str:
    """`text` without what no encoder can take: half a surrogate pair has no UTF-8, and a null ends a text in C."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
