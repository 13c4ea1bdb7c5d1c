"""Categories stand in the order that the column `order` gives them."""

from __future__ import annotations

from phrasebank import Phrase, starter_bank
from phrasebank.categories import categories_of, in_order

PHRASES = (
    Phrase("misc", "好", category="其他"),
    Phrase("late", "催一下", category="发货", order=22),
    Phrase("when", "今天发", category="发货", order=21),
    Phrase("hello", "您好", category="问候", order=30),
    Phrase("first", "在的", category="问候", order=5),
    Phrase("unsorted", "不急", category="发货"),
)


def test_a_category_goes_where_its_first_phrase_goes() -> None:
    assert categories_of(PHRASES) == ("问候", "发货", "其他")


def test_phrases_stand_by_category_and_then_by_their_own_order() -> None:
    assert [phrase.id for phrase in in_order(PHRASES)] == ["first", "hello", "when", "late", "unsorted", "misc"]  # fmt: skip


def test_categories_without_an_order_stand_as_they_came() -> None:
    assert categories_of([Phrase("1", "a", category="乙"), Phrase("2", "b", category="甲")]) == ("乙", "甲")
    assert categories_of([]) == ()


def test_the_starter_bank_begins_with_greetings_and_keeps_its_order() -> None:
    phrases = starter_bank().phrases
    assert categories_of(phrases)[0] == "问候"
    assert in_order(phrases) == list(phrases)
