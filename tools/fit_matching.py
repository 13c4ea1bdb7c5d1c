"""Fit the weights of the phrase bank's matching, and write them to `phrasebank/data/matching.json`.

Needs the extras `build-data` (scikit-learn, and SciPy with it) and `semantic`, and the folder `shared` beside the repository, whose sentences it
reads and of which only fitted figures leave it. Run from the root of the repository:

    python tools/fit_matching.py

Four tasks weigh equally, each being banks with messages whose right phrase is known: 500 questions with one paraphrase each;
a real shop's intents with all examples, dialogues held out in turn; the starter bank, examples held out in turn; the starter
bank without any examples. The order is fitted by conditional logistic regression over the candidates of each message, and
two chances by logistic regression: that there is an answer, and that, if there is one, this is it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from scipy.optimize import minimize

from phrasebank.bank import Bank
from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoders.remembering import InMemory, RememberingEncoder
from phrasebank.encoders.semantic import SemanticEncoder
from phrasebank.encoding import Encoder, Strength
from phrasebank.index import Query
from phrasebank.matching import (
    FEATURES,
    Order,
    answerable_features,
    features_of,
    logistic,
    order_of,
    right_features,
)
from phrasebank.phrase import Phrase
from phrasebank.segment import Evidence
from phrasebank.starting import starter_phrases

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
FIGURES = ROOT / "phrasebank" / "data" / "matching.json"
FOLDS = 5
LOOKED_AT = 5
PRECISION_UNATTENDED = 0.95
LEAST_CONFIDENT = 30
RIDGE = 1e-4
WEIGHTS = {"answerable": 1.0, "no_answer_same_domain": 0.7, "no_answer_other_domain": 1.5}
"""By kind of question: what is not of the shop's trade at all must not be answered."""
Figures = dict[str, dict[str, Any]]
BOUNDS = {  # a sign that contradicts sense would be an accident of the data
    "cosine": (0, None),
    "meaning": (0, None),
    "same_meaning": (0, None),
    "learned": (0, None),
    # What has more examples than others is near more often by accident.
    "learned_if_frequent": (None, 0),
    "ratio": (0, None),
    "coverage": (0, None),
    "context": (0, None),
    "context_if_frequent": (None, 0),
    "context_if_short": (0, None),
    # The only set with sessions has whole intents for phrases, which seldom need it; tests/phrasebank/dialogues.yaml does.
    "talk_if_short": (6, None),
    "meaning_if_short": (None, 0),
    "cues_missing": (None, -0.05),
    "cues_besides": (None, -0.05),
    "keyword": (0, 3),
    "keyword_share": (0, 3),
    "keyword_denied": (None, -0.8),
    "exact": (1.5, 4),
}
BOUNDS_SPARSE = BOUNDS | {"learned_if_frequent": (0, 0)}
EVERYWHERE = np.array([name.startswith(("context", "talk")) for name in FEATURES])
"""What is worth the same in every bank, because one bank alone is fitted with talk before its messages."""


@dataclass(frozen=True)
class Case:
    """A message, its candidates and the id of the right phrase (None: the bank has none)."""

    query: Query
    evidence: list[Evidence]
    right: str | None
    weight: float
    fold: int


