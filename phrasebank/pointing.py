"""What a message without words of its own stands for: the order card, the number, the ？ or the 在吗 after a question.

Such a message has no content but the talk that it belongs to. What answers it is what answers the enquiry before it and, for
a card or number, what such messages are mostly about, if the bank has some among its examples.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from phrasebank.folding import levelled
from phrasebank.phrase import Phrase
from phrasebank.references import is_reference
from phrasebank.results import Hit, Result, quoted

EARLIER: Final = 2
"""Enquiries before the message that are looked at, the newest ones."""
ANSWERS: Final = 8
"""Phrases that are looked at for each of them."""
DOUBT: Final = 10
"""A bank with so many examples of a kind is half believed when they tell what the kind is about."""
_MARKS: Final = re.compile(r"[?!.,。、…~\s]*\?[?!.,。、…~\s]*")
_MAY_REFER: Final = re.compile(r"[\d０-９.:：￥¥₤$€【\[［]|正在|来自|[零一二三四五六七八九十百两]")


class Pointer(Enum):
    """The kinds of such messages."""

    REFERENCE = "卡片、链接或号码"
    """It says which order or item is meant (see `references`)."""
    NUDGE = "催问"
    """？ and nothing else."""
    GREETING = "招呼"
    """在吗, which opens a talk or, within one, asks for an answer."""


@dataclass(frozen=True, slots=True)
class _Worth:
    """What the chances of earlier messages, the newest first, are worth for one of this kind, and what its like among the examples.

    Fitted by least squares on the labelled turns of the shared dialogues, so that the sum is a chance again.
    """

    earlier: tuple[float, float]
    told: float
    told_alone: float
    """The same without earlier messages."""


_WORTH: Final = {
    Pointer.REFERENCE: _Worth((0.40, 0.04), 0.35, 0.83),
    Pointer.NUDGE: _Worth((0.50, 0.04), 0.0, 0.0),
    Pointer.GREETING: _Worth((0.05, 0.05), 0.12, 0.12),
}


def pointer_of(text: str) -> Pointer | None:
    """Whether `text` only refers or nudges; None for greetings, which `chitchat` knows, and for all that has words of its own."""
    if is_reference(text):
        return Pointer.REFERENCE
    return Pointer.NUDGE if _MARKS.fullmatch(levelled(text)) else None


def refers(text: str, words: str) -> bool:
    """`is_reference` of a text whose folded `words` are known, at a fraction of its cost for texts that clearly do not."""
    return (not words or bool(_MAY_REFER.search(text))) and is_reference(text)


def following(
    query: str,
    pointer: Pointer,
    earlier: Sequence[Result],
    told: Mapping[str, tuple[Phrase, int]],
    top: int,
) -> Result:
    """The result for a message of this kind, never confident; without hits where neither `earlier` nor `told` has any.

    `earlier` are the results for the enquiries before it, the newest first; `told`, by id, the phrases with examples of its
    kind, and how many each has.
    """
    worth = _WORTH[pointer]
    chances: dict[str, float] = defaultdict(float)
    hits: dict[str, Hit] = {}
    for share, result in zip(worth.earlier, earlier, strict=False):
        for hit in result.hits:
            chances[hit.phrase.id] += share * hit.score
            reason = f"接着上一句：「{quoted(result.query)}」"
            hits.setdefault(hit.phrase.id, Hit(hit.phrase, 0.0, (reason, *hit.why)))
    believed = (worth.told if earlier else worth.told_alone) / (
        sum(count for _, count in told.values()) + DOUBT
    )
    for phrase_id, (phrase, count) in told.items():
        chances[phrase_id] += believed * count
        hits.setdefault(phrase_id, Hit(phrase, 0.0, (f"例句里有这样的{pointer.value}",)))
    best = sorted(chances.items(), key=lambda pair: (-pair[1], hits[pair[0]].phrase.order, pair[0]))
    found = (
        Hit(hits[phrase_id].phrase, round(min(chance, 1.0), 4), hits[phrase_id].why)
        for phrase_id, chance in best[:top]
        if chance > 0
    )
    return Result(query, tuple(found), confident=False)
