"""Personal data is put out of sight before a buyer's words are kept."""

from __future__ import annotations

import pytest

from app.core.masking import masked
from lint import Linter


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter.default()


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("我手机13812345678，什么时候发货", "我手机[隐去]，什么时候发货"),
        ("电话 138-1234-5678 打不通", "电话 [隐去] 打不通"),
        ("电话１３８１２３４５６７８打不通", "电话[隐去]打不通"),
        ("身份证11010519491231002X可以吗", "身份证[隐去]可以吗"),
        ("订单号202611220001怎么还没发", "订单号[隐去]怎么还没发"),
        ("运单SF1234567890到哪了", "运单[隐去]到哪了"),
        ("发票发到zhangsan@example.cn", "发票发到[隐去]"),
        ("这个https://example.cn/a?id=1有货吗", "这个[隐去]有货吗"),
        ("地址：幸福小区3栋502室能送吗", "地址：[隐去]能送吗"),
        ("广东省深圳市南山区科技路12号楼能送吗", "[隐去]能送吗"),
        ("收件人张三丰，改一下", "收件人[隐去]，改一下"),
        ("什么时候发货", "什么时候发货"),
        ("这个地区怎么知道包不包邮", "这个地区怎么知道包不包邮"),
        ("1980元的那款打8.5折吗", "1980元的那款打8.5折吗"),
    ],
)
def test_numbers_addresses_and_names_are_masked_and_the_question_stays(
    linter: Linter, text: str, out: str
) -> None:
    assert masked(text, linter) == out


def test_what_is_masked_once_is_masked_for_good(linter: Linter) -> None:
    once = masked("我手机13812345678，订单号202611220001", linter)
    assert masked(once, linter) == once
