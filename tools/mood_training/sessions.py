"""The session model: how the buyer felt, told from both sides' words and the traits of the session, and the rating from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from app.core import mood, session_mood
from mood_training.data import DISSATISFIED, NEUTRAL, OWN_TURNS, Chat
from mood_training.features import Features, quantised

RIDGE, TRAITS = 2.0, 0.1
"""How far all is shrunk, and how much the traits may matter beside the words of one side."""
RATING_SPREADS = (0.45, 0.1)
"""How large the weights of what was felt and of the recent moods are expected to be. The second is small, for the words are in the
first already; it is there for anger in words that no dialogue of the set held."""
LEAST_DIALOGUES = 3
"""A piece of a word counts if so many dialogues hold it."""
BAD_DIALOGUE, OWN_TURN = 2.0, 0.1
"""Weight of a dissatisfied dialogue and of a turn of our own, where another dialogue has 1."""
OUTRAGED = -0.5
"""What the buyer felt in a dissatisfied turn of our own. They are plain anger, which a dialogue of dissatisfied turns (0) need not be."""


@dataclass(frozen=True, slots=True)
class Words:
    """What one side said, fading: a row of hashes for each session, and in 0..1 how much was said beside the steadiness."""

    rows: sparse.csr_matrix
    fullness: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions as the session model sees them: the words of both sides, and the traits, a row each."""

    words: dict[bool, Words]
    traits: NDArray[np.float64]

    @classmethod
    def of(cls, exchanges: Sequence[session_mood.Exchange], table: NDArray[np.uint16]) -> Sessions:
        words, heard = {}, {}
        for by_buyer in (True, False):
            texts = [each.buyer if by_buyer else each.shop for each in exchanges]
            features = Features([text for said in texts for text in said], table)
            owner = np.repeat(np.arange(len(texts)), [len(said) for said in texts])
            weights = np.concatenate(
                [
                    np.array(fading) / (sum(fading) + session_mood.STEADINESS[by_buyer])
                    for fading in map(session_mood.fading, map(len, texts))
                ]
            )
            pooling = sparse.csr_matrix(
                (weights, (owner, np.arange(len(owner)))), shape=(len(texts), len(owner))
            )
            fullness = np.asarray(pooling.sum(axis=1)).ravel()
            words[by_buyer] = Words(pooling @ features.rows(mood.SESSION_BITS), fullness)
            each_heard = [session_mood.hear(folded.text, by_buyer=by_buyer) for folded in features.folded]
            heard[by_buyer] = [
                [each_heard[at] for at in np.flatnonzero(owner == number)] for number in range(len(texts))
            ]
        traits = [
            session_mood.traits_of(heard[True][number], heard[False][number], each.longest_run)
            for number, each in enumerate(exchanges)
        ]
        return cls(words, np.array(traits))


@dataclass(frozen=True, slots=True)
class Feeling:
    """The linear model of how a buyer felt on average: a weight per hash and side, and per trait.

    `usual` is what a message of that side weighs on average, so that a session in which little was said lies in the middle.
    """

    hearing: dict[bool, NDArray[np.float64]]
    usual: dict[bool, float]
    trait_means: NDArray[np.float64]
    trait_spreads: NDArray[np.float64]
    trait_weights: NDArray[np.float64]

    def levels(self, sessions: Sessions) -> NDArray[np.float64]:
        apart = (sessions.traits - self.trait_means) / self.trait_spreads
        level = np.clip(apart, -mood.TRAIT_RANGE, mood.TRAIT_RANGE) @ self.trait_weights
        for by_buyer, words in sessions.words.items():
            level = level + words.rows @ self.hearing[by_buyer] - words.fullness * self.usual[by_buyer]
        return level


def train_feeling(
    sessions: Sessions,
    felt: NDArray[np.float64],
    sample: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    ours: NDArray[np.bool_],
) -> Feeling:
    """A ridge regression of `felt` on the `chosen` sessions, in its dual form, for there are few of them.

    `ours` are sessions of our own: they teach words, but not how rare a word or how usual a trait is.
    """
    real = chosen & ~ours
    means, spreads = sessions.traits[real].mean(axis=0), sessions.traits[real].std(axis=0) + 1e-9
    apart = np.clip((sessions.traits[chosen] - means) / spreads, -mood.TRAIT_RANGE, mood.TRAIT_RANGE)
    apart[ours[chosen]] = 0
    parts, kernel = {}, TRAITS * apart @ apart.T / apart.shape[1]
    for by_buyer, words in sessions.words.items():
        holds = np.asarray((words.rows[real] > 0).sum(0)).ravel()
        kept = (holds >= LEAST_DIALOGUES) | (np.asarray((words.rows[ours] > 0).sum(0)).ravel() > 0)
        rarity = kept * np.sqrt(np.log((real.sum() + 1) / (holds + 1)) + 1)
        rows, full = words.rows[chosen] @ sparse.diags(rarity), words.fullness[chosen]
        # The average message, which every message is seen against.
        usual = np.asarray(rows[real[chosen]].sum(axis=0)).ravel() / full[real[chosen]].sum()
        crossed = np.outer(rows @ usual, full)
        inner = (rows @ rows.T).toarray() - crossed - crossed.T + usual @ usual * np.outer(full, full)
        scale = 1 / np.diag(inner)[real[chosen]].mean()
        parts[by_buyer] = (rows, full, usual, rarity, scale)
        kernel = kernel + scale * inner
    mean = np.average(felt[real], weights=sample[real])
    dual = np.linalg.solve(kernel + RIDGE * np.diag(1 / sample[chosen]), felt[chosen] - mean)
    hearing, usually = {}, {}
    for by_buyer, (rows, full, usual, rarity, scale) in parts.items():
        weights = scale * (rows.T @ dual - usual * (full @ dual))
        hearing[by_buyer], usually[by_buyer] = weights * rarity, float(weights @ usual)
    return Feeling(hearing, usually, means, spreads, TRAITS * apart.T @ dual / apart.shape[1])


