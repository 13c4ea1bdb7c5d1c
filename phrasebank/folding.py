"""The folded form of a text, in which a buyer's message and the bank are compared.

Folding levels what does not change the meaning: width and case, traditional and simplified script, digits long enough to be a
number of something, addresses, the placeholders and emoji codes of consoles, spaces and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from typing import Final

MAX_FOLDED: Final = 400
"""Code points that are looked at. A longer message is no question that a quick reply answers."""

ADDRESS: Final = re.compile(
    r"(?:https?://|www\.)[^\s\u3000-\u9fff\uff00-\uffef]+|"
    r"(?<![\w.@])(?:[a-z0-9-]{1,40}\.){1,4}(?:com|cn|net|top|shop|vip|cc)(?![a-z])(?:/[^\s\u3000-\u9fff\uff00-\uffef]*)?",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(r"#?[\[［][^\[\]［］\n]{1,24}[\]］]")
"""Emoji codes such as [微笑] and the masks of consoles such as [订单号]."""
_EMOJI_CODE: Final = re.compile(r"/:[!-.0-~]{1,9}|#E-[a-z]+\d*|&nbsp;|<[a-z][^<>\n]{0,80}>")
_LONG_NUMBER: Final = re.compile(r"\d{5,}")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_NOT_WORD_IN_LINE: Final = re.compile(r"(?:[^\w\n]|_)+")


@cache
def _faces() -> re.Pattern[str]:
    """Emoji that consoles write by name in other brackets than square ones: (微笑), 【流泪】, /呲牙."""
    names = "|".join((resources.files("phrasebank") / "data" / "faces.txt").read_text("utf-8").split())
    return re.compile(rf"[(（【](?:{names})[)）】]|/(?:{names})")


@cache
def _simplified() -> dict[int, str]:
    """Traditional to simplified, one character for one (see tools/build_simplified_table.py)."""
    lines = (resources.files("phrasebank") / "data" / "simplified.txt").read_text("utf-8").split("\n")
    return {ord(traditional): simple for traditional, simple in zip(lines[0], lines[1], strict=True)}


def levelled(text: str) -> str:
    """`text` in half width, lower case and simplified script; nothing is taken away."""
    return unicodedata.normalize("NFKC", text).lower().translate(_simplified())


def bare(text: str) -> str:
    """`text` levelled, without punctuation and spaces; if nothing else is left of it (「？？」), as it is without spaces."""
    levelled_text = levelled(text)
    return _NOT_WORD.sub("", levelled_text) or "".join(levelled_text.split())


@lru_cache(maxsize=64)  # one search asks for the same few texts several times
def folded(text: str) -> str:
    """`text` as it is compared: levelled, without placeholders, addresses, punctuation and spaces.

    A number of five or more digits becomes `00000`. At most `MAX_FOLDED` code points; the same text always folds alike, and
    a folded text folds to itself.
    """
    text = text[: 8 * MAX_FOLDED]
    if "." in text or "://" in text:
        text = ADDRESS.sub(" ", text)
    text = _faces().sub(" ", _BRACKETED.sub(" ", _EMOJI_CODE.sub(" ", text)))
    text = _NOT_WORD.sub("", levelled(text))
    return _LONG_NUMBER.sub("00000", text)[:MAX_FOLDED]


def folded_all(texts: Iterable[str]) -> list[str]:
    """`folded` of each text, several times as fast where there are many."""
    texts = list(texts)
    # Nothing below looks across the end of a line, so that many texts of one line are folded as one of many lines.
    joined = "\n".join("" if "\n" in text else text[: 8 * MAX_FOLDED] for text in texts)
    joined = ADDRESS.sub(" ", joined)
    joined = _faces().sub(" ", _BRACKETED.sub(" ", _EMOJI_CODE.sub(" ", joined)))
    joined = _LONG_NUMBER.sub("00000", _NOT_WORD_IN_LINE.sub("", levelled(joined)))
    return [
        folded(text) if "\n" in text else line[:MAX_FOLDED]
        for text, line in zip(texts, joined.split("\n"), strict=False)
    ]
