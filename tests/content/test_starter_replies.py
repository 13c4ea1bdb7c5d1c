"""The starter bank keeps what its README promises."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from lint import Linter
from phrasebank import Phrase, starter_bank
from phrasebank.filling import fill, variables_in

README = Path(__file__).parents[2] / "phrasebank" / "starter" / "README.md"
PHRASES = starter_bank().phrases
EVERYDAY = [
    "问候",
    "稍等",
    "转人工",
    "售前商品咨询",
    "尺码与规格",
    "价格与优惠",
    "库存与到货",
    "下单与支付",
    "修改与取消订单",
    "发货",
    "物流",
    "签收与少件破损",
    "退换货",
    "退款",
    "发票",
    "保修与维修安装",
    "会员与活动",
    "投诉安抚",
    "账户与安全",
    "评价",
    "邀评",
    "结束与感谢",
]


def documented_variables() -> dict[str, str]:
    """Name and example of every variable in the README's table."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", README.read_text("utf-8"), re.MULTILINE)
    return dict(rows)


def texts_of(phrase: Phrase) -> tuple[str, ...]:
    return (phrase.text, *phrase.variants)


def named(phrase: Phrase) -> str:
    return phrase.id


def test_the_bank_covers_everyday_service() -> None:
    assert len(PHRASES) >= 180
    assert set(EVERYDAY) <= {phrase.category for phrase in PHRASES}


@pytest.mark.parametrize("category", EVERYDAY)
def test_every_category_has_a_choice(category: str) -> None:
    assert sum(phrase.category == category for phrase in PHRASES) >= 5


@pytest.mark.parametrize("column", ["id", "code", "title"])
def test_no_two_phrases_share(column: str) -> None:
    counted = Counter(getattr(phrase, column) for phrase in PHRASES)
    assert [value for value, times in counted.items() if times > 1] == []


def test_no_text_is_written_twice() -> None:
    counted = Counter(text for phrase in PHRASES for text in texts_of(phrase))
    assert [text for text, times in counted.items() if times > 1] == []


def test_no_buyer_message_is_an_example_of_two_phrases() -> None:
    counted = Counter(example for phrase in PHRASES for example in phrase.examples)
    assert [example for example, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("phrase", PHRASES, ids=named)
def test_a_phrase_is_complete(phrase: Phrase) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", phrase.id)
    assert re.fullmatch(r"[a-z]{2,10}", phrase.code)
    assert phrase.title
    assert len(phrase.variants) >= (5 if phrase.id.startswith("hold-") else 2)
    assert len(phrase.examples) >= 8
    assert len(set(phrase.examples)) == len(phrase.examples)
    assert len(set(phrase.keywords)) == len(phrase.keywords)
    assert not set(phrase.keywords) & set(phrase.not_keywords)
    assert all(len(text) <= 120 for text in texts_of(phrase))


@pytest.mark.parametrize("phrase", PHRASES, ids=named)
def test_no_own_example_is_shut_out_by_a_not_keyword(phrase: Phrase) -> None:
    shut_out = [
        (example, word) for example in phrase.examples for word in phrase.not_keywords if word in example
    ]
    assert shut_out == []


@pytest.mark.parametrize("phrase", PHRASES, ids=named)
def test_variables_are_documented_and_variants_say_nothing_less_safely(phrase: Phrase) -> None:
    assert {name for text in texts_of(phrase) for name in variables_in(text)} <= documented_variables().keys()
    with_variables = [bool(variables_in(text)) for text in texts_of(phrase)]
    assert all(with_variables) or not any(with_variables), "a variant must not be sent where the text is held"


def test_every_documented_variable_is_in_use() -> None:
    used = {name for phrase in PHRASES for text in texts_of(phrase) for name in variables_in(text)}
    assert used == documented_variables().keys()


@pytest.mark.parametrize("prefix", ["hold-", "greet-hello", "greet-here", "invite-", "end-"])
def test_what_the_machine_says_by_itself_needs_no_variable(prefix: str) -> None:
    spoken = [phrase for phrase in PHRASES if phrase.id.startswith(prefix)]
    assert spoken
    assert [text for phrase in spoken for text in texts_of(phrase) if variables_in(text)] == []


def test_a_claim_of_something_done_is_never_without_a_variable() -> None:
    claim = re.compile(r"已(?:经)?(?:为您|帮您|给您)")
    claims = [
        (phrase.id, text)
        for phrase in PHRASES
        for text in texts_of(phrase)
        if claim.search(text) and not variables_in(text)
    ]
    assert claims == []


def test_no_date_or_number_of_days_is_promised_without_a_variable() -> None:
    promise = re.compile(r"\d+\s*(?:小时|分钟|个?工作日|天|号|日)(?:内|之内|前|到|发)")
    promises = [
        (phrase.id, text)
        for phrase in PHRASES
        for text in texts_of(phrase)
        if promise.search(text) and not variables_in(text)
    ]
    assert promises == []


@pytest.mark.parametrize("phrase", [p for p in PHRASES if p.category == "邀评"], ids=named)
def test_an_invitation_offers_nothing_and_asks_for_no_good_rating(phrase: Phrase) -> None:
    offer = re.compile(r"好评|五星|5星|红包|返现|券|奖励|奖品|中奖|优惠|礼品|赠|积分|满意的话")
    assert [text for text in texts_of(phrase) if offer.search(text)] == []


@pytest.mark.parametrize("phrase", PHRASES, ids=named)
def test_the_bank_is_clean_under_our_own_linter(phrase: Phrase) -> None:
    linter = Linter.default()
    values = documented_variables()
    found = []
    for text in texts_of(phrase):
        filled = fill(text, values)
        assert filled.missing == ()
        for wording, channel in ((filled.text, "auto"), (text, "template")):
            report = linter.check(wording, channel=channel)
            found += [(channel, finding.rule, finding.match, wording) for finding in report.findings]
    assert found == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("你好呀", "greet-hello"),
        ("有人在没", "greet-here"),
        ("买了三天咋还不给发货", "ship-urge"),
        ("包裹走到哪儿了帮看看", "track-where"),
        ("想把收货地址换成公司", "change-address"),
        ("发票抬头开错了要重开", "invoice-change"),
        ("退的钱多久能到我卡里", "refund-when"),
        ("衣服太大想换小一码", "exchange-size"),
        ("收到杯子是碎的", "sign-damaged"),
        ("给我转人工", "human-transfer"),
        ("身高170体重140穿什么码", "size-recommend"),
        ("能开增值税专票不", "invoice-vat"),
        ("空调包安装吗", "install-have"),
        ("好评返现多少", "review-reward"),
        ("多谢啦", "end-thanks"),
    ],
)
def test_an_everyday_message_finds_its_reply_among_the_first_three(message: str, expected: str) -> None:
    found = [hit.phrase.id for hit in starter_bank().search(message, top=3).hits]
    assert expected in found


@pytest.mark.parametrize("junk", ["", "？？？", "哈哈哈哈", "[表情]", "13579246810"])
def test_junk_finds_nothing(junk: str) -> None:
    assert starter_bank().search(junk).hits == ()
