"""The vectors of a shop's bank, kept from one start to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from app.db.tables import EncodingRow
from app.db.upserts import upsert
from app.db.writer import Writer
from phrasebank.encoders.remembering import Vector

_FLOATS: Final = np.dtype("<f4")
_AT_ONCE: Final = 500
"""Digests in one statement."""
_COMMIT_S: Final = 30.0


class EncodingStore:
    """The `VectorStore` of one shop and one encoder. Used from one thread, which it blocks."""

    def __init__(self, engine: Engine, writer: Writer, shop_id: str, encoder: str) -> None:
        self._engine = engine
        self._writer = writer
        self._shop_id = shop_id
        self._encoder = encoder
        self._asked: set[str] = set()

    def read(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors of those of `texts` that are kept."""
        text_of = {digest_of(text): text for text in texts}
        self._asked |= text_of.keys()
        found: dict[str, Vector] = {}
        with Session(self._engine) as db:
            for digests in _parts(text_of):
                rows = db.exec(
                    select(EncodingRow.digest, EncodingRow.vector).where(
                        EncodingRow.shop_id == self._shop_id,
                        EncodingRow.encoder == self._encoder,
                        col(EncodingRow.digest).in_(digests),
                    )
                )
                for digest, vector in rows:
                    found[text_of[digest]] = np.frombuffer(vector, dtype=_FLOATS)
        return found

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        """Keep these too, over what is there; returns once they are committed."""
        rows = [
            {
                "shop_id": self._shop_id,
                "encoder": self._encoder,
                "digest": digest_of(text),
                "vector": vector.astype(_FLOATS).tobytes(),
            }
            for text, vector in vectors.items()
        ]
        self._writer.submit(lambda db: upsert(db, EncodingRow, rows)).result(_COMMIT_S)

    def forget_others(self) -> None:
        """Drop the shop's vectors that were never asked for since this store was made, and those of other encoders."""
        asked = self._asked

        def unit(db: Session) -> None:
            mine = col(EncodingRow.shop_id) == self._shop_id
            db.exec(delete(EncodingRow).where(mine, col(EncodingRow.encoder) != self._encoder))
            kept = db.exec(select(EncodingRow.digest).where(mine)).all()
            for digests in _parts(digest for digest in kept if digest not in asked):
                db.exec(delete(EncodingRow).where(mine, col(EncodingRow.digest).in_(digests)))

        self._writer.submit(unit).result(_COMMIT_S)


def digest_of(text: str) -> str:
    """What a text is kept under."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def _parts(digests: Iterable[str]) -> Iterator[list[str]]:
    every = list(digests)
    return (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
