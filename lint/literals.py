"""What a text must contain for a pattern to match at all, read off the pattern.

Running dozens of expressions over every sentence would cost more than everything else, so a pattern is only tried where
the strings stand that any match of it holds. The expression is read as RE2 reads it; what is not understood
counts as "anything", which only makes the pattern be tried more often.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any, Final, Literal, NamedTuple

from lint.folding import is_noise, load_table

Strings = frozenset[str]
_MOST: Final = 160  # strings in a set
_PAIRS: Final = 300  # pairs where two pieces meet
_REPEATS: Final = 4  # times that a repeated piece is spelled out
_CLASS: Final = 40  # characters of a class that is spelled out
_SHARES: Final[dict[str, float]] = load_table("frequency.json")
_RARE_CHARACTER: Final = 0.002  # what the table leaves out
_RARE_PAIR: Final = 0.0005
_LENGTHS: Final = 2.0  # every further character makes a string so much rarer
_TOO_COMMON: Final = 0.35


_PLAIN_RUN: Final = re.compile(r"[^\\()\[\]{}|?*+.^$]+")
_REPEATING: Final = frozenset("?*+{")
_FOLDING_CASE: Final = re.compile(r"\(\?[a-zA-Z]*i")


@dataclass(frozen=True, slots=True)
class Branch:
    """What an alternative of a pattern needs: sets of strings, of each of which a match holds at least one, the rarest first.

    `longest`: a text of more characters, not counting noise, cannot match, because the alternative must be all of it;
    None if it need not.
    """

    required: tuple[Strings, ...] = ()
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """What is known of a piece of a pattern: all strings it can be, if few, or else sets of which each match holds one.

    `first`, `last`: the characters with which it can begin and end unless it is empty, None if they are not known; `empty`: it
    can be. `longest`: characters that it can match, not counting noise; None if there is no limit. `opens`, `closes`: it is
    tied to the start or end. `hit`: the group of that name is in it.
    """

    exact: Strings | None
    required: tuple[Strings, ...] = ()
    first: Strings | None = None
    last: Strings | None = None
    empty: bool = True
    longest: int | None = None
    opens: bool = False
    closes: bool = False
    hit: bool = False


_ANYTHING: Final = _Part(None)
_ONE_CHARACTER: Final = _Part(None, empty=False, longest=1)
_NOTHING: Final[Strings] = frozenset()
_DIGITS: Final[Strings] = frozenset("0123456789")
_SPACES: Final[Strings] = frozenset("\t\n\f\r ")
_EMPTY: Final = _Part(frozenset({""}), first=_NOTHING, last=_NOTHING, longest=0)


def branches(pattern: str) -> list[Branch]:
    """What the alternatives of an RE2 pattern need. Sets that most messages fulfil are left out.

    Where some alternatives have a group named `hit`, the others only keep it from matching and need not be looked for.
    """
    if _FOLDING_CASE.search(pattern):  # letters may then stand for others
        return [Branch()]
    parts = _Parser(pattern).branches()
    return [
        Branch(
            tuple(
                strings for strings in sorted(set(_needed(part)), key=rate) if rate(strings) <= _TOO_COMMON
            ),
            part.longest if part.opens and part.closes else None,
        )
        for part in [part for part in parts if part.hit] or parts
    ]


def shortest(strings: Strings) -> Strings:
    """Without those that hold another one of them."""
    lengths = sorted({len(string) for string in strings})
    return frozenset(string for string in strings if not _holds_another(string, strings, lengths))


def _holds_another(string: str, strings: Strings, lengths: Sequence[int]) -> bool:
    for length in lengths:
        if length >= len(string):
            return False
        for start in range(len(string) - length + 1):
            if string[start : start + length] in strings:
                return True
    return False


@functools.cache
def rate(strings: Strings) -> float:
    """A guess in what share of service messages one of these strings stands."""
    return sum(map(_share, strings))


@functools.cache
def _share(string: str) -> float:
    if len(string) < 2:
        return _SHARES.get(string, _RARE_CHARACTER)
    if len(string) == 2:
        return _SHARES.get(string, _RARE_PAIR)
    rarest = min(map(_share, map("".join, pairwise(string))))
    return rarest / (1.0 + _LENGTHS * (len(string) - 2))


def rarest_part(string: str, longest: int) -> str:
    """So many neighbours of a string, or all of it if it is no longer, that are seldom seen together."""
    if len(string) <= longest:
        return string
    return min((string[at : at + longest] for at in range(len(string) - longest + 1)), key=_share)


def _needed(part: _Part) -> tuple[Strings, ...]:
    if part.exact is not None:
        return () if "" in part.exact else (part.exact,)
    return part.required


def _spelled(exact: Strings, **known: Any) -> _Part:
    """A piece that is one of some strings."""
    return _Part(
        exact,
        first=frozenset(string[0] for string in exact if string),
        last=frozenset(string[-1] for string in exact if string),
        empty="" in exact,
        **known,
    )


def _joined(parts: Sequence[_Part]) -> _Part:
    """Pieces that follow each other."""
    if len(parts) == 1:
        return parts[0]
    exact: Strings = frozenset({""})
    required: list[Strings] = []
    whole = True

    def flush() -> None:
        nonlocal exact
        if "" not in exact:
            required.append(exact)
        exact = frozenset({""})

    seams: list[int] = []
    for index, part in enumerate(parts):
        if part.exact is not None and len(exact) * len(part.exact) <= _MOST:
            exact = frozenset(a + b for a, b in product(exact, part.exact))
            continue
        whole = False
        flush()
        seams.append(index)
        if part.exact is not None:
            exact = part.exact
        else:
            required.extend(part.required)
            seams.append(index + 1)
    lengths = [part.longest for part in parts]
    tied: dict[str, Any] = {
        "longest": None if None in lengths else sum(length or 0 for length in lengths),
        "opens": bool(parts) and parts[0].opens,
        "closes": bool(parts) and parts[-1].closes,
        "hit": any(part.hit for part in parts),
    }
    if whole:
        return _spelled(exact, **tied)
    flush()
    firsts, lasts = _edges(reversed(parts), "first")[::-1], _edges(parts, "last")
    # Where both sides must be there, a character of one stands beside a character of the other.
    for seam in dict.fromkeys(seams):
        if 0 < seam < len(parts):
            required.extend(_meeting(lasts[seam - 1], firsts[seam]))
    return _Part(
        None,
        tuple(required),
        firsts[0].characters,
        lasts[-1].characters,
        empty=all(part.empty for part in parts),
        **tied,
    )


class _Edge(NamedTuple):
    """With what some pieces begin or end; None if that is not known. `empty`: they may not be there at all."""

    characters: Strings | None
    empty: bool


def _meeting(before: _Edge, after: _Edge) -> Iterable[Strings]:
    """The pairs of which one stands where two edges meet, if both must be there and are known."""
    if before.empty or after.empty or before.characters is None or after.characters is None:
        return
    if len(before.characters) * len(after.characters) <= _PAIRS:
        yield frozenset(map("".join, product(before.characters, after.characters)))


def _edges(parts: Iterable[_Part], side: Literal["first", "last"]) -> list[_Edge]:
    """The edge of the first piece, of the first two, and so on; each further piece comes to lie outside."""
    edges: list[_Edge] = []
    edge = _Edge(_NOTHING, empty=True)
    for part in parts:
        own = part.first if side == "first" else part.last
        if part.empty:
            both = None if own is None or edge.characters is None else own | edge.characters
            edge = _Edge(both, edge.empty)
        else:
            edge = _Edge(own, empty=False)
        edges.append(edge)
    return edges


def _either(parts: Sequence[_Part]) -> _Part:
    """Pieces of which one stands."""
    if len(parts) == 1:
        return parts[0]
    lengths = [part.longest for part in parts]
    tied: dict[str, Any] = {
        "longest": None if None in lengths else max(length or 0 for length in lengths),
        "opens": all(part.opens for part in parts),
        "closes": all(part.closes for part in parts),
        "hit": any(part.hit for part in parts),
    }
    if all(part.exact is not None for part in parts):
        exact = frozenset(string for part in parts for string in part.exact or ())
        if len(exact) <= _MOST:
            return _spelled(exact, **tied)
    each = [_needed(part) for part in parts]
    return _Part(
        None,
        (frozenset().union(*(min(sets, key=rate) for sets in each)),) if all(each) else (),
        _any_of(part.first for part in parts),
        _any_of(part.last for part in parts),
        empty=any(part.empty for part in parts),
        **tied,
    )


def _any_of(sets: Iterable[Strings | None]) -> Strings | None:
    every: Strings = _NOTHING
    for characters in sets:
        if characters is None:
            return None
        every |= characters
    return every


class _Parser:
    """Reads an expression of RE2's syntax from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def branches(self) -> list[_Part]:
        """The alternatives of the whole pattern, also of one that stands in brackets."""
        if self._pattern.startswith("(?:") and _closes_at_end(self._pattern):
            self._at = len("(?:")
        return self._alternatives()

    def _alternatives(self) -> list[_Part]:
        """Everything up to the end or the closing bracket of a group."""
        found: list[_Part] = []
        pieces: list[_Part] = []
        while self._at < len(self._pattern) and self._pattern[self._at] != ")":
            if self._take("|"):
                found.append(_joined(pieces))
                pieces = []
            elif letters := self._letters():
                pieces.append(_word(letters))
            else:
                pieces.append(self._repeated(self._atom()))
        return [*found, _joined(pieces)]

    def _letters(self) -> str:
        """Characters that stand for themselves; the last of them is left to what repeats it."""
        run = _PLAIN_RUN.match(self._pattern, self._at)
        if run is None:
            return ""
        letters = run.group()
        if self._pattern[run.end() : run.end() + 1] in _REPEATING:
            letters = letters[:-1]
        self._at += len(letters)
        return letters

    def _take(self, text: str) -> bool:
        if self._pattern.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _until(self, end: str) -> str:
        stop = self._pattern.index(end, self._at)
        text = self._pattern[self._at : stop]
        self._at = stop + len(end)
        return text

    def _atom(self) -> _Part:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char in "^$":
            return replace(_EMPTY, opens=char == "^", closes=char == "$")
        if char == ".":
            return _ONE_CHARACTER
        if char == "\\":
            return self._escape()
        return _character(char)

    def _group(self) -> _Part:
        name = self._until(">") if self._take("?P<") else ""
        if name or self._take("?:") or not self._take("?"):
            pass
        else:  # flags, perhaps with a group of their own
            while self._next() not in ":)":
                pass
            if self._pattern[self._at - 1] == ")":
                return _EMPTY
        inner = _either(self._alternatives())
        self._at += 1
        return replace(inner, hit=inner.hit or name == "hit")

    def _escape(self) -> _Part:
        char = self._next()
        if char in "pP":
            if self._take("{"):
                self._until("}")
            else:
                self._next()
            return _ONE_CHARACTER
        if char == "x":  # a character by its number
            if self._take("{"):
                self._until("}")
            else:
                self._at += 2
            return _ONE_CHARACTER
        if char in "bB":
            return _EMPTY
        if char == "d":
            return _spelled(_DIGITS, longest=1)
        if char == "s":
            return _spelled(_SPACES, longest=0)
        if char in "DSwW":
            return _ONE_CHARACTER
        return _ANYTHING if char.isalnum() else _character(char)

    def _class(self) -> _Part:
        negated = self._take("^")
        chars: set[str] = set()
        known = not negated
        first = True
        while first or self._pattern[self._at] != "]":
            first = False
            char = self._next()
            if char == "[" and self._take(":"):
                self._until(":]")
                known = False
                continue
            if char == "\\":
                several = self._escape().exact
                known = known and several is not None
                if several is None or len(several) > 1:
                    chars.update(several or ())
                    continue
                (char,) = several
            if self._pattern[self._at] == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                last = self._next()
                if last == "\\":
                    last = self._next()
                chars.update(map(chr, range(ord(char), min(ord(last), ord(char) + _CLASS) + 1)))
            else:
                chars.add(char)
        self._at += 1
        if not known or len(chars) > _CLASS:
            return _ONE_CHARACTER
        return _spelled(frozenset(chars), longest=0 if all(map(is_noise, chars)) else 1)

    def _repeated(self, part: _Part) -> _Part:
        least, most = 1, 1
        if self._take("?"):
            least = 0
        elif self._take("*"):
            least, most = 0, -1
        elif self._take("+"):
            most = -1
        elif self._at < len(self._pattern) and self._pattern[self._at] == "{":
            stop = self._pattern.find("}", self._at)
            low, _, high = self._pattern[self._at + 1 : stop].partition(",")
            if not low.isdigit():
                return part  # a bracket that stands for itself
            least, most = int(low), int(low) if "," not in self._pattern[self._at : stop] else -1
            if high.isdigit():
                most = int(high)
            self._at = stop + 1
        else:
            return part
        self._take("?")
        longest = (
            0 if part.longest == 0 else None if part.longest is None or most < 0 else part.longest * most
        )
        if least == 0 and most == 1 and part.exact is not None:
            return _spelled(part.exact | {""}, longest=longest, hit=part.hit)
        if least == most == 1:
            return part
        several = _joined([part] * max(1, min(least, _REPEATS)))
        return replace(
            several,
            exact=None,
            required=_needed(several) if least else (),
            empty=part.empty or not least,
            longest=longest,
            opens=False,
            closes=False,
        )


@functools.cache
def _character(char: str) -> _Part:
    return _word(char)


def _word(letters: str) -> _Part:
    return _spelled(frozenset({letters}), longest=sum(not is_noise(char) for char in letters))


def _closes_at_end(pattern: str) -> bool:
    """Whether the bracket that opens a pattern is closed by its last character."""
    depth, at, in_class = 0, 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]" or pattern[at - 1] == "[" or pattern[at - 2 : at] == "[^"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at == len(pattern) - 1
        at += 1
    return False
