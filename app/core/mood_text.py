"""How the mood model reads a text: folded to one way of writing, then as hashes of its character 1- to 3-grams.

Width, case, Traditional to Simplified, digits, emoji and emoticon codes become classes; each sign of the folded text knows its
place in the original.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_TEXT: Final = 1500
"""Code points of a text that are read; a chat turn is far shorter, a review seldom longer."""

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

Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as the model reads it: `codes`, and for each the place in the original text that it stands for."""

    codes: Codes
    places: NDArray[np.intp]

    @property
    def text(self) -> str:
        return self.codes.tobytes().decode("utf-32-le")


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
