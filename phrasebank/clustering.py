"""Enquiries that ask the same, put together (咨询聚类).

Texts become vectors by latent semantic analysis of how near they are to each other, by their character grams, function
characters left out, and by their meaning; vectors are grouped by spherical k-means; near groups are joined, and a text that is near to no group stands alone. The same texts in the
same order always give the same clusters.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phrasebank.chitchat import is_junk, without_chat
from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoding import Encoder
from phrasebank.folding import folded
from phrasebank.grams import Grams, Ints, Postings, Texts, consist_of
from phrasebank.index import Floats, Index, Query, Weighting
from phrasebank.meanings import nearness

MAX_CLUSTERS: Final = 79
"""What a person can look through; with those that stand alone it makes 80 groups."""
CLUSTERS_PER_ROOT: Final = 1.75
"""Groups to begin with, per root of the number of different texts."""
LEARNED_FROM: Final = 2_500
"""Different texts, the most frequent first, from which the vectors and groups are made; the others are sorted in."""
DIMENSIONS: Final = 120
JOINED_ABOVE: Final = 0.7
JOINED_ABOVE_FEW: Final = 0.4
"""Groups whose centres are nearer than this, by cosine, are one; of few texts the vectors are not yet drawn together."""
ALONE_BELOW: Final = 0.3
"""A text farther than this, by cosine, from every centre stands alone."""
STARTS: Final = 4
"""How often the grouping is begun anew; the one with the nearest centres is kept."""
ROUNDS: Final = 30
SEED: Final = 20260701

_FUNCTION_CHARACTERS: Final = frozenset(
    "的了我你您是在吗呢吧啊呀有个这那就都也还能可以怎么什为请问给要不没会去到说一下多少时候好人里上哪"
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: its number, how many texts it has, the most typical of them, some more, and the places of all of them, the most typical first."""

    number: int
    size: int
    name: str
    examples: tuple[str, ...]
    members: tuple[int, ...]


def cluster(texts: Sequence[str], encoder: Encoder | None = BUILTIN) -> list[int | None]:
    """A cluster number for each text, from 0, the largest cluster first; None where a text stands alone or asks nothing.

    With an encoder texts are put together by their meaning too. Raises what it raises.
    """
    return _clustered(texts, encoder)[0]


def clusters_of(texts: Sequence[str], examples: int = 5, encoder: Encoder | None = BUILTIN) -> list[Cluster]:
    """The clusters of `texts`, the largest first, with up to `examples` texts each, the most typical first."""
    numbers, affinity = _clustered(texts, encoder)
    found = []
    for number in sorted({number for number in numbers if number is not None}):
        members = [place for place, own in enumerate(numbers) if own == number]
        # The most typical text is near the centre; of two alike the more frequent one, then the earlier.
        counts = Counter(texts[place] for place in members)
        typical = sorted(
            members, key=lambda place: (-affinity[place] * math.log2(1 + counts[texts[place]]), place)
        )
        shown = tuple(dict.fromkeys(texts[place] for place in typical))
        found.append(Cluster(number, len(members), shown[0], shown[:examples], tuple(typical)))
    return found


def _clustered(texts: Sequence[str], encoder: Encoder | None) -> tuple[list[int | None], list[float]]:
    """The cluster of each text, and its cosine with the centre of it."""
    words = ["" if is_junk(text) else without_chat(folded(text))[0] for text in texts]
    counts = Counter(word for word in words if word)
    different = [word for word, _ in counts.most_common()]
    if not different:
        return [None] * len(texts), [0.0] * len(texts)
    learned = different[:LEARNED_FROM]
    vectors = _vectors(learned, different[LEARNED_FROM:], encoder)
    frequency = np.array([counts[word] for word in different], dtype=np.float64)
    groups = min(MAX_CLUSTERS, max(1, round(CLUSTERS_PER_ROOT * math.sqrt(len(learned)))))
    joined_above = JOINED_ABOVE if len(learned) > DIMENSIONS else JOINED_ABOVE_FEW
    centres = _merged(_centres(vectors[: len(learned)], frequency[: len(learned)], groups), joined_above)
    cosines = vectors @ centres.T
    nearest, nearness = cosines.argmax(1), cosines.max(1)
    nearest[nearness < ALONE_BELOW] = -1
    sizes = Counter[int]()
    for group, count in zip(nearest.tolist(), frequency.tolist(), strict=True):
        sizes[group] += int(count)
    kept = [group for group, size in sizes.items() if group >= 0 and size > 1]
    first = {group: place for place, group in reversed(list(enumerate(nearest.tolist())))}
    ranked = sorted(kept, key=lambda group: (-sizes[group], first[group]))
    number_of = {group: number for number, group in enumerate(ranked)}
    by_word = {
        word: (number_of.get(group), near)
        for word, group, near in zip(different, nearest.tolist(), nearness.tolist(), strict=True)
    }
    placed = [by_word.get(word, (None, 0.0)) for word in words]
    return [number for number, _ in placed], [near for _, near in placed]