def atec(encoder: Encoder | None) -> Iterator[Case]:
    with (SHARED / "faq_atec500_bank.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with (SHARED / "faq_atec500_queries_dev.tsv").open(encoding="utf-8") as file:
        queries = list(csv.DictReader(file, delimiter="\t"))
    bank = Bank((Phrase(id=row["cid"], text=row["question"]) for row in rows), encoder)
    for number, row in enumerate(queries):
        right = row["cid"] if row["kind"] == "answerable" else None
        yield from _cases(bank, [(row["query"], (), right)], WEIGHTS[row["kind"]], number % FOLDS)


def turns() -> list[tuple[int, str, tuple[str, ...], str]]:
    """(dialogue, text, earlier texts, intent) of every labelled turn."""
    found = []
    for number, line in enumerate((SHARED / "uss_jddc_valid.jsonl").read_bytes().splitlines()):
        earlier: list[str] = []
        for turn in orjson.loads(line)["turns"]:
            if turn["intent"]:
                found.append((number, turn["user"], tuple(earlier), turn["intent"]))
            earlier.append(turn["user"])
    return found


def intents(encoder: Encoder | None) -> Iterator[Case]:
    labelled = turns()
    for fold in range(FOLDS):
        examples: dict[str, list[str]] = defaultdict(list)
        for dialogue, text, _, intent in labelled:
            if dialogue % FOLDS != fold and intent != "OTHER":
                examples[intent].append(text)
        bank = Bank(
            (Phrase(id=name, text=name, examples=tuple(texts)) for name, texts in examples.items()), encoder
        )
        held = [
            (text, earlier, None if intent == "OTHER" else intent)
            for dialogue, text, earlier, intent in labelled
            if dialogue % FOLDS == fold and (intent == "OTHER" or intent in examples)
        ]
        yield from _cases(bank, held, 1.0, fold)


def starter(encoder: Encoder | None, *, with_examples: bool) -> Iterator[Case]:
    phrases = starter_phrases()
    with (SHARED / "faq_atec500_queries_dev.tsv").open(encoding="utf-8") as file:
        strangers = [(row["query"], (), None) for row in csv.DictReader(file, delimiter="\t")][:253]
    for fold in range(FOLDS):
        kept = [
            replace(
                phrase,
                examples=tuple(text for n, text in enumerate(phrase.examples) if n % FOLDS != fold)
                if with_examples
                else (),
            )
            for phrase in phrases
        ]
        held = [
            (text, (), phrase.id)
            for phrase in phrases
            for n, text in enumerate(phrase.examples)
            if n % FOLDS == fold
        ]
        yield from _cases(Bank(kept, encoder), [*held, *strangers[fold::FOLDS]], 1.0, fold)


def _cases(
    bank: Bank, rows: Sequence[tuple[str, tuple[str, ...], str | None]], weight: float, fold: int
) -> Iterator[Case]:
    for text, context, right in rows:
        query = bank.query_of(text)
        if query is not None:
            yield Case(query, bank.evidence(query, context), right, weight, fold)


def fit_order(tasks: Sequence[Sequence[Case]]) -> Order:
    """Weights under which the right phrase is the likeliest of the candidates, by conditional logit."""
    blocks, weights = [], []
    for cases in tasks:
        usable = [case for case in cases if any(one.phrase.id == case.right for one in case.evidence)]
        total = sum(case.weight for case in usable)
        for case in usable:
            rows = sorted(case.evidence, key=lambda one: one.phrase.id != case.right)  # the right one first
            block = np.array([[features_of(one, case.query)[name] for name in FEATURES] for one in rows])
            dense = min(rows[0].density, 1.0)
            sparse_share = np.where(EVERYWHERE, 0.0, 1 - dense)
            blocks.append(np.hstack([block * sparse_share, block * np.where(EVERYWHERE, 1.0, dense)]))
            weights.append(case.weight / total)
    starts = np.cumsum([0, *(len(block) for block in blocks)])[:-1]
    matrix, weight = np.vstack(blocks), np.array(weights)
    spread = matrix.std(0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    matrix = (matrix / scale).astype(np.float32)

    def loss(worth: np.ndarray) -> tuple[float, np.ndarray]:
        values = (matrix @ worth.astype(np.float32)).astype(float)
        tops = np.maximum.reduceat(values, starts)
        owners = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
        powers = np.exp(values - tops[owners])
        sums = np.add.reduceat(powers, starts)
        shares = powers / sums[owners] * weight[owners]
        shares[starts] -= weight
        lost = float(weight @ (np.log(sums) + tops - values[starts]))
        slope = shares.astype(np.float32) @ matrix
        plain = worth / scale
        return lost + RIDGE * float(plain @ plain), slope.astype(float) + 2 * RIDGE * plain / scale

    bounds = [limits[name] for limits in (BOUNDS_SPARSE, BOUNDS) for name in FEATURES]
    begin = np.array([0.5 * (low or high or 0) for low, high in bounds]) * scale
    scaled = [
        (low if low is None else low * by, high if high is None else high * by)
        for (low, high), by in zip(bounds, scale, strict=True)
    ]
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=scaled, options={"maxiter": 5_000})
    sparse, dense = np.split(np.round(found.x / scale, 4), 2)
    sparse = np.where(EVERYWHERE, dense, sparse)
    return Order(
        dict(zip(FEATURES, sparse.tolist(), strict=True)), dict(zip(FEATURES, dense.tolist(), strict=True))
    )


def fitted_logistic(
    rows: list[dict[str, float]], truth: list[bool], weights: list[float], positive: set[str]
) -> dict[str, float]:
    """Logistic regression in which what is named `positive` cannot count against a phrase."""
    names = list(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    right, weight = np.array(truth, dtype=float), np.array(weights) / sum(weights)
    scale = np.where(matrix.std(0) > 1e-9, matrix.std(0), 1.0)
    matrix = matrix / scale

    def loss(worth: np.ndarray) -> tuple[float, np.ndarray]:
        values = matrix @ worth
        lost = float(weight @ (np.logaddexp(0, values) - right * values))
        slope = matrix.T @ (weight * (1 / (1 + np.exp(-values)) - right))
        return lost + RIDGE * float(worth @ worth), slope + 2 * RIDGE * worth

    bounds = [(0 if name in positive else None, None) for name in names]
    start = np.zeros(len(names))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 5_000})
    return {name: round(float(value), 4) for name, value in zip(names, found.x / scale, strict=True)}


