"""Pinyin and characters typed for others that sound alike are read as the bank's own words; what the bank knows is left alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from phrasebank import Phrase, starter_bank
from phrasebank.folding import folded
from phrasebank.sound import by_syllable, readings

BANK = starter_bank()
ASKED = [
    (words, phrase.id)
    for phrase in BANK
    for example in phrase.examples[::3]
    if len(words := folded(example)) >= 4 and all(char in readings() for char in words)
]


@pytest.mark.parametrize(
    ("typed", "phrase_id", "reading"),
    [
        ("shenme shihou fahuo", "ship-when", "什么时候发货"),
        ("什么时候fahuo", "ship-when", "什么时候发货"),
        ("zenme tuikuan", "refund-how", "怎么退款"),
        ("yunfei duoshao", "price-freight", "运费多少"),
        ("NIHAO", "greet-hello", "你好"),
        ("什么时后发货", "ship-when", "什么时候发货"),
        ("你们用什么快弟", "ship-carrier", "你们用什么快递"),
        ("开发飘", "invoice-how", "开发票"),
    ],
)
def test_a_message_is_read_by_its_sound(typed: str, phrase_id: str, reading: str) -> None:
    result = BANK.search(typed)
    assert result.hits[0].phrase.id == phrase_id
    assert result.hits[0].why[0] == f"按读音理解为「{reading}」"
    assert result.query == typed
    assert not result.confident


@pytest.mark.parametrize("typed", ["快第到哪了", "怎么退或", "什么时候发或", "无流怎么不更新"])
def test_a_slip_does_not_hide_the_phrase(typed: str) -> None:
    wanted = {"快": "track-where", "怎": "return-how", "什": "ship-when", "无": "track-stuck"}
    assert BANK.search(typed).hits[0].phrase.id == wanted[typed[0]]


@pytest.mark.parametrize(
    "known",
    [
        "什么时候发货",
        "wifi怎么连",
        "支持以旧换新吗",
        "推荐一款",
        "我再想一下哈",
        "这个size合适吗",
        "app打不开",
    ],
)
def test_what_is_no_slip_is_left_alone(known: str) -> None:
    assert not any("按读音" in reason for hit in BANK.search(known).hits for reason in hit.why)


def test_an_example_of_the_bank_is_not_rewritten() -> None:
    rewritten = [
        words
        for words, _ in ASKED
        if any(hit.why[0].startswith("按读音") for hit in BANK.search(words, top=1).hits)
    ]
    assert rewritten == []


def test_the_chance_is_lower_than_that_of_the_clean_message() -> None:
    assert BANK.search("shenme shihou fahuo").hits[0].score < BANK.search("什么时候发货").hits[0].score


def test_a_bank_that_grew_reads_by_sound_as_before() -> None:
    grown = BANK.with_phrases([Phrase("vase", "可以", examples=("花瓶能刻字吗",))])
    assert grown.search("什么时候fahuo").hits[0].phrase.id == "ship-when"


def slip(words: str, draw: random.Random) -> str:
    """One character is another one that sounds alike."""
    at = draw.choice([at for at, char in enumerate(words) if others(char)])
    return words[:at] + draw.choice(others(words[at])) + words[at + 1 :]


def others(char: str) -> list[str]:
    return [other for syllable in readings()[char] for other in by_syllable()[syllable] if other != char]


def two_in_letters(words: str, draw: random.Random) -> str:
    at = draw.randrange(len(words) - 1)
    return words[:at] + in_letters(words[at : at + 2], draw) + words[at + 2 :]


def in_letters(words: str, draw: random.Random) -> str:
    return " ".join(draw.choice(readings()[char]) for char in words)


@pytest.mark.parametrize(("spoil", "share"), [(slip, 0.97), (two_in_letters, 0.97), (in_letters, 0.95)])
def test_examples_typed_badly_find_their_phrase_as_clean_ones_do(
    spoil: Callable[[str, random.Random], str], share: float
) -> None:
    draw = random.Random(5)
    found = sum(
        phrase_id in [hit.phrase.id for hit in BANK.search(spoil(words, draw)).hits]
        for words, phrase_id in ASKED[::2]
    )
    assert found >= share * len(ASKED[::2])
