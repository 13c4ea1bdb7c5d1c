"""What the variables of replies mean: a Chinese name, a type, and whether a value is one of that type.

A variable that is not known here is a text under its own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

MAX_LENGTH: Final = 500
"""Code points in the value of a variable."""


class Type(StrEnum):
    """The types of variables; the value is what others see."""

    TEXT = "text"
    WHEN = "when"
    """A day or a time, as people say it: 11月3日, 明天下午, 18:00, 3 天内."""
    MONEY = "money"
    NUMBER = "number"
    ORDER_NO = "order_no"
    """An order or parcel number."""
    PHONE = "phone"
    LINK = "link"


_DIGIT: Final = r"[0-9０-９一二两三四五六七八九十半几]"
_WHEN: Final = re.compile(
    rf"{_DIGIT}\s*[-~至到]?\s*{_DIGIT}?\s*(?:[:：]\d\d|[-/.年月]\d|个?(?:月|周|星期|天|小时|分钟|工作日)|点|日|号)"
    r"|[今明后昨当][天日晚早]|大后天|(?:本|下|这)?(?:周|星期|礼拜)[一二三四五六日天末]|[本下这]个?[周月年]|[本下]?月[初中底末]|[上中下]午|凌晨|晚上|年[初底]前?"
    r"|随时|马上|稍后"
)
_FORMS: Final[dict[Type, tuple[re.Pattern[str], str]]] = {
    Type.WHEN: (re.compile(f".*(?:{_WHEN.pattern}).*", re.DOTALL), "应写明日期或时间，如 11月3日、明天 18:00 前"),
    Type.MONEY: (
        re.compile(r"[¥￥]?\s?(?:\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.\d{1,2})?\s?元?", re.ASCII),
        "应为金额，最多两位小数，如 12.50",
    ),
    Type.NUMBER: (re.compile(r"\d{1,12}(?:\.\d{1,6})?(?:\s?[-~至到]\s?\d{1,12}(?:\.\d{1,6})?)?", re.ASCII), "应为数字，如 3 或 3-5"),
    Type.ORDER_NO: (
        re.compile(r"(?=(?:\D*\d){4})[A-Za-z0-9_-]{6,64}", re.ASCII),
        "应为单号，6 到 64 位数字、字母或连字符",
    ),
    Type.PHONE: (
        re.compile(r"(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}|0\d{2,3}[- ]?\d{7,8}(?:[-转]\d{1,6})?|[48]00[- ]?\d{3}[- ]?\d{4}|9\d{4,5}", re.ASCII),
        "应为电话号码",
    ),
    Type.LINK: (re.compile(r"https?://[^\s<>\"']{4,2000}", re.IGNORECASE), "应为 http:// 或 https:// 开头的网址"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable: the name in the braces, what people call it, and its type."""

    name: str
    label: str
    type: Type = Type.TEXT

    def complaint(self, value: str) -> str | None:
        """What is wrong with a value, in Chinese; None if nothing is."""
        if len(value) > MAX_LENGTH:
            return f"最多 {MAX_LENGTH} 字"
        form, hint = _FORMS.get(self.type, (None, ""))
        return None if form is None or form.fullmatch(value.strip()) else hint

    def to_json(self) -> dict[str, Any]:
        """The variable as others see it."""
        return {"name": self.name, "label": self.label, "type": self.type.value}

    def form_json(self) -> dict[str, Any]:
        """What a value must look like, for programs that ask for one.

        `pattern` is a regular expression that ECMAScript reads, too, to be matched against the whole trimmed value with the
        flags `is`; null where any text will do.
        """
        form, hint = _FORMS.get(self.type, (None, ""))
        return {"pattern": None if form is None else form.pattern, "hint": hint, "max_length": MAX_LENGTH}


KNOWN: Final = {
    variable.name: variable
    for variable in (
        Variable("buyer", "买家称呼"),
        Variable("shop", "店铺名"),
        Variable("agent", "客服称呼"),
        Variable("item", "商品名"),
        Variable("size", "尺码"),
        Variable("color", "颜色"),
        Variable("carrier", "快递公司"),
        Variable("address", "地址"),
        Variable("order_no", "订单号", Type.ORDER_NO),
        Variable("tracking_no", "运单号", Type.ORDER_NO),
        Variable("eta", "预计时间", Type.WHEN),
        Variable("date", "日期", Type.WHEN),
        Variable("time", "时间", Type.WHEN),
        Variable("opens", "客服上线时间", Type.WHEN),
        Variable("ship_date", "发货时间", Type.WHEN),
        Variable("restock_date", "补货时间", Type.WHEN),
        Variable("refund_days", "退款天数", Type.NUMBER),
        Variable("days", "天数", Type.NUMBER),
        Variable("count", "数量", Type.NUMBER),
        Variable("amount", "金额", Type.MONEY),
        Variable("price", "价格", Type.MONEY),
        Variable("phone", "电话", Type.PHONE),
        Variable("link", "链接", Type.LINK),
    )
}
"""The variables with a meaning of their own, by name."""


def variable_named(name: str) -> Variable:
    """The variable of this name."""
    return KNOWN.get(name) or Variable(name, name)
