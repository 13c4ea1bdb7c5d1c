"""The engine: views, spans, channels, exemptions, repeats."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lint import CHANNELS, Linter
from lint.checks import is_bank_card, is_id_number
from lint.folding import Views
from lint.sound import sound_view, spell

LINTER = Linter.default()

# Pieces that together make most evasions: words of rules, digits of many shapes, noise, other scripts.
WORDS = (
    "最 好 最好 第 一 ① 壹 第一 TOP t0p 1️⃣ zui hao weixin 加 微 信 v 顶级 頂級 傻 逼 发票 fa票 不 开 { } {buyer} "
    "【姓名】 13800138000 🅰 ㎡ ﷺ İ 😀 👨‍👩‍👧 . ， 的 是"
)
NOISE = " \n\x00\u3000\u200b\u0301\u0336\ufe0f\U0010ffff\ud800"
PIECES = st.sampled_from([*WORDS.split(" "), *NOISE])
TEXTS = st.one_of(st.text(), st.text(alphabet=st.characters()), st.lists(PIECES, max_size=30).map("".join))


@given(text=TEXTS, channel=st.sampled_from(CHANNELS))
@settings(max_examples=400, deadline=None)
def test_every_span_lies_in_the_text_and_shows_the_match(text: str, channel: str) -> None:
    report = LINTER.check(text, channel=channel, earlier=[text])
    for found in (*report.findings, *report.exempted):
        assert 0 <= found.start < found.end <= len(text)
        assert text[found.start : found.end] == found.match


@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_folding_never_loses_the_way_back(text: str) -> None:
    views = Views(text)
    for view in (views.view("plain"), views.view("tight"), views.view("clauses")):
        assert len(view.origin) == len(view.text)
        assert list(view.origin) == sorted(view.origin)
        assert all(0 <= index < len(text) for index in view.origin)
    sounds = sound_view(views.view("tight").text)
    assert len(sounds.text) == len(sounds.starts) == len(sounds.ends)


@given(text=TEXTS)
@settings(max_examples=100, deadline=None)
def test_findings_come_in_the_order_of_the_text(text: str) -> None:
    spans = [(f.start, f.end) for f in LINTER.check(text).findings]
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("😀😀最好的面膜", "最好的"),
        ("𠮷𠮷顶尖技术", "顶尖"),
        ("买它，TOP①爆款", "TOP①"),
        ("zui佳选择", "zui佳"),
        ("最\u200b佳\u200b品质", "最\u200b佳"),
        ("全 网 第 一 名品", "全 网 第 一"),
        ("頂級享受", "頂級享受"),
        ("本店TOP1️⃣好物", "TOP1️⃣"),
        ("顶̶尖̶技术", "顶̶尖̶"),
        ("ＮＯ.１品牌", "ＮＯ.１"),
        ("第壹品牌", "第壹品牌"),
        ("全\n网\n第\n一", "全\n网\n第\n一"),
    ],
)
def test_a_disguised_word_is_shown_as_it_was_written(text: str, match: str) -> None:
    assert match in [f.match for f in LINTER.check(text).findings]


@pytest.mark.parametrize("text", ["NO10号门", "型号X2B", "usb接口", "hasbro玩具", "第11天", "21流程"])
def test_a_word_inside_a_longer_run_of_letters_or_digits_is_no_hit(text: str) -> None:
    assert LINTER.check(text).findings == ()


@pytest.mark.parametrize("text", ["您是单独家里用吗", "请看姓名牌", "晚上流程简单", "问题不大，牌子可以换"])
def test_a_word_across_other_words_is_no_hit(text: str) -> None:
    assert LINTER.check(text).findings == ()


def test_ad_law_weighs_less_in_a_one_to_one_chat() -> None:
    levels = {channel: LINTER.check("这是顶级面料", channel=channel).worst for channel in CHANNELS}
    assert levels == {"live": "warning", "template": "error", "auto": "error", "listing": "error"}


def test_tone_does_not_depend_on_the_channel() -> None:
    assert {LINTER.check("爱买不买", channel=channel).worst for channel in CHANNELS} == {"warning"}


def test_a_declared_variable_is_legal_in_a_template_and_an_error_when_it_goes_out() -> None:
    text = "您好{buyer}，单号{{order_no}}"
    assert LINTER.check(text, channel="template").findings == ()
    for channel in ("live", "auto"):
        assert [f.match for f in LINTER.check(text, channel=channel).findings] == ["{buyer}", "{{order_no}}"]


@pytest.mark.parametrize(
    "text", ["您好{buyer，发货了", "亲爱的【买家姓名】", "单号是{}", "您好buyer}，发货了"]
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_broken_variable_is_a_finding_everywhere(text: str, channel: str) -> None:
    assert any(f.category == "template" for f in LINTER.check(text, channel=channel).findings)


def test_an_exempted_hit_is_reported_with_its_ground() -> None:
    report = LINTER.check("最近订单多，最高限速120")
    assert report.findings == ()
    assert [e.match for e in report.exempted] == ["最", "最高"]
    assert all("第" in e.reason for e in report.exempted)


def test_an_exemption_clears_its_own_hit_only() -> None:
    report = LINTER.check("最近上新的最好的面膜")
    assert [f.match for f in report.findings] == ["最好的"]
    assert [e.match for e in report.exempted] == ["最"]


def test_the_same_words_sent_again_are_found_and_new_words_are_not() -> None:
    earlier = ["亲，您的快递正在路上，请耐心等待哦"]
    assert [f.rule for f in LINTER.check("亲您的快递正在路上，请耐心等待哦~", earlier=earlier).findings] == [
        "tone/repeat"
    ]
    assert LINTER.check("快递今天已到上海，预计明天送达", earlier=earlier).findings == ()


def test_short_courtesies_may_be_repeated() -> None:
    assert LINTER.check("好的亲", earlier=["好的亲"]).findings == ()


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown channel"):
        LINTER.check("您好", channel="fax")


def test_the_report_prints_the_contract() -> None:
    record = LINTER.check("最近有顶级面料").to_json()
    assert set(record) == {"text", "findings", "exempted"}
    assert set(record["findings"][0]) >= {
        "rule", "name", "category", "severity", "start", "end", "match", "message", "suggestion", "source",
    }  # fmt: skip
    assert set(record["exempted"][0]) == {"rule", "start", "end", "match", "reason"}


def test_a_long_text_is_linted_whole() -> None:
    text = "您好，在的。" * 4000 + "这是顶级的"
    assert LINTER.check(text, channel="live").findings[-1].match == "顶级"


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("11010519491231002X", True),
        ("110105194912310021", False),
        ("11010519491331002X", False),
        ("1234", False),
    ],
)
def test_an_id_number_is_known_by_its_check_digit(number: str, right: bool) -> None:
    assert is_id_number(number) is right


def test_a_bank_card_is_known_by_luhn() -> None:
    assert is_bank_card("6222 0212 3456 7890 128")
    assert not is_bank_card("6222 0212 3456 7890 123")


@pytest.mark.parametrize(
    ("run", "syllables"),
    [("zuihao", ("zui", "hao")), ("weixin", ("wei", "xin")), ("usb", ()), ("xyz", ())],
)
def test_a_run_of_letters_is_spelled_as_pinyin_or_left_alone(run: str, syllables: tuple[str, ...]) -> None:
    assert spell(run) == syllables
