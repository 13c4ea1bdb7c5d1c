"""What the session model looks at: the words of both sides, fading, and how the two got on with each other.

Every message is heard once (`Heard`) and kept; a session is then a few sums over what was heard. Trained by
`tools/train_mood.py` on how people felt turn by turn, which tells more than the one rating of a whole dialogue does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.said import Said

FADING: Final = 0.8
"""A message weighs this much of the next one of the same side: how it ends matters more than how it began."""
STEADINESS: Final[Mapping[bool, float]] = {True: 2.0, False: 5.0}
"""By whether it is the buyer's: so many messages that say nothing are thought beside those that were heard, so that the first
few decide little."""
TURNS: Final = (8, 40)
"""Bounds of the number of turns that the model sees; beyond them it saw too few sessions to learn from."""
LOOKS_BACK: Final = 12
"""Among so many earlier messages a repetition is looked for."""
LEAST_PAIRS: Final = 3
"""Pairs of characters that a message must have to count as a repetition."""
SHORT: Final = 3
"""Characters of a message that hardly says anything."""

# Of folded texts: simplified, lower case, digits as 0.
_BUYER_SIGNS: Final[Mapping[str, re.Pattern[str]]] = {
    "negates": re.compile("不|没|无|别"),
    "thanks": re.compile("谢|辛苦|麻烦"),
    "asks": re.compile("[?？]|吗|么|怎|为啥|多久|哪|几|呢$|能不能|可不可以|是不是|有没有"),
    "presses": re.compile("到底|一直|又|还是|都|等|催|快"),
    "blames": re.compile("你们"),
}
_SHOP_SIGNS: Final[Mapping[str, re.Pattern[str]]] = {
    "refuses": re.compile("无法|不能|不支持|没有|没法|不可以|暂时|不了"),
    "apologises": re.compile("抱歉|不好意思|见谅|对不起|理解"),
    "settles": re.compile("已经|已为|好了|成功|可以的|申请"),
}
_ALIKE: Final[Mapping[bool, float]] = {True: 0.4, False: 0.5}
"""By whether it is the buyer's: share of common pairs above which a message repeats an earlier one."""

TRAITS: Final = (
    "turns", "negations", "negating", "negating_of_late", "thanking", "thanking_of_late", "questions", "asking_of_late",
    "refusals", "refusing", "apologies", "apologising", "longest_run", "repetitions", "shop_repetitions", "pressing",
    "blaming", "settling", "short",
)  # fmt: skip
"""What is known of a session beside its words, in the order of the weights. Counts are logarithms of one more, shares lean
towards what is usual while little was said."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is kept of one message: `lean` is what its words weigh (above 0 towards satisfied), `signs` what it does."""

    lean: float
    signs: frozenset[str]
    pairs: frozenset[str]
    short: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """The texts of a session by side; what the shop said in one go is one text.

    `longest_run` is the largest number of messages that the buyer had to send until an answer came, or has not yet.
    """

    buyer: tuple[str, ...]
    shop: tuple[str, ...]
    longest_run: int


def exchange_of(said: Sequence[Said]) -> Exchange:
    """Messages without words play no part."""
    buyer: list[str] = []
    shop: list[str] = []
    run = longest = 0
    answering = False
    for one in said:
        if not one.text or one.text.isspace():
            continue
        if one.by_buyer:
            buyer.append(one.text)
            run = 1 if answering else run + 1
            longest = max(longest, run)
        elif answering:
            shop[-1] = f"{shop[-1]} {one.text}"
        else:
            shop.append(one.text)
        answering = not one.by_buyer
    return Exchange(tuple(buyer), tuple(shop), longest)


def hear(folded: str, *, by_buyer: bool, lean: float = 0.0) -> Heard:
    """Hear a folded text."""
    signs = _BUYER_SIGNS if by_buyer else _SHOP_SIGNS
    return Heard(
        lean=lean,
        signs=frozenset(name for name, pattern in signs.items() if pattern.search(folded)),
        pairs=frozenset(folded[at : at + 2] for at in range(len(folded) - 1)),
        short=len(folded) <= SHORT,
    )


def fading(count: int) -> list[float]:
    """The weights of `count` messages in time order; the last weighs 1."""
    return [FADING ** (count - 1 - at) for at in range(count)]


def lean_of(heard: Sequence[Heard], *, by_buyer: bool) -> float:
    """What one side's words come to, the recent ones more."""
    weights = fading(len(heard))
    total = sum(weight * one.lean for weight, one in zip(weights, heard, strict=True))
    return total / (sum(weights) + STEADINESS[by_buyer])


def traits_of(buyer: Sequence[Heard], shop: Sequence[Heard], longest_run: int) -> tuple[float, ...]:
    """The values of `TRAITS`."""

    def count(heard: Sequence[Heard], sign: str) -> int:
        return sum(sign in one.signs for one in heard)

    def share(heard: Sequence[Heard], sign: str, usual: float) -> float:
        return (count(heard, sign) + 2 * usual) / (len(heard) + 2)

    def of_late(sign: str, turns: int) -> float:
        return count(buyer[-turns:], sign) / max(1, min(turns, len(buyer)))

    return (
        math.log(min(max(len(buyer), TURNS[0]), TURNS[1])),
        math.log1p(count(buyer, "negates")),
        share(buyer, "negates", 0.3),
        of_late("negates", 3),
        share(buyer, "thanks", 0.08),
        of_late("thanks", 5),
        math.log1p(count(buyer, "asks")),
        of_late("asks", 5),
        math.log1p(count(shop, "refuses")),
        share(shop, "refuses", 0.2),
        math.log1p(count(shop, "apologises")),
        share(shop, "apologises", 0.1),
        math.log1p(longest_run),
        math.log1p(_repetitions(buyer, _ALIKE[True])),
        math.log1p(_repetitions(shop, _ALIKE[False])),
        share(buyer, "presses", 0.2),
        share(buyer, "blames", 0.05),
        share(shop, "settles", 0.3),
        (sum(one.short for one in buyer) + 2 * 0.2) / (len(buyer) + 2),
    )


def _repetitions(heard: Sequence[Heard], alike: float) -> int:
    """How many messages say nearly what an earlier one said."""
    found = 0
    telling = [one.pairs for one in heard if len(one.pairs) >= LEAST_PAIRS]
    for at, pairs in enumerate(telling):
        earlier = telling[max(0, at - LOOKS_BACK) : at]
        found += any(_overlap(pairs, other) > alike for other in earlier)
    return found


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)
