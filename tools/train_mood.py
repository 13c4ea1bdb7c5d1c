"""Train the mood model and write `app/core/data/mood.npz` (hashed 8-bit weights; no sentence can be read from them).

    python tools/train_mood.py --data ../shared/data [--out app/core/data/mood.npz]

Needs the `build-data` extra (scikit-learn, OpenCC). The sets are described in docs/mood-data-sheet.md. With the same sets and
versions the same file comes out. The figures, cross-validated by dialogue, are taken by benchmarks/mood.py.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mood_training.data import DISSATISFIED, OWN_TURNS, SATISFIED, Chat, read_chat, read_reviews
from mood_training.features import Features, fold_table, quantised
from mood_training.reviews import Reviews, scale_reviews, train_reviews
from mood_training.sessions import train_session
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from app.core import mood, session_mood

CHAT_C, GATE_C = 2.0, 1.0
FOLDS = 6
SEED_WEIGHT = 1.0
RARE_CLASSES = 0.55
"""How far rare classes are weighed up: 0 not at all (best calibrated), 1 to a fair share (best macro-F1)."""
GATE_SHARPNESS, GATE_DOUBT = 3.0, 4.0
"""A chat turn must hardly ever be read as a review: the gate's logit is multiplied by one, then lowered by the other."""


def chat_rows(features: Features, reviews: Reviews, used: NDArray[np.intp]) -> sparse.csr_matrix:
    """The grams at the places `used`, and the traits."""
    known = [
        mood.traits(folded, score)
        for folded, score in zip(features.folded, reviews.scores(features), strict=True)
    ]
    return sparse.hstack([features.rows(mood.CHAT_BITS)[:, used], sparse.csr_matrix(np.array(known))]).tocsr()


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Ground:
    """What no dialogue changes: the fold table, the review model, review texts for the gate, and other reviews for the scale."""

    table: NDArray[np.uint16]
    reviews: Reviews
    review_features: Features
    clauses: Features
    other_features: Features
    other_good: NDArray[np.bool_]


def prepare(data: Path) -> Ground:
    table = fold_table()
    texts, labels = read_reviews(data / "online_shopping_reviews_sample.tsv")
    features = Features(texts, table)
    # First clauses of reviews, or the gate would look at length alone.
    clauses = Features([text.replace("。", "，").split("，")[0][:40] for text in texts[::4]], table)
    others = [line.split("\t") for line in (data / "eprstmt_train.tsv").read_text("utf-8").splitlines()[1:]]
    return Ground(
        table,
        train_reviews(features, labels),
        features,
        clauses,
        Features([text for text, _ in others], table),
        np.array([label == "Positive" for _, label in others]),
    )


