"""An encoder that asks another one only for what it has not seen: in memory for messages, in a store for a bank's texts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from phrasebank.encoding import Encoder, Strength, Vectors

BATCH: Final = 32
"""Texts that are encoded, and put into the store, at one go."""
REMEMBERED: Final = 2_000
"""Messages whose vectors stay in memory, the latest used; of 384 numbers they are 3 MB."""

Vector = NDArray[np.float32]


class VectorStore(Protocol):
    """Where the vectors of a bank's texts outlive the process."""

    def read(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors of those of `texts` that are there."""

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        """Put the vectors of texts there."""


class Nowhere:
    """The store of those who keep nothing."""

    def read(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        return {}

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        pass


class InMemory:
    """A store that lasts as long as it is held: for programs that build bank after bank of the same texts."""

    def __init__(self) -> None:
        self._known: dict[str, Vector] = {}

    def read(self, texts: Sequence[str]) -> Mapping[str, Vector]:
        return {text: self._known[text] for text in texts if text in self._known}

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        self._known |= vectors


class RememberingEncoder:
    """Gives what `encoder` gives, encoding each text once. Safe to share between threads.

    Only what is encoded inside `keeping` reaches a store: a bank's texts, never a buyer's message.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._seen: OrderedDict[str, Vector] = OrderedDict()
        self._lock = Lock()
        self._keeping: ContextVar[_Keeping | None] = ContextVar("keeping", default=None)

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def strength(self) -> Strength:
        return self._encoder.strength

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    @contextmanager
    def keeping(self, store: VectorStore, on_batch: Callable[[int, int], None]) -> Iterator[None]:
        """Inside, in this thread, texts are looked up in `store` first, and what is new is kept there batch by batch.

        After each batch `on_batch` is told how many of the new texts are done, and how many there are; what it raises
        ends the encoding.
        """
        token = self._keeping.set(_Keeping(store, on_batch))
        try:
            yield
        finally:
            self._keeping.reset(token)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        keeping = self._keeping.get()
        known = self._remembered(texts) if keeping is None else keeping.known(texts, self.dimensions)
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            fresh = dict(zip(batch, self._encoder.encode(batch), strict=True))
            known.update(fresh)
            if keeping is None:
                self._remember(fresh)
            else:
                keeping.store.keep(fresh)
                keeping.on_batch(min(start + BATCH, len(missing)), len(missing))
        vectors: Vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for place, text in enumerate(texts):
            vectors[place] = known[text]
        return vectors

    def _remembered(self, texts: Sequence[str]) -> dict[str, Vector]:
        with self._lock:
            known = {text: self._seen[text] for text in texts if text in self._seen}
            for text in known:
                self._seen.move_to_end(text)
            return known

    def _remember(self, vectors: Mapping[str, Vector]) -> None:
        with self._lock:
            self._seen.update(vectors)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)


class _Keeping:
    """A store for the time of making a bank, and who is told how far it is."""

    __slots__ = ("on_batch", "store")

    def __init__(self, store: VectorStore, on_batch: Callable[[int, int], None]) -> None:
        self.store = store
        self.on_batch = on_batch

    def known(self, texts: Sequence[str], dimensions: int) -> dict[str, Vector]:
        """What the store has, but for vectors of another length: a model was changed behind its name."""
        found = self.store.read(list(dict.fromkeys(texts)))
        return {text: vector for text, vector in found.items() if len(vector) == dimensions}
