"""How a buyer feels: chances that a turn, or a session so far, is satisfied or dissatisfied.

A small model of our own. A text is folded (width, case, Traditional to Simplified, digits, emoji and emoticon codes into
classes), its character 1- to 3-grams are hashed, and three linear models read the hashes: one for chat turns (satisfied,
neutral, dissatisfied), one for product reviews (good, bad), and a gate that says which of the two a text resembles. The
weights are 8-bit numbers by hash, so no sentence can be read from them. `tools/train_mood.py` makes them,
`docs/mood-data-sheet.md` says from what and how well they do.
"""

from __future__ import annotations

import functools
import importlib.resources
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.core.said import Said

MAX_TEXT: Final = 1500
"""Code points of a text that are read; a chat turn is far shorter, a review seldom longer."""
CHAT_BITS: Final = 16
REVIEW_BITS: Final = 17
GATE_BITS: Final = 14
RECENT_TURNS: Final = 4096
"""How many texts' moods a model keeps at hand."""
MAX_WORDS: Final = 3
"""How many of its words a mood names at most."""
RECENCY: Final = 0.7
"""In a session a turn weighs this much of the turn after it: how it ends matters more than how it began."""
SESSION_TURNS: Final = (8, 40)
"""Bounds of the number of turns that the session model sees; beyond them it saw too few sessions to learn from."""

# Classes of what is not a word. They live in the private use area, where no text of a buyer has a meaning.
GLAD: Final = "\ue001"
CROSS: Final = "\ue002"
PICTURE: Final = "\ue003"
OTHER: Final = "\ue004"
EMOTICON: Final = "\ue005"
MASKED: Final = "\ue006"
LINK: Final = "\ue007"
ORDER: Final = "\ue008"
_CLASSES: Final = (0xE001, 0xE008)

GLAD_EMOJI: Final = "😀😃😄😁😆😊😇🙂😉😍🥰😘😋🤗👍👌👏🙏💪🎉❤💕💖💗💓💐🌹🤝✌😎🤩☺♥💯😚😙🥳💋🫶✅"
CROSS_EMOJI: Final = "😡😠🤬😤😞😔😟😣😖😫😩😢😭😒🙄👎💔🤢🤮😾👿💢🖕😰😨😱😓💩🤡😑😮☹🙁😦😧😿🥵"
_GLAD_NAMES = "强|赞|点赞|爱心|心|玫瑰|鲜花|鼓掌|握手|抱拳|胜利|OK|ok|好的|呲牙|愉快|可爱|憨笑|偷笑|害羞|色|亲亲|拥抱|庆祝|撒花|比心|谢谢|感谢|加油|给力|笑|大笑|开心|耶|嘿哈|社会社会|強|讚|按讚|點讚|愛心|鮮花|勝利|愉快|可愛|憨笑|偷笑|親親|擁抱|慶祝|謝謝|感謝|給力|開心|貼圖讚"
_CROSS_NAMES = "怒|发怒|愤怒|生气|抓狂|咒骂|骂|骂人|弱|踩|差评|白眼|鄙视|心碎|流泪|大哭|哭|哭泣|快哭了|委屈|难过|吐|衰|炸弹|便便|菜刀|敲打|失望|裂开|无语|無語|翻白眼|叹气|崩溃|Facepalm|捂脸|汗|尴尬|撇嘴|傲慢|發怒|憤怒|生氣|咒罵|罵|罵人|差評|鄙視|流淚|難過|裂開|無奈|嘆氣|崩潰|尷尬"
_CODE = re.compile(
    rf"(?P<glad>\[(?:{_GLAD_NAMES})\]|/:(?:\^_\^|\^\$\^|\^x\^|Y|\)-\(|\^O\^|-F|H\*\*))"
    rf"|(?P<cross>\[(?:{_CROSS_NAMES})\]|/:(?:>W<|:\(|>O<|<@>|'\"\"|\(&\)))"
    r"|(?P<emoticon>\#E-[sj](?:\[数字x\]|\d{0,3}))"
    r"|(?P<number>\[(?:数字|电话|身份证号|金额|日期|时间)x\])"
    r"|(?P<order>\[ORDERID_\d+\])"
    r"|(?P<masked>\[[^\]\[]{1,6}x\])"
    r"|(?P<link>https?://[\w./?=&%\#:-]{1,300})"
)
_CODE_CLASS: Final[Mapping[str, str]] = {
    "glad": GLAD,
    "cross": CROSS,
    "emoticon": EMOTICON,
    "number": "0",
    "order": ORDER,
    "masked": MASKED,
    "link": LINK,
}

