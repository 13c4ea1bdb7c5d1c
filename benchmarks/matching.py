"""How well the phrase bank finds the right phrase, beside rapidfuzz WRatio, plain ratio, BM25 and TF-IDF.

    python benchmarks/matching.py [--quick] [--speed] [--encoder builtin|semantic|none]

Reads the folder `shared` beside the repository and prints one table a task; `--quick` leaves out WRatio on the intents, `--speed`
adds times per query on banks of 1,000 and 10,000 made-up phrases; with `--encoder semantic` (needs the extra of that name, takes minutes) ours tells meanings by it. R@k: share of answerable messages whose right phrase is among
the first k. AUROC: does the score of the first hit tell messages with an answer from those without (no hit counts as 0).
"""

from __future__ import annotations

import csv
import math
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from rapidfuzz import fuzz, process

from phrasebank import Bank, Phrase
from phrasebank.clustering import cluster
from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoders.remembering import InMemory, RememberingEncoder
from phrasebank.encoders.semantic import SemanticEncoder
from phrasebank.encoding import Encoder
from phrasebank.folding import folded
from phrasebank.grams import Postings, Texts
from phrasebank.index import Index, Query, Weighting

SHARED = Path(__file__).parents[1].parent / "shared" / "data"
FOLDS = 5
Scores = np.ndarray
"""Messages by documents."""


def chosen_encoder(arguments: Sequence[str]) -> Encoder | None:
    """The encoder that `--encoder` names."""
    kind = arguments[arguments.index("--encoder") + 1] if "--encoder" in arguments else "builtin"
    if kind == "semantic":
        return RememberingEncoder(SemanticEncoder(threads=2))
    return {"builtin": BUILTIN, "none": None}[kind]


ENCODER: Final = chosen_encoder(sys.argv)


def main() -> None:
    if isinstance(ENCODER, RememberingEncoder):
        with ENCODER.keeping(InMemory(), lambda done, total: None):
            tasks()
    else:
        tasks()


def tasks() -> None:
    if not SHARED.exists():
        print("shared/data is absent beside the repository: nothing to measure", file=sys.stderr)
        raise SystemExit(2)
    questions()
    intents(quick="--quick" in sys.argv)
    clustering()
    if "--speed" in sys.argv:
        speed()


# Methods to compare with


def bm25(texts: Sequence[str], messages: Sequence[str]) -> Scores:
    """Okapi BM25 over character grams of one and two characters."""
    documents = [Counter(_grams(text)) for text in texts]
    lengths = np.array([sum(document.values()) for document in documents])
    frequency = Counter(gram for document in documents for gram in document)
    postings: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    rows: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, document in enumerate(documents):
        for gram, count in document.items():
            rows[gram].append((row, count))
    for gram, found in rows.items():
        places, counts = np.array(found).T
        rarity = math.log(1 + (len(texts) - frequency[gram] + 0.5) / (frequency[gram] + 0.5))
        norm = counts + 1.5 * (0.25 + 0.75 * lengths[places] / lengths.mean())
        postings[gram] = (places, rarity * counts * 2.5 / norm)
    scores = np.zeros((len(messages), len(texts)), dtype=np.float32)
    for row, message in enumerate(messages):
        for gram in _grams(message):
            if gram in postings:
                places, worth = postings[gram]
                scores[row, places] += worth
    return scores


def _grams(text: str) -> list[str]:
    return [text[i : i + n] for n in (1, 2) for i in range(len(text) - n + 1)]


def tfidf(texts: Sequence[str], messages: Sequence[str]) -> Scores:
    """Our own weighted cosine, alone."""
    packed = Texts.of(texts)
    postings = Postings.of(packed)
    weighting = Weighting.over(postings, packed)
    index = Index(packed, postings, weighting)
    return np.stack([index.cosines(Query.of(message, weighting)) for message in messages])


def ratio(texts: Sequence[str], messages: Sequence[str]) -> Scores:
    return process.cdist(messages, texts, scorer=fuzz.ratio)


def wratio(texts: Sequence[str], messages: Sequence[str]) -> Scores:
    return process.cdist(messages, texts, scorer=fuzz.WRatio)


METHODS: dict[str, Callable[[Sequence[str], Sequence[str]], Scores]] = {
    "rapidfuzz WRatio": wratio,
    "rapidfuzz ratio": ratio,
    "BM25, 1-2-grams": bm25,
    "TF-IDF, 1-3-grams": tfidf,
}

