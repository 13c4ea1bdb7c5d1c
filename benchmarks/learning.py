"""How fast the phrase bank learns: from the starter bank, what agents accept in one dialogue after the other.

    python benchmarks/learning.py [--shuffles N] [--limit N] [--plot FILE]

Reads the JD dialogues in the folder `shared` beside the repository. Every intent is a phrase of its own that comes into the
bank when it is first accepted; each accepted message becomes an example, or not, by the functions that the service uses, with
its limit of examples a phrase. After so many dialogues, R@1 and R@3 are taken over the turns with an intent of the next 50,
with the session before them, new intents included, so nothing can reach more than the share that has been seen.

The phrases of the starter bank stay in, and nobody has labelled where they answer as well as the intent does. They are passed
over in the first figures, left out of the bank in "alone", and count as wrong in the last two, of which the second also
rejects, while learning, a starter phrase or other intent that came first. The order of the dialogues is shuffled; the spread is that of the orders. `--plot` draws the
curve and wants matplotlib (`pip install matplotlib`).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from matching import SHARED, turns
from rapidfuzz import fuzz, process

from phrasebank import Bank, Phrase
from phrasebank.folding import folded
from phrasebank.learning import LEARNED_AT_MOST, Lessons, Verdict, lessons_of, taught
from phrasebank.starting import starter_phrases

AFTER = (0, 5, 10, 20, 40, 80, 160, 280)
NEXT = 50
CURVES = {
    "R@1": "bank retrained",
    "R@3": "bank retrained",
    "R@1 grown": "classifier not yet retrained",
    "R@1 alone": "without the starter bank, retrained",
    "R@1 nearest": "rapidfuzz ratio, the same examples",
    "seen": "intent accepted before",
    "R@1 strict": "starter phrases count as wrong",
    "R@1 rejecting": "so too, and what is wrong is rejected",
}
Turn = tuple[int, str, tuple[str, ...], str]


class Shop:
    """A bank that learns as the service's does, and the verdicts given so far."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.starter = {phrase.id: phrase for phrase in starter_phrases()}
        self.phrases = dict(self.starter)
        self._verdicts: dict[str, list[Verdict]] = defaultdict(list)
        self._lessons: dict[str, Lessons] = {}
        self._at = datetime(2026, 11, 1, tzinfo=UTC)

    def judge(self, phrase_id: str, text: str, *, accepted: bool) -> None:
        self._at += timedelta(seconds=1)
        name = f"v{self._at.timestamp()}"
        self._verdicts[phrase_id].append(Verdict(name, name, self._at, accepted, text))
        phrase = self.phrases.get(phrase_id) or Phrase(phrase_id, phrase_id)
        lessons = lessons_of(self._verdicts[phrase_id], self._limit)
        self.phrases[phrase_id] = taught(phrase, self._lessons.get(phrase_id, Lessons()), lessons)
        self._lessons[phrase_id] = lessons

    def grown(self, base: Bank) -> Bank:
        """The bank as it is before it is built anew: the classifier knows the starter bank only."""
        return base.with_phrases(
            phrase for key, phrase in self.phrases.items() if self.starter.get(key) != phrase
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shuffles", type=int, default=8)
    parser.add_argument("--limit", type=int, default=LEARNED_AT_MOST)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    if not SHARED.exists():
        print("shared/data is absent beside the repository: nothing to measure", file=sys.stderr)
        raise SystemExit(2)
    by_dialogue: dict[int, list[Turn]] = defaultdict(list)
    for turn in turns():
        by_dialogue[turn[0]].append(turn)
    curves: dict[str, list[list[float]]] = {name: [] for name in CURVES}
    for seed in range(arguments.shuffles):
        order = sorted(by_dialogue)
        random.Random(seed).shuffle(order)
        for name, points in curve([by_dialogue[number] for number in order], arguments.limit).items():
            curves[name].append(points)
        print(f"order {seed + 1} of {arguments.shuffles}", file=sys.stderr, flush=True)
    show(curves)
    if arguments.plot is not None:
        plot(curves, arguments.plot)


def curve(dialogues: Sequence[Sequence[Turn]], limit: int) -> Mapping[str, list[float]]:
    """The figures at each point of `AFTER`, for one order of the dialogues."""
    starter = Bank(starter_phrases())
    kind, strict = Shop(limit), Shop(limit)
    strict_bank = starter
    points: dict[str, list[float]] = {name: [] for name in CURVES}
    for number, dialogue in enumerate(dialogues[: AFTER[-1] + 1]):
        if number in AFTER:
            ahead = [
                turn for later in dialogues[number : number + NEXT] for turn in later if turn[3] != "OTHER"
            ]
            strict_bank = Bank(strict.phrases.values())
            found = found_in(Bank(kind.phrases.values()), ahead)
            own = [[name for name in ids if name not in kind.starter] for ids in found]
            grown = [
                [name for name in ids if name not in kind.starter]
                for ids in found_in(kind.grown(starter), ahead)
            ]
            points["R@1"].append(share(ids[:1] == [turn[3]] for ids, turn in zip(own, ahead, strict=True)))
            points["R@3"].append(share(turn[3] in ids[:3] for ids, turn in zip(own, ahead, strict=True)))
            points["R@1 grown"].append(
                share(ids[:1] == [turn[3]] for ids, turn in zip(grown, ahead, strict=True))
            )
            alone = found_in(
                Bank(phrase for name, phrase in kind.phrases.items() if name not in kind.starter), ahead
            )
            points["R@1 alone"].append(
                share(ids[:1] == [turn[3]] for ids, turn in zip(alone, ahead, strict=True))
            )
            points["R@1 nearest"].append(nearest_right(kind, ahead))
            points["seen"].append(share(turn[3] in kind.phrases for turn in ahead))
            points["R@1 strict"].append(
                share(ids[:1] == [turn[3]] for ids, turn in zip(found, ahead, strict=True))
            )
            found = found_in(strict_bank, ahead)
            points["R@1 rejecting"].append(
                share(ids[:1] == [turn[3]] for ids, turn in zip(found, ahead, strict=True))
            )
        for _, text, said, intent in dialogue:
            if intent == "OTHER":
                continue
            hits = strict_bank.search(text, context=said, top=1).hits
            if hits and hits[0].phrase.id != intent:
                strict.judge(hits[0].phrase.id, text, accepted=False)
            strict.judge(intent, text, accepted=True)
            kind.judge(intent, text, accepted=True)
    return points


def found_in(bank: Bank, ahead: Sequence[Turn]) -> list[list[str]]:
    """The ids that the bank finds for each turn, best first."""
    return [
        [hit.phrase.id for hit in bank.search(text, context=said, top=30).hits] for _, text, said, _ in ahead
    ]


def nearest_right(shop: Shop, ahead: Sequence[Turn]) -> float:
    pairs = [
        (folded(text), name)
        for name, phrase in shop.phrases.items()
        if name not in shop.starter
        for text in (phrase.examples or (phrase.text,))
    ]
    if not pairs:
        return 0.0
    scores = process.cdist(
        [folded(turn[1]) for turn in ahead], [text for text, _ in pairs], scorer=fuzz.ratio
    )
    return share(pairs[best][1] == turn[3] for best, turn in zip(scores.argmax(axis=1), ahead, strict=True))


def share(right: object) -> float:
    return float(np.mean(list(right)))  # type: ignore[call-overload]


def show(curves: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Mean of the orders and, in brackets, the standard deviation between them."""
    print(f"{'after dialogues':40}" + "".join(f"{after:>12}" for after in AFTER))
    for name, words in CURVES.items():
        values = np.array(curves[name])
        cells = (
            f"{mean:7.3f} ({spread:.2f})" for mean, spread in zip(values.mean(0), values.std(0), strict=True)
        )
        print(f"{name + ': ' + words:40.40}" + "".join(f"{cell:>12}" for cell in cells))


def plot(curves: Mapping[str, Sequence[Sequence[float]]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    styles = {
        "seen": ("#999999", "--"),
        "R@3": ("#0b6bcb", ":"),
        "R@1": ("#0b6bcb", "-"),
        "R@1 alone": ("#3f9142", "-"),
        "R@1 nearest": ("#c2570c", "-"),
    }
    for name, (colour, style) in styles.items():
        values = np.array(curves[name])
        axes.plot(AFTER, values.mean(0), style, color=colour, label=f"{name}: {CURVES[name]}", linewidth=1.8)
        axes.fill_between(AFTER, values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel(f"dialogues learned from; measured over the next {NEXT}")
    axes.set_ylabel("share of turns with an intent")
    axes.set_xlim(0, AFTER[-1])
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, frameon=False, loc="upper left", ncols=2)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