def train_session(
    chat: Chat,
    exchanges: Sequence[session_mood.Exchange],
    recent: NDArray[np.float64],
    fold_of: NDArray[np.intp],
    folds: int,
    table: NDArray[np.uint16],
) -> dict[str, NDArray]:
    """The session model, in two steps.

    How the buyer felt on average over the turns, told from the session as a whole; then the rating, from that and from the
    moods of the recent turns. The first is judged out of fold before the second is fitted on it.
    """
    own = [(text, label) for label, texts in OWN_TURNS.items() for text in texts]
    everything = [*exchanges, *(session_mood.Exchange((text,), (), 1) for text, _ in own)]
    ours = np.arange(len(everything)) >= len(exchanges)
    sessions = Sessions.of(everything, table)
    felt = np.array(
        [
            chat.labels[chat.dialogue == number].mean() if (chat.dialogue == number).any() else NEUTRAL
            for number in range(len(exchanges))
        ]
        + [OUTRAGED if label == DISSATISFIED else label for _, label in own]
    )
    sample = np.concatenate(
        [np.where(chat.overall == DISSATISFIED, BAD_DIALOGUE, 1.0), np.full(len(own), OWN_TURN)]
    )
    levels = np.zeros(len(exchanges))
    for number in range(folds):
        inside = np.flatnonzero(fold_of == number)
        chosen = np.ones(len(everything), bool)
        chosen[inside] = False
        levels[inside] = train_feeling(sessions, felt, sample, chosen, ours).levels(sessions)[inside]
    final = train_feeling(sessions, felt, sample, np.ones(len(everything), bool), ours)
    # The weights hold no mean: what the real sessions come to on average is the zero of the scale.
    known = np.column_stack([levels - levels.mean(), recent])
    weights, lines = train_rating(known, chat.overall)
    zero = final.levels(sessions)[~ours].mean()
    hearing_buyer, hearing_buyer_scale = quantised(final.hearing[True])
    hearing_shop, hearing_shop_scale = quantised(final.hearing[False])
    return {
        "hearing_buyer": hearing_buyer,
        "hearing_buyer_scale": hearing_buyer_scale,
        "hearing_buyer_usual": np.float32(final.usual[True]),
        "hearing_shop": hearing_shop,
        "hearing_shop_scale": hearing_shop_scale,
        "hearing_shop_usual": np.float32(final.usual[False]),
        "trait_means": final.trait_means.astype(np.float32),
        "trait_spreads": final.trait_spreads.astype(np.float32),
        "trait_weights": final.trait_weights.astype(np.float32),
        "session_weights": weights.astype(np.float32),
        "session_lines": (lines + weights[0] * zero).astype(np.float32),
    }


def train_rating(
    known: NDArray[np.float64], overall: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A cumulative logit model: the weights of what was felt and of the recent moods, and the two lines between the ratings."""
    middle, spread = known.mean(axis=0), known.std(axis=0)
    scaled = (known - middle) / spread
    count = known.shape[1]

    def lines(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([values[count], values[count] + np.exp(values[count + 1])])

    def loss(values: NDArray[np.float64]) -> float:
        level = scaled @ values[:count]
        lower, upper = lines(values)
        bad, good = 1 / (1 + np.exp(level - lower)), 1 / (1 + np.exp(upper - level))
        chances = np.stack([bad, 1 - bad - good, good], axis=1)[np.arange(len(overall)), overall]
        unlikely = float(((values[:count] / RATING_SPREADS) ** 2).sum() / 2)
        return float(-np.log(np.maximum(chances, 1e-12)).sum() + unlikely)

    # What is good for one is good for the other: no weight is below 0.
    bounds = [(0, None)] * count + [(None, None)] * 2
    found = minimize(loss, np.array([*np.ones(count), -2.0, 0.0]), bounds=bounds).x
    weights = found[:count] / spread
    return weights, lines(found) + weights @ middle
