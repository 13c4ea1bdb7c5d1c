"""A file as text that knows its encoding and its lines, so that a change can be written back byte for byte."""

from __future__ import annotations

import bisect
import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"", "utf-8"),
    (b"", "gb18030"),
)


class UnreadableError(ValueError):
    """A file that is not what its name says; `str()` tells what is wrong and what to do."""


class Document:
    """Decoded text without its byte order mark. Offsets are code points; a line ends with a line feed."""

    __slots__ = ("_starts", "encoding", "mark", "text")

    def __init__(self, text: str, encoding: str = "utf-8", mark: bytes = b"") -> None:
        self.text, self.encoding, self.mark = text, encoding, mark
        self._starts: list[int] | None = None

    def line(self, offset: int) -> int:
        """The line, from 1, on which this offset lies."""
        return self.place(offset)[0]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        if self._starts is None:
            self._starts = [0]
            found = self.text.find("\n")
            while found >= 0:
                self._starts.append(found + 1)
                found = self.text.find("\n", found + 1)
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def encode(self, text: str) -> bytes:
        """Another text in this document's encoding, with its mark."""
        return self.mark + text.encode(self.encoding)


def decode(data: bytes) -> Document:
    """Text in UTF-8 (with or without a mark), UTF-16 with a mark, or else GB 18030. Raises UnreadableError."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return Document(data[len(mark) :].decode(encoding), encoding, mark)
            except UnicodeDecodeError:
                continue
    raise UnreadableError("编码既不是 UTF-8 也不是 GB 18030，请另存为 UTF-8 / neither UTF-8 nor GB 18030")
