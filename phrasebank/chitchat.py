"""What a message is apart from a question: nothing that can be answered, or mere courtesy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Flag, auto
from functools import cache
from importlib import resources
from typing import Final

import rjieba
import yaml

from phrasebank.folding import folded
from phrasebank.references import is_reference


class Chat(Flag):
    """The courtesies in a message. A message of nothing else is matched with phrases for the same courtesy only."""

    NONE = 0
    GREETING = auto()
    THANKS = auto()
    FAREWELL = auto()
    ASSENT = auto()


_PARTICLES: Final = "呀啊哦呢吧啦哈嘛了的哟呐噢嗯我你您"
_LAUGH: Final = re.compile(
    r"[哈呵嘿嘻吼咯嗯哦噢喔额呃啊呀唉哎诶欸唔嗷嘛呗啦哇切哼呜嘎嘤噗啧略6]+|啊这|笑(?:死|哭)(?:我|人)?了?|"
    r"[hax]{2,}|h+m*|m{2,}|(?:ha|he|hi|hei|hia|ho|hu|em){2,}|e+m+|233+|w+|[a-z]|lol|xd|xswl|awsl|yyds|qaq|qwq|tat|tt|orz"
)
_FACE: Final = re.compile(r"[^\W\d_\u3400-\u9fff]{0,3}")
_FACE_SIGN: Final = re.compile(r"[^\w\s?？!！,，.。、~～…:：;；\"'“”/-]|_")
"""What makes a face of a few letters, o_o or T^T: any sign but those that people write after words."""

_SURNAMES: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_NAME: Final = re.compile(
    rf"(?:[{_SURNAMES}]|欧阳|上官|司马|诸葛)[\u4e00-\u9fff]{{1,2}}|[小老][{_SURNAMES}]|[{_SURNAMES}](?:先生|女士|小姐)"
)


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
    if not words or _LAUGH.fullmatch(words):
        return True
    return bool(_FACE_SIGN.search(text) and all(map(_is_face, text.split()))) or is_reference(text)


def looks_like_name(words: str) -> bool:
    """Whether folded `words` have the shape of a person's name and are no word of two characters, such as 安装 or 黄色."""
    return bool(_NAME.fullmatch(words)) and not (len(words) == 2 and rjieba.cut(words, False) == [words])


def _is_face(text: str) -> bool:
    """Whether in `text` a few letters at most are the eyes and mouth of a face, or there are signs alone."""
    words = folded(text)
    return not words or bool(_FACE_SIGN.search(text) and _FACE.fullmatch(words))


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
