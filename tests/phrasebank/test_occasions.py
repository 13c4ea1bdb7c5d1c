"""Whom and what a phrase is for: state, days, items and owner decide who is offered it, and what may be said unattended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from phrasebank import Bank, Phrase

GENERAL = Phrase("general", "一般 48 小时内发出", keywords=("什么时候发",), examples=("什么时候发货",))
FOR_SEVEN = Phrase("seven", "这款现货，当天发", keywords=("什么时候发",), examples=("什么时候发货",), items=("7",))  # fmt: skip
OTHERS = (
    Phrase("return", "七天无理由可退", keywords=("退货",), examples=("怎么退货", "可以退吗")),
    Phrase("size", "看详情页的尺码表", keywords=("尺码",), examples=("穿多大码", "尺码怎么选")),
    Phrase("hello", "您好，请讲", examples=("你好", "在吗")),
)
NOVEMBER = date(2026, 11, 22)


def ids(bank: Bank, query: str, **occasion: object) -> list[str]:
    return [hit.phrase.id for hit in bank.search(query, top=10, **occasion).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["draft", "retired"])
@pytest.mark.parametrize("query", ["什么时候发货", "/fh"])
def test_only_an_approved_phrase_is_offered(state: str, query: str) -> None:
    phrase = replace(GENERAL, code="fh")
    assert "general" in ids(Bank([phrase, *OTHERS]), query)
    resting = Bank([replace(phrase, state=state), *OTHERS])  # type: ignore[arg-type]
    assert "general" not in ids(resting, query)
    assert resting.get("general") is not None


def test_a_phrase_comes_and_goes_with_its_state() -> None:
    bank = Bank([GENERAL, *OTHERS])
    without = bank.with_phrases([replace(GENERAL, state="retired")])
    assert "general" not in ids(without, "什么时候发货")
    assert ids(without.with_phrases([GENERAL]), "什么时候发货")[0] == "general"
    assert len(without) == len(bank)


@pytest.mark.parametrize(
    ("today", "offered"),
    [
        (date(2026, 10, 31), False),
        (date(2026, 11, 1), True),
        (date(2026, 11, 11), True),
        (date(2026, 11, 12), False),
        (None, True),
    ],
)
def test_a_phrase_holds_from_its_first_day_to_its_last(today: date | None, offered: bool) -> None:
    bank = Bank([replace(GENERAL, valid_from="2026-11-01", valid_until="2026-11-11"), *OTHERS])
    assert ("general" in ids(bank, "什么时候发货", today=today)) is offered


def test_an_open_end_never_comes() -> None:
    bank = Bank([replace(GENERAL, valid_from="2026-11-01"), replace(FOR_SEVEN, valid_until="2026-11-01"), *OTHERS])  # fmt: skip
    assert ids(bank, "什么时候发货", today=date(9999, 12, 31))[0] == "general"
    assert ids(bank, "什么时候发货", today=date(1, 1, 1))[0] == "seven"


def test_a_reply_for_the_item_goes_before_the_general_one_and_may_be_said_unattended() -> None:
    result = Bank([GENERAL, FOR_SEVEN, *OTHERS]).search("什么时候发货", item="7")
    assert [hit.phrase.id for hit in result.hits[:2]] == ["seven", "general"]
    assert result.confident
    assert "仅用于商品 7" in result.hits[0].why


def test_a_general_reply_that_fits_far_better_stays_first() -> None:
    bank = Bank([replace(FOR_SEVEN, examples=("这款裤子有口袋吗",), keywords=()), GENERAL, *OTHERS])
    assert ids(bank, "什么时候发货", item="7")[0] == "general"


def test_replies_for_other_items_are_left_out() -> None:
    bank = Bank([GENERAL, FOR_SEVEN, *OTHERS])
    assert "seven" not in ids(bank, "什么时候发货", item="8")
    assert bank.search("什么时候发货", item="8").confident


def test_where_the_item_is_not_known_its_reply_is_offered_after_the_general_one_and_never_said_unattended() -> (
    None
):
    both = Bank([GENERAL, FOR_SEVEN, *OTHERS]).search("什么时候发货")
    assert [hit.phrase.id for hit in both.hits[:2]] == ["general", "seven"]
    alone = Bank([FOR_SEVEN, *OTHERS]).search("什么时候发货")
    assert alone.hits[0].phrase.id == "seven"
    assert not alone.confident


@pytest.mark.parametrize("fillers", [0, 7_000])
def test_replies_for_many_items_do_not_crowd_out_what_is_looked_for(fillers: int) -> None:
    many = [replace(FOR_SEVEN, id=f"item-{n}", items=(str(n),)) for n in range(100)]
    other = [
        Phrase(f"f{n}", "好的", examples=(f"{chr(0x4E00 + n)}{chr(0x5E00 + n % 4000)}怎么用",))
        for n in range(fillers)
    ]
    bank = Bank([*many, GENERAL, *OTHERS, *other])
    assert ids(bank, "什么时候发货")[0] == "general"
    assert ids(bank, "什么时候发货", item="42")[:2] == ["item-42", "general"]
    assert ids(bank, "什么时候发货", item="none")[0] == "general"


def test_a_personal_phrase_is_offered_to_its_owner_alone_and_never_said_unattended() -> None:
    own = replace(GENERAL, id="own", owner="小林")
    bank = Bank([own, *OTHERS])
    assert ids(bank, "什么时候发货", agent="小林")[0] == "own"
    assert not bank.search("什么时候发货", agent="小林").confident
    assert "own" not in ids(bank, "什么时候发货", agent="小周")
    assert "own" not in ids(bank, "什么时候发货")


def test_of_several_phrases_with_one_code_the_agent_s_own_goes_first() -> None:
    bank = Bank(
        [
            Phrase("team-2", "已退", code="tk", order=2),
            Phrase("team-1", "马上退", code="/TK", order=1),
            Phrase("own", "我来退", code="tk", owner="小林"),
            Phrase("seven", "这款不退", code="tk", items=("7",)),
            Phrase("longer", "退款规则", code="tkgz"),
        ]
    )
    assert ids(bank, "/tk", agent="小林", item="7") == ["own", "seven", "team-1", "team-2", "longer"]
    assert ids(bank, "/tk") == ["team-1", "team-2", "seven", "longer"]
    assert ids(bank, "/tk", item="8") == ["team-1", "team-2", "longer"]


def test_a_greeting_for_an_item_keeps_to_the_same_rules() -> None:
    bank = Bank([*OTHERS, Phrase("hello-7", "您好，在看这款吗", examples=("你好", "在吗"), items=("7",))])
    assert ids(bank, "你好", item="7") == ["hello-7", "hello"]
    assert ids(bank, "你好", item="8") == ["hello"]
    assert ids(bank, "你好") == ["hello", "hello-7"]
    only = Bank([Phrase("own", "嗨", examples=("你好",), owner="小林")])
    assert not only.search("你好", agent="小林").confident


def test_an_order_card_after_a_question_keeps_the_occasion() -> None:
    bank = Bank([GENERAL, FOR_SEVEN, *OTHERS])
    card = "订单编号：202611010001"
    assert ids(bank, card, context=["什么时候发货"], item="7")[0] == "seven"
    assert "seven" not in ids(bank, card, context=["什么时候发货"], item="8")
    expired = Bank([replace(GENERAL, valid_until="2026-11-01"), *OTHERS])
    assert "general" not in ids(expired, card, context=["什么时候发货"], today=NOVEMBER)


def test_phrases_that_came_in_later_keep_to_the_same_rules() -> None:
    grown = Bank([GENERAL, *OTHERS]).with_phrases([FOR_SEVEN, replace(GENERAL, id="own", owner="小林")])
    assert ids(grown, "什么时候发货", item="7")[0] == "seven"
    assert "seven" not in ids(grown, "什么时候发货", item="8")
    assert "own" not in ids(grown, "什么时候发货")
    assert "own" in ids(grown, "什么时候发货", agent="小林")
