"""The engine: one Aho-Corasick pass per view over all words, then a look at the few places that were hit."""

from __future__ import annotations

import bisect
import functools
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import daachorse
from rapidfuzz import fuzz

from lint.checks import CHECKS
from lint.findings import CHANNELS, Exempted, Finding, Report, rank
from lint.folding import PLAIN, STRONG_BREAKS, View, clauses, plain, tight
from lint.rulebook import Exemption, Matcher, Rule, read_folder
from lint.sound import is_plain_speech, judge, sound_view, sound_word
from lint.variants import load_substitutions, spellings

CONTEXT: Final = 20  # characters left and right of a hit that an exemption or `near` may look at
# A character that cannot end a clause: a break after it is part of the disguise, not of the sentence.
_OPENERS: Final = frozenset("最第微唯独顶绝极首")
# What may stand around a message without making it more than it is.
_LEADING: Final = ("亲爱的", "亲亲", "亲", "您好", "你好")
_TRAILING: Final = ("哦", "呢", "啊", "呀", "哈", "啦", "噢", "喔", "吧", "亲", "的", "了", "嘛", "诶", "欸")
_REPEAT_SHORTEST: Final = 5
_REPEAT_LONGEST: Final = (
    2000  # likeness costs the product of both lengths; longer texts are compared for equality
)


@dataclass(frozen=True, slots=True)
class _Word:
    """What a hit of the automaton means."""

    rule: int
    matcher: int
    word: str
    evasive: bool = False


@dataclass(frozen=True, slots=True)
class _Need:
    """A disguised spelling of a word that a pattern waits for."""

    pattern: tuple[int, int]
    word: str


@dataclass(frozen=True, slots=True)
class _Hit:
    """A candidate: span in the original, and the folded word that it stands for ('' for patterns)."""

    rule: int
    start: int
    end: int
    word: str
    evasive: bool = False
    whole: bool = False


class _Automaton:
    """All words of one view; each may mean several things."""

    __slots__ = ("_machine", "_meanings")

    def __init__(self, meanings: dict[str, list[Any]]) -> None:
        self._meanings = list(meanings.values())
        self._machine = daachorse.CharwiseDoubleArrayAhoCorasick(list(meanings)) if meanings else None

    def hits(self, text: str) -> Iterable[tuple[int, int, list[Any]]]:
        if self._machine is None or not text:
            return ()
        meanings = self._meanings
        return [(s, e, meanings[i]) for s, e, i in self._machine.find_overlapping(text)]