def train_mood(chat: Chat, ground: Ground) -> dict[str, NDArray]:
    """All arrays of the model file."""
    table, reviews = ground.table, ground.reviews
    changed = np.flatnonzero(table != np.arange(len(table)))
    own = [(text, label) for label, texts in OWN_TURNS.items() for text in texts]
    texts = [*chat.texts, *(text for text, _ in own)]
    labels = np.concatenate([chat.labels, [label for _, label in own]])
    # Our own turns are in every training fold; no figure is ever taken on them.
    groups = np.concatenate([chat.dialogue, np.full(len(own), -1)])
    features = Features(texts, table)
    seen = np.asarray((features.rows(mood.CHAT_BITS)[groups >= 0] > 0).sum(0)).ravel()
    ours = np.asarray((features.rows(mood.CHAT_BITS)[groups < 0] > 0).sum(0)).ravel()
    used = np.flatnonzero((seen > 1) | (ours > 0))
    rows = chat_rows(features, reviews, used)
    counts = np.bincount(chat.labels, minlength=3)
    by_class = (len(chat.labels) / 3 / counts) ** RARE_CLASSES
    sample = by_class[labels] * np.where(groups < 0, SEED_WEIGHT, 1.0)

    def fit(chosen: NDArray[np.bool_]) -> LogisticRegression:
        return LogisticRegression(C=CHAT_C, max_iter=200, tol=1e-3).fit(
            rows[chosen], labels[chosen], sample_weight=sample[chosen]
        )

    # Out-of-fold scores of every turn, for the temperature and for the session model.
    fold_of = np.random.default_rng(7).permutation(len(chat.dialogues)) % FOLDS
    exchanges = [session_mood.exchange_of(said) for said in chat.dialogues]
    owner = np.repeat(np.arange(len(exchanges)), [len(exchange.buyer) for exchange in exchanges])
    gate_weights, gate_bias = train_gate(features, ground)
    turn_features = Features([text for exchange in exchanges for text in exchange.buyer], table)
    turn_rows = chat_rows(turn_features, reviews, used)
    logits = np.zeros((len(owner), 3))
    labelled = np.zeros((len(chat.labels), 3))
    for number in range(FOLDS):
        model = fit((groups < 0) | (fold_of[groups] != number))
        logits[fold_of[owner] == number] = model.decision_function(turn_rows[fold_of[owner] == number])
        inside = fold_of[chat.dialogue] == number
        labelled[inside] = model.decision_function(rows[: len(chat.labels)][inside])
    temperature = float(
        minimize_scalar(
            lambda t: (
                -np.mean(np.log(softmax(labelled / t)[np.arange(len(chat.labels)), chat.labels] + 1e-12))
            ),
            bounds=(0.5, 3),
            method="bounded",
        ).x
    )
    final = fit(np.ones(len(labels), bool))

    def share(read: Features) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-(read.rows(mood.GATE_BITS) @ gate_weights + gate_bias)))

    others = ground.other_features
    of_others = softmax(final.decision_function(chat_rows(others, reviews, used)) / temperature)
    scale = scale_reviews(reviews.scores(others), share(others), of_others[:, SATISFIED], ground.other_good)
    chances, shares = softmax(logits / temperature), share(turn_features)
    balance = (1 - shares) * (chances[:, SATISFIED] - chances[:, DISSATISFIED]) + shares * (
        2 * scale.good(reviews.scores(turn_features)) - 1
    )
    recent = np.array(
        [mood.recent_balance(balance[owner == number].tolist()) for number in range(len(exchanges))]
    )
    session = train_session(chat, exchanges, recent, fold_of, FOLDS, table)
    weights = np.zeros((1 << mood.CHAT_BITS, 3))
    weights[used] = final.coef_[:, : len(used)].T
    chat_bytes, chat_scale = quantised(weights)
    review_bytes, review_scale = quantised(reviews.weights)
    gate_bytes, gate_scale = quantised(gate_weights)
    prior = counts / counts.sum()
    return {
        "fold_from": changed.astype(np.uint32),
        "fold_to": table[changed],
        "chat": chat_bytes,
        "chat_scale": chat_scale,
        "chat_bias": final.intercept_.astype(np.float32),
        "chat_traits": final.coef_[:, len(used) :].astype(np.float32),
        "chat_temperature": np.float32(temperature),
        "review": review_bytes,
        "review_scale": review_scale,
        "review_bias": np.float32(reviews.bias),
        "review_lift": np.float32(scale.lift),
        "review_temperature": np.float32(scale.temperature),
        "gate": gate_bytes,
        "gate_scale": gate_scale,
        "gate_bias": np.float32(gate_bias),
        **session,
        "prior": np.array([prior[SATISFIED], prior[DISSATISFIED]], np.float32),
    }


def train_gate(chat: Features, ground: Ground) -> tuple[NDArray[np.float64], float]:
    """Does a text read like a review rather than a chat turn?"""
    parts = (chat, ground.review_features, ground.clauses)
    rows = sparse.vstack([part.rows(mood.GATE_BITS) for part in parts]).tocsr()
    sizes = [len(part.folded) for part in parts]
    labels = np.repeat([0, 1, 1], sizes)
    sample = np.repeat([1.0, sizes[0] / sizes[1] / 2, sizes[0] / sizes[2] / 8], sizes)
    model = LogisticRegression(C=GATE_C, solver="liblinear").fit(rows, labels, sample_weight=sample)
    return model.coef_[0] * GATE_SHARPNESS, float(model.intercept_[0]) * GATE_SHARPNESS - GATE_DOUBT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("app/core/data/mood.npz"))
    options = parser.parse_args()
    chat = read_chat(options.data / "uss_jddc_valid.jsonl")
    weights = train_mood(chat, prepare(options.data))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, **weights)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    for name in ("chat_temperature", "review_lift", "review_temperature", "session_weights", "session_lines"):
        print(name, np.round(weights[name], 3).tolist())


if __name__ == "__main__":
    main()