Answer = tuple[list[str], float]
"""Ids of the first three, and the score of the first."""


def ranked(scores: Scores, owners: Sequence[str]) -> list[Answer]:
    """The first three different owners of each message, each by its best document."""
    answers = []
    for row in scores:
        ids: dict[str, float] = {}
        for place in np.argsort(-row, kind="stable"):
            ids.setdefault(owners[place], float(row[place]))
            if len(ids) == 3:
                break
        answers.append((list(ids), next(iter(ids.values()), 0.0)))
    return answers


def ours(bank: Bank, messages: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[list[Answer], list[bool]]:
    answers, confident = [], []
    for text, context in messages:
        result = bank.search(text, context=context, top=3)
        answers.append(([hit.phrase.id for hit in result.hits], result.hits[0].score if result.hits else 0.0))
        confident.append(result.confident)
    return answers, confident


# Measures


def recalls(answers: Sequence[Answer], right: Sequence[str | None]) -> tuple[float, float]:
    asked = [(ids, one) for (ids, _), one in zip(answers, right, strict=True) if one is not None]
    return (
        sum(ids[:1] == [one] for ids, one in asked) / len(asked),
        sum(one in ids[:3] for ids, one in asked) / len(asked),
    )


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    values = np.concatenate([positive, negative])
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values))
    ranks[order] = np.arange(1, len(values) + 1)
    for value in np.unique(values):  # ties share their mean rank
        tied = values == value
        ranks[tied] = ranks[tied].mean()
    count = len(positive)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(negative)))


def calibration_error(scores: Sequence[float], right: Sequence[bool]) -> float:
    chances, truth = np.array(scores), np.array(right)
    bins = np.minimum((chances * 10).astype(int), 9)
    return float(
        sum(
            abs(chances[bins == b].mean() - truth[bins == b].mean()) * (bins == b).mean()
            for b in set(bins.tolist())
        )
    )


def nmi(first: Sequence[object], second: Sequence[object]) -> float:
    """Normalised mutual information, by the arithmetic mean of the entropies."""

    def entropy(counts: Counter[object]) -> float:
        return -sum(count / len(first) * math.log(count / len(first)) for count in counts.values())

    one, two = Counter(first), Counter(second)
    both = Counter(zip(first, second, strict=True))
    return 2 * (entropy(one) + entropy(two) - entropy(both)) / (entropy(one) + entropy(two))


# Tasks


