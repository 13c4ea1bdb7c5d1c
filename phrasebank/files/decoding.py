"""From bytes to text: UTF-8, GB18030 (and so GBK), UTF-16 with a mark."""

from __future__ import annotations

import re
from typing import Final

from phrasebank.files.remarks import FormatError

_CHINESE: Final = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16 with a mark, in UTF-8 without one, or in GB18030 (GBK)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig":
                _refuse_damaged_utf8(content, error)
            continue
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise FormatError(
                f"第 {line} 行有空字符（U+0000），这不是文本表格；请从原来的程序另存为 UTF-8 或 .xlsx"
            )
        return text
    raise FormatError("认不出文字编码，请存为 UTF-8")


def _refuse_damaged_utf8(content: bytes, error: UnicodeDecodeError) -> None:
    """UTF-8 with a few broken bytes often decodes as GB18030 too, into nonsense.

    Text that is GB18030 holds next to no Chinese when it is read as UTF-8.
    """
    text = content.decode("utf-8", "replace")
    if len(_CHINESE.findall(text)) > 4 * text.count("\ufffd"):
        # `start` counts from behind the mark, where there is one.
        start = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        line = content.count(b"\n", 0, start) + 1
        raise FormatError(f"第 {line} 行有坏字节，不是完整的 UTF-8；请从原来的程序重新导出") from None
