"""Personal data in a buyer's words, put out of sight before the words are kept as an example."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from lint import Linter

_RULE: Final = "red-line/personal-data"
MASKED: Final = "[隐去]"
"""In brackets, as consoles mask: the bank does not look at what stands in them (`phrasebank.folding`)."""
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:https?://|www\.)[^\s\u3000-\u9fff\uff00-\uffef]+",
        r"[a-z0-9._%+-]+\s?@\s?[a-z0-9-]+(?:\.[a-z0-9-]+)+",
        # a phone, an ID card, an order, a parcel: five digits or more, however they are grouped
        r"[a-z]{0,6}\d(?:[ \-–—.·_*]{0,2}\d){4,}[a-z0-9]*",
        # what stands behind 微信号 or 账号 in Latin letters
        r"(?:(?<=微信)|(?<=微信号)|(?<=账号)|(?<=wx)|(?<=vx)|(?<=qq))[:：是\s]{0,3}[a-z][a-z0-9_-]{4,}",
        # who and where somebody is
        r"(?:(?<=收件人)|(?<=收货人)|(?<=联系人)|(?<=姓名)|(?<=名字叫)|(?<=我叫))[:：是\s]{0,3}[\u3400-\u9fff·]{2,4}(?![\u3400-\u9fff])",
        r"[\u3400-\u9fff]{2,8}(?:省|自治区|市|州|盟|区|县|旗)[\u3400-\u9fff\d]{0,24}?(?:路|街|道|巷|弄|村|组|镇|乡|小区|花园|苑|大厦|公寓|广场)[\u3400-\u9fff]{0,8}?[\d一二三四五六七八九十]+(?:[\-－]\d+)*(?:号楼|号院|号|栋|幢|座|单元|室|楼|层)(?:[\da-z]+(?:号楼|号|栋|幢|座|单元|室|楼|层)?)*",
        r"[\u3400-\u9fff]{2,10}(?:小区|花园|公寓|新村|苑|大厦)[\da-z]+(?:[\-－]\d+|号楼|号|栋|幢|座|单元|室|楼|层)+[\da-z]*(?:室|号)?",
    )
)


def masked(text: str, linter: Linter) -> str:
    """`text` with `[隐去]` in place of phone, ID, card, order and parcel numbers, addresses of every kind, and names given.

    What the linter knows as personal data, a shop's own public numbers included: a buyer's words need none of them to be
    found again. Spans that touch are masked once.
    """
    out: list[str] = []
    end = 0
    for start, stop in personal_spans(text, linter):
        out += (text[end:start], MASKED)
        end = stop
    return "".join((*out, text[end:]))


def personal_spans(text: str, linter: Linter) -> list[tuple[int, int]]:
    """Where personal data stands in `text`: half-open code points, in order, none touching the next."""
    report = linter.check(text, channel="live")
    spans = [(one.start, one.end) for one in report.findings if one.rule == _RULE]
    spans += [(one.start, one.end) for one in report.exempted if one.rule == _RULE]
    plain = _plain(text)
    spans += [found.span() for pattern in _PATTERNS for found in pattern.finditer(plain)]
    out: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(stop, out[-1][1]))
        elif start < stop:
            out.append((start, stop))
    return out


def _plain(text: str) -> str:
    """`text` in half width, one character for one, so that its spans are those of `text`."""
    folded = (unicodedata.normalize("NFKC", char) for char in text)
    return "".join(new if len(new) == 1 else char for new, char in zip(folded, text, strict=True))
