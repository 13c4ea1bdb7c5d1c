"""Texts as rows of numbers, the same as `app/core/mood.py` sees them; and weights as small numbers."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray
from opencc import OpenCC
from scipy import sparse

from app.core import mood_text


def fold_table() -> NDArray[np.uint16]:
    """What each code point below 0x20000 is read as; 0 drops it."""
    simplify = OpenCC("t2s").convert
    table = np.zeros(0x20000, np.uint16)
    for code in range(0x20000):
        sign = chr(code)
        if 0xD800 <= code <= 0xDFFF:
            table[code] = 0xFFFD
            continue
        if 0xE001 <= code <= 0xE008:
            table[code] = code
            continue
        plain = unicodedata.normalize("NFKC", sign)
        plain = plain if len(plain) == 1 else sign
        plain = plain.lower() if len(plain.lower()) == 1 else plain
        if 0x3400 <= ord(plain) <= 0x9FFF and len(simple := simplify(plain)) == 1:
            plain = simple
        kind = unicodedata.category(sign)
        if kind in {"Cf", "Mn", "Me"} or 0x1F3FB <= code <= 0x1F3FF:
            value = 0
        elif kind == "Nd" or "0" <= plain <= "9":
            value = ord("0")
        elif kind in {"Zs", "Zl", "Zp", "Cc"}:
            value = ord(" ")
        elif sign in mood_text.GLAD_EMOJI:
            value = ord(mood_text.GLAD)
        elif sign in mood_text.CROSS_EMOJI:
            value = ord(mood_text.CROSS)
        elif ord(plain) > 0xFFFF:
            value = ord(mood_text.PICTURE) if code >= 0x1F000 else ord(mood_text.OTHER)
        else:
            value = ord(plain)
        table[code] = value
    return table


class Features:
    """Texts to rows: gram counts by hash, divided by the root of how many grams there are."""

    def __init__(self, texts: list[str], table: NDArray[np.uint16]) -> None:
        self.folded = [mood_text.fold(text, table) for text in texts]
        self._hashes = [mood_text.grams(folded.codes) for folded in self.folded]

    def rows(self, bits: int) -> sparse.csr_matrix:
        mask = np.uint32((1 << bits) - 1)
        ends = np.cumsum([0, *map(len, self._hashes)])
        values = np.concatenate([np.full(len(hashes), len(hashes) ** -0.5) for hashes in self._hashes])
        rows = sparse.csr_matrix(
            (values, (np.concatenate(self._hashes) & mask).astype(np.int32), ends),
            shape=(len(self._hashes), 1 << bits),
        )
        rows.sum_duplicates()
        return rows


def quantised(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights as 8-bit numbers and the scale per column (or the one scale)."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return np.round(weights / scale).astype(np.int8), np.asarray(scale, np.float32)
