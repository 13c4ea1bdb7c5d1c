"""Folding levels what does not change the meaning; junk and courtesy are told from questions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phrasebank.chitchat import Chat, is_junk, without_chat
from phrasebank.cues import cues_of, refused
from phrasebank.folding import MAX_FOLDED, folded
from phrasebank.references import is_reference


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("什麼時候發貨？", "什么时候发货"),
        ("裡面的東西、裏面", "里面的东西里面"),
        ("ＡＢＣ １２", "abc12"),
        ("看看 https://example.com/a?b=1 这个", "看看这个"),
        ("[微笑]你好/:rose", "你好"),
        ("单号 1234567890", "单号00000"),
        ("什么 么 後来", "什么么后来"),
        ("", ""),
        ("😀！", ""),
    ],
)
def test_a_text_is_folded(text: str, words: str) -> None:
    assert folded(text) == words


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_a_very_long_text_is_cut() -> None:
    assert len(folded("货" * 100_000)) == MAX_FOLDED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "？？",
        "哈哈哈",
        "呵呵",
        "嘿嘿嘿",
        "😊😊",
        "[微笑]",
        "12345678901",
        "666",
        "https://example.com/1",
        "233333",
        "。。。",
        "订单编号：202611010001",
        "我要咨询这个订单 订单号:88812345 实付:￥39.90 下单时间:2026-11-01 10:00",
        "emmm",
        "~",
    ],
)
def test_junk_is_known(text: str) -> None:
    assert is_junk(text)


@pytest.mark.parametrize(
    "text",
    [
        "在吗",
        "好的",
        "退货",
        "什么时候发货",
        "订单号在哪里看",
        "2件多少钱",
        "订单编号202611010001什么时候到",
        "人工",
        "大哥哈哈快点发货",
    ],
)
def test_what_can_be_answered_is_no_junk(text: str) -> None:
    assert not is_junk(text)


@pytest.mark.parametrize(
    ("text", "reference"),
    [("12345678", True), ("https://example.com/1", True), ("哈哈", False), ("[微笑]", False), ("？", False)],
)
def test_a_reference_is_told_from_laughter(text: str, reference: bool) -> None:
    assert is_reference(text) is reference


@pytest.mark.parametrize(
    ("text", "rest", "kinds"),
    [
        ("在吗", "", Chat.GREETING),
        ("你好，在吗？", "", Chat.GREETING),
        ("妳好呀", "", Chat.GREETING),
        ("谢谢啦", "", Chat.THANKS),
        ("好的，谢谢", "", Chat.ASSENT | Chat.THANKS),
        ("拜拜", "", Chat.FAREWELL),
        ("你好什么时候发货", "什么时候发货", Chat.GREETING),
        ("好评返现吗", "好评返现吗", Chat.NONE),
        ("没有收到货", "没有收到货", Chat.NONE),
        ("早点发货", "早点发货", Chat.NONE),
        ("可以退吗", "可以退吗", Chat.NONE),
    ],
)
def test_courtesies_are_told_from_the_question(text: str, rest: str, kinds: Chat) -> None:
    assert without_chat(folded(text)) == (rest, kinds)


def test_three_askings_of_one_subject_differ_in_their_cues() -> None:
    assert len({cues_of("不要发货"), cues_of("怎么还没发货"), cues_of("什么时候发货")}) == 3


@pytest.mark.parametrize(
    ("words", "is_refused"),
    [
        ("不要发货", True),
        ("先别发货", True),
        ("不要给我发货", True),
        ("什么时候发货", False),
        ("不要发货了快发货", False),
    ],
)
def test_a_refused_keyword_is_no_keyword(words: str, is_refused: bool) -> None:
    assert refused(words, "发货") is is_refused
