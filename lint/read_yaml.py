"""YAML: every string value under no key that is unsent, with the way from its letters to where they were written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import yaml

from lint.columns import is_silencing, is_unsent
from lint.document import Document, UnreadableError, decode
from lint.unit import HASH_REMARK, MARK, Contents, Unit, unit_of

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRING: Final = "tag:yaml.org,2002:str"
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)*")
_HEADER: Final = re.compile(r"[|>][+-]?[1-9]?[+-]?(?:[ \t]+#[^\n]*|[ \t\r]*)\n")
_ESCAPES: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_CODED: Final = {"x": 2, "u": 4, "U": 8}

Letters = list[tuple[str, int]]


def read_yaml(data: bytes) -> Contents:
    document = decode(data)
    contents = Contents(document=document)
    literals: list[tuple[int, int]] = []
    try:
        for root in yaml.compose_all(document.text, Loader=_LOADER):
            if root is not None:
                _walk(contents, document, root, literals)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "文件"
        raise UnreadableError(f"{where}不是合法的 YAML，请检查缩进、引号和冒号后的空格 / not YAML") from error
    except RecursionError as error:
        raise UnreadableError("YAML 套得太深 / nested too deeply") from error
    if MARK.search(document.text):
        _comments(contents, document, literals)
    return contents


def _walk(contents: Contents, document: Document, root: Any, literals: list[tuple[int, int]]) -> None:
    """Units and silencing keys below a node, in the order of the file."""
    # (node, the keys above it), or (None, what asks for silence in the mapping that ends here, units before it).
    stack: list[tuple[Any, Any, int]] = [(root, (), 0)]
    seen: set[int] = set()
    while stack:
        node, keys, before = stack.pop()
        if node is None:
            for unit in keys:
                contents.remarks_in(unit, range(before, len(contents.units)))
            continue
        if id(node) in seen:  # an alias: already read at its anchor
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            asking: list[Unit] = []
            children = []
            for name, value in node.value:
                key = name.value if isinstance(name, yaml.ScalarNode) else None
                if isinstance(name, yaml.ScalarNode):
                    literals.append((name.start_mark.index, name.end_mark.index))
                if is_silencing(key):
                    items = value.value if isinstance(value, yaml.SequenceNode) else [value]
                    for item in items:
                        if isinstance(item, yaml.ScalarNode):
                            literals.append((item.start_mark.index, item.end_mark.index))
                            asking.append(_unit(document, item))
                else:
                    children.append((value, (*keys, key), 0))
            if asking:
                stack.append((None, asking, len(contents.units)))
            stack.extend(reversed(children))
        elif isinstance(node, yaml.SequenceNode):
            stack.extend((item, keys, 0) for item in reversed(node.value))
        else:
            start = node.start_mark.index
            header = _HEADER.match(document.text, start) if node.style in ("|", ">") else None
            literals.append((header.end() - 1 if header else start, node.end_mark.index))
            if node.tag == _STRING and node.value.strip() and not is_unsent(keys):
                contents.units.append(_unit(document, node))


def _comments(contents: Contents, document: Document, literals: list[tuple[int, int]]) -> None:
    literals.sort()
    at = number = 0
    for line in document.text.split("\n"):
        bare = line.removesuffix("\r")
        found = HASH_REMARK.search(bare)
        if found:
            sign = at + found.start()
            while number < len(literals) and literals[number][1] <= sign:
                number += 1
            if number == len(literals) or literals[number][0] > sign:
                form = bare[: found.start()].strip(" \t-")
                contents.remark(document, found.group(1), at + found.start(1), "beside" if form else "above")
        at += len(line) + 1


def _unit(document: Document, node: Any) -> Unit:
    start, end = node.start_mark.index, node.end_mark.index
    text, value = document.text, node.value
    properties = _PROPERTIES.match(text, start, end)
    at = properties.end() if properties else start
    if node.style in ("|", ">"):
        letters = _block(text, at, end, node.style, value)
        last = end
        if letters is not None:
            letters = letters[: len(value)]
            last = letters[-1][1] + 1 if letters else end
    elif node.style in ('"', "'"):
        letters = list(_flow(text, at + 1, end - 1, node.style))
        last = end - 1
    else:
        if text[at : at + len(value)] == value:
            return unit_of(document, value, range(at, at + len(value) + 1), start, end)
        letters = list(_flow(text, at, end, ""))
        last = end
    if letters is not None and "".join(letter for letter, _ in letters) == value:
        return unit_of(document, value, [*(offset for _, offset in letters), last], start, end)
    return unit_of(document, value, _nearest(text, value, at, end), start, end, exact=False)


def _flow(text: str, at: int, end: int, style: str) -> Iterator[tuple[str, int]]:
    """The letters of a plain or quoted scalar, each with its offset; a fold of lines becomes a space."""
    while at < end:
        char = text[at]
        if char in " \t\r\n":
            stop = at
            while stop < end and text[stop] in " \t\r\n":
                stop += 1
            breaks = text.count("\n", at, stop)
            if not breaks:
                yield from ((text[offset], offset) for offset in range(at, stop))
            elif breaks == 1:
                yield " ", at
            else:
                yield from (("\n", at) for _ in range(breaks - 1))
            at = stop
        elif style == "'" and text.startswith("''", at):
            yield "'", at
            at += 2
        elif style == '"' and char == "\\" and at + 1 < end:
            kind = text[at + 1]
            if kind in _CODED:
                yield chr(int(text[at + 2 : at + 2 + _CODED[kind]], 16)), at
                at += 2 + _CODED[kind]
            elif kind in "\r\n":  # the line goes on
                at += 2
                while at < end and text[at] in " \t\r\n":
                    at += 1
            else:
                yield _ESCAPES.get(kind, kind), at
                at += 2
        else:
            yield char, at
            at += 1


def _block(text: str, at: int, end: int, style: str, value: str) -> Letters | None:
    """The letters of a block scalar; None where its folding is intricate."""
    header = _HEADER.match(text, at)
    if header is None:
        return None
    start = header.end()
    lines: list[tuple[int, str]] = []
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        lines.append((start, text[start:stop].removesuffix("\r")))
        start = stop + 1
    # What the first line has more blanks than the value's is the indentation, be it given in figures or not.
    indent = _blanks(line for _, line in lines) - _blanks(value.split("\n"))
    if indent < 0:
        return None
    letters: Letters = []
    for offset, line in lines:
        letters.extend((char, offset + indent + step) for step, char in enumerate(line[indent:]))
        letters.append(("\n", offset + len(line)))
    return letters if style == "|" else _folded(letters)


def _blanks(lines: Iterable[str]) -> int:
    """How far the first line with letters is indented."""
    return next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), 0)


def _folded(letters: Letters) -> Letters | None:
    """Line breaks between two lines become a space; None where a line is indented further."""
    folded: Letters = []
    count = len(letters)
    at = 0
    while at < count:
        char, offset = letters[at]
        if char != "\n":
            folded.append((char, offset))
            at += 1
            continue
        stop = at
        while stop < count and letters[stop][0] == "\n":
            stop += 1
        if stop < count and letters[stop][0] in " \t":
            return None
        if stop == count or at == 0:  # what comes first or last is not folded
            folded.extend(letters[at:stop])
        elif stop - at == 1:
            folded.append((" ", offset))
        else:
            folded.extend(letters[at + 1 : stop])
        at = stop
    return folded


def _nearest(text: str, value: str, at: int, end: int) -> list[int]:
    """Offsets that come near where they can: each letter where it is next found."""
    origin = []
    for char in value:
        found = text.find(char, at, end)
        if found >= 0:
            at = found
        origin.append(min(at, max(end - 1, 0)))
        at = min(at + (found >= 0), end)
    return [*origin, min(at, end)]
