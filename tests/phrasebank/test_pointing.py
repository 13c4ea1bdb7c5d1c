"""A message without words of its own is answered by the talk that it belongs to, and closings are left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from phrasebank import Bank, Phrase, starter_bank

BANK: Final = starter_bank()
CARD: Final = "[订单编号:123456789012，订单金额:59.00，下单时间:2026-11-01 10:00:00]"
POINTING: Final = (
    CARD,
    "202611010001",
    "[ORDERID_1]",
    "https://item.jd.com/123.html",
    "？",
    "???",
    "！？",
    "? ?",
)


@pytest.mark.parametrize("message", POINTING)
@pytest.mark.parametrize("enquiry", ["怎么还没发货", "能开发票吗", "什么时候发货？可以开发票吗"])
def test_the_phrases_of_the_enquiry_before_it_are_offered_with_less_confidence(
    message: str, enquiry: str
) -> None:
    asked = BANK.search(enquiry)
    found = BANK.search(message, context=["你好", enquiry, "嗯", "哈哈"])
    assert [hit.phrase.id for hit in found.hits] == [hit.phrase.id for hit in asked.hits]
    assert all(now.score < then.score for now, then in zip(found.hits, asked.hits, strict=True))
    assert all(hit.why[0] == f"接着上一句：「{enquiry}」" for hit in found.hits)
    assert not found.confident


@pytest.mark.parametrize("message", [*POINTING, "哈哈", "👍", "[图片]"])
@pytest.mark.parametrize("context", [(), ("你好",), ("哈哈", "好的谢谢", CARD)])
def test_without_an_enquiry_there_is_nothing_to_answer(message: str, context: tuple[str, ...]) -> None:
    assert BANK.search(message, context=context).hits == ()


@pytest.mark.parametrize(
    "closing", ["哈哈", "哈哈哈哈", "[微笑]", "👍", "。。。", "嗯嗯", "好的", "好的谢谢", "拜拜"]
)
def test_what_closes_a_talk_is_answered_as_ever(closing: str) -> None:
    assert BANK.search(closing, context=["怎么还没发货"]) == BANK.search(closing)


@pytest.mark.parametrize("greeting", ["在吗", "人呢", "你好", "有人吗？"])
def test_a_greeting_within_a_talk_gets_a_greeting_first_and_then_the_enquiry(greeting: str) -> None:
    alone, within = BANK.search(greeting, top=20), BANK.search(greeting, context=["怎么还没发货"], top=20)
    greetings = len(alone.hits)
    assert within.hits[:greetings] == alone.hits
    assert within.confident == alone.confident
    assert within.hits[greetings].phrase.id == BANK.search("怎么还没发货").first_id
    assert within.hits[greetings].score < 0.2 < alone.score


def test_the_newest_enquiry_counts_most() -> None:
    found = BANK.search("？", context=["能开发票吗", "怎么退货"])
    assert found.first_id == BANK.search("怎么退货", context=["能开发票吗"]).first_id


def test_only_phrases_of_the_occasion_are_offered() -> None:
    asked = BANK.search("能开发票吗", top=1).hits[0].phrase
    bank = BANK.with_phrases([replace(asked, platforms=("douyin",))])
    offered = [hit.phrase.id for hit in bank.search("？", context=["能开发票吗"], platform="jd", top=9).hits]
    assert asked.id not in offered


ORDERS: Final = Phrase(
    "state",
    "这就为您查看订单",
    examples=("我的订单到哪一步了", *(f"订单编号：2026110100{n}" for n in range(12))),
)
BILLS: Final = Phrase("bill", "可以开的", examples=("能开发票吗", "20261101001"))
TALK: Final = Phrase("size", "按平时的尺码拍", examples=("偏大吗", "怎么选码"))


def test_a_bank_whose_examples_are_cards_knows_what_cards_are_about() -> None:
    found = Bank([BILLS, ORDERS, TALK]).search(CARD)
    assert [hit.phrase.id for hit in found.hits] == ["state", "bill"]
    assert found.hits[0].why == ("例句里有这样的卡片、链接或号码",)
    assert not found.confident
    assert Bank([BILLS, ORDERS, TALK]).search("？").hits == ()


def test_examples_of_cards_that_are_gone_or_for_others_tell_nothing() -> None:
    bank = Bank([BILLS, ORDERS, TALK])
    assert bank.with_phrases(removed_ids=["state", "bill"]).search(CARD).hits == ()
    retold = bank.with_phrases([replace(ORDERS, examples=("我的订单到哪一步了",))])
    assert [hit.phrase.id for hit in retold.search(CARD).hits] == ["bill"]
    own = Bank([replace(ORDERS, owner="anna"), TALK])
    assert own.search(CARD).hits == ()
    assert own.search(CARD, agent="anna").first_id == "state"


def test_few_such_examples_are_hardly_believed() -> None:
    one = Bank([BILLS, TALK]).search(CARD)
    many = Bank([ORDERS, TALK]).search(CARD)
    assert one.score < 0.1 < many.score


def test_a_greeting_among_the_examples_counts_where_no_phrase_greets() -> None:
    person = Phrase("person", "正在为您转接", examples=("转人工", "人工客服", "找客服", "叫个真人来", "人呢"))
    assert Bank([person, TALK]).search("人呢").first_id == "person"
    assert Bank([TALK]).search("人呢").hits == ()