def questions() -> None:
    with (SHARED / "faq_atec500_bank.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with (SHARED / "faq_atec500_queries_dev.tsv").open(encoding="utf-8") as file:
        queries = list(csv.DictReader(file, delimiter="\t"))
    owners = [row["cid"] for row in rows]
    texts = [folded(row["question"]) for row in rows]
    messages = [folded(row["query"]) for row in queries]
    right = [row["cid"] if row["kind"] == "answerable" else None for row in queries]
    print(f"ATEC: {len(rows)} phrases of one question, {len(queries)} messages")
    print(f"{'':28}{'R@1':>8}{'R@3':>8}{'AUROC other':>14}{'AUROC same':>12}")

    def show(name: str, answers: Sequence[Answer]) -> None:
        first, third = recalls(answers, right)
        by_kind = defaultdict(list)
        for (_, score), row in zip(answers, queries, strict=True):
            by_kind[row["kind"]].append(score)
        other = auroc(by_kind["answerable"], by_kind["no_answer_other_domain"])
        same = auroc(by_kind["answerable"], by_kind["no_answer_same_domain"])
        print(f"{name:28}{first:8.3f}{third:8.3f}{other:14.3f}{same:12.3f}", flush=True)

    for name, method in METHODS.items():
        show(name, ranked(method(texts, messages), owners))
    plain = [(row["query"], ()) for row in queries]
    show(
        "ours, text only",
        ours(Bank([Phrase(row["cid"], row["question"]) for row in rows], ENCODER), plain)[0],
    )
    examples = [Phrase(row["cid"], "好的，这就为您查看", examples=(row["question"],)) for row in rows]
    show("ours, one example", ours(Bank(examples, ENCODER), plain)[0])


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


def intents(*, quick: bool) -> None:
    labelled = turns()
    answers: dict[str, list[Answer]] = defaultdict(list)
    right: list[str | None] = []
    confident: list[bool] = []
    for fold in range(FOLDS):
        train = [turn for turn in labelled if turn[0] % FOLDS != fold and turn[3] != "OTHER"]
        test = [turn for turn in labelled if turn[0] % FOLDS == fold]
        right += [None if turn[3] == "OTHER" else turn[3] for turn in test]
        texts, owners = [folded(turn[1]) for turn in train], [turn[3] for turn in train]
        for name, method in METHODS.items():
            if not (quick and method is wratio):
                answers[name] += ranked(method(texts, [folded(turn[1]) for turn in test]), owners)
        examples: dict[str, list[str]] = defaultdict(list)
        for _, text, _, intent in train:
            examples[intent].append(text)
        bank = Bank([Phrase(name, name, examples=tuple(texts)) for name, texts in examples.items()], ENCODER)
        answers["ours, message alone"] += ours(bank, [(turn[1], ()) for turn in test])[0]
        found, sure = ours(bank, [(turn[1], turn[2]) for turn in test])
        answers["ours, with the session"] += found
        confident += sure
    asked = sum(one is not None for one in right)
    print(
        f"\nJD intents: {asked} turns with an intent and {len(right) - asked} without, {FOLDS} folds by dialogue, all examples"
    )
    print(f"{'':28}{'R@1':>8}{'R@3':>8}{'AUROC OTHER':>14}{'calibration':>13}")
    for name, found in answers.items():
        first, third = recalls(found, right)
        scores = [score for _, score in found]
        told = auroc(
            [score for score, one in zip(scores, right, strict=True) if one],
            [score for score, one in zip(scores, right, strict=True) if not one],
        )
        hits = [(score, ids[0] == one) for (ids, score), one in zip(found, right, strict=True) if ids]
        error = f"{calibration_error(*zip(*hits, strict=True)):13.3f}" if name.startswith("ours") else ""
        print(f"{name:28}{first:8.3f}{third:8.3f}{told:14.3f}{error}")
    sure = [
        ids[:1] == [one]
        for (ids, _), one, yes in zip(answers["ours, with the session"], right, confident, strict=True)
        if yes
    ]
    # A courtesy gets no hit here, since no intent of the shop is one.
    print(f"confident: {len(sure)} of {len(right)} turns, {sum(sure) / max(len(sure), 1):.3f} of them right")


def clustering() -> None:
    labelled = [(text, intent) for _, text, _, intent in turns() if intent != "OTHER"]
    frequent = {intent for intent, _ in Counter(intent for _, intent in labelled).most_common(50)}
    kept = [(text, intent) for text, intent in labelled if intent in frequent]
    numbers = cluster([text for text, _ in kept], ENCODER)
    alone = sum(number is None for number in numbers)
    figure = nmi([intent for _, intent in kept], list(numbers))
    print(
        f"\nClustering of {len(kept)} enquiries, 50 intents: NMI {figure:.3f}, {len(set(numbers))} groups, {alone} alone (one group)"
    )


def speed() -> None:
    """Made-up phrases of characters drawn by a Zipf law, so that some grams are everywhere."""
    draw = random.Random(7)
    characters = [chr(0x4E00 + place) for place in range(3_000)]
    weights = [1 / (rank + 5) for rank in range(len(characters))]

    def text() -> str:
        return "".join(draw.choices(characters, weights, k=draw.randint(6, 20)))

    print(
        f"\n{'phrases of 4 examples':28}{'build s':>9}{'update ms':>11}{'p50 ms':>9}{'p99 ms':>9}{'WRatio ms':>11}"
    )
    for size in (1_000, 10_000, 100_000):
        phrases = [
            Phrase(str(number), text(), examples=(text(), text(), text(), text())) for number in range(size)
        ]
        began = time.perf_counter()
        bank = Bank(phrases)
        built = time.perf_counter() - began
        began = time.perf_counter()
        bank.with_phrases([Phrase("new", text(), examples=(text(),))])
        updated = time.perf_counter() - began
        times = []
        for _ in range(300):
            example = draw.choice(phrases).examples[0]
            query = "".join(char for char in example if draw.random() > 0.2) + draw.choice(characters)
            began = time.perf_counter()
            bank.search(query)
            times.append(time.perf_counter() - began)
        every = [example for phrase in phrases for example in phrase.examples]
        began = time.perf_counter()
        process.extract(text(), every, scorer=fuzz.WRatio, limit=3)
        obvious = time.perf_counter() - began
        p50, p99 = np.percentile(np.array(times) * 1e3, [50, 99])
        print(
            f"{size:<28}{built:9.2f}{updated * 1e3:11.1f}{p50:9.2f}{p99:9.2f}{obvious * 1e3:11.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
