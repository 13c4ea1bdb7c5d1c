"""What a message is apart from a question: nothing that can be answered, or mere courtesy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Flag, auto
from functools import cache
from importlib import resources
from typing import Final

import yaml

from phrasebank.cues import cues_of
from phrasebank.folding import folded, levelled


class Chat(Flag):
    """The courtesies in a message. A message of nothing else is matched with phrases for the same courtesy only."""

    NONE = 0
    GREETING = auto()
    THANKS = auto()
    FAREWELL = auto()
    ASSENT = auto()


_PARTICLES: Final = "呀啊哦呢吧啦哈嘛了的哟呐噢嗯我你您"
_LAUGH: Final = re.compile(
    r"[哈呵嘿嘻吼咯嗯哦噢喔额呃啊呀唉哎诶欸唔嗷嘛呗啦哇切哼呜6]+|[hax]{2,}|h+|e+m+|233+|w+|[a-z]"
)
_NUMBER: Final = re.compile(r"[a-z]{0,4}\d+(?:\.\d+)?")
_CARD_LABEL: Final = re.compile(
    r"订单号|订单编号|订单金额|商品编号|商品id|sku|下单时间|付款时间|成交时间|实付|实收款|订单状态|物流单号|运单号|共\d+件|已售|月销|券后|到手价|[¥￥]\d"
)
_CARD_WORDS: Final = re.compile(
    r"[【\[]?(?:订单|商品|宝贝|订单卡片|商品卡片)[】\]]|我(?:想|要)?咨询(?:一下)?(?:这个|该|的)?(?:商品|订单|宝贝)"
    r"|^.{0,40}发送:|咨询(?:订单|商品)|单号|元|的"
)
_VALUES: Final = re.compile(r"[\d.:/\-]+|[a-z]+\d[a-z0-9]*")

_EMOJI: Final = re.compile(r"#E-|/:|[\[［][\u3400-\u9fff]{1,4}[\]］]")


@cache
def _courtesies() -> tuple[dict[str, Chat], int]:
    """Every courtesy with its kind, and the length of the longest (see data/courtesies.yaml)."""
    file = resources.files("phrasebank") / "data" / "courtesies.yaml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    record = yaml.load(file.read_text("utf-8"), Loader=loader)  # noqa: S506 - the safe loader, in C where it is there
    kinds = {word: Chat[kind.upper()] for kind, words in record.items() for word in words}
    return kinds, max(map(len, kinds))


@cache
def _beginnings() -> frozenset[str]:
    """The characters with which a courtesy begins."""
    return frozenset(word[0] for word in _courtesies()[0])


def is_junk(text: str) -> bool:
    """Whether nothing in `text` can be answered: empty, symbols, emoji, laughter, or a mere reference (see `is_reference`)."""
    words = folded(text)
    return not words or bool(_LAUGH.fullmatch(words)) or is_reference(text)


def is_reference(text: str) -> bool:
    """Whether `text` only points at something: a bare number, an address, an order or product card.

    It asks nothing by itself, but the buyer who was asking before now says which order is meant.
    """
    words = folded(text)
    if not words:
        return any(char.isalnum() for char in text) and not _EMOJI.search(text)
    return bool(_NUMBER.fullmatch(words)) or _is_card(text)


def without_chat(words: str) -> tuple[str, Chat]:
    """Folded `words` without the courtesies at their ends, and which courtesies there were.

    Only a message of nothing but courtesy comes back empty: `你好` and `谢谢啦`, not `你好什么时候发货`, of which the question stays.
    """
    kinds = Chat.NONE
    known, _ = _courtesies()
    while words and words[0] in _beginnings():
        head = next(_prefixes(words), None)
        if head is None:
            break
        kinds |= known[head]
        words = words[len(head) :].lstrip(_PARTICLES)
    return words, kinds


def _prefixes(words: str) -> Iterator[str]:
    """The courtesies with which `words` begin, the longest first, where what follows is not the rest of a longer word."""
    known, longest = _courtesies()
    for length in range(min(longest, len(words)), 0, -1):
        head = words[:length]
        kind = known.get(head)
        if kind is None:
            continue
        # 「好」 is courtesy on its own and a word of its own in 好评返现; short assent counts only if all that follows is chat.
        if (length == 1 or kind is Chat.ASSENT) and not _only_chat(words[length:]):
            continue
        yield head


def _only_chat(words: str) -> bool:
    words = words.lstrip(_PARTICLES)
    if not words:
        return True
    known, longest = _courtesies()
    lengths = range(min(longest, len(words)), 0, -1)
    return any(words[:length] in known and _only_chat(words[length:]) for length in lengths)


def _is_card(text: str) -> bool:
    """Whether `text` is what a console sends for an order or product card, and nothing that the buyer wrote."""
    labels = _CARD_LABEL.findall(levelled(text))
    if not labels:
        return False
    rest = folded(_VALUES.sub("", _CARD_WORDS.sub("", _CARD_LABEL.sub("", levelled(text)))))
    asks = cues_of(rest) or rest.endswith(("吗", "呢", "么", "没", "看"))
    return not asks and len(rest) <= (3 if len(labels) == 1 else 12)