def fit_answerable(tasks: Sequence[Sequence[Case]], order: Order) -> dict[str, float]:
    rows, truth, weights = [], [], []
    for cases in tasks:
        total = sum(case.weight for case in cases)
        for case in cases:
            if case.evidence:
                ranked = order_of(case.evidence, case.query, order)
                rows.append(answerable_features(ranked, case.query))
                truth.append(case.right is not None)
                weights.append(case.weight / total)
    return fitted_logistic(
        rows,
        truth,
        weights,
        {"cosine", "meaning", "ratio", "learned", "value", "known", "at_home", "keyword"},
    )


def fit_right(tasks: Sequence[Sequence[Case]], order: Order) -> dict[str, float]:
    rows, truth, weights = [], [], []
    for cases in tasks:
        usable = [case for case in cases if case.right is not None and case.evidence]
        for case in usable:
            ranked = order_of(case.evidence, case.query, order)
            for rank in range(min(LOOKED_AT, len(ranked))):
                rows.append(right_features(ranked, rank, case.query))
                truth.append(ranked[rank].evidence.phrase.id == case.right)
                weights.append(1 / len(usable))
    return fitted_logistic(
        rows, truth, weights, {"value", "lead", "cosine", "meaning", "ratio", "learned", "keyword"}
    )


def judged(case: Case, figures: Figures) -> tuple[float, bool]:
    """The chance of the first hit, and whether it is right."""
    ranked = order_of(case.evidence, case.query, figures["order"])
    answerable = logistic(answerable_features(ranked, case.query), figures["answerable"])
    chance = answerable * logistic(right_features(ranked, 0, case.query), figures["right"])
    return chance, ranked[0].evidence.phrase.id == case.right


def report(name: str, cases: Sequence[Case], apart: Sequence[Figures], confident: float) -> None:
    """Print how well each case is judged by the figures that were fitted without its fold."""
    first = third = answerable = 0
    for case in cases:
        if case.right is None:
            continue
        answerable += 1
        ranked = order_of(case.evidence, case.query, apart[case.fold]["order"])
        ids = [one.evidence.phrase.id for one in ranked[:3]]
        first += ids[:1] == [case.right]
        third += case.right in ids
    tops = [judged(case, apart[case.fold]) for case in cases if case.evidence]
    chances, truth = np.array([chance for chance, _ in tops]), np.array([right for _, right in tops])
    bins = np.minimum((chances * 10).astype(int), 9)
    error = sum(
        abs(chances[bins == b].mean() - truth[bins == b].mean()) * (bins == b).mean()
        for b in set(bins.tolist())
    )
    sure = chances >= confident
    print(
        f"{name}: R@1 {first / answerable:.3f}, R@3 {third / answerable:.3f}, calibration error {error:.3f}; "
        f"above {confident}: {sure.sum()} of {len(truth)}, {truth[sure].mean() if sure.any() else 1:.3f} right",
        flush=True,
    )


def confident_chance(tasks: Sequence[Sequence[Case]], apart: Sequence[Figures]) -> float:
    """The lowest chance, in hundredths, above which first hits are right often enough on every task that goes so high.

    Each case is judged by the figures that were fitted without its fold.
    """
    found = 0.5
    for cases in tasks:
        tops = [judged(case, apart[case.fold]) for case in cases if case.evidence]
        chances, truth = np.array([chance for chance, _ in tops]), np.array([right for _, right in tops])
        for hundredth in range(50, 100):
            above = chances >= hundredth / 100
            if above.sum() < LEAST_CONFIDENT:
                break
            if truth[above].mean() >= PRECISION_UNATTENDED:
                found = max(found, hundredth / 100)
                break
    return found


def fitted(encoder: Encoder | None) -> Figures:
    """The figures for banks with this encoder, and a report on them."""
    tasks = {
        "500 questions": list(atec(encoder)),
        "intents": list(intents(encoder)),
        "starter bank": list(starter(encoder, with_examples=True)),
        "starter bank, no examples": list(starter(encoder, with_examples=False)),
    }
    cases = list(tasks.values())
    figures = figures_of(cases)
    apart = [
        figures_of([[case for case in one if case.fold != fold] for one in cases]) for fold in range(FOLDS)
    ]
    figures["confident"] = {"chance": confident_chance(cases[:3], apart), "lead": 0.5}
    for name, held in tasks.items():
        report(name, held, apart, figures["confident"]["chance"])
    return figures


def figures_of(tasks: Sequence[Sequence[Case]]) -> Figures:
    """All figures that are fitted on these tasks."""
    order = fit_order(tasks)
    return {"order": order, "answerable": fit_answerable(tasks, order), "right": fit_right(tasks, order)}


def main() -> None:
    # The starter bank and the folds ask for the same texts again and again.
    strong, known = RememberingEncoder(SemanticEncoder(threads=2)), InMemory()
    encoders: dict[Strength, Encoder | None] = {"none": None, "builtin": BUILTIN, "semantic": strong}
    record = {}
    for strength, encoder in encoders.items():
        print(f"{strength}:", flush=True)
        with strong.keeping(known, lambda done, total: None):
            figures = fitted(encoder)
        record[strength] = figures | {"order": asdict(figures["order"])}
    FIGURES.write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    main()
