"""Silence where nothing was asked, whatever kind of nothing it is, and never where something was."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phrasebank import starter_bank
from phrasebank.chitchat import is_junk
from phrasebank.references import is_reference

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
BANK = starter_bank()

LAUGHTER = st.builds(
    lambda sound, times: sound * times,
    st.sampled_from(["哈", "呵", "嘿嘿", "嘻", "哈哈", "呜", "嘎", "ha", "he", "hei", "hia", "h", "w", "6", "嗯", "哦", "噗"]),
    st.integers(2, 8),
)  # fmt: skip
EMOJI = st.lists(
    st.sampled_from(["😊", "😂", "👍🏽", "❤️", "🌹", "#E-s01", "#E-j12", "[微笑]", "[捂脸]", "/::)", "/::D", "/:rose", "/:,@-D", "/:066",
                     "/:^_^", "(微笑)", "【流泪】", "/呲牙", "^_^", "T_T", "o(╥﹏╥)o", "ヾ(≧▽≦*)o", "[图片]", "&nbsp;"]),
    min_size=1, max_size=5,
).map(" ".join)  # fmt: skip
SIGNS = st.text(alphabet="？?！!。.…~～、，,：;-—· ", min_size=1, max_size=12)
NUMBERS = st.one_of(
    st.integers(0, 10**20).map(str),
    st.builds("{}{}".format, st.sampled_from(["SF", "YT", "JD", "E", "tb"]), st.integers(10**5, 10**14)),
    st.builds("+86 1{}".format, st.integers(10**9, 10**10 - 1)),
)


@given(st.one_of(LAUGHTER, EMOJI, SIGNS, NUMBERS))
def test_laughter_signs_emoji_and_numbers_get_no_hits(message: str) -> None:
    assert BANK.search(message).hits == ()


@pytest.mark.parametrize(
    "card",
    [
        "【订单】编号2026110100012345 共1件商品 合计￥59.00 交易时间：2026-11-01 10:00:00",
        "[订单编号:123456789012，订单金额:59.00，下单时间:2026-11-01 10:00:00]",
        "咨询订单号:123456789订单金额:59.00下单时间:2026-11-01",
        "我正在看 纯棉短袖男夏季宽松 ￥59",
        "[商品卡片] 纯棉短袖 券后价￥39.9 已售1万+",
        "【商品】小台灯 ¥59.00 库存100",
        "商品：电饭煲 3L\n价格：￥199.00",
        "当前用户来自 商品详情页",
        "快递单号：SF1234567890",
        "售后单号：123456",
        "https://item.taobao.com/item.htm?id=1",
        "item.jd.com/123.html",
        "v.douyin.com/abcde/",
        "【淘宝】https://m.tb.cn/h.5abcde?tk=xYz123 CZ0001 「纯棉短袖夏季宽松」\n点击链接直接打开 或者 淘宝搜索直接打开",
        "5.82 复制打开抖音，看看【某某旗舰店】 https://v.douyin.com/abcde/ 09/12 x@s.Ee",
        "【抖音商城】https://v.douyin.com/abcde/ 不锈钢保温杯\n长按复制此条消息，打开抖音搜索，查看商品详情！",
        "复制这条信息，打开拼多多即可看到【折叠椅】 abcdEFG",
        "￥AbCd1234￥",
    ],
)
def test_cards_and_links_of_the_platforms_point_at_something_and_ask_nothing(card: str) -> None:
    assert is_reference(card)
    assert BANK.search(card).hits == ()
    assert BANK.search(card, context=["怎么还没发货"]).hits[0].phrase.id == "ship-urge"


@pytest.mark.parametrize("name", ["李小明", "王建国", "刘女士", "小王", "欧阳娜娜", "张伟 13800138000"])
def test_a_name_alone_gets_no_hits(name: str) -> None:
    assert BANK.search(name).hits == ()


@pytest.mark.parametrize(
    "asked",
    [
        "安装", "包邮", "黄色", "白色", "方便吗", "金额", "余额", "成分", "高度", "订单号？", "快递单号", "快递单号多少",
        "XL？", "这个有货吗 https://item.jd.com/123.html", "2件多少钱", "哈哈什么时候发货", "人工", "mama穿的", "退款[流泪]",
    ],
)  # fmt: skip
def test_what_asks_or_names_something_is_no_junk(asked: str) -> None:
    assert not is_junk(asked)
    assert BANK.search(asked).hits


@pytest.mark.parametrize(
    "greeting", ["在", "在？", "在吗", "再吗", "在嘛", "zaima", "亲", "有人吗", "你好[微笑]", "哈喽/::)"]
)
def test_a_greeting_gets_a_greeting(greeting: str) -> None:
    assert BANK.search(greeting).hits[0].phrase.category == BANK.get("greet-here").category  # type: ignore[union-attr]


@pytest.mark.parametrize("thanks", ["谢谢老板", "谢谢亲", "多谢小姐姐", "好的谢谢[玫瑰]"])
def test_thanks_to_somebody_are_no_greeting(thanks: str) -> None:
    assert BANK.search(thanks).hits[0].phrase.id in {"end-thanks", "end-ok"}


@pytest.mark.skipif(not SHARED.exists(), reason="the folder shared is not beside the repository")
def test_hardly_a_real_question_is_taken_for_junk() -> None:
    asked = [
        turn["user"]
        for line in (SHARED / "uss_jddc_valid.jsonl").read_bytes().splitlines()
        for turn in orjson.loads(line)["turns"]
        if turn["intent"] not in (None, "OTHER") and sum("一" <= char <= "鿿" for char in turn["user"]) >= 4
    ]
    asked = [
        text for text in asked if not any(label in text for label in ("订单号", "订单编号", "[", "http"))
    ]
    with (SHARED / "faq_atec500_queries_dev.tsv").open(encoding="utf-8") as file:
        asked += [row["query"] for row in csv.DictReader(file, delimiter="\t")]
    junk = [text for text in asked if is_junk(text)]
    assert len(junk) <= len(asked) / 1000, junk
