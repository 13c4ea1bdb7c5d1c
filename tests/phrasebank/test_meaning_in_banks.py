"""The built-in encoder, and what a bank makes of meanings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank import Bank, Phrase
from phrasebank.encoders.builtin import BUILTIN, LOOKED_UP_AT_ONCE
from phrasebank.folding import folded
from phrasebank.grams import Texts
from phrasebank.meanings import PACKED_ABOVE, Meanings, most_near, nearness

WORDS = st.text(st.sampled_from("快递还没到发货退款多久能尺码é🙂ab1"), max_size=12)


@given(texts=st.lists(WORDS, max_size=6))
@settings(deadline=None)
def test_a_text_has_one_vector_whatever_stands_beside_it(texts: list[str]) -> None:
    together = BUILTIN.encode(texts)
    assert together.shape == (len(texts), BUILTIN.dimensions)
    for row, text in zip(together, texts, strict=True):
        assert np.allclose(row, BUILTIN.encode([text])[0], atol=1e-6)
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5) or not row.any()


def test_many_texts_are_encoded_in_pieces_that_do_not_show() -> None:
    text = "什么时候发货呀"
    many = BUILTIN.encode([text] * (LOOKED_UP_AT_ONCE // 5))
    assert np.allclose(many, BUILTIN.encode([text])[0], atol=1e-6)


def test_what_it_has_never_seen_says_nothing() -> None:
    assert not BUILTIN.encode(["", "Ⱟ"]).any()


@pytest.mark.parametrize(
    ("near", "to", "far"),
    [
        ("几天能寄到", "多久可以收到货", "能开发票吗"),
        ("把钱退给我", "怎么申请退款", "有没有大号的"),
        ("衣服洗了变色", "裤子掉颜色了", "快递到哪里了"),
    ],
)
def test_what_means_the_same_is_nearer_than_what_does_not(near: str, to: str, far: str) -> None:
    first, second, third = BUILTIN.encode([folded(text) for text in (near, to, far)])
    assert first @ second > first @ third + 0.1


def test_a_phrase_is_found_by_its_meaning_where_no_character_is_shared() -> None:
    phrases = [
        Phrase("eta", "亲，一般两三日内送达", examples=("多久收货",)),
        Phrase("invoice", "可以开电子发票", examples=("能开发票吗",)),
        Phrase("size", "请看尺码表", examples=("我穿哪个码合适",)),
    ]
    assert Bank(phrases).search("几天能寄到").hits[0].phrase.id == "eta"
    by_letters = Bank(phrases, None).search("几天能寄到").hits
    assert "eta" not in {hit.phrase.id for hit in by_letters}


def test_packed_vectors_are_nearly_the_same() -> None:
    words = [f"{number}号订单什么时候发货" for number in range(PACKED_ABOVE + 1)]
    packed, few = Meanings(BUILTIN, Texts.of(words)), Meanings(BUILTIN, Texts.of(words[:50]))
    meaning = BUILTIN.encode(["还没发货"])[0]
    rows = np.arange(50)
    assert np.allclose(packed.cosines(meaning, rows), few.cosines(meaning, rows), atol=0.02)


@given(letters=st.floats(0, 1), meaning=st.floats(-1, 1), more=st.floats(0, 1))
def test_nearness_grows_with_both_and_never_beyond_the_most(
    letters: float, meaning: float, more: float
) -> None:
    def near(by_letters: float, by_meaning: float) -> float:
        found = nearness(np.array([by_letters], np.float32), np.array([by_meaning], np.float32))
        return float(found[0])

    assert near(letters, meaning) <= most_near(encoded=True) + 1e-5
    assert near(min(letters + more, 1), meaning) >= near(letters, meaning)
    assert near(letters, min(meaning + more, 1)) >= near(letters, meaning) - 1e-6
