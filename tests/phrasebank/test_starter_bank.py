"""The bank that comes with the program finds its own everyday questions."""

from __future__ import annotations

from datetime import date

from phrasebank import starter_bank
from phrasebank.care import FAULTS, care_of

DAY = date(2026, 11, 22)


def test_it_has_phrases_with_ids_of_their_own() -> None:
    bank = starter_bank()
    assert len(bank) >= 150
    assert len({phrase.id for phrase in bank}) == len(bank)
    assert len({phrase.category for phrase in bank}) >= 15


def test_examples_find_its_phrase_among_the_first_three() -> None:
    bank = starter_bank()
    asked = [(example, phrase.id) for phrase in bank for example in phrase.examples[::3]]
    missed = [
        (example, phrase_id)
        for example, phrase_id in asked
        if phrase_id not in [hit.phrase.id for hit in bank.search(example).hits]
    ]
    assert len(missed) <= len(asked) // 50, missed


def test_nothing_is_wrong_with_it() -> None:
    assert [finding.reason for finding in care_of(starter_bank().phrases, DAY, kinds=FAULTS)] == []
