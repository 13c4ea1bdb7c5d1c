"""A thought that was sent in pieces, put together: 我想问一下 / 那个鞋 / 有没有42码."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from phrasebank.chitchat import is_junk, without_chat
from phrasebank.folding import folded

SHORT_NUMBER: Final = 4
"""Digits of a number that may be a size or a count; a longer one only says which order is meant."""


def joined(fragments: Sequence[str]) -> str:
    """What the fragments, the oldest first, say together.

    Each stands once; courtesies, references and junk among them are left out. If they are nothing else, the last courtesy stands for
    all, or else the last fragment. Empty without fragments.
    """
    if len(fragments) == 1:
        return fragments[0]
    saying = [text for text in dict.fromkeys(fragments) if _says(text)]
    if saying:
        return "，".join(saying)
    courtesies = [text for text in fragments if not is_junk(text)]
    return next(reversed(courtesies or list(fragments)), "")


def _says(text: str) -> bool:
    words = folded(text)
    if is_junk(text):
        return words.isdigit() and len(words) <= SHORT_NUMBER
    return bool(without_chat(words)[0])
