"""What the care of the bank sees, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from phrasebank import Phrase
from phrasebank.care import Do, Finding, Kind, Usage, care_of
from phrasebank.care.wordings import Wording, says_the_same

TODAY = date(2026, 11, 22)


def found(*phrases: Phrase, usage: dict[str, Usage] | None = None) -> list[Finding]:
    return care_of(phrases, TODAY, usage)


def kinds(*phrases: Phrase, usage: dict[str, Usage] | None = None) -> dict[str, tuple[str, ...]]:
    return {finding.kind.value: finding.ids for finding in found(*phrases, usage=usage)}


SAME = [
    ("亲，请您稍等，马上帮您查询", "请稍等，立即为您查一下哦"),
    ("亲，您的包裹正在路上，请耐心等待哦", "亲亲，您的快递正在路上呢，请您耐心等候"),
    ("退款会在{days}天内到账，请留意", "退款会在3天内到账，请您留意"),
    ("订单{order_no}已由{carrier}发出", "订单 123456 已由中通快递发出"),
    ("親，週末正常發貨，請放心", "亲，周末正常发货，请放心！"),
]
APART = [
    ("亲，已发货，请留意物流信息", "亲，未发货，请留意物流信息"),
    ("满50元减5元，下单自动抵扣", "满80元减5元，下单自动抵扣"),
    ("退款会在15天内到账，请留意", "退款会在3天内到账，请您留意"),
    ("亲，这款支持七天无理由退货", "亲，这款不支持七天无理由退货"),
    ("亲，这款支持七天无理由退货", "亲，这款支持七天无理由换货"),
    ("亲，这款支持七天无理由退货", "亲，这款支持十五天无理由退货"),
    ("可以退，不可以换的亲亲请留意", "不可以退，可以换的亲亲请留意"),
    ("这款是纯棉的，贴身穿不起球不掉色的哦，欢迎选购", "这款是涤纶的，贴身穿不起球不掉色的哦，欢迎选购"),
    ("您的尺码建议选XL，具体看详情页的尺码表", "您的尺码建议选L，具体看详情页的尺码表"),
    ("周一到周五发货，周末不发货", "周一到周六发货，周末不发货"),
    ("上午付款的订单当天发出，请放心", "下午付款的订单当天发出，请放心"),
    ("红色有货，喜欢可以直接拍下", "蓝色有货，喜欢可以直接拍下"),
    ("订单{order_no}预计{date}发出，满50包邮", "订单{order_no}预计{date}发出，满80包邮"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_fillers_synonyms_and_values_of_variables_make_no_other_reply(one: str, other: str) -> None:
    assert says_the_same(Wording.of(one), Wording.of(other))
    assert says_the_same(Wording.of(other), Wording.of(one))


@pytest.mark.parametrize(("one", "other"), APART)
def test_opposites_amounts_and_other_things_are_apart_however_alike(one: str, other: str) -> None:
    assert not says_the_same(Wording.of(one), Wording.of(other))
    assert not says_the_same(Wording.of(other), Wording.of(one))


def test_the_same_and_nearly_the_same_text_are_to_be_merged_into_the_first() -> None:
    first = Phrase("a", SAME[1][0], title="一")
    (same,) = found(first, Phrase("b", f" {SAME[1][0]}！", title="二"), Phrase("c", "别的话", title="三"))
    assert (same.kind, same.ids, same.action.into, same.action.ids) == (
        Kind.DUPLICATE,
        ("a", "b"),
        "a",
        ("b",),
    )
    (near,) = found(first, Phrase("b", SAME[1][1], title="二"))
    assert (near.kind, near.ids, near.action.do) == (Kind.NEAR_DUPLICATE, ("a", "b"), Do.MERGE)


def test_a_text_that_is_a_variant_elsewhere_is_the_same() -> None:
    (same,) = found(
        Phrase("a", "今天发", title="一"), Phrase("b", "马上就发走", title="二", variants=("今天发。",))
    )
    assert (same.kind, same.action.into) == (Kind.DUPLICATE, "b")
    crossed = found(
        Phrase("a", "今天发", title="一", variants=("马上就发走",)),
        Phrase("b", "马上就发走", title="二", variants=("今天发",)),
    )
    assert len(crossed) == 1


ONE = Phrase("a", "马上为您处理退款", keywords=("退款",), examples=("怎么退款",), code="tk")


@pytest.mark.parametrize(
    "other",
    [
        {"owner": "小林"},
        {"items": ("7",)},
        {"state": "retired"},
        {"valid_until": "2026-11-01", "text": "活动期间为您处理", "examples": ("活动怎么退款",)},
    ],
)
def test_phrases_that_never_meet_are_not_in_each_others_way(other: dict[str, object]) -> None:
    first = replace(ONE, valid_from="2026-11-02") if "valid_until" in other else ONE
    second = replace(ONE, id="b", **other)
    assert {finding.kind for finding in found(first, second)} <= {Kind.EXPIRED}


def test_a_code_of_two_phrases_is_to_stay_with_the_first() -> None:
    (finding,) = found(Phrase("a", "马上退。", code="/tk"), Phrase("b", "已经发出", code="TK"))
    assert (finding.kind, finding.ids, finding.action.do, finding.action.ids) == (
        Kind.CODE,
        ("a", "b"),
        Do.CLEAR_CODE,
        ("b",),
    )


def test_an_example_of_two_phrases_is_to_stay_where_it_fits() -> None:
    (finding,) = found(
        Phrase("a", "马上退", examples=("怎麼退？", "什么时候发货")),
        Phrase("b", "已发出", keywords=("退",), examples=("怎么退", "怎么退钱")),
    )
    assert (finding.kind, finding.action.do, finding.action.ids) == (Kind.EXAMPLE, Do.REMOVE_EXAMPLES, ("a",))


def test_examples_that_their_own_phrase_turns_away_or_denies_are_named() -> None:
    assert kinds(Phrase("a", "好", not_keywords=("退",), examples=("能退吗",))) == {"self-excluded": ("a",)}
    denied = Phrase("a", "马上退", examples=("怎么退",), not_examples=("怎麼退？",))
    assert kinds(denied) == {"contradicted": ("a",)}


def test_what_two_phrases_to_be_merged_have_in_common_is_not_said_again() -> None:
    other = replace(ONE, id="b", text="马上为您处理退款。", code="")
    assert kinds(ONE, other) == {"duplicate": ("a", "b")}


def test_a_keyword_of_two_phrases_stays_where_the_examples_have_it() -> None:
    (finding,) = found(
        Phrase("a", "到付不行", keywords=("到付",), examples=("运费谁出",)),
        Phrase("b", "支持货到付款", keywords=("到付",), examples=("能到付吗", "可以到付不")),
    )
    assert (finding.kind, finding.subject, finding.action.ids) == (Kind.KEYWORD_SHARED, "到付", ("a",))


def test_a_keyword_inside_anothers_gives_way_to_it() -> None:
    freight = ("退货运费谁出", "退货运费多少", "退货运费怎么算")
    (finding,) = found(
        Phrase("a", "退货请点申请售后", keywords=("退货",), examples=("怎么申请退货",)),
        Phrase("b", "运费由平台规则决定", keywords=("退货运费",), examples=freight),
    )
    assert (finding.kind, finding.ids, finding.action.texts) == (
        Kind.KEYWORD_CONTAINED,
        ("a", "b"),
        ("退货运费",),
    )


def test_a_keyword_that_its_own_phrase_turns_away_never_works() -> None:
    (finding,) = found(Phrase("a", "好", keywords=("补发货",), not_keywords=("补发",)))
    assert (finding.kind, finding.action.do, finding.action.texts) == (
        Kind.KEYWORD_DENIED,
        Do.REMOVE_KEYWORDS,
        ("补发货",),
    )


def test_a_keyword_that_the_questions_of_others_have_becomes_an_example() -> None:
    asked = ("质量坏了怎么办", "丢件了怎么办", "尺码小了怎么办", "忘记密码怎么办", "发错了怎么办")
    others = [Phrase(f"p{n}", f"第{n}种情况这样处理", examples=(text,)) for n, text in enumerate(asked)]
    finding, *rest = found(
        Phrase("a", "请说说情况", keywords=("怎么办",), examples=("这可怎么办呀",)), *others
    )
    assert rest == []
    assert (finding.kind, finding.ids, finding.action.do) == (
        Kind.KEYWORD_COMMON,
        ("a",),
        Do.KEYWORDS_TO_EXAMPLES,
    )


def test_a_keyword_that_every_number_is_met_by_is_to_go() -> None:
    (finding,) = found(Phrase("a", "请按平台规则处理", keywords=("12315", "打12315"), title="投诉"))
    assert (finding.kind, finding.action.do, finding.action.texts) == (
        Kind.KEYWORD_COMMON,
        Do.REMOVE_KEYWORDS,
        ("12315",),
    )


def test_a_refused_keyword_is_no_hit() -> None:
    first = Phrase("a", "马上发", keywords=("发货",), examples=("什么时候发货",))
    others = [
        Phrase(f"p{n}", f"第{n}句", examples=(f"先别发货{word}",)) for n, word in enumerate("改名电话地址")
    ]
    assert found(first, *others) == []


def test_a_phrase_without_keyword_example_title_and_code_is_beyond_reach() -> None:
    assert [finding.ids for finding in found(Phrase("a", "好的"), Phrase("b", "行的", title="？"))] == [
        ("a",),
        ("b",),
    ]
    assert kinds(Phrase("a", "好的", title="应答")) == {}


@pytest.mark.parametrize(
    ("until", "kind", "do"),
    [
        ("2026-11-21", "expired", Do.RETIRE),
        ("2026-11-22", "expiring", Do.EXTEND),
        ("2026-11-29", "expiring", Do.EXTEND),
        ("2026-11-30", None, None),
        ("", None, None),
    ],
)
def test_the_last_day_is_inclusive_and_a_week_is_soon(until: str, kind: str | None, do: Do | None) -> None:
    told = found(Phrase("a", "活动价", title="活动", valid_until=until))
    assert [(finding.kind.value, finding.action.do) for finding in told] == ([(kind, do)] if kind else [])


def test_an_unused_phrase_is_named_only_when_it_is_old_enough_and_approved() -> None:
    phrase = Phrase("a", "好", title="好")
    old, young = date(2026, 10, 1), date(2026, 11, 1)
    assert kinds(phrase, usage={"a": Usage(old, 0)}) == {"never-used": ("a",)}
    assert kinds(phrase, usage={"a": Usage(young, 0)}) == {}
    assert kinds(phrase, usage={"a": Usage(old, 1)}) == {}
    assert kinds(replace(phrase, state="draft"), usage={"a": Usage(old, 0)}) == {}
    assert kinds(phrase) == {}


def test_a_word_that_only_one_phrases_examples_have_is_suggested() -> None:
    invoice = Phrase(
        "a",
        "在订单页申请",
        keywords=("抬头",),
        examples=("发票怎么开", "有发票吗", "发票多久能到", "抬头写错"),
    )
    (finding,) = found(
        invoice, Phrase("b", "今天发", keywords=("发货",), examples=("几天能到", "什么时候发货"))
    )
    assert (finding.kind, finding.ids, finding.action.texts) == (Kind.KEYWORD_SUGGESTED, ("a",), ("发票",))
    assert kinds(invoice, Phrase("b", "这样改", title="改发票")) == {}


def test_kinds_can_be_chosen_and_come_in_their_order() -> None:
    bank = (Phrase("a", "好", code="x"), Phrase("b", "好。", code="X"), Phrase("c", "行"))
    assert [finding.kind for finding in care_of(bank, TODAY)] == [Kind.DUPLICATE, Kind.CODE, Kind.UNREACHABLE]
    assert [finding.kind for finding in care_of(bank, TODAY, kinds={Kind.CODE})] == [Kind.CODE]
    assert care_of((), TODAY) == []
