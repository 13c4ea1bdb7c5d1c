"""Several questions in one message are told apart, and a sentence with a comma stays whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phrasebank import Bank, Phrase, starter_bank
from phrasebank.questions import MOST_PARTS, questions_of


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("什么时候发货？可以开发票吗", ("什么时候发货", "可以开发票吗")),
        ("什么时候发货 可以开发票吗", ("什么时候发货", "可以开发票吗")),
        ("这个有货吗，什么时候发，包邮吗", ("这个有货吗", "什么时候发", "包邮吗")),
        ("偏大吗？我160，100斤穿什么码", ("偏大吗", "我160，100斤穿什么码")),
        ("什么时候发货？帮我改下地址", ("什么时候发货", "帮我改下地址")),
        ("能便宜点吗顺便问下几天到", ("能便宜点吗", "顺便问下几天到")),
        ("什麼時候發貨？順便問下可以開發票嗎", ("什麼時候發貨", "順便問下可以開發票嗎")),
        ("1、什么时候发货 2、可以开发票吗", ("什么时候发货", "可以开发票吗")),
        ("有赠品吗？满多少包邮？谢谢", ("有赠品吗", "满多少包邮，谢谢")),
    ],
)
def test_several_questions_are_told_apart(message: str, parts: tuple[str, ...]) -> None:
    assert questions_of(message) == parts


@pytest.mark.parametrize(
    "message",
    [
        "我昨天买的，怎么还没发货",
        "怎么还没发货？怎么回事",
        "我要退货，可以吗",
        "亲，在吗？什么时候发货",
        "你好 请问这个防水吗？",
        "不要发货了，我要退款",
        "为什么还没退款？我都等三天了",
        "还没到。是不是丢了",
        "收到货了，很满意，谢谢",
        "尺寸 1.5 米的有吗",
        "",
        "？？？",
    ],
)
def test_one_question_stays_whole(message: str) -> None:
    assert questions_of(message) == (message,)


@given(st.text(alphabet="什么时候发货吗？，。 退12、怎\n", max_size=60))
def test_no_word_is_lost_and_the_parts_are_few(message: str) -> None:
    parts = questions_of(message)
    assert 1 <= len(parts) <= MOST_PARTS
    kept = "".join(char for part in parts for char in part if char in "什么时候发货吗退怎")
    assert kept == "".join(char for char in message if char in "什么时候发货吗退怎")


def test_the_best_phrase_of_each_question_comes_first() -> None:
    result = starter_bank().search("什么时候发货？可以开发票吗", top=6)
    assert {hit.phrase.id for hit in result.hits[:2]} == {"ship-when", "invoice-have"}
    named = {hit.phrase.id: hit.why[0] for hit in result.hits[:2]}
    assert named == {"ship-when": "针对「什么时候发货」", "invoice-have": "针对「可以开发票吗」"}
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.phrase.id for hit in result.hits}) == len(result.hits)


def test_several_questions_are_answered_unattended_only_by_one_phrase() -> None:
    when = Phrase(
        "when", "48小时内发出", keywords=("什么时候发",), examples=("什么时候发货", "什么时候发货？几天能发")
    )
    ticket = Phrase("ticket", "可以开", keywords=("开发票",), examples=("可以开发票吗",))
    bank = Bank([when, ticket, Phrase("return", "可退", examples=("怎么退货",))])
    assert bank.search("什么时候发货").confident
    assert bank.search("什么时候发货？几天能发").confident
    assert not bank.search("什么时候发货？可以开发票吗").confident


def test_an_earlier_question_of_the_message_is_context_for_the_next() -> None:
    hits = starter_bank().search("快递到哪了？那什么时候到", top=3).hits
    assert "track-where" in [hit.phrase.id for hit in hits]
