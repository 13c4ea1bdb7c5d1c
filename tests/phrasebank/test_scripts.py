"""Traditional and Simplified find the same: every example and keyword of the starter bank, put through OpenCC."""

from __future__ import annotations

import opencc
import pytest

from phrasebank import starter_bank
from phrasebank.folding import folded

BANK = starter_bank()
TEXTS = [text for phrase in BANK for text in (*phrase.examples, *phrase.keywords, phrase.title) if text]


@pytest.mark.parametrize("script", ["s2t", "s2tw", "s2hk"])
def test_the_whole_bank_folds_alike_in_every_script(script: str) -> None:
    convert = opencc.OpenCC(script).convert
    other = [text for text in TEXTS if folded(convert(text)) != folded(text)]
    assert len(other) <= len(TEXTS) / 1000, other


@pytest.mark.parametrize("script", ["s2t", "s2hk"])
def test_traditional_messages_get_the_same_hits(script: str) -> None:
    convert = opencc.OpenCC(script).convert
    asked = [example for phrase in BANK for example in phrase.examples[:1]]
    other = [text for text in asked if BANK.search(convert(text)).hits != BANK.search(text).hits]
    assert other == []
