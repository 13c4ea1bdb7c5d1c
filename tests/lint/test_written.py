"""Sentences that were written by people who had not seen the rules, and then used to improve them.

What they gave before is history; here they keep what was won. Channel template, warning and above.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lint import Linter

FOLDER = Path(__file__).parent / "written"
WRITTEN = {
    path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for path in sorted(FOLDER.glob("*.jsonl"))
}
LINTER = Linter.default()


def is_found(text: str) -> bool:
    return any(finding.severity != "info" for finding in LINTER.check(text).findings)


@pytest.mark.parametrize("name", WRITTEN)
def test_at_least_nine_in_ten_harmful_sentences_are_found(name: str) -> None:
    harmful = [line["text"] for line in WRITTEN[name] if line["label"] == "harmful"]
    missed = [text for text in harmful if not is_found(text)]
    assert len(harmful) >= 170
    assert len(missed) <= 0.1 * len(harmful), missed


def test_harmless_sentences_stay_silent_but_for_a_few_of_the_hardest() -> None:
    harmless = [line["text"] for lines in WRITTEN.values() for line in lines if line["label"] == "harmless"]
    alarms = [text for text in harmless if is_found(text)]
    assert len(harmless) >= 500
    assert len(alarms) <= 0.02 * len(harmless), alarms
