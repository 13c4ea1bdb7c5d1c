"""A close look at one text: every hit of every rule, in all views, before exemptions."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from lint.attitude import heaviest
from lint.folding import PLAIN, STRONG_BREAKS, View, Views
from lint.lexicon import Lexicon, Need, Term
from lint.patterns import Pattern
from lint.screening import Suspicion
from lint.sound import (
    EVERYDAY,
    SEEN,
    first_word,
    is_everyday,
    is_plain_speech,
    is_short_and_common,
    judge,
    last_word,
    sound_view,
)

# A character that cannot end a clause: a break after it is part of the disguise, not of the sentence.
_OPENERS: Final = frozenset("最第微唯独顶绝极首")
_SHORT_WORD: Final = 2
_LONG_WORD: Final = 4


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate: rule by index, span in the original, and the folded word it stands for ('' for a pattern).

    `evasive`: the word is disguised; `whole`: the message is nothing but the word; `weak`: it stands only where nothing
    else of its category was found.
    """

    rule: int
    start: int
    end: int
    word: str = ""
    evasive: bool = False
    whole: bool = False
    weak: bool = False


def examine(views: Views, lexicon: Lexicon, suspicion: Suspicion) -> list[Hit]:
    """Every hit of the lexicon in one text, in no order. Never raises on any text.

    Of the patterns, those of the suspicion are looked at, and those that a disguised word calls for.
    """
    view, source = views.view("tight"), views.source
    hits: list[Hit] = []
    disguised: dict[tuple[int, int], Need] = {}
    words = lexicon.words.find(view.text) if suspicion.words is None else suspicion.words
    for start, end, index in words:
        for meaning in lexicon.words.meanings[index]:
            if isinstance(meaning, Need):
                if not _breaks(view, start, end) and not _is_plain_speech(view, start, end, meaning.word):
                    disguised[start, end] = meaning
            elif (hit := _term_hit(view, start, end, meaning)) is not None:
                hits.append(hit)
    for start, end, heard in _heard(view, lexicon) if suspicion.audible else ():
        if isinstance(heard, Need):
            disguised[start, end] = heard
        elif (hit := _term_hit(view, start, end, heard)) is not None:
            hits.append(hit)
    whole = lexicon.whole_terms(view.text) if suspicion.whole is None else suspicion.whole
    hits.extend(Hit(term.rule, *view.span(0, len(view.text)), term.word, whole=True) for term in whole)
    if suspicion.rude:
        span = view.span(*heaviest(view.text))
        hits.extend(Hit(rule, *span, weak=True) for rule in lexicon.models)
    for pattern in suspicion.patterns:
        hits.extend(_pattern_hits(pattern, views.view(pattern.view)))
    if disguised:
        spelled_out = _undisguised(views, {span: need.word for span, need in disguised.items()})
        for pattern in dict.fromkeys(pattern for need in disguised.values() for pattern in need.patterns):
            hits.extend(replace(hit, evasive=True) for hit in _pattern_hits(pattern, spelled_out))
    hits.extend(
        Hit(rule, limit, len(source), whole=True) for rule, limit in lexicon.limits if len(source) > limit
    )
    return hits


def _term_hit(view: View, start: int, end: int, term: Term) -> Hit | None:
    first, last = view.span(start, end)
    source = view.source
    if _cuts_latin(source, first, last, view.text[start:end]):
        return None
    breaks = _breaks(view, start, end)
    if breaks and not (
        view.text[start] in _OPENERS
        or len(breaks) == end - start - 1 > 1
        or all(_is_torn(view, gap) for gap in breaks)
    ):
        return None
    if term.near is not None and not term.near.holds(source, first, last):
        return None
    gapped = view.origin[end - 1] - view.origin[start] != end - start - 1
    # Long words do not come about by chance, and the segmenter may cut them otherwise.
    written = view.text[start:end]
    doubtful = len(written) == _SHORT_WORD or (
        len(written) < _LONG_WORD and (gapped or (term.evasive and not _is_unusual(written)))
    )
    if doubtful and _is_plain_speech(view, start, end, term.word):
        return None
    return Hit(term.rule, first, last, term.word, term.evasive or gapped)


