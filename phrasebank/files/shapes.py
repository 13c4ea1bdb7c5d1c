"""What single products write into their files, said in our columns.

Each product is known by names that its header (or the keys of its records) has. A translator takes a record under our column
names, lists still as the text of their cell, and gives it back as we mean it; what it changes is noted, and what it cannot say
stays with the phrase as an unknown column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any, Final

from phrasebank.columns import with_lists
from phrasebank.files.remarks import Place, Remarks
from phrasebank.phrase import PhraseError

Translator = Callable[[dict[str, Any], Place, Remarks], dict[str, Any]]

ORIGINAL: Final = "原文"
"""Where a reply stays as it came, if we had to change it."""
_OURS: Final = {"id", "text", "variants"}
_TRANSFER: Final = {"匹配关键词", "模糊匹配", "支持正则"}
TRANSFER_TEXT: Final = "亲，您的问题由人工客服来处理，请稍候，可以先把订单号和情况发过来。"

_TRUE: Final = frozenset({"是", "true", "1", "yes", "y", "on", "启用", "√", "✓"})
_FALSE: Final = frozenset({"否", "false", "0", "no", "n", "off", "停用", "禁用", "×"})


def is_true(value: Any) -> bool | None:
    """A truth value of any program; None where there is none."""
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def is_transfer_list(names: Collection[str]) -> bool:
    """Whether headers are those of 懒人客服's list of keywords that call a human: it has no replies."""
    return set(names) >= _TRANSFER


