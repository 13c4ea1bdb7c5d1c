"""Which columns and keys of a phrase bank are sent to the buyer, which are not, and which ask for silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

SENT: Final = {
    "text", "title", "variants", "content", "reply", "answer", "message", "template", "body",
    "话术", "话术内容", "内容", "回复", "回复内容", "快捷短语", "快捷回复", "短语", "答案", "文案", "标题", "模板", "正文", "客服话术",
}  # fmt: skip
# `examples` are the buyer's words.
UNSENT: Final = {
    "id", "category", "order", "keywords", "not_keywords", "examples", "code", "platforms", "owner",
    "分类", "类目", "一级分类", "二级分类", "分组", "编码", "快捷编码", "排序", "关键词", "排除词", "例句", "买家问法", "平台", "归属", "编号",
}  # fmt: skip
SILENCING: Final = {
    "miaohui-ignore", "miaohui_ignore", "lint-ignore", "lint_ignore", "忽略检查", "检查忽略", "检查豁免",
}  # fmt: skip


def is_unsent(names: Iterable[str | None]) -> bool:
    """Whether a value below these keys is not sent."""
    return any(name is not None and name.strip().lower() in UNSENT for name in names)


def is_silencing(name: str | None) -> bool:
    """Whether this key or column holds a suppression."""
    return name is not None and name.strip().lower() in SILENCING


def columns(header: Sequence[str]) -> tuple[list[int], list[int]] | None:
    """Indices of the columns that are sent and of those that ask for silence, or None if the row is no header."""
    names = [name.strip().lower() for name in header]
    silencing = [index for index, name in enumerate(names) if name in SILENCING]
    sent = [index for index, name in enumerate(names) if name in SENT]
    if not sent and (silencing or any(name in UNSENT for name in names)):
        sent = [
            index for index, name in enumerate(names) if name and name not in UNSENT and name not in SILENCING
        ]
    return (sent, silencing) if sent or silencing else None
