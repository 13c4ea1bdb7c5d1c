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
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from train_mood import Chat, prepare, read_chat, train_mood  # noqa: E402

from app.core.mood import MoodModel  # noqa: E402
from app.core.said import Said  # noqa: E402

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


def cross_validated(
    chat: Chat, data: Path, folds: int, repeats: int
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Per repeat (dissatisfied, satisfied) of every labelled turn and of every dialogue, by models that never saw them."""
    ground = prepare(data)
    results = []
    for repeat in range(repeats):
        fold_of = np.random.default_rng(repeat).permutation(len(chat.dialogues)) % folds
        turns, sessions = np.zeros((len(chat.texts), 2)), np.zeros((len(chat.dialogues), 2))
        for fold in range(folds):
            model = MoodModel(
                {k: np.asarray(v) for k, v in train_mood(without(chat, fold_of == fold), ground).items()}
            )
            for row in np.flatnonzero(fold_of[chat.dialogue] == fold):
                mood = model.turn(chat.texts[row])
                turns[row] = mood.p_dissatisfied, mood.p_satisfied
            for number in np.flatnonzero(fold_of == fold):
                mood = model.session([Said(by_buyer=True, text=text) for text in chat.dialogues[number]])
                sessions[number] = mood.p_dissatisfied, mood.p_satisfied
        results.append((turns, sessions))
    return results


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
    dialogues = np.array([scores([t for t in turns if t.strip()] or [""]).mean() for turns in chat.dialogues])
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

    results = cross_validated(chat, options.data, options.folds, options.repeats)
    figures = [turn_figures(chat.labels, turns) for turns, _ in results]
    mean = {name: float(np.mean([each[name] for each in figures])) for name in figures[0]}
    human = np.array(
        [
            chat.labels[chat.dialogue == n].mean() if (chat.dialogue == n).any() else 1.0
            for n in range(len(chat.dialogues))
        ]
    )
    by_split = {
        "turn_auroc": [each["auroc"] for each in figures],
        "turn_macro_f1": [each["macro_f1"] for each in figures],
        "dialogue_auroc": [auroc(chat.overall, s[:, 1] - s[:, 0]) for _, s in results],
    }
    dialogues = {
        "auroc": float(np.mean([auroc(chat.overall, s[:, 1] - s[:, 0]) for _, s in results])),
        "ece_satisfied": float(
            np.mean([calibration_error(s[:, 1], chat.overall == SATISFIED) for _, s in results])
        ),
        "ece_dissatisfied": float(
            np.mean([calibration_error(s[:, 0], chat.overall == DISSATISFIED) for _, s in results])
        ),
        "auroc_of_human_turn_labels": auroc(chat.overall, human),
    }
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
            "turns": mean,
            "dialogues": dialogues,
            "by_split": by_split,
            "eprstmt_dev": {
                "auroc": float(roc_auc_score(review_labels, [mood.balance for mood in moods])),
                "ece_satisfied": calibration_error(good, review_labels),
            },
            "cpu_microseconds_per_turn": spent,
        },
        "snownlp": snownlp_figures(chat, reviews, review_labels) or "not installed",
    }
    print(json.dumps(rounded(report), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
