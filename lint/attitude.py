"""A second pair of eyes on tone: the chance that a reply is rude or dismissive, by a small linear model.

The rules of `lint/rules/tone` know words and patterns. This model weighs every run of one to three characters, and runs of
the small words that carry an attitude (你 … 还 … 吗), so that it also sees rhetorical questions, reproach and irony that
nobody wrote down. It is tuned to speak up rarely. Trained by `tools/train_attitude.py`; docs/attitude-data-sheet.md says on what.

Everything is integer arithmetic over many texts at once, so that a text scores the same alone and in company.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np

from lint.folding import PART, Codes, coded

THRESHOLD: Final = 0.94
"""Score above which a text is reported: of real replies that the model had not seen, two in ten thousand lie above."""
LEAST: Final = 4
"""Characters of the shortest text that is judged. Shorter real ones were not trained on; what is curt of them, the rules name."""

BITS: Final = 17  # of a hash of characters
SMALL_BITS: Final = 14  # of a hash of small words
TRAITS: Final = 9

# What carries an attitude whatever the talk is about: persons, negation, degree, question and ending words, courtesy.
SMALL_WORDS: Final = (
    "你您我他她它谁啥什么怎哪咋为凭难道何还又都就才也再只不没别甭自己会能可要想让叫找去来是有吗啊呢吧呀嘛哦呗咯喽哈的了得着过"
    "给帮请亲把被跟对和多少几这那1次好行真太很非最像以当急催问说讲看懂管怪赖爱嫌够完死烦随便关信服敢等早反正到底事人家们"
)

_SHIFT: Final = np.uint32(32 - BITS)
_SMALL_SHIFT: Final = np.uint32(32 - SMALL_BITS)
# Odd numbers without pattern, one for each place of a run.
_ONE: Final = np.uint32(0x9E3779B1)
_TWO: Final = (np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))
_THREE: Final = np.uint32(0x27D4EB2F)
_LAST: Final = np.uint32(0x165667B1)
_LENGTHS: Final = (4, 7, 11, 18, 30, 60)  # up to how many characters the buckets of length reach
_STEEP: Final = 60.0  # beyond this the chance is 0 or 1, and its exponential would overflow
_NEAR: Final = np.array([1, 2, 3, 2, 1]) / 9  # how a character's weight spreads to its neighbours
_EDGE: Final = 0.3  # how much of the peak a character must have to lie in the span
_SHORTEST: Final = 4  # characters of a span, if the text has them

Floats = np.ndarray[Any, np.dtype[np.float64]]
Slots = np.ndarray[Any, np.dtype[np.uint32]]
Places = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Runs:
    """Slots of the weight tables, by the place at which a run begins."""

    ones: Slots
    twos: Slots
    threes: Slots
    small_at: Places
    """Where the small words stand, and the parting signs."""
    small_twos: Slots
    small_threes: Slots


def padded(tight: Codes) -> Codes:
    """Code points with the parting sign before and after."""
    codes = np.empty(len(tight) + 2, np.uint32)
    codes[0] = codes[-1] = PART
    codes[1:-1] = tight
    return codes


def _pairs(codes: Codes) -> tuple[Codes, Codes]:
    """Mixed codes of runs of two and of three. What begins at the last places has no run of three."""
    first = codes * _TWO[0]
    twos = first[:-1] + codes[1:] * _TWO[1]
    threes = twos[:-1] * _THREE
    threes += codes[2:] * _LAST
    twos ^= twos >> np.uint32(15)
    twos *= _ONE
    threes ^= threes >> np.uint32(15)
    threes *= _ONE
    return twos, threes


def runs(codes: Codes) -> Runs:
    """All runs of padded codes; also those over a border, which `_contributions` leaves out."""
    twos, threes = _pairs(codes)
    small_at = np.flatnonzero(_small().take(codes))
    small_twos, small_threes = _pairs(codes.take(small_at))
    return Runs(
        ones=(codes * _ONE) >> _SHIFT,
        twos=twos >> _SHIFT,
        threes=threes >> _SHIFT,
        small_at=small_at,
        small_twos=small_twos >> _SMALL_SHIFT,
        small_threes=small_threes >> _SMALL_SHIFT,
    )


@functools.cache
def _small() -> np.ndarray[Any, np.dtype[np.bool_]]:
    known = np.zeros(PART + 1, np.bool_)
    known[[*map(ord, SMALL_WORDS), PART]] = True
    return known


@dataclass(frozen=True, slots=True)
class Weights:
    """What training found, as 8-bit numbers times `scale`; `traits` and `bias` already in the unit of the result."""

    runs: np.ndarray[Any, np.dtype[np.int8]]
    small: np.ndarray[Any, np.dtype[np.int8]]
    traits: Floats
    scale: float
    bias: float

    @classmethod
    def read(cls, content: bytes) -> Weights:
        """From the bytes of an .npz file."""
        with np.load(io.BytesIO(content)) as stored:
            return cls(
                stored["runs"],
                stored["small"],
                stored["traits"].astype(np.float64),
                float(stored["scale"]),
                float(stored["bias"]),
            )


@functools.cache
def _weights() -> Weights:
    return Weights.read(resources.files("lint").joinpath("tables", "attitude.npz").read_bytes())


def over_border(codes: Codes) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each place but the last two, whether a run of three there would have the parting sign in its middle."""
    middle: np.ndarray[Any, np.dtype[np.bool_]] = codes[1:-1] == PART
    return middle


