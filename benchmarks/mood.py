"""How well moods are told, beside SnowNLP in the same run where it is installed.

    python benchmarks/mood.py [--data ../shared/data] [--folds 5] [--repeats 1]

Turns and dialogues are cross-validated by dialogue: the whole model, its temperatures and its session part included, is
trained without the dialogues that it is judged on. Reviews (eprstmt_dev) are judged by the built-in model, which never saw
them. Needs the `build-data` extra.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from mood_training.data import Chat, read_chat  # noqa: E402
from train_mood import prepare, train_mood  # noqa: E402

from app.core.mood import Mood, MoodModel  # noqa: E402

SATISFIED, DISSATISFIED = 2, 0


def calibration_error(chances: NDArray[np.float64], happened: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over equal bins of the chance."""
    place = np.minimum((chances * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(chances[place == b].mean() - happened[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        )
    )


def auroc(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Satisfied against dissatisfied; neutral is left out."""
    clear = labels != 1
    return float(roc_auc_score(labels[clear] == SATISFIED, scores[clear]))


def without(chat: Chat, dialogues: NDArray[np.bool_]) -> Chat:
    """The chat set without some dialogues, the rest numbered anew."""
    kept = np.flatnonzero(~dialogues)
    number = np.full(len(dialogues), -1)
    number[kept] = np.arange(len(kept))
    stays = ~dialogues[chat.dialogue]
    return replace(
        chat,
        texts=[text for text, stay in zip(chat.texts, stays, strict=True) if stay],
        labels=chat.labels[stays],
        dialogue=number[chat.dialogue[stays]],
        dialogues=[chat.dialogues[n] for n in kept],
        overall=chat.overall[kept],
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """A model and the dialogues that it is judged on, none of which it was trained on."""

    repeat: int
    model: MoodModel
    judged: NDArray[np.bool_]


def trials(chat: Chat, data: Path, folds: int, repeats: int) -> Iterator[Trial]:
    """In every repeat each dialogue is judged once; the whole of `train_mood` is done anew for each fold."""
    ground = prepare(data)
    for repeat in range(repeats):
        fold_of = np.random.default_rng(repeat).permutation(len(chat.dialogues)) % folds
        for fold in range(folds):
            weights = train_mood(without(chat, fold_of == fold), ground)
            model = MoodModel({name: np.asarray(value) for name, value in weights.items()})
            yield Trial(repeat, model, fold_of == fold)


@dataclass(frozen=True, slots=True)
class Told:
    """What one repeat told, (dissatisfied, satisfied) a row: of turns, of dialogues, and of dialogues by the mean of their turns."""

    turns: NDArray[np.float64]
    dialogues: NDArray[np.float64]
    means_of_turns: NDArray[np.float64]

    @classmethod
    def nothing(cls, chat: Chat) -> Told:
        turns, dialogues = len(chat.texts), len(chat.dialogues)
        return cls(np.zeros((turns, 2)), np.zeros((dialogues, 2)), np.zeros((dialogues, 2)))


def cross_validated(chat: Chat, data: Path, folds: int, repeats: int) -> list[Told]:
    """What models told that never saw the dialogue in question, by repeat."""
    told = [Told.nothing(chat) for _ in range(repeats)]
    for trial in trials(chat, data, folds, repeats):
        one = told[trial.repeat]
        for row in np.flatnonzero(trial.judged[chat.dialogue]):
            one.turns[row] = pair(trial.model.turn(chat.texts[row]))
        for number in np.flatnonzero(trial.judged):
            said = chat.dialogues[number]
            one.dialogues[number] = pair(trial.model.session(said))
            moods = [pair(trial.model.turn(each.text)) for each in said if each.by_buyer]
            one.means_of_turns[number] = np.mean(moods, axis=0)
    return told


def pair(mood: Mood) -> tuple[float, float]:
    return mood.p_dissatisfied, mood.p_satisfied


def turn_figures(labels: NDArray[np.int64], chances: NDArray[np.float64]) -> dict[str, float]:
    bad, good = chances[:, 0], chances[:, 1]
    neutral = np.maximum(1 - bad - good, 0)
    classes = np.stack([bad, neutral, good], axis=1)
    return {
        "auroc": auroc(labels, good - bad),
        "auroc_p_satisfied_alone": auroc(labels, good),
        "macro_f1": float(f1_score(labels, classes.argmax(axis=1), average="macro")),
        "ece_satisfied": calibration_error(good, labels == SATISFIED),
        "ece_dissatisfied": calibration_error(bad, labels == DISSATISFIED),
        "ece_top": calibration_error(classes.max(axis=1), classes.argmax(axis=1) == labels),
    }


def dialogue_figures(overall: NDArray[np.int64], told: Told) -> dict[str, float]:
    bad, good = told.dialogues.T
    return {
        "auroc": auroc(overall, good - bad),
        "auroc_p_satisfied_alone": auroc(overall, good),
        "auroc_mean_of_turns": auroc(overall, told.means_of_turns @ np.array([-1.0, 1.0])),
        "ece_satisfied": calibration_error(good, overall == SATISFIED),
        "ece_dissatisfied": calibration_error(bad, overall == DISSATISFIED),
    }


def mean_of(figures: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([each[name] for each in figures])) for name in figures[0]}


def snownlp_figures(
    chat: Chat, reviews: list[str], review_labels: NDArray[np.bool_]
) -> dict[str, object] | None:
    try:
        from snownlp import SnowNLP
    except ImportError:
        return None

    def scores(texts: list[str]) -> NDArray[np.float64]:
        return np.array([SnowNLP(text).sentiments if text.strip() else 0.5 for text in texts])

    turns = scores(chat.texts)
    # It knows two classes; thirds of its scale stand for three.
    classes = np.digitize(turns, [1 / 3, 2 / 3])
    dialogues = np.array(
        [scores([one.text for one in said if one.by_buyer]).mean() for said in chat.dialogues]
    )
    return {
        "turns": {
            "auroc": auroc(chat.labels, turns),
            "macro_f1": float(f1_score(chat.labels, classes, average="macro")),
            "ece_satisfied": calibration_error(turns, chat.labels == SATISFIED),
        },
        "dialogues": {"auroc_mean_of_turns": auroc(chat.overall, dialogues)},
        "eprstmt_dev": {"auroc": float(roc_auc_score(review_labels, scores(reviews)))},
    }


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description="how well moods are told")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data} is not here; the figures need the shared sets")
    chat = read_chat(options.data / "uss_jddc_valid.jsonl")
    rows = [
        line.split("\t") for line in (options.data / "eprstmt_dev.tsv").read_text("utf-8").splitlines()[1:]
    ]
    reviews, review_labels = [row[0] for row in rows], np.array([row[1] == "Positive" for row in rows])

    told = cross_validated(chat, options.data, options.folds, options.repeats)
    turns = [turn_figures(chat.labels, one.turns) for one in told]
    dialogues = [dialogue_figures(chat.overall, one) for one in told]
    labelled = np.unique(chat.dialogue)
    human = np.array([chat.labels[chat.dialogue == number].mean() for number in labelled])
    model = MoodModel.load()
    moods = [model.turn(text) for text in reviews]
    # Each text once: a text read lately costs nothing, and would flatter.
    texts = list(dict.fromkeys(chat.texts))
    started = time.process_time()
    for text in texts:
        model.turn(text)
    spent = (time.process_time() - started) / len(texts) * 1e6
    good = np.array([mood.p_satisfied for mood in moods])
    report = {
        "miaohui": {
            "turns": mean_of(turns),
            "dialogues": mean_of(dialogues),
            "by_split": {
                "turn_auroc": [each["auroc"] for each in turns],
                "turn_macro_f1": [each["macro_f1"] for each in turns],
                "dialogue_auroc": [each["auroc"] for each in dialogues],
            },
            "eprstmt_dev": {
                "auroc": float(roc_auc_score(review_labels, [mood.balance for mood in moods])),
                "ece_satisfied": calibration_error(good, review_labels),
            },
            "cpu_microseconds_per_turn": spent,
        },
        "human_turn_labels": {"dialogues": {"auroc_mean_of_turns": auroc(chat.overall[labelled], human)}},
        "snownlp": snownlp_figures(chat, reviews, review_labels) or "not installed",
    }
    print(json.dumps(rounded(report), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