class Linter:
    """A set of rules, compiled. Immutable and safe to share between threads."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Final = tuple(rules)
        terms: dict[str, list[_Word | _Need]] = defaultdict(list)
        sounds: dict[str, list[_Word | _Need]] = defaultdict(list)
        cleared: dict[str, list[tuple[int, Exemption]]] = defaultdict(list)
        needed: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._whole: dict[str, list[_Word]] = defaultdict(list)
        self._on_digits: list[tuple[int, int]] = []
        self._on_marks: list[tuple[tuple[str, ...], tuple[int, int]]] = []
        self._repeats: list[tuple[int, int]] = []
        self._limits: list[tuple[int, int]] = []
        substitutions = load_substitutions()
        spelled: dict[str, list[_Word | _Need]] = defaultdict(list)
        for r, rule in enumerate(self.rules):
            for m, matcher in enumerate(rule.matchers):
                for word in matcher.terms:
                    if matcher.kind == "whole":
                        self._whole[_core(word)].append(_Word(r, m, word))
                        continue
                    terms[word].append(_Word(r, m, word))
                    if matcher.evasion and len(word) >= 2 and not word.isascii():
                        sounds[sound_word(word)].append(_Word(r, m, word, True))
                        for spelling in spellings(word, substitutions):
                            spelled[spelling].append(_Word(r, m, word, True))
                for word in matcher.needs:
                    needed[word].append((r, m))
                    if len(word) >= 2 and matcher.view == "tight" and not word.isascii():
                        sounds[sound_word(word)].append(_Need((r, m), word))
                        for spelling in spellings(word, substitutions):
                            spelled[spelling].append(_Need((r, m), word))
                if matcher.needs_digits:
                    self._on_digits.append((r, m))
                if matcher.marks:
                    self._on_marks.append((matcher.marks, (r, m)))
                if matcher.kind == "repeat":
                    self._repeats.append((r, matcher.limit))
                if matcher.kind == "longer_than":
                    self._limits.append((r, matcher.limit))
            for exemption in rule.exemptions:
                for word in exemption.words:
                    cleared[word].append((r, exemption))
        for spelling, words in spelled.items():
            if spelling not in terms:
                terms[spelling].extend(words)
        everything: dict[str, list[Any]] = defaultdict(list)
        for table in (terms, cleared, needed):
            for word, meanings in table.items():
                everything[word].append(meanings)
        self._tight_words = _Automaton(everything)
        self._sound_words = _Automaton(dict(sounds))

    @classmethod
    @functools.cache
    def default(cls) -> Linter:
        """The built-in rules."""
        return cls(read_folder(resources.files("lint").joinpath("rules")))

    @classmethod
    def from_folder(cls, *folders: str | Path, builtin: bool = True) -> Linter:
        """The rules of one or more folders, beside the built-in ones unless `builtin` is false.

        A rule with a built-in code replaces the built-in one. Raises RuleError for a broken file.
        """
        rules = {rule.code: rule for rule in (cls.default().rules if builtin else ())}
        for folder in folders:
            rules.update((rule.code, rule) for rule in read_folder(Path(folder)))
        return cls(rules.values())

    def rule(self, code: str) -> Rule | None:
        """The rule with this code."""
        return next((rule for rule in self.rules if rule.code == code), None)

    def check(
        self,
        text: str,
        *,
        channel: str = "template",
        platform: str | None = None,
        earlier: Sequence[str] = (),
    ) -> Report:
        """Lint one text as it would go out by `channel`; `earlier` are the agent's earlier messages, for repeats.

        Never raises on any text. Raises ValueError for an unknown channel.
        """
        if channel not in CHANNELS:
            raise ValueError(f"unknown channel {channel!r}; one of {', '.join(CHANNELS)}")
        view = tight(text)
        hits, shields = self._search(view)
        hits.extend(
            _Hit(r, limit, len(text), "", whole=True) for r, limit in self._limits if len(text) > limit
        )
        hits.extend(self._repeated(view, earlier))
        shielded = _Shields(shields)
        standing: list[Finding] = []
        exempted: list[Exempted] = []
        for hit in _longest(hits):
            rule = self.rules[hit.rule]
            severity = rule.severity.get(channel)
            if severity is None or (
                rule.platforms and platform is not None and platform not in rule.platforms
            ):
                continue
            match = text[hit.start : hit.end]
            ground = _exempting(rule, hit, text, shielded)
            if ground is not None:
                exempted.append(Exempted(rule.code, hit.start, hit.end, match, ground))
                continue
            standing.append(
                Finding(
                    rule=rule.code,
                    name=rule.name,
                    category=rule.category,
                    severity=severity,
                    start=hit.start,
                    end=hit.end,
                    match=match,
                    message=_message(rule, hit, match),
                    suggestion=rule.suggestion,
                    source=rule.source,
                    reason=rule.why,
                )
            )
        return Report(
            text, _merged(standing), tuple(sorted(exempted, key=lambda e: (e.start, e.end, e.rule)))
        )

    def _search(self, view: View) -> tuple[list[_Hit], list[tuple[int, int, int, Exemption]]]:
        """Candidates, and the spans of exempting words as (start, end, rule, exemption) in the original."""
        hits: list[_Hit] = []
        shields: list[tuple[int, int, int, Exemption]] = []
        wanted: dict[tuple[int, int], None] = {}
        disguised: dict[tuple[int, int], str] = {}
        for start, end, tables in self._tight_words.hits(view.text):
            for meanings in tables:
                for meaning in meanings:
                    if isinstance(meaning, _Word):
                        hit = self._term_hit(view, start, end, meaning)
                        if hit is not None:
                            hits.append(hit)
                    elif isinstance(meaning, _Need):
                        if not _breaks(view, start, end) and not _is_plain_speech(
                            view, start, end, meaning.word
                        ):
                            wanted[meaning.pattern] = None
                            disguised[start, end] = meaning.word
                    elif isinstance(meaning[1], Exemption):
                        shields.append((*view.span(start, end), *meaning))
                    else:
                        wanted[meaning] = None
        for start, end, heard in self._heard(view):
            if isinstance(heard, _Need):
                wanted[heard.pattern] = None
                disguised[start, end] = heard.word
            elif (hit := self._term_hit(view, start, end, heard)) is not None:
                hits.append(hit)
        core = _core(view.text)
        # 嗯呢 and 哦哦 are friendly, so courtesies are only taken off where a word of some length remains.
        for word in self._whole.get(core if len(core) > 1 else view.text, ()):
            start, end = view.span(0, len(view.text))
            hits.append(_Hit(word.rule, start, end, word.word, whole=True))
        if self._on_digits and any(char.isdigit() for char in view.text):
            wanted.update(dict.fromkeys(self._on_digits))
        for marks, pattern in self._on_marks:
            if any(mark in view.source for mark in marks):
                wanted[pattern] = None
        if wanted:
            views = {"tight": _undisguised(view, disguised), "plain": plain(view.source)}
            for rule, index in wanted:
                matcher = self.rules[rule].matchers[index]
                hits.extend(_pattern_hits(rule, matcher, views[matcher.view]))
        return hits, shields

    def _term_hit(self, view: View, start: int, end: int, word: _Word) -> _Hit | None:
        matcher = self.rules[word.rule].matchers[word.matcher]
        first, last = view.span(start, end)
        source = view.source
        if _cuts_latin(source, first, last, view.text[start:end]):
            return None
        breaks = _breaks(view, start, end)
        if breaks and not (view.text[start] in _OPENERS or len(breaks) == end - start - 1 > 1):
            return None
        gapped = view.origin[end - 1] - view.origin[start] != end - start - 1
        # Long words do not come about by chance, and the segmenter may cut them otherwise.
        short = end - start == 2 or (gapped and end - start == 3)
        if (word.evasive or short) and _is_plain_speech(view, start, end, word.word):
            return None
        if matcher.near is not None and not _near(matcher.near, source, first, last):
            return None
        return _Hit(word.rule, first, last, word.word, word.evasive or gapped)

    def _heard(self, view: View) -> Iterable[tuple[int, int, _Word | _Need]]:
        """Words that only the sound view shows, with their tight span."""
        sounds = sound_view(view.text)
        for at, stop, words in self._sound_words.hits(sounds.text):
            start, end = sounds.starts[at], sounds.ends[stop - 1]
            for word in words:
                if view.text[start:end] == word.word:
                    continue
                written = [view.text[sounds.starts[i] : sounds.ends[i]] for i in range(at, stop)]
                left = view.text[max(0, start - 6) : start]
                right = view.text[end : end + 6]
                if judge(written, word.word, left, right) and not _breaks(view, start, end):
                    yield start, end, word

    def _repeated(self, view: View, earlier: Sequence[str]) -> Iterable[_Hit]:
        if not self._repeats or not earlier or len(view.text) < _REPEAT_SHORTEST:
            return
        others = {tight(message).text for message in earlier}
        for rule, least in self._repeats:
            if view.text in others or any(
                max(len(view.text), len(other)) <= _REPEAT_LONGEST
                and fuzz.ratio(view.text, other, score_cutoff=least) >= least
                for other in others
            ):
                yield _Hit(rule, 0, len(view.source), "", whole=True)


def _core(text: str) -> str:
    """A tight message without the courtesies around it, or as it is if nothing else would remain."""
    core = text
    for word in _LEADING:
        if core.startswith(word) and len(core) > len(word):
            core = core[len(word) :]
            break
    while len(core) > 1 and core.endswith(_TRAILING):
        core = core[:-1]
    return core


def _undisguised(view: View, disguised: dict[tuple[int, int], str]) -> View:
    """The clauses of the text with disguised words spelled out, so that patterns can read them.

    `disguised` maps spans of the tight `view` to the words that are meant there.
    """
    whole = clauses(view.source)
    if not disguised:
        return whole
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
    return View(view.source, "".join(letters), whole.table, origin)


def _pattern_hits(rule: int, matcher: Matcher, view: View) -> Iterable[_Hit]:
    for found in matcher.pattern.finditer(view.text):
        start, end = found.span(matcher.pattern.groupindex.get("hit", 0))
        if end <= start:
            continue
        if matcher.check is not None and not CHECKS[matcher.check](view.text[start:end]):
            continue
        yield _Hit(rule, *view.span(start, end), "")


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
    first, last = origin[start], origin[end - 1]
    if last - first == end - start - 1:
        return []
    return [
        index
        for index in range(start, end - 1)
        if any(char in STRONG_BREAKS for char in view.source[origin[index] + 1 : origin[index + 1]])
    ]


def _is_plain_speech(view: View, start: int, end: int, word: str) -> bool:
    """Whether the characters of the hit belong to words of their own: 单独家里 has no 独家."""
    if view.text[start:end].isascii():
        return False
    source, origin = view.source, view.origin

    # The segmenter knows 第一 and not 第1, so numerals are read as they were written.
    def written(a: int, b: int) -> str:
        return "".join(
            source[origin[i]] if view.text[i].isdigit() else view.text[i]
            for i in range(max(0, a), min(b, len(origin)))
        )

    hit = view.text[start:end]
    changed = (
        frozenset(i for i, (a, b) in enumerate(zip(hit, word, strict=True)) if a != b)
        if len(hit) == len(word)
        else frozenset()
    )
    return is_plain_speech(written(start, end), written(start - 6, start), written(end, end + 6), changed)


def _near(pattern: Any, source: str, first: int, last: int) -> bool:
    window = source[max(0, first - CONTEXT) : last + CONTEXT]
    return pattern.search(plain(window).text) is not None or pattern.search(clauses(window).text) is not None


class _Shields:
    """Exempting words by rule, asked for hits in the order of the text; each word is looked at a bounded number of times."""

    __slots__ = ("_active", "_waiting")

    def __init__(self, shields: Iterable[tuple[int, int, int, Exemption]]) -> None:
        self._waiting: dict[int, deque[tuple[int, int, Exemption]]] = defaultdict(deque)
        self._active: dict[int, list[tuple[int, int, Exemption]]] = defaultdict(list)
        for start, end, rule, exemption in sorted(shields, key=lambda shield: shield[:2]):
            self._waiting[rule].append((start, end, exemption))

    def covering(self, hit: _Hit) -> Iterable[Exemption]:
        """The exemptions whose word holds this hit. Hits must come with ascending starts."""
        waiting, active = self._waiting[hit.rule], self._active[hit.rule]
        while waiting and waiting[0][0] <= hit.start:
            active.append(waiting.popleft())
        active[:] = [shield for shield in active if shield[1] > hit.start]
        return [exemption for _, end, exemption in active if end >= hit.end]


def _exempting(rule: Rule, hit: _Hit, text: str, shields: _Shields) -> str | None:
    """The ground that clears this hit, if any. A message that is nothing but the word has no context to clear it."""
    if hit.whole:
        return None
    for exemption in shields.covering(hit):
        if not exemption.only_for or hit.word in exemption.only_for:
            return exemption.reason
    left = right = None
    for exemption in rule.exemptions:
        if exemption.left is None and exemption.right is None and exemption.near is None:
            continue
        if exemption.only_for and hit.word not in exemption.only_for:
            continue
        if left is None:
            left = plain(text[max(0, hit.start - CONTEXT) : hit.start]).text
            right = plain(text[hit.end : hit.end + CONTEXT]).text
        if (
            (exemption.left is None or exemption.left.search(left))
            and (exemption.right is None or exemption.right.search(right))
            and (exemption.near is None or _near(exemption.near, text, hit.start, hit.end))
        ):
            return exemption.reason
    return None


def _message(rule: Rule, hit: _Hit, match: str) -> str:
    message = rule.message.replace("{match}", match)
    if hit.evasive and hit.word:
        message += f"（疑似“{hit.word}”的变体）"
    return message


def _longest(hits: Iterable[_Hit]) -> list[_Hit]:
    """Of each rule the hits that no longer hit of the same rule contains, in the order of the text."""
    kept: list[_Hit] = []
    furthest: dict[int, int] = {}
    for hit in sorted(hits, key=lambda h: (h.rule, h.start, -h.end, h.evasive)):
        if hit.end <= furthest.get(hit.rule, -1):
            continue
        furthest[hit.rule] = hit.end
        kept.append(hit)
    return sorted(kept, key=lambda h: (h.start, h.end, h.rule))


def _merged(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings in order, without those that an equally grave finding of the same category contains."""
    by_size = sorted(findings, key=lambda f: (f.category, f.start - f.end, -rank(f.severity), f.rule))
    kept: dict[str, list[Finding]] = defaultdict(list)
    for finding in by_size:
        covering = kept[finding.category]
        if not any(
            other.start <= finding.start
            and finding.end <= other.end
            and rank(other.severity) >= rank(finding.severity)
            for other in covering[-32:]
        ):
            covering.append(finding)
    flat = [finding for group in kept.values() for finding in group]
    return tuple(sorted(flat, key=lambda f: (f.start, f.end, f.rule)))
