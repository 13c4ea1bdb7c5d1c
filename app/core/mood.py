"""How a buyer feels: chances that a turn, or a session so far, is satisfied or dissatisfied.

A small model of our own. A text is folded and its character 1- to 3-grams are hashed (`app/core/mood_text.py`). Three linear
models read the hashes of a turn: one for chat turns (satisfied, neutral, dissatisfied), one for product reviews (good, bad),
and a gate that says which of the two a text resembles. A session is read from the words of both sides and from how they got
on (`app/core/session_mood.py`), beside the moods of its turns. The weights are 8-bit numbers by hash, so no sentence can be
read from them. `tools/train_mood.py` makes them, `docs/mood-data-sheet.md` says from what and how well they do.
"""

from __future__ import annotations

import functools
import importlib.resources
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.core.mood_text import MAX_TEXT, Folded, fold, grams
from app.core.said import Said
from app.core.session_mood import Heard, exchange_of, hear, lean_of, traits_of

CHAT_BITS: Final = 16
REVIEW_BITS: Final = 17
GATE_BITS: Final = 14
SESSION_BITS: Final = 16
RECENT_TURNS: Final = 4096
"""How many texts' moods a model keeps at hand."""
MAX_WORDS: Final = 3
"""How many of its words a mood names at most."""
RECENCY: Final = 0.7
"""In a session a turn weighs this much of the turn after it: how it ends matters more than how it began."""
TRAIT_RANGE: Final = 3.0
"""A trait of a session counts up to so many standard deviations from its mean."""

Floats = NDArray[np.float32]


_EVEN_ODDS: Final = 0.22
"""Odds of a bad rating at twice the share of bad ones among all sessions of the training set."""


@dataclass(frozen=True, slots=True)
class Mood:
    """Chances in 0..1; what is missing to 1 is the chance of neutral.

    `words` are the pieces of the text that moved it most, strongest first, at most `MAX_WORDS`.
    """

    p_satisfied: float
    p_dissatisfied: float
    words: tuple[str, ...] = ()

    @property
    def p_neutral(self) -> float:
        return max(0.0, 1.0 - self.p_satisfied - self.p_dissatisfied)

    @property
    def balance(self) -> float:
        """From -1 (surely dissatisfied) to 1 (surely satisfied)."""
        return self.p_satisfied - self.p_dissatisfied

    @property
    def displeasure(self) -> float:
        """From 0 to 1, of a session's mood: .5 where a bad rating is about twice as likely as in the usual session.

        Few sessions end badly, so that even the chance of an angry one stays far from 1; people set bounds on this scale.
        """
        odds = self.p_dissatisfied / max(1.0 - self.p_dissatisfied, 1e-9)
        return odds / (odds + _EVEN_ODDS)


def traits(folded: Folded, review: float) -> tuple[float, ...]:
    """What the chat model knows of a turn beside its grams: the review model's score, length, brevity, a question mark."""
    length = len(folded.codes)
    return (
        math.tanh(review / 4),
        math.log1p(length) / 4,
        float(length <= 3),
        float(bool((folded.codes == 63).any())),
    )


def recent_balance(balances: Sequence[float]) -> float:
    """The mean balance of turns in time order, the recent ones weighing more."""
    weight = total = 0.0
    for balance in balances:
        total = total * RECENCY + balance
        weight = weight * RECENCY + 1.0
    return total / weight


