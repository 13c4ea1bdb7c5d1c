"""Variables have types: a value of another type is not put in, and what is wrong with it is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phrasebank import starter_bank
from phrasebank.filling import fill, variables_in
from phrasebank.variables import KNOWN, MAX_LENGTH, Type, variable_named

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "user-guide.zh.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("eta", ("11月3日", "2026-11-03", "明天下午", "18:00", "三天内", "48 小时内", "周五前", "本月底", "3-5天")),
        ("amount", ("12", "12.5", "¥12.50", "1,200.00 元")),
        ("refund_days", ("3", "3-5", "1~3")),
        ("order_no", ("202611010001", "SF1234567890", "26-110100012345-7")),
        ("phone", ("13800000000", "138 0000 0000", "0571-00000000", "400-000-0000", "95000")),
        ("link", ("https://shop.example/a?b=1",)),
        ("buyer", ("小王", "7")),
        ("anything", ("随便什么",)),
    ],
)  # fmt: skip
def test_values_of_the_type_are_taken(name: str, values: tuple[str, ...]) -> None:
    for value in values:
        assert fill(f"<{{{name}}}>", {name: value}).text == f"<{value}>"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("eta", ("尽快", "abc", "1")),
        ("amount", ("十二", "12.345", "-3", "12 13")),
        ("refund_days", ("三", "3 天左右", "")),
        ("order_no", ("见上图", "abcdef", "123", "1234 5678", "订单202611010001")),
        ("phone", ("123", "12800000000", "电话")),
        ("link", ("shop.example/a", "javascript:alert(1)", "https://a b")),
        ("buyer", ("", "  ", "王" * (MAX_LENGTH + 1))),
    ],
)
def test_other_values_leave_the_variable_standing(name: str, values: tuple[str, ...]) -> None:
    for value in values:
        filled = fill(f"亲，{{{name}}}", {name: value})
        assert (filled.text, filled.unfilled) == (f"亲，{{{name}}}", (name,)), value
        assert (name in filled.missing) is not (name in filled.wrong), value
        assert (name in filled.missing) is not bool(value.strip()), value


def test_what_is_missing_and_what_is_wrong_are_told_apart_and_named_in_order() -> None:
    filled = fill("{buyer}，{amount} 元，{eta}到，{buyer}", {"amount": "很多", "buyer": " "})
    assert filled.missing == ("buyer", "eta")
    assert list(filled.wrong) == ["amount"]
    assert "金额" in filled.wrong["amount"]
    assert filled.unfilled == ("buyer", "amount", "eta")


def test_an_unknown_variable_is_a_text_under_its_own_name() -> None:
    variable = variable_named("gift")
    assert variable.to_json() == {"name": "gift", "label": "gift", "type": "text"}
    assert variable.complaint("两份") is None


def test_the_starter_bank_uses_known_variables_only() -> None:
    used = {name for phrase in starter_bank() for text in (phrase.text, *phrase.variants) for name in variables_in(text)}  # fmt: skip
    assert used
    assert used <= KNOWN.keys()


def test_the_guide_names_every_variable_under_its_type() -> None:
    table = GUIDE.split("| 类型 | 变量 |")[1].split("\n\n")[0]
    told = dict(re.findall(r"`\{(\w+)\}` ([^、，\s|]+)", table))
    assert told == {name: variable.label for name, variable in KNOWN.items()}
    rows = [set(re.findall(r"\{(\w+)\}", line)) for line in table.splitlines()[2:]]
    by_type = [{name for name, one in KNOWN.items() if one.type is kind} for kind in Type]
    phone_and_link = by_type[-2] | by_type[-1]
    assert sorted(map(sorted, rows)) == sorted(map(sorted, [*by_type[:-2], phone_and_link]))
