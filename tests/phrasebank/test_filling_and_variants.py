"""Variables are filled or named as missing; the same words are never chosen twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phrasebank import Phrase
from phrasebank.filling import Filled, fill, variables_in
from phrasebank.variants import choose_text, unsaid_texts


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("亲，您好", ()),
        ("{buyer}，您的{order_no}已发出，{buyer}请留意", ("buyer", "order_no")),
        ("{{buyer}} 是别家的占位符", ()),
        ("{买家} {1x} { buyer } {} {a-b}", ()),
        ("{a}{b}", ("a", "b")),
    ],
)
def test_variables_are_named_once_in_order(text: str, names: tuple[str, ...]) -> None:
    assert variables_in(text) == names


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        ("您的{order_no}", {"order_no": "A-202611"}, Filled("您的A-202611", ())),
        ("{buyer}，{eta}到", {"buyer": "小王"}, Filled("小王，{eta}到", ("eta",))),
        ("{eta}{eta}", {"eta": "  "}, Filled("{eta}{eta}", ("eta",))),
        ("{a}", {"a": "{b}", "b": "x"}, Filled("{b}", ())),
        ("{{a}}", {"a": "x"}, Filled("{{a}}", ())),
    ],
)
def test_a_text_is_filled_or_its_gaps_are_named(text: str, values: dict[str, str], filled: Filled) -> None:
    assert fill(text, values) == filled


@given(st.text())
def test_a_text_filled_with_nothing_stays_as_it_is(text: str) -> None:
    assert fill(text, {}) == Filled(text, variables_in(text))


def test_wordings_are_used_up_one_after_the_other() -> None:
    phrase = Phrase("1", "亲，{buyer}您好！", variants=("您好，请讲。", "在的呢"))
    said: list[str] = []
    assert choose_text(phrase, said) == "亲，{buyer}您好！"
    said.append("亲， 小王您好")
    assert choose_text(phrase, said) == "您好，请讲。"
    said.append("您好，請講")
    assert choose_text(phrase, said) == "在的呢"
    said.append("在的呢~")
    assert choose_text(phrase, said) is None


def test_a_text_of_nothing_but_a_variable_is_not_taken_for_everything() -> None:
    assert choose_text(Phrase("1", "{reply}"), ["随便一句话"]) == "{reply}"


def test_a_longer_saying_is_another_saying() -> None:
    assert choose_text(Phrase("1", "您好"), ["您好，在的"]) == "您好"


def test_a_text_with_variables_side_by_side_is_known_again_when_filled() -> None:
    phrase = Phrase("1", "{buyer}，{shop}的订单{order_no}可以竖放", variants=("可以的",))
    assert list(unsaid_texts(phrase, [])) == [phrase.text, "可以的"]
    assert choose_text(phrase, ["小王，演示店的订单202611可以竖放"]) == "可以的"
