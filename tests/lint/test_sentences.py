"""Recall and false alarms over the sentences of sentences.yaml: channel template, warning and above."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lint import Linter

SENTENCES = yaml.safe_load((Path(__file__).parent / "sentences.yaml").read_text("utf-8"))
HARMFUL = [(category, text) for category, texts in SENTENCES["harmful"].items() for text in texts]


def categories(text: str) -> set[str]:
    return {f.category for f in Linter.default().check(text).findings if f.severity != "info"}


def test_at_least_97_percent_of_the_harmful_sentences_are_found_in_their_category() -> None:
    missed = [text for category, text in HARMFUL if category not in categories(text)]
    assert len(missed) / len(HARMFUL) <= 0.03, missed


@pytest.mark.parametrize("category", SENTENCES["harmful"])
def test_at_least_nine_in_ten_are_found_in_every_category(category: str) -> None:
    texts = SENTENCES["harmful"][category]
    assert sum(category in categories(text) for text in texts) >= 0.9 * len(texts)


def test_at_most_one_percent_of_the_harmless_sentences_raise_an_alarm() -> None:
    texts = SENTENCES["harmless"]
    alarms = [text for text in texts if categories(text)]
    assert len(alarms) / len(texts) <= 0.01, alarms
