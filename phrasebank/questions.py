"""Several questions in one message, told apart: 什么时候发货？可以开发票吗.

A message is cut only between two parts that each ask something by themselves. What asks nothing leads in the question after it
(我昨天买的，怎么还没发货) or trails the one before it (可以退吗，谢谢), and stays with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from phrasebank.chitchat import without_chat
from phrasebank.folding import folded

MOST_PARTS: Final = 5
"""More questions than these are left in the last part."""
LONGEST_CUT: Final = 200
"""Code points of a message that is cut. Nobody types a longer one question by question; it was pasted."""
_CUT: Final = re.compile(
    r"(?:[?？!！。;；…，,、~～\s]|(?<![\w])\d{1,2}[、.．)）](?!\d))+|(?<=.)(?=另外|[顺順]便|[还還]有就是)"
)
_ASKS: Final = re.compile(
    r"什么|啥|怎|咋|哪|谁|几|多少|多久|多大|多长|多重|多高|如何|为何|何时|是否|能否|可否|"
    r"(\w)[不没]\1|有没有|[吗么嘛没不吧呢]$"
)
_REQUESTS: Final = re.compile(r"^(?:麻烦|请|你|您|给)?帮(?:我|忙|下|一下|查|看|催|改|取消|换|退|转|开)")
_EMPTY: Final = re.compile(
    r"什么(?:时候|意思|原因|情况)?|为什么|为啥|为何|怎么(?:样|办|弄|回事|说|搞|了|会)?|咋(?:样|办|整|弄|回事|了)?|哪里|哪儿|哪个|哪|多少|多久|多[大长重高]|几|谁|如何|何时|是否|能否|可否|"
    r"可不可以|是不是|能不能|行不行|对不对|好不好|有没有|要不要|会不会|可以|能|会|要|行|对|好|是|有|不|没|还|就|都|也|那|这|个|样|的|了|"
    r"我|你|您|们|亲|吗|呢|么|嘛|吧|啊|呀|哦|哈|请|问|说|另外|顺便|对了"
)


def questions_of(text: str) -> tuple[str, ...]:
    """The questions of a message, in order, each with what leads in or trails it; `text` itself, alone, if there is one at most or it is too long.

    Joined they are the message but for the punctuation between them.
    """
    pieces = list(_pieces(text)) if len(text) <= LONGEST_CUT else []
    if len(pieces) < 2:
        return (text,)
    parts: list[str] = []
    lead = ""
    for piece, asked in pieces:
        if _asks(piece, asked=asked) and len(parts) < MOST_PARTS:
            parts.append(lead + piece)
            lead = ""
        elif parts and not lead and not _says(piece):
            parts[-1] += "，" + piece
        else:
            lead += piece + "，"
    if len(parts) < 2:
        return (text,)
    if lead:
        parts[-1] += "，" + lead.rstrip("，")
    return tuple(parts)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """What stands between the cuts, and whether a question mark follows it."""
    start = 0
    for cut in _CUT.finditer(text):
        if piece := text[start : cut.start()]:
            yield piece, "?" in cut[0] or "？" in cut[0]
        start = cut.end()
    if piece := text[start:]:
        yield piece, False


def _asks(piece: str, *, asked: bool) -> bool:
    """Whether a piece is a question, or a request, that stands by itself."""
    words = without_chat(folded(piece))[0]
    return bool(asked or _ASKS.search(words) or _REQUESTS.search(words)) and _says(words)


def _says(piece: str) -> bool:
    """Whether a piece tells something: 我昨天买的 does, 谢谢 and 怎么回事 do not."""
    return bool(_EMPTY.sub("", without_chat(folded(piece))[0]))