class MoodModel:
    """The trained model. `turn` takes tens of microseconds, and next to nothing for a text that was read lately."""

    def __init__(self, weights: Mapping[str, NDArray[np.generic]]) -> None:
        """Read the arrays that `tools/train_mood.py` writes. Raises KeyError where one is missing."""
        # The table is stored as where it differs from the identity.
        table = np.arange(0x20000, dtype=np.uint32)
        table[weights["fold_from"].astype(np.intp)] = weights["fold_to"].astype(np.uint32)
        self._table = table.astype(np.uint16)
        self._chat = _scaled(weights, "chat")
        self._chat_bias = weights["chat_bias"].astype(np.float32)
        self._chat_traits = weights["chat_traits"].astype(np.float32)
        self._leaning = np.ascontiguousarray(self._chat[:, 2] - self._chat[:, 0])
        self._review = _scaled(weights, "review")
        self._review_bias = float(weights["review_bias"].item())
        self._gate = _scaled(weights, "gate")
        self._gate_bias = float(weights["gate_bias"].item())
        self._chat_temperature = float(weights["chat_temperature"].item())
        self._review_temperature = float(weights["review_temperature"].item())
        self._review_lift = float(weights["review_lift"].item())
        self._hearing = {
            True: _scaled(weights, "hearing_buyer"),
            False: _scaled(weights, "hearing_shop"),
        }
        self._hearing_usual = {
            True: float(weights["hearing_buyer_usual"].item()),
            False: float(weights["hearing_shop_usual"].item()),
        }
        self._trait_means = weights["trait_means"].astype(np.float64)
        self._trait_spreads = weights["trait_spreads"].astype(np.float64)
        self._trait_weights = weights["trait_weights"].astype(np.float64)
        self._session_weights: list[float] = weights["session_weights"].astype(np.float64).tolist()
        self._session_lines: list[float] = weights["session_lines"].astype(np.float64).tolist()
        satisfied, dissatisfied = weights["prior"].astype(np.float64).tolist()
        self.prior = Mood(satisfied, dissatisfied)
        """What is expected of a turn that says nothing in words, such as a picture."""
        # A session is read anew with every event of it; its earlier turns need not be.
        self._read_lately = functools.lru_cache(maxsize=RECENT_TURNS)(self._read)
        self._heard_lately = functools.lru_cache(maxsize=RECENT_TURNS)(self._hear)

    @staticmethod
    @functools.cache
    def load() -> MoodModel:
        """The built-in model, read once."""
        raw = (importlib.resources.files("app.core") / "data" / "mood.npz").read_bytes()
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            return MoodModel({name: stored[name] for name in stored.files})

    def turn(self, text: str, kind: str = "text") -> Mood:
        """The mood of one buyer message.

        Of a message of another kind (`image`, `card`, `file`, `voice`) only its text is read; where it has none, the
        answer is `prior`. Takes any string.
        """
        return self._read_lately(text[:MAX_TEXT])

    def _read(self, text: str) -> Mood:
        folded = fold(text, self._table)
        if not text or text.isspace() or not len(folded.codes):
            return self.prior
        hashes = grams(folded.codes)
        norm = 1.0 / math.sqrt(len(hashes))
        reviewed = self._review[hashes & np.uint32((1 << REVIEW_BITS) - 1)]
        review = float(reviewed.sum()) * norm + self._review_bias
        gate = float(self._gate[hashes & np.uint32((1 << GATE_BITS) - 1)].sum()) * norm + self._gate_bias
        places = hashes & np.uint32((1 << CHAT_BITS) - 1)
        logits = self._chat[places].sum(axis=0) * norm + self._chat_bias
        logits += self._chat_traits @ np.asarray(traits(folded, review), np.float32)
        dissatisfied, _, satisfied = _softmax((logits / self._chat_temperature).tolist())
        share = _sigmoid(gate)
        good = _sigmoid((review + self._review_lift) / self._review_temperature)
        moved = self._leaning[places] * (1 - share) + reviewed * share
        return Mood(
            p_satisfied=satisfied * (1 - share) + good * share,
            p_dissatisfied=dissatisfied * (1 - share) + (1 - good) * share,
            words=_words(text, folded, moved),
        )

    def session(self, said: Sequence[Said]) -> Mood:
        """The mood of a session so far, from what both sides said in time order: the chance of the rating it would get.

        Messages without words play no part; without any of the buyer's the answer is that of a session in which nobody has
        said anything.
        """
        exchange = exchange_of(said)
        moods = [self.turn(text) for text in exchange.buyer] or [self.prior]
        buyer = [self._heard_lately(text, by_buyer=True) for text in exchange.buyer]
        shop = [self._heard_lately(text, by_buyer=False) for text in exchange.shop]
        traits = np.asarray(traits_of(buyer, shop, exchange.longest_run))
        apart = np.clip((traits - self._trait_means) / self._trait_spreads, -TRAIT_RANGE, TRAIT_RANGE)
        felt = (
            float(apart @ self._trait_weights) + lean_of(buyer, by_buyer=True) + lean_of(shop, by_buyer=False)
        )
        # One scale from bad to good with two lines on it, so that a session far worse than any seen stays bad.
        by_feeling, by_balance = self._session_weights
        level = by_feeling * felt + by_balance * recent_balance([mood.balance for mood in moods])
        lower, upper = self._session_lines
        recent = sorted(moods[:-6:-1], key=lambda mood: -abs(mood.balance))
        words = dict.fromkeys(mood.words[0] for mood in recent if mood.words)
        return Mood(_sigmoid(level - upper), _sigmoid(lower - level), tuple(words)[:MAX_WORDS])

    def _hear(self, text: str, *, by_buyer: bool) -> Heard:
        folded = fold(text, self._table)
        hashes = grams(folded.codes)
        weights = self._hearing[by_buyer][hashes & np.uint32((1 << SESSION_BITS) - 1)]
        lean = float(weights.sum()) / math.sqrt(len(hashes)) - self._hearing_usual[by_buyer]
        return hear(folded.text, by_buyer=by_buyer, lean=lean)


def _scaled(weights: Mapping[str, NDArray[np.generic]], name: str) -> Floats:
    scaled: Floats = weights[name].astype(np.float32) * weights[f"{name}_scale"].astype(np.float32)
    return scaled


def _softmax(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))


_EMPTY = " \t\r\n　,.，。、;；:：~～…的了么呢啊吗是我你在有就也"
"""What says nothing at the end of a piece."""


def _words(text: str, folded: Folded, moved: Floats) -> tuple[str, ...]:
    """The stretches of the text whose grams leaned most to either side; each gram is shared among its characters."""
    count = len(folded.codes)
    twos, threes = moved[count + 2 : 2 * count + 3] / 2, moved[2 * count + 3 :] / 3
    leaning = moved[1 : count + 1] + twos[:-1] + twos[1:] + threes
    leaning[1:] += threes[:-1]
    leaning[:-1] += threes[1:]
    values: list[float] = leaning.tolist()
    least = max(map(abs, values)) * 0.35
    if least <= 0.0:
        return ()
    stretches: list[tuple[float, int, int]] = []
    start = 0
    while start < count:
        value = values[start]
        if abs(value) < least:
            start += 1
            continue
        end, weight = start + 1, value
        while end < count and values[end] * value > 0 and abs(values[end]) >= least:
            weight += values[end]
            end += 1
        stretches.append((abs(weight), start, end))
        start = end
    stretches.sort(key=lambda stretch: (-stretch[0], stretch[1]))
    places = folded.places
    # An emoticon code was folded to one sign: its piece reaches to where the next sign begins.
    ends = [*places[1:].tolist(), min(len(text), MAX_TEXT)]
    pieces = (text[int(places[start]) : ends[end - 1]].strip(_EMPTY) for _, start, end in stretches)
    return tuple(dict.fromkeys(piece for piece in pieces if piece))[:MAX_WORDS]