def _heard(view: View, lexicon: Lexicon) -> Iterable[tuple[int, int, Term | Need]]:
    """Words that only the sound view shows, with their tight span."""
    sounds = sound_view(view.text)
    for at, stop, index in lexicon.sounds.find(sounds.text):
        start, end = sounds.starts[at], sounds.ends[stop - 1]
        meanings = lexicon.sounds.meanings[index]
        spelling = view.text[start:end]
        if end - start == stop - at and (
            is_short_and_common(spelling) or all(is_everyday(spelling, meaning.word) for meaning in meanings)
        ):
            continue
        if any(spelling == meaning.word for meaning in meanings) or _breaks(view, start, end):
            continue
        written = [view.text[sounds.starts[i] : sounds.ends[i]] for i in range(at, stop)]
        left = view.text[max(0, start - SEEN) : start]
        right = view.text[end : end + SEEN]
        for meaning in meanings:
            if judge(written, meaning.word, left, right):
                yield start, end, meaning


def _undisguised(views: Views, disguised: Mapping[tuple[int, int], str]) -> View:
    """The clauses of the text with disguised words spelled out, so that patterns can read them.

    `disguised` maps spans of the tight view to the words that are meant there.
    """
    view, whole = views.view("tight"), views.view("clauses")
    letters: list[str] = []
    origin: list[int] = []
    at = 0
    for (first, last), word in sorted(disguised.items()):
        start = bisect.bisect_left(whole.origin, view.origin[first])
        end = bisect.bisect_right(whole.origin, view.origin[last - 1])
        if start < at:
            continue
        letters.append(whole.text[at:start] + word)
        origin.extend(whole.origin[at:start])
        size = end - start
        origin.extend(whole.origin[start + index * size // len(word)] for index in range(len(word) - 1))
        origin.append(whole.origin[end - 1])
        at = end
    letters.append(whole.text[at:])
    origin.extend(whole.origin[at:])
    return View(views.source, "".join(letters), "clauses", lambda: origin)


def _pattern_hits(pattern: Pattern, view: View) -> Iterable[Hit]:
    return (Hit(pattern.rule, *view.span(start, end)) for start, end in pattern.hits(view.text))


def _cuts_latin(source: str, first: int, last: int, word: str) -> bool:
    """Whether the hit starts or ends inside a run of letters or a number: no1 in no10, sb in usb."""
    return (first > 0 and _runs_on(source[first - 1], word[0])) or (
        last < len(source) and _runs_on(source[last], word[-1])
    )


def _runs_on(neighbour: str, edge: str) -> bool:
    if not edge.isascii():
        return False
    folded = PLAIN.get(ord(neighbour), neighbour)[:1]
    return (edge.isdigit() and folded.isdigit()) or (edge.isalpha() and folded.isascii() and folded.isalpha())


def _breaks(view: View, start: int, end: int) -> list[int]:
    """Places inside the hit where a clause ends, by the index of the gap."""
    origin = view.origin
    if origin[end - 1] - origin[start] == end - start - 1:
        return []
    return [
        index
        for index, (before, after) in enumerate(pairwise(origin[start:end]), start)
        if any(char in STRONG_BREAKS for char in view.source[before + 1 : after])
    ]


def _is_torn(view: View, gap: int) -> bool:
    """Whether a line break parts the characters left and right of a gap, and neither belongs to a word of its own line."""
    source = view.source
    before, after = view.origin[gap], view.origin[gap + 1]
    between = source[before + 1 : after]
    if between.strip() or "\n" not in between:
        return False
    line = source[source.rfind("\n", 0, before) + 1 : before + 1][-SEEN:]
    next_line = source[after : after + SEEN].split("\n", 1)[0]
    return len(last_word(line)) == len(first_word(next_line)) == 1


def _is_unusual(written: str) -> bool:
    """Whether something long enough is written as hardly anybody writes but to evade: 史wu前例."""
    return len(written) > _SHORT_WORD and any(
        (char.isascii() and char.isalpha()) or (char not in EVERYDAY and not char.isascii())
        for char in written
    )


def _is_plain_speech(view: View, start: int, end: int, word: str) -> bool:
    """Whether the characters of the hit belong to words of their own: 单独家里 has no 独家."""
    hit = view.text[start:end]
    if hit.isascii():
        return False
    source, origin = view.source, view.origin

    # The segmenter knows 第一 and not 第1, so numerals are read as they were written.
    def written(a: int, b: int) -> str:
        first = max(0, a)
        letters = view.text[first:b]
        if letters.isalpha():
            return letters
        return "".join(source[origin[i]] if char.isdigit() else char for i, char in enumerate(letters, first))

    changed = (
        frozenset(i for i, (a, b) in enumerate(zip(hit, word, strict=True)) if a != b)
        if len(hit) == len(word)
        else frozenset()
    )
    return is_plain_speech(
        written(start, end), written(start - SEEN, start), written(end, end + SEEN), changed
    )