Floats = NDArray[np.float32]
Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Mood:
    """Chances in 0..1; what is missing to 1 is the chance of neutral.

    `words` are the pieces of the text that moved it most, strongest first, at most `MAX_WORDS`.
    """

    p_satisfied: float
    p_dissatisfied: float
    words: tuple[str, ...] = ()

    @property
    def p_neutral(self) -> float:
        return max(0.0, 1.0 - self.p_satisfied - self.p_dissatisfied)

    @property
    def balance(self) -> float:
        """From -1 (surely dissatisfied) to 1 (surely satisfied)."""
        return self.p_satisfied - self.p_dissatisfied


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as the model reads it: `codes`, and for each the place in the original text that it stands for."""

    codes: Codes
    places: NDArray[np.intp]


def fold(text: str, table: NDArray[np.uint16]) -> Folded:
    """Fold a text by `table` (code point to code point, 0 drops it).

    Codes of emoticons, masks and links become one class sign each; runs of digits, spaces or class signs become one, other runs
    three. Never fails: any string of Python is taken, lone surrogates included.
    """
    text = text[:MAX_TEXT]
    if "[" in text or "#" in text or "/:" in text or "://" in text:
        text = _CODE.sub(_class_sign, text)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = table[np.minimum(codes, len(table) - 1)].astype(np.uint32)
    places = np.flatnonzero(codes)
    codes = codes[places]
    if len(codes) > 1:
        same = codes[1:] == codes[:-1]
        if same.any():
            single = (codes == 48) | (codes == 32) | ((codes >= _CLASSES[0]) & (codes <= _CLASSES[1]))
            stays = np.ones(len(codes), bool)
            stays[1:] &= ~(same & single[1:])
            stays[3:] &= ~(same[2:] & same[1:-1] & same[:-2])
            codes, places = codes[stays], places[stays]
    return Folded(codes, places)


def _class_sign(match: re.Match[str]) -> str:
    # As many signs as the code had characters, so that places in the text stay true; the fold makes one of them.
    assert match.lastgroup is not None
    return _CODE_CLASS[match.lastgroup] * (match.end() - match.start())


_K1, _K2, _K3 = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D)
_S13, _S14, _S15, _S16, _SALT = (np.uint32(n) for n in (13, 14, 15, 16, 7))


def grams(codes: Codes) -> Codes:
    """Hashes of the 1-, 2- and 3-grams of `codes` between a start and an end sign: n+2, n+1 and n of them, in that order."""
    padded = np.empty(len(codes) + 2, np.uint32)
    padded[0], padded[-1] = 2, 3
    padded[1:-1] = codes
    one = padded * _K1
    one ^= one >> _S15
    two = one[:-1] * _K2 + padded[1:]
    two ^= two >> _S13
    three = two[:-1] * _K2 + padded[2:] + _SALT
    three ^= three >> _S14
    hashes = np.concatenate((one, two * _K3, three * _K1))
    hashes ^= hashes >> _S16
    return hashes


def traits(folded: Folded, review: float) -> tuple[float, ...]:
    """What the chat model knows of a turn beside its grams: the review model's score, length, brevity, a question mark."""
    length = len(folded.codes)
    return (
        math.tanh(review / 4),
        math.log1p(length) / 4,
        float(length <= 3),
        float(bool((folded.codes == 63).any())),
    )


def aggregates(balances: Sequence[float]) -> tuple[float, float, float]:
    """What the session model knows: mean balance, mean with the recent turns weighing more, log of the turns."""
    count = len(balances)
    weight = total = recent = 0.0
    for balance in balances:
        recent = recent * RECENCY + balance
        weight = weight * RECENCY + 1.0
        total += balance
    turns = min(max(count, SESSION_TURNS[0]), SESSION_TURNS[1])
    return (total / count, recent / weight, math.log(turns))


