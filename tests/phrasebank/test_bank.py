"""The right phrase first, with reasons, silence on junk, and the same answer every time."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank import Bank, Phrase

PHRASES = (
    Phrase("hello", "您好，请讲", examples=("你好", "在吗", "有人吗"), keywords=("在吗",)),
    Phrase("thanks", "不客气，祝您生活愉快", examples=("谢谢", "多谢啦")),
    Phrase(
        "when",
        "亲，48小时内发出",
        category="发货",
        title="什么时候发货",
        keywords=("什么时候发", "发货"),
        not_keywords=("退货", "地址"),
        examples=("什么时候发货", "多久能发货", "今天能发吗", "啥时候寄出"),
        code="fh",
    ),
    Phrase(
        "late", "非常抱歉，帮您催一下仓库", category="发货", keywords=("还没发", "不发货"),
        examples=("怎么还没发货", "为什么一直不发货", "都三天了还不发"),
    ),
    Phrase("stop", "好的，先为您拦下", category="发货", examples=("先不要发货", "别发货了我要改", "暂时别发"), platforms=("kuaishou",)),
    Phrase("return", "七天无理由可退", category="退货", keywords=("退货", "退&运费"), examples=("怎么退货", "可以退吗", "退货运费谁出")),
    Phrase("where", "为您查询物流", category="物流", examples=("快递到哪了", "物流怎么不动了", "还没到吗"), code="/wl"),
)  # fmt: skip


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(PHRASES)


def ids(bank: Bank, query: str, **options: object) -> list[str]:
    return [hit.phrase.id for hit in bank.search(query, **options).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "phrase_id"),
    [
        ("什么时候发货", "when"),
        ("什么时候可以发货呢", "when"),
        ("你好，多久发货啊", "when"),
        ("怎么还没发货", "late"),
        ("怎么还不给我发货", "late"),
        ("不要发货", "stop"),
        ("先别给我发货", "stop"),
        ("想退货怎么弄", "return"),
        ("我的快递现在到哪了", "where"),
        ("在吗", "hello"),
        ("您好", "hello"),
        ("谢谢", "thanks"),
    ],
)
def test_the_right_phrase_is_first(bank: Bank, query: str, phrase_id: str) -> None:
    assert ids(bank, query)[0] == phrase_id


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("什么时候发货", "什麼時候發貨"),
        ("快递到哪了", "快遞到哪了"),
        ("怎么退货", "怎麼退貨"),
        ("谢谢", "謝謝"),
    ],
)
def test_both_scripts_find_the_same_with_the_same_chance(
    bank: Bank, simplified: str, traditional: str
) -> None:
    assert bank.search(simplified).hits == bank.search(traditional).hits


@pytest.mark.parametrize(
    "junk", ["", "哈哈", "？", "123456", "😊", "订单编号：202611010001", "https://example.com/item/1"]
)
def test_junk_gets_no_hits(bank: Bank, junk: str) -> None:
    result = bank.search(junk)
    assert result.hits == ()
    assert not result.confident


def test_a_courtesy_never_finds_a_phrase_of_business() -> None:
    assert ids(Bank(PHRASES[2:]), "你好") == []
    assert ids(Bank(PHRASES[2:]), "谢谢") == []


def test_a_greeting_finds_greetings_only(bank: Bank) -> None:
    assert ids(bank, "在吗") == ["hello"]


def test_an_order_card_after_a_question_is_about_the_question(bank: Bank) -> None:
    result = bank.search("订单编号：202611010001", context=["怎么还没发货"])
    assert result.hits[0].phrase.id == "late"
    assert result.hits[0].why[0] == "接着上一句：「怎么还没发货」"
    assert not result.confident


def test_the_session_helps_where_the_message_alone_is_weak(bank: Bank) -> None:
    alone = bank.search("那运费呢")
    with_talk = bank.search("那要多久", context=["你好", "快递到哪了"])
    assert alone.hits[0].phrase.id == "return"
    assert with_talk.hits[0].phrase.id in {"where", "when"}
    assert "where" in [hit.phrase.id for hit in with_talk.hits]
    assert "结合上文" in " ".join(reason for hit in with_talk.hits for reason in hit.why)


def test_a_not_keyword_excludes(bank: Bank) -> None:
    assert "when" not in ids(bank, "退货地址发货地址在哪", top=10)


def test_a_keyword_of_two_parts_needs_both(bank: Bank) -> None:
    both = bank.search("退东西运费怎么算", top=10)
    assert any("退&运费" in reason for hit in both.hits if hit.phrase.id == "return" for reason in hit.why)
    assert not any("退&运费" in reason for hit in bank.search("运费多少", top=10).hits for reason in hit.why)


def test_a_platform_leaves_out_the_phrases_of_others(bank: Bank) -> None:
    assert ids(bank, "先不要发货", platform="kuaishou")[0] == "stop"
    assert "stop" not in ids(bank, "先不要发货", platform="douyin", top=10)
    assert "when" in ids(bank, "什么时候发货", platform="douyin")


def test_a_code_finds_its_phrase_alone(bank: Bank) -> None:
    assert ids(bank, "/fh") == ["when"]
    assert ids(bank, "/WL") == ["where"]
    assert ids(bank, "/w") == ["where"]
    assert ids(bank, "/zz") == []


def test_reasons_are_given_in_chinese(bank: Bank) -> None:
    why = bank.search("什么时候发货").hits[0].why
    assert "与例句「什么时候发货」相同" in why
    assert any(reason.startswith("关键词：") for reason in why)


def test_scores_are_chances_in_falling_order(bank: Bank) -> None:
    for query in ("发货", "快递", "什么时候发货", "今天天气真好", "退"):
        scores = [hit.score for hit in bank.search(query, top=10).hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_two_phrases_told_alike_are_not_answered_unattended() -> None:
    twins = Bank([*PHRASES, Phrase("twin", "明天发", keywords=("什么时候发",), examples=("什么时候发货",))])
    assert not twins.search("什么时候发货").confident
    assert {hit.phrase.id for hit in twins.search("什么时候发货").hits[:2]} == {"when", "twin"}


def test_what_the_owner_said_twice_is_answered_unattended(bank: Bank) -> None:
    assert bank.search("什么时候发货").confident


def test_another_trade_gets_a_low_chance(bank: Bank) -> None:
    near, far = bank.search("多久发货").hits[0].score, bank.search("信用卡年费减免规则").hits
    assert not far or far[0].score < near / 2


@pytest.mark.parametrize("top", [1, 2, 10])
def test_no_more_hits_than_asked_for(bank: Bank, top: int) -> None:
    assert len(bank.search("发货", top=top).hits) <= top


def test_an_empty_bank_finds_nothing() -> None:
    empty = Bank([])
    for query in ("什么时候发货", "在吗", "/fh", "哈哈"):
        assert empty.search(query).hits == ()
    assert ids(empty.with_phrases(PHRASES), "什么时候发货")[0] == "when"


def test_a_bank_of_texts_only_works() -> None:
    questions = Bank(
        Phrase(str(n), text)
        for n, text in enumerate(("花瓶怎么清洗", "花瓶多高", "花瓶碎了能换吗", "能刻字吗"))
    )
    assert ids(questions, "这个花瓶有多高")[0] == "1"
    assert ids(questions, "花瓶要怎么洗")[0] == "0"


def test_a_bank_with_keywords_only_works() -> None:
    answers = Bank(
        [Phrase("a", "亲，两天内寄出哦", keywords=("发货",)), Phrase("b", "支持七天退换", keywords=("退货",))]
    )
    assert ids(answers, "可以退货吗")[0] == "b"
    wanted, refused = answers.search("什么时候发货").hits, answers.search("不要发货").hits
    assert wanted[0].phrase.id == "a"
    assert not refused or refused[0].score < wanted[0].score


def test_added_phrases_are_found_and_removed_ones_are_not(bank: Bank) -> None:
    grown = bank.with_phrases([Phrase("gift", "有小礼品", examples=("有赠品吗", "送什么礼物"))], ["when"])
    assert ids(grown, "请问有没有赠品")[0] == "gift"
    assert "when" not in ids(grown, "什么时候发货", top=10)
    assert ids(grown, "/fh") == []
    assert [phrase.id for phrase in grown] == ["hello", "thanks", "late", "stop", "return", "where", "gift"]
    assert ids(bank, "什么时候发货")[0] == "when"  # the old bank is as it was


def test_a_replaced_phrase_is_found_by_its_new_examples_only(bank: Bank) -> None:
    changed = bank.with_phrases([Phrase("where", "为您查询", examples=("包裹走到什么地方",))])
    assert ids(changed, "包裹走到什么地方了")[0] == "where"
    assert "与例句「快递到哪了」相同" not in [
        reason for hit in changed.search("快递到哪了").hits for reason in hit.why
    ]
    again = changed.with_phrases([Phrase("where", "为您查询", examples=("快递到哪了",))])
    assert ids(again, "快递到哪了")[0] == "where"
    assert len(again) == len(PHRASES)


def test_many_changes_build_the_bank_anew_with_the_same_phrases(bank: Bank) -> None:
    many = [
        Phrase(f"n{n}", f"第{n}条", examples=(f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}怎么用",))
        for n in range(300)
    ]
    grown = bank.with_phrases(many)
    assert len(grown) == len(PHRASES) + 300
    assert ids(grown, f"{chr(0x4E00 + 7)}{chr(0x5E00 + 7)}怎么用")[0] == "n7"
    assert ids(grown, "什么时候发货")[0] == "when"


def test_of_two_phrases_with_one_id_the_last_stands() -> None:
    twice = Bank([Phrase("1", "旧"), Phrase("2", "二"), Phrase("1", "新")])
    assert [(phrase.id, phrase.text) for phrase in twice] == [("1", "新"), ("2", "二")]


def test_a_large_bank_answers_as_a_small_one_does() -> None:
    fillers = [
        Phrase(f"f{n}", "好的", examples=("".join(chr(0x4E00 + n * 7**k % (4001 - k)) for k in range(4)),))
        for n in range(11_000)
    ]
    large = Bank([*PHRASES, *fillers])
    assert ids(large, "什么时候可以发货呢")[0] == "when"
    assert ids(large, "怎么还没发货")[0] == "late"
    assert ids(large, fillers[5000].examples[0])[0] == "f5000"


def test_the_same_question_gets_the_same_answer_in_every_thread(bank: Bank) -> None:
    queries = ["什么时候发货", "怎么退货", "快递呢", "在吗"] * 25
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(bank.search, queries))
    assert answers == [Bank(PHRASES).search(query) for query in queries[:4]] * 25


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_answered_or_met_with_silence(query: str, context: list[str]) -> None:
    result = _BANK.search(query, context=context)
    assert result.query == query
    assert len(result.hits) <= 3
    assert all(hit.why and 0 <= hit.score <= 1 for hit in result.hits)


_BANK = Bank(PHRASES)


def test_a_phrase_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(PHRASES[2])) == PHRASES[2]