def translator_of(names: Collection[str], columns: Sequence[str]) -> Translator:
    """How to understand records with these headers, given as `header_name` gives them, and these columns."""
    known = set(names)
    steps: list[Translator] = []
    if not known >= _OURS:
        if "匹配关键词" in known:
            steps += [_keyword_rule, _reply_rule if "text" in columns else _transfer_rule]
        if "actions" in known and "text" not in columns:
            steps.append(_macro)
        if known >= {"content", "active"}:
            steps.append(_text_module)
        if "是否加入团队" in known:
            steps.append(_own_or_team)
        if "state" in columns or known >= {"content", "active"}:
            steps.append(_switched)

    def translate(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
        for step in steps:
            record = step(record, place, remarks)
        return with_lists(record)

    return translate


# 懒人客服

_REGEX_SIGNS: Final = re.compile(r"[\\^$*+?{}()\[\]]|\.")
_IMAGE: Final = re.compile(r"\[@\](.*?)\[/@\]", re.DOTALL)
_AND: Final = re.compile(r"\s*\[and\]\s*", re.IGNORECASE)
_OR: Final = re.compile(r"\[or\]", re.IGNORECASE)


def _keyword_rule(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """The keywords of a rule of 懒人客服: `|` stands between alternatives, `[and]` between words that must all occur."""
    record = dict(record)
    keywords = str(record.get("keywords") or "")
    if is_true(record.get("支持正则")) and _REGEX_SIGNS.search(_AND.sub("", keywords)):
        record.pop("keywords")
        record["正则关键词"] = keywords
        remarks.note(place, "keywords", "关键词是正则表达式，没有当关键词用，原样留在「正则关键词」")
    elif keywords:
        words = (_AND.sub("&", word.strip()) for word in keywords.split("|"))
        record["keywords"] = [word for word in words if word]
    if is_true(record.get("模糊匹配")) is False and "keywords" in record:
        remarks.note(place, "模糊匹配", "原来要整句相同才算，这里买家的话里出现关键词就算")
    return record


def _transfer_rule(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """A rule that calls a human; since a phrase says something, it gets words."""
    if not record.get("keywords") and "正则关键词" not in record:
        raise PhraseError("keywords", "没有关键词")
    remarks.note(place, "text", "转人工名单没有回复内容，用了一句通用的，可以改")
    return {"category": "转人工", **record, "text": TRANSFER_TEXT}


def _reply_rule(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """The reply of a rule: `[or]` stands between wordings, `[~]` between messages, `[@]file[/@]` for an image."""
    reply = str(record.get("text") or "")
    wordings = [_sent(wording) for wording in _OR.split(reply)]
    images = list(dict.fromkeys(image.strip() for image in _IMAGE.findall(reply) if image.strip()))
    texts = [text for text in wordings if text]
    if not texts:
        raise PhraseError("text", "只有图片，没有文字" if images else "内容是空的")
    if images or "[~]" in reply:
        record.setdefault(ORIGINAL, reply)
    if "[~]" in reply:
        remarks.note(place, "text", "分几条发的回复合成了一条，中间换行")
    if images:
        remarks.note(place, "text", "回复里的图片移到了 images，发送时另发")
    lists = with_lists(record)
    more = {"variants": texts[1:], "images": images}
    return {
        **record,
        "text": texts[0],
        **{column: [*lists.get(column, []), *values] for column, values in more.items() if values},
    }


def _sent(wording: str) -> str:
    messages = (part.strip() for part in _IMAGE.sub("", wording).split("[~]"))
    return "\n".join(message for message in messages if message)


# Gorgias and Zammad

_FOREIGN_VARIABLE: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}|#\{\s*([^{}]+?)\s*\}")
_BUYER_VARIABLE: Final = re.compile(r"(?:ticket\.)?customer\.(?:first_?name|full_?name|name|last_?name)")
_HTML: Final = re.compile(r"<(?:/?(?:p|div|br|b|i|u|a|ul|ol|li|span|strong|em)\b[^>]*)>", re.IGNORECASE)
_BLOCKS: Final = frozenset({"p", "div", "br", "li", "ul", "ol", "tr", "h1", "h2", "h3"})


def _macro(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """A macro of Gorgias: the reply is the argument of one of its actions. The actions stay as they are, beside the phrase."""
    actions = record.get("actions")
    replies = [
        arguments
        for action in (actions if isinstance(actions, list) else ())
        if isinstance(action, Mapping) and action.get("name") == "setResponseText"
        if isinstance(arguments := action.get("arguments"), Mapping)
    ]
    texts = [str(reply.get("body_text") or _without_html(str(reply.get("body_html") or ""))) for reply in replies]  # fmt: skip
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise PhraseError("actions", "没有 setResponseText 动作，或它没有文字")
    if len(texts) > 1:
        remarks.note(place, "actions", "有几段回复，取了第一段，其余留在 actions")
    return {**record, "text": _with_our_variables(texts[0], place, remarks)}


def _text_module(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """A text module of Zammad: its content may be HTML, and has variables of its own."""
    came = record.get("text")
    if not isinstance(came, str):
        return record
    text = _without_html(came) if _HTML.search(came) else came
    if text != came:
        remarks.note(place, "text", f"去掉了 HTML 标记，原来的留在「{ORIGINAL}」")
    text = _with_our_variables(text, place, remarks)
    return {**record, "text": text, **({ORIGINAL: came} if text != came else {})}


def _with_our_variables(text: str, place: Place, remarks: Remarks) -> str:
    unknown: list[str] = []

    def said(found: re.Match[str]) -> str:
        if _BUYER_VARIABLE.fullmatch(found[1] or found[2]):
            return "{buyer}"
        unknown.append(found[0])
        return found[0]

    text = _FOREIGN_VARIABLE.sub(said, text)
    if unknown:
        remarks.note(place, "text", f"变量 {'、'.join(unknown)[:80]} 这里没有，改好之前不能用来回复")
    return text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS and tag != "br":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def _without_html(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.pieces).replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# Sheets with a switch


def _own_or_team(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """A phrase that is not the team's is somebody's own; the sheet does not say whose."""
    if is_true(record.get("是否加入团队")) is False and not record.get("owner"):
        remarks.note(place, "owner", "没有加入团队，归属记为 personal；可改成客服的名字")
        return {**record, "owner": "personal"}
    return record


def _switched(record: dict[str, Any], place: Place, remarks: Remarks) -> dict[str, Any]:
    """A phrase that was switched off stays so."""
    off = next((column for column in ("state", "active") if is_true(record.get(column, "")) is False), None)
    if off is None:
        return record
    remarks.note(place, off, "原来是停用的，带入后也是停用（state 为 retired），不会推荐或发送")
    return {**record, "state": "retired"}