class MoodModel:
    """The trained model. `turn` takes tens of microseconds, and next to nothing for a text that was read lately."""

    def __init__(self, weights: Mapping[str, NDArray[np.generic]]) -> None:
        """Read the arrays that `tools/train_mood.py` writes. Raises KeyError where one is missing."""
        # The table is stored as where it differs from the identity.
        table = np.arange(0x20000, dtype=np.uint32)
        table[weights["fold_from"].astype(np.intp)] = weights["fold_to"].astype(np.uint32)
        self._table = table.astype(np.uint16)
        self._chat = _scaled(weights, "chat")
        self._chat_bias = weights["chat_bias"].astype(np.float32)
        self._chat_traits = weights["chat_traits"].astype(np.float32)
        self._leaning = np.ascontiguousarray(self._chat[:, 2] - self._chat[:, 0])
        self._review = _scaled(weights, "review")
        self._review_bias = float(weights["review_bias"].item())
        self._gate = _scaled(weights, "gate")
        self._gate_bias = float(weights["gate_bias"].item())
        self._chat_temperature = float(weights["chat_temperature"].item())
        self._review_temperature = float(weights["review_temperature"].item())
        self._session_weights: list[float] = weights["session_weights"].astype(np.float64).tolist()
        self._session_lines: list[float] = weights["session_lines"].astype(np.float64).tolist()
        satisfied, dissatisfied = weights["prior"].astype(np.float64).tolist()
        self.prior = Mood(satisfied, dissatisfied)
        """What is expected of a turn that says nothing in words, such as a picture."""
        # A session is read anew with every event of it; its earlier turns need not be.
        self._read_lately = functools.lru_cache(maxsize=RECENT_TURNS)(self._read)

    @staticmethod
    @functools.cache
    def load() -> MoodModel:
        """The built-in model, read once."""
        raw = (importlib.resources.files("app.core") / "data" / "mood.npz").read_bytes()
        with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
            return MoodModel({name: stored[name] for name in stored.files})

    def turn(self, text: str, kind: str = "text") -> Mood:
        """The mood of one buyer message.

        Of a message of another kind (`image`, `card`, `file`, `voice`) only its text is read; where it has none, the
        answer is `prior`. Takes any string.
        """
        return self._read_lately(text[:MAX_TEXT])

    def _read(self, text: str) -> Mood:
        folded = fold(text, self._table)
        if not text or text.isspace() or not len(folded.codes):
            return self.prior
        hashes = grams(folded.codes)
        norm = 1.0 / math.sqrt(len(hashes))
        reviewed = self._review[hashes & np.uint32((1 << REVIEW_BITS) - 1)]
        review = float(reviewed.sum()) * norm + self._review_bias
        gate = float(self._gate[hashes & np.uint32((1 << GATE_BITS) - 1)].sum()) * norm + self._gate_bias
        places = hashes & np.uint32((1 << CHAT_BITS) - 1)
        logits = self._chat[places].sum(axis=0) * norm + self._chat_bias
        logits += self._chat_traits @ np.asarray(traits(folded, review), np.float32)
        dissatisfied, _, satisfied = _softmax((logits / self._chat_temperature).tolist())
        share = _sigmoid(gate)
        good = _sigmoid(review / self._review_temperature)
        moved = self._leaning[places] * (1 - share) + reviewed * share
        return Mood(
            p_satisfied=satisfied * (1 - share) + good * share,
            p_dissatisfied=dissatisfied * (1 - share) + (1 - good) * share,
            words=_words(text, folded, moved),
        )

    def session(self, said: Sequence[Said]) -> Mood:
        """The mood of a session so far, from what both sides said in time order: the chance of the rating it would get.

        Messages without words play no part; without any of the buyer's the answer is that of a session in which nobody has
        said anything.
        """
        moods = [self.turn(one.text) for one in said if one.by_buyer and one.text and not one.text.isspace()]
        if not moods:
            moods = [self.prior]
        known = aggregates([mood.balance for mood in moods])
        # One scale from bad to good with two lines on it, so that a session far worse than any seen stays bad.
        level = sum(weight * value for weight, value in zip(self._session_weights, known, strict=True))
        lower, upper = self._session_lines
        recent = sorted(moods[:-6:-1], key=lambda mood: -abs(mood.balance))
        words = dict.fromkeys(mood.words[0] for mood in recent if mood.words)
        return Mood(_sigmoid(level - upper), _sigmoid(lower - level), tuple(words)[:MAX_WORDS])


def _scaled(weights: Mapping[str, NDArray[np.generic]], name: str) -> Floats:
    scaled: Floats = weights[name].astype(np.float32) * weights[f"{name}_scale"].astype(np.float32)
    return scaled


def _softmax(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))


_EMPTY = " \t\r\n　,.，。、;；:：~～…的了么呢啊吗是我你在有就也"
"""What says nothing at the end of a piece."""


def _words(text: str, folded: Folded, moved: Floats) -> tuple[str, ...]:
    """The stretches of the text whose grams leaned most to either side; each gram is shared among its characters."""
    count = len(folded.codes)
    twos, threes = moved[count + 2 : 2 * count + 3] / 2, moved[2 * count + 3 :] / 3
    leaning = moved[1 : count + 1] + twos[:-1] + twos[1:] + threes
    leaning[1:] += threes[:-1]
    leaning[:-1] += threes[1:]
    values: list[float] = leaning.tolist()
    least = max(map(abs, values)) * 0.35
    if least <= 0.0:
        return ()
    stretches: list[tuple[float, int, int]] = []
    start = 0
    while start < count:
        value = values[start]
        if abs(value) < least:
            start += 1
            continue
        end, weight = start + 1, value
        while end < count and values[end] * value > 0 and abs(values[end]) >= least:
            weight += values[end]
            end += 1
        stretches.append((abs(weight), start, end))
        start = end
    stretches.sort(key=lambda stretch: (-stretch[0], stretch[1]))
    places = folded.places
    # An emoticon code was folded to one sign: its piece reaches to where the next sign begins.
    ends = [*places[1:].tolist(), min(len(text), MAX_TEXT)]
    pieces = (text[int(places[start]) : ends[end - 1]].strip(_EMPTY) for _, start, end in stretches)
    return tuple(dict.fromkeys(piece for piece in pieces if piece))[:MAX_WORDS]
