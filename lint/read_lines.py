"""Plain text and Markdown: every line is a text.

In plain text only a remark that bears our mark (`# miaohui: …`) is a comment, since any other line may well be meant
for the buyer, one that starts with a hash too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lint.document import Document, decode
from lint.unit import HASH_REMARK, MARK, Contents, slice_of, unit_of


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line without its end, and the offset where it starts."""
    at = 0
    for line in text.split("\n"):
        yield at, line.removesuffix("\r")
        at += len(line) + 1


def read_text(data: bytes) -> Contents:
    document = decode(data)
    contents = Contents(document=document)
    marked = MARK.search(document.text) is not None
    for start, line in _lines(document.text):
        end = len(line)
        if marked and (found := HASH_REMARK.search(line)):
            end = len(line[: found.start()].rstrip(" \t\u3000"))
            contents.remark(
                document,
                found.group(1),
                start + found.start(1),
                "beside" if line[:end].strip() else "above",
            )
        if line[:end].strip():
            contents.units.append(slice_of(document, start, start + end))
    return contents


_MARKUP: Final = re.compile(r"\s*(?:#{1,6}\s+|>\s?|[-*+]\s+(?:\[[ xX]\]\s+)?|\d{1,9}[.)]\s+)*")
_RULES: Final = re.compile(r"[|:\-\s=*_]+")
# Two stars on both sides; four, as in a masked number, are none.
_BOLD: Final = re.compile(r"(?<!\*)(\*\*)(?![*\s])[^*]+?(?<!\s)(\*\*)(?!\*)")
_FENCE: Final = re.compile(r"(`{3,}|~{3,})")


def read_markdown(data: bytes) -> Contents:
    """Lines of prose without their markers, those of bold letters too; code blocks, front matter, comments and table rules are left out."""
    document = decode(data)
    contents = Contents(document=document)
    fence: str | None = None
    front = commented = False
    for number, (start, line) in enumerate(_lines(document.text)):
        bare = line.strip()
        if number == 0 and bare == "---":
            front = True
            continue
        if front:
            front = bare not in ("---", "...")
            continue
        opener = None if commented else _FENCE.match(bare)
        if fence is not None:
            if opener and bare.startswith(fence):
                fence = None
            continue
        if opener:
            fence = opener.group(1)
            continue
        offsets, commented = _outside_comments(contents, document, start, line, commented)
        _prose(contents, document, offsets)
    return contents


def _outside_comments(
    contents: Contents, document: Document, start: int, line: str, commented: bool
) -> tuple[list[int], bool]:
    """Offsets of the characters of a line that lie in no `<!-- -->`, and whether a comment goes on after it."""
    kept: list[int] = []
    bodies: list[int] = []
    at = 0
    while at < len(line):
        mark = line.find("-->", at) if commented else _opening(line, at)
        stop = len(line) if mark < 0 else mark
        if not commented:
            kept.extend(range(start + at, start + stop))
        if mark < 0:
            break
        at = mark + (3 if commented else 4)
        if not commented:
            bodies.append(at)
        commented = not commented
    has_text = any(not document.text[offset].isspace() for offset in kept)
    for body in bodies:
        end = document.text.find("-->", start + body)
        inner = document.text[start + body : end if end >= 0 else len(document.text)]
        found = MARK.match(inner.lstrip())
        if found:
            skipped = len(inner) - len(inner.lstrip()) + found.end()
            said = inner[skipped:].rstrip()
            contents.remark(document, said, start + body + skipped, "beside" if has_text else "above")
    return kept, commented


def _opening(line: str, at: int) -> int:
    """Where the next comment begins, or -1. In `code` the sign is meant literally."""
    mark = line.find("<!--", at)
    while mark >= 0 and line.count("`", at, mark) % 2:
        mark = line.find("<!--", mark + 4)
    return mark


def _prose(contents: Contents, document: Document, offsets: list[int]) -> None:
    line = "".join(document.text[offset] for offset in offsets)
    marks = {at for bold in _BOLD.finditer(line) for group in (1, 2) for at in range(*bold.span(group))}
    if marks:
        offsets = [offset for at, offset in enumerate(offsets) if at not in marks]
        line = "".join(document.text[offset] for offset in offsets)
    if not line.strip() or _RULES.fullmatch(line.strip()):
        return
    if line.strip().startswith("|"):
        parts = [(cell.start(), cell.end()) for cell in re.finditer(r"[^|]+", line)]
    else:
        marker = _MARKUP.match(line)
        parts = [(marker.end() if marker else 0, len(line))]
    for start, end in parts:
        part = line[start:end]
        if part.strip():
            first = start + len(part) - len(part.lstrip())
            last = start + len(part.rstrip())
            origin = [*offsets[first:last], offsets[last - 1] + 1]
            contents.units.append(unit_of(document, line[first:last], origin, origin[0], origin[-1]))
