"""Sample files in the shapes that people bring. The shapes are those of the products, the sentences are made up."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

import openpyxl


@dataclass(frozen=True)
class Table:
    """A table with what stands above its header. `key` is the column without whose value a row is no phrase."""

    name: str
    above: tuple[tuple[str, ...], ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    key: str
    expected: dict[str, Any]

    def lines(self) -> list[list[str]]:
        return [list(row) for row in (*self.above, self.header, *self.rows)]

    @property
    def first_row(self) -> int:
        """The number of the first row below the header."""
        return len(self.above) + 2

    def with_rows(self, *rows: tuple[str, ...]) -> Table:
        return Table(self.name, self.above, self.header, rows, self.key, self.expected)


def delimited(lines: list[list[str]], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(lines)
    return out.getvalue().encode(encoding)


def workbook(lines: list[list[Any]], title: str = "Sheet1", *, formulas: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for line in lines:
        sheet.append([cell if cell != "" else None for cell in line])
    if not formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)):
            cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


TABLES = (
    Table(
        "qianniu-csv",
        (("最初3行的内容请勿改动！！！",), ("某店铺的主账号",)),
        ("分组", "快捷编码", "内容", "图片名", "程序数据（手工新增词条时，本字段留空即可）"),
        (
            ("售后", "tk", "亲，退款申请通过后，款项会按原路退回哦", "", ""),
            ("售前", "cc", "亲，尺码表在详情页，\n拿不准可以报身高体重", "cm.png", "x1"),
        ),
        "内容",
        {"category": "售后", "code": "tk", "text": "亲，退款申请通过后，款项会按原路退回哦"},
    ),
    Table(
        "lanren-keywords",
        (("使用说明：关键词用 | 隔开，[and] 表示同时出现",),),
        ("匹配关键词", "回复内容", "平台", "模糊匹配", "支持正则"),
        (
            ("退款[and]多久|几天退钱", "两天内到账[or]一般两天就到", "拼多多", "是", "否"),
            ("尺码,大小", "看详情页[~]也可以报身高[@]cm.png[/@]", "淘宝", "否", "否"),
            ("(几|多少)天.*发货", "按页面时间发", "", "是", "是"),
        ),
        "回复内容",
        {
            "keywords": ("退款&多久", "几天退钱"),
            "text": "两天内到账",
            "variants": ("一般两天就到",),
            "platforms": ("拼多多",),
            "extra": {"模糊匹配": "是", "支持正则": "否"},
        },
    ),
    Table(
        "lanren-replace",
        (),
        ("匹配关键词", "替换内容", "模糊匹配", "支持正则", "平台"),
        (("微信|加微", "站内联系", "true", "false", "淘宝"), ("电话", "店铺客服", "false", "false", "")),
        "替换内容",
        {"keywords": ("微信", "加微"), "text": "站内联系", "platforms": ("淘宝",)},
    ),
    Table(
        "lanren-transfer",
        (),
        ("匹配关键词", "模糊匹配", "支持正则", "平台"),
        (("转人工|找真人", "是", "否", ""), ("我要投诉", "是", "否", "")),
        "匹配关键词",
        {"keywords": ("转人工", "找真人", "我要投诉"), "category": "转人工"},
    ),
    Table(
        "xianyu-short",
        (),
        ("关键词", "商品ID", "关键词内容"),
        (
            ("还在吗", "", "在的，喜欢直接拍"),
            ("还在吗", "7788001", "这件还有一件"),
            ("包邮吗", "7788002", "在的，喜欢直接拍"),
        ),
        "关键词内容",
        {"keywords": ("还在吗",), "text": "在的，喜欢直接拍", "extra": {}},
    ),
    Table(
        "xianyu-full",
        (),
        ("账号ID", "关键词", "回复内容", "回复类型", "图片URL", "商品ID", "优先级", "启用"),
        (
            ("acc-1", "能便宜吗", "已经是实在价啦", "text", "", "7788001", "5", "是"),
            ("acc-2", "能便宜吗", "已经是实在价啦", "text", "", "7788001", "5", "否"),
        ),
        "回复内容",
        {"keywords": ("能便宜吗",), "text": "已经是实在价啦"},
    ),
    Table(
        "weiyu-quick",
        (),
        ("分类", "类型", "标题", "内容"),
        (("售后", "文本", "退款时间", "两天内原路退回"), ("物流", "文本", "查件", "=单号发我，帮您查")),
        "内容",
        {"category": "售后", "title": "退款时间", "text": "两天内原路退回", "extra": {"类型": "文本"}},
    ),
    Table(
        "weiyu-keyword",
        (),
        ("分类", "关键词", "回复内容", "匹配模式"),
        (("物流", "到哪了|物流", "这就帮您看物流", "包含"), ("售后", "怎么退", "在订单里点申请售后", "完全")),
        "回复内容",
        {"category": "物流", "keywords": ("到哪了", "物流"), "extra": {"匹配模式": "包含"}},
    ),
    Table(
        "speech-repo",
        (),
        ("内容", "类型", "标签"),
        (("亲，早上好", "问候", "早,开场"), ("亲，慢走", "结束", "再见,结尾")),
        "内容",
        {"text": "亲，早上好", "category": "问候", "keywords": ("早", "开场")},
    ),
    Table(
        "speech-repo-english",
        (),
        ("Content", "Type", "Tags"),
        (("亲，早上好", "问候", "早,开场"), ("亲，慢走", "结束", "再见,结尾")),
        "Content",
        {"text": "亲，早上好", "category": "问候", "keywords": ("早", "开场")},
    ),
    Table(
        "zammad",
        (),
        ("id", "name", "keywords", "content", "note", "active", "groups"),
        (
            ("1", "问候", "hi", "<div>您好 #{ticket.customer.firstname}，<br>请稍候</div>", "", "true", "售前"),
            ("2", "签收", "qs", "请当面验货再签收", "老模板", "false", "物流"),
        ),
        "content",
        {"id": "1", "title": "问候", "text": "您好 {buyer}，\n请稍候", "category": "售前"},
    ),
    Table(
        "own-sheet",
        (),
        ("登记日期", "分组", "快捷编码", "快捷短语", "是否加入团队"),
        (("2026-01-02", "售后", "th", "七天内可以退换", "是"), ("2026-01-03", "售后", "bj", "坏了包赔", "否")),
        "快捷短语",
        {"code": "th", "text": "七天内可以退换", "owner": "team", "extra": {"登记日期": "2026-01-02", "是否加入团队": "是"}},
    ),
)  # fmt: skip

QIANNIU_API = {
    "data": {
        "result": {
            "groups": [
                {"id": 11, "name": "售后", "gmtCreate": 1700000000000, "gmtModified": 1700000000001},
                {"id": 12, "name": "售前", "gmtCreate": 1700000000000, "gmtModified": 1700000000001},
            ],
            "list": [
                {"id": 9007199254740993, "groupId": 11, "code": "tk", "content": "亲，退款会原路退回", "gmtModified": 5},
                {"id": 9007199254740994, "groupId": 12, "code": "cc", "content": "亲，看尺码表", "hot": None},
            ],
        }
    }
}  # fmt: skip
GORGIAS = [
    {
        "name": "发货时间",
        "intent": "shipping/status",
        "language": "zh",
        "usage": 12,
        "actions": [
            {"name": "setResponseText", "title": "Add", "arguments": {"body_text": "您好 {{ticket.customer.firstname}}，今天发", "body_html": None}},
            {"name": "addTags", "arguments": {"tags": ["发货", "催单"]}},
        ],
    },
    {
        "name": "查物流",
        "intent": "shipping/delay",
        "language": "zh",
        "usage": 0,
        "actions": [{"name": "setResponseText", "arguments": {"body_html": "<p>这就查</p><p>请稍候</p>"}}],
    },
]  # fmt: skip
DOCUMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "qianniu-api": (QIANNIU_API, {"id": "9007199254740993", "category": "售后", "code": "tk"}),
    "gorgias": (
        GORGIAS,
        {"title": "发货时间", "text": "您好 {buyer}，今天发", "category": "shipping/status"},
    ),
}
