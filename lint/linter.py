"""The linter: a quick screen over all texts, a close look at the few that were hit, and what stands of it."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from rapidfuzz import fuzz

from lint.batch import Batch
from lint.examination import Hit, examine
from lint.exemptions import Exemptions
from lint.findings import CHANNELS, Channel, Exempted, Finding, Report, rank
from lint.folding import Views, fold
from lint.lexicon import Lexicon
from lint.rulebook import Rule, builtin_rules, rules_of
from lint.screening import Screen, Suspicion

# Texts that are screened together. The more of them, the longer what an expression needs stays in the processor's cache.
_BATCH: Final = 16384
_BATCH_CHARACTERS: Final = 1 << 19
_REPEAT_SHORTEST: Final = 5
# Likeness costs the product of both lengths; longer texts are compared for equality.
_REPEAT_LONGEST: Final = 2000
# A finding inside another one is looked for among this many of the widest, so that the cost stays linear.
_COVERING: Final = 32


class Linter:
    """A set of rules, compiled. Immutable and safe to share between threads."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Final = tuple(rules)
        self._lexicon = Lexicon(self.rules)
        self._screen = Screen(self._lexicon)
        self._exemptions = [Exemptions(rule) for rule in self.rules]

    @classmethod
    @functools.cache
    def default(cls) -> Linter:
        """The built-in rules."""
        return cls(builtin_rules())

    @classmethod
    def from_folder(cls, *folders: str | Path, builtin: bool = True) -> Linter:
        """The rules of one or more folders, beside the built-in ones unless `builtin` is false.

        A rule with a built-in code replaces the built-in one. Raises RuleError for a broken file.
        """
        return cls(rules_of(*folders, builtin=builtin))

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
        way = _channel(channel)
        batch = Batch([text])
        suspicion = self._screen.suspects(batch).get(0)
        if suspicion is None and not earlier:
            return Report(text)
        return self._report(batch.views(0), way, platform, suspicion or Suspicion(), earlier)

    def check_all(
        self, texts: Iterable[str], *, channel: str = "template", platform: str | None = None
    ) -> Iterator[Report]:
        """Lint many texts, in order and as they come; several times faster than one by one.

        Raises ValueError for an unknown channel.
        """
        way = _channel(channel)
        return self._reports(iter(texts), way, platform)

    def _reports(self, texts: Iterator[str], channel: Channel, platform: str | None) -> Iterator[Report]:
        while group := list(islice(texts, _BATCH)):
            for portion in _portions(group):
                batch = Batch(portion)
                suspects = self._screen.suspects(batch)
                for index, silent in enumerate(map(Report, portion)):
                    suspicion = suspects.get(index)
                    yield (
                        silent
                        if suspicion is None
                        else self._report(batch.views(index), channel, platform, suspicion)
                    )

    def _report(
        self,
        views: Views,
        channel: Channel,
        platform: str | None,
        suspicion: Suspicion,
        earlier: Sequence[str] = (),
    ) -> Report:
        text = views.source
        hits = [*examine(views, self._lexicon, suspicion), *self._repeated(views, earlier)]
        if not hits:
            return Report(text)
        shields = {
            rule: self._exemptions[rule].shields(views.view("tight")) for rule in {h.rule for h in hits}
        }
        standing: list[Finding] = []
        weak: list[Finding] = []
        exempted: list[Exempted] = []
        for hit in _longest(hits):
            rule = self.rules[hit.rule]
            severity = rule.severity.get(channel)
            if severity is None or (
                rule.platforms and platform is not None and platform not in rule.platforms
            ):
                continue
            match = text[hit.start : hit.end]
            # A message that is nothing but the word has no context to clear it.
            ground = (
                None
                if hit.whole
                else self._exemptions[hit.rule].ground(hit.word, hit.start, hit.end, text, shields[hit.rule])
            )
            if ground is not None:
                exempted.append(Exempted(rule.code, hit.start, hit.end, match, ground))
                continue
            (weak if hit.weak else standing).append(
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
        found = {finding.category for finding in standing}
        standing.extend(finding for finding in weak if finding.category not in found)
        return Report(
            text, _merged(standing), tuple(sorted(exempted, key=lambda e: (e.start, e.end, e.rule)))
        )

    def _repeated(self, views: Views, earlier: Sequence[str]) -> Iterable[Hit]:
        view = views.view("tight")
        if not self._lexicon.repeats or not earlier or len(view.text) < _REPEAT_SHORTEST:
            return
        others = {fold(message, "tight") for message in earlier}
        for rule, least in self._lexicon.repeats:
            if view.text in others or any(
                max(len(view.text), len(other)) <= _REPEAT_LONGEST
                and fuzz.ratio(view.text, other, score_cutoff=least) >= least
                for other in others
            ):
                yield Hit(rule, 0, len(view.source), whole=True)


def _portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in portions of `_BATCH_CHARACTERS` at most, so that memory is bounded; a longer text is one alone."""
    if len(texts) == 1 or sum(map(len, texts)) <= _BATCH_CHARACTERS:
        yield texts
    else:
        yield from _portions(texts[: len(texts) // 2])
        yield from _portions(texts[len(texts) // 2 :])


def _channel(name: str) -> Channel:
    for channel in CHANNELS:
        if channel == name:
            return channel
    raise ValueError(f"unknown channel {name!r}; one of {', '.join(CHANNELS)}")


def _message(rule: Rule, hit: Hit, match: str) -> str:
    message = rule.message.replace("{match}", match)
    if hit.evasive and hit.word:
        message += f"（疑似“{hit.word}”的变体）"
    return message


def _longest(hits: Iterable[Hit]) -> list[Hit]:
    """Of each rule the hits that no longer hit of the same rule contains, in the order of the text."""
    kept: list[Hit] = []
    furthest: dict[int, int] = {}
    for hit in sorted(hits, key=lambda h: (h.rule, h.start, -h.end, h.evasive, not h.word)):
        if hit.end <= furthest.get(hit.rule, -1):
            continue
        furthest[hit.rule] = hit.end
        kept.append(hit)
    return sorted(kept, key=lambda h: (h.start, h.end, h.rule))


def _merged(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings in order, without those that an equally grave finding of the same category contains.

    Of findings of one rule that overlap, the longest stays.
    """
    by_size = sorted(findings, key=lambda f: (f.category, f.start - f.end, -rank(f.severity), f.rule))
    kept: dict[str, list[Finding]] = defaultdict(list)
    for finding in by_size:
        covering = kept[finding.category]
        if not any(
            (other.rule == finding.rule and finding.start < other.end and other.start < finding.end)
            or (
                other.start <= finding.start
                and finding.end <= other.end
                and rank(other.severity) >= rank(finding.severity)
            )
            for other in covering[-_COVERING:]
        ):
            covering.append(finding)
    flat = [finding for group in kept.values() for finding in group]
    return tuple(sorted(flat, key=lambda f: (f.start, f.end, f.rule)))