class _ContentWeighting(Weighting):
    """A weighting to which function characters say nothing: 怎么 and 什么时候 are asked of everything."""

    def weights(self, grams: Grams, frequencies: Ints) -> NDArray[np.float64]:
        empty = consist_of(grams, _FUNCTION_CHARACTERS)
        return np.where(empty, 1e-3, Weighting.weights(self, grams, frequencies))


def _vectors(learned: Sequence[str], others: Sequence[str], encoder: Encoder | None) -> NDArray[np.float64]:
    """Vectors of unit length, one a row, by latent semantic analysis over the texts `learned`."""
    texts = Texts.of(learned)
    postings = Postings.of(texts)
    weighting = _ContentWeighting(len(learned), postings.grams, postings.counts)
    index = Index(texts, postings, weighting)
    square = index.between_rows()
    meanings = None if encoder is None else encoder.encode([*learned, *others])
    if meanings is not None:
        square = nearness(square, meanings[: len(learned)] @ meanings[: len(learned)].T)
    values, axes = np.linalg.eigh(square.astype(np.float64))
    values, axes = values[-DIMENSIONS:], axes[:, -DIMENSIONS:]
    useful = values > 1e-6
    values, axes = values[useful], axes[:, useful]
    axes = axes * np.where(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])] < 0, -1, 1)  # a fixed sign
    inside = axes * np.sqrt(values)
    if others:
        cosines: Floats = np.stack([index.cosines(Query.of(word, weighting)) for word in others])
        if meanings is not None:
            cosines = nearness(cosines, meanings[len(learned) :] @ meanings[: len(learned)].T)
        inside = np.vstack([inside, cosines @ (axes / np.sqrt(values))])
    return np.asarray(inside / np.maximum(np.linalg.norm(inside, axis=1, keepdims=True), 1e-9))


def _centres(
    vectors: NDArray[np.float64], frequency: NDArray[np.float64], groups: int
) -> NDArray[np.float64]:
    """Centres of spherical k-means, those of several starts to which the vectors are nearest."""
    starts = (_grouped(vectors, frequency, groups, SEED + start) for start in range(STARTS))
    return max(starts, key=lambda centres: float((vectors @ centres.T).max(1) @ frequency))


def _grouped(
    vectors: NDArray[np.float64], frequency: NDArray[np.float64], groups: int, seed: int
) -> NDArray[np.float64]:
    """Centres of spherical k-means, begun by k-means++."""
    random = np.random.default_rng(seed)
    chosen = [int(frequency.argmax())]
    distance = 1 - vectors @ vectors[chosen[0]]
    while len(chosen) < groups:
        weight = np.maximum(distance, 0) * np.sqrt(frequency)
        if weight.sum() < 1e-9:
            break
        chosen.append(int(random.choice(len(vectors), p=weight / weight.sum())))
        distance = np.minimum(distance, 1 - vectors @ vectors[chosen[-1]])
    centres = vectors[chosen]
    own = np.full(len(vectors), -1)
    for _ in range(ROUNDS):
        nearest = (vectors @ centres.T).argmax(1)
        if (nearest == own).all():
            break
        own = nearest
        sums = np.zeros_like(centres)
        np.add.at(sums, own, vectors * frequency[:, None])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 1e-9, sums / np.maximum(lengths, 1e-9), centres)
    return np.asarray(centres)


def _merged(centres: NDArray[np.float64], joined_above: float) -> NDArray[np.float64]:
    """The centres, with the nearest two made one as long as they are nearer than `joined_above`."""
    while len(centres) > 1:
        cosines = centres @ centres.T
        np.fill_diagonal(cosines, -1)
        first, second = divmod(int(cosines.argmax()), len(centres))
        if cosines[first, second] <= joined_above:
            break
        both = centres[first] + centres[second]
        centres = np.delete(centres, second, axis=0)
        centres[first - (second < first)] = both / np.linalg.norm(both)
    return centres
