"""The bank that comes with the program finds its own everyday questions."""

from __future__ import annotations

from phrasebank import starter_bank
from phrasebank.review import review


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


def test_no_codes_collide_and_no_texts_repeat() -> None:
    kinds = {finding.kind: finding.message for finding in review(starter_bank().phrases)}
    assert "code" not in kinds, kinds["code"]
    assert "duplicate" not in kinds, kinds["duplicate"]