def _contributions(codes: Codes, weights: Weights) -> np.ndarray[Any, np.dtype[np.int16]]:
    """What the runs that begin at each place add, in 8-bit units; none for the last parting sign."""
    found = runs(codes)
    added = weights.runs.take(found.ones[:-1]).astype(np.int16)
    added += weights.runs.take(found.twos)
    threes = weights.runs.take(found.threes)
    threes[over_border(codes)] = 0
    added[:-1] += threes
    at = found.small_at
    small_added = weights.small.take(found.small_twos).astype(np.int16)
    small_threes = weights.small.take(found.small_threes)
    small_threes[over_border(codes.take(at))] = 0
    small_added[:-1] += small_threes
    added[at[:-1]] += small_added
    return added


def traits(codes: Codes, begins: Places, lengths: Places) -> tuple[Places, Places]:
    """Of each text the bucket of its length, and how it addresses the buyer: not at all, by 您, by 你 only."""
    # Addition of booleans is "or".
    familiar = np.add.reduceat(codes[:-1] == ord("你"), begins)
    polite = np.add.reduceat(codes[:-1] == ord("您"), begins)
    return np.searchsorted(_LENGTHS, lengths), np.where(polite, 8, np.where(familiar, 7, -1))


def scores(tight: Codes, starts: Sequence[int] | Places, weights: Weights | None = None) -> Floats:
    """The chance, 0 to 1, that each text is a rude or dismissive reply of an agent.

    The texts are joined in the tight view (`lint.batch.Joined`): text `i` is `tight[starts[i] : starts[i + 1] - 1]`. Of one
    of fewer than `LEAST` characters it is 0. `weights` are others than the built-in ones.
    """
    if len(starts) < 2:
        return np.zeros(0)
    weights = weights or _weights()
    codes = padded(tight)
    bounds = np.asarray(starts, np.intp)
    begins, lengths = bounds[:-1], np.diff(bounds) - 1
    sums = np.add.reduceat(_contributions(codes, weights), begins, dtype=np.int32)
    length_at, address_at = traits(codes, begins, lengths)
    # The last weight is a zero, which -1 finds.
    known = weights.traits.take(length_at) + weights.traits.take(address_at, mode="wrap")
    level = sums * weights.scale / np.sqrt(lengths + 1) + known + weights.bias
    chance: Floats = np.where(lengths >= LEAST, 1 / (1 + np.exp(-np.clip(level, -_STEEP, _STEEP))), 0)
    return chance


def heaviest(tight: str) -> tuple[int, int]:
    """The half-open span of one tight text that speaks most for rudeness; not empty if the text is not."""
    if not tight:
        return 0, 0
    added = _contributions(padded(coded(tight)), _weights()).astype(np.float64)
    # What a run adds is shared by the characters it covers; the first place is the parting sign's.
    spread = added.copy()
    spread[1:] += added[:-1]
    spread[2:] += added[:-2]
    level = np.convolve(spread[1:], _NEAR, mode="full")[2:-2]
    level -= _EDGE * abs(level.max())
    # The stretch of the greatest sum.
    sums = np.concatenate([[0.0], np.cumsum(level)])
    lowest = np.minimum.accumulate(sums[:-1])
    end = int(np.argmax(sums[1:] - lowest)) + 1
    start = int(np.argmin(sums[:end]))
    missing = max(min(_SHORTEST, len(tight)) - (end - start), 0)
    start = max(start - missing // 2, 0)
    end = min(max(end, start + min(_SHORTEST, len(tight))), len(tight))
    return max(min(start, end - min(_SHORTEST, len(tight))), 0), end
