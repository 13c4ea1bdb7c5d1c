"""The model of product reviews, and how sure its score is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from app.core import mood
from mood_training.features import Features

REVIEW_C = 2.0
LIFT_SPREAD = 0.3
"""How far the lift of the scale is expected to lie from 0."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """The review model: a weight per hash, and bias."""

    weights: NDArray[np.float64]
    bias: float

    def scores(self, features: Features) -> NDArray[np.float64]:
        return features.rows(mood.REVIEW_BITS) @ self.weights + self.bias


def _log_odds(rows: sparse.csr_matrix, good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How one-sided each gram is (naive Bayes log ratio, absolute); 0 for those in fewer than three texts."""
    seen = (rows > 0).astype(np.float64)
    plus, minus = 1 + np.asarray(seen[good].sum(0)).ravel(), 1 + np.asarray(seen[~good].sum(0)).ravel()
    odds = np.abs(np.log((plus / plus.sum()) / (minus / minus.sum())))
    odds[np.asarray(seen.sum(0)).ravel() < 3] = 0
    return odds


def train_reviews(features: Features, labels: NDArray[np.int64]) -> Reviews:
    rows = features.rows(mood.REVIEW_BITS)

    odds = _log_odds(rows, labels == 1)
    model = LogisticRegression(C=REVIEW_C, solver="liblinear").fit(rows @ sparse.diags(odds), labels)
    return Reviews(model.coef_[0] * odds, float(model.intercept_[0]))


@dataclass(frozen=True, slots=True)
class ReviewScale:
    """How sure a review's score is: its chance of being good is the sigmoid of (score + lift) / temperature."""

    lift: float
    temperature: float

    def good(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-(scores + self.lift) / self.temperature))


def scale_reviews(
    scores: NDArray[np.float64],
    share: NDArray[np.float64],
    satisfied: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> ReviewScale:
    """The likeliest scale for reviews that no model was trained on; the gate gives the chat model (`satisfied`) its part."""

    def loss(values: NDArray[np.float64]) -> float:
        chance = share * ReviewScale(values[0], np.exp(values[1])).good(scores) + (1 - share) * satisfied
        unlikely = -np.log(np.clip(np.where(good, chance, 1 - chance), 1e-4, 1)).sum()
        return float(unlikely + (values[0] / LIFT_SPREAD) ** 2 / 2)

    lift, log_temperature = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return ReviewScale(float(lift), float(np.exp(log_temperature)))
