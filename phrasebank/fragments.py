"""A thought that was sent in pieces, put together: 我想问一下 / 那个鞋 / 有没有42码."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from phrasebank.chitchat import is_junk, without_chat
from phrasebank.folding import folded

_SIZE: Final = re.compile(r"\d{1,4}|x{0,4}[sml]")
"""A number or letter that may be a size or a count; a longer number only says which order is meant."""


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
    return bool(_SIZE.fullmatch(words) if is_junk(text) else without_chat(words)[0])
