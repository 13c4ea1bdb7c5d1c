"""Safe rewrites: the words of the rules' `fix` maps, where they stand letter by letter.

A rewrite is offered only if the text that comes of it has that finding no more, and none that it did not have.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lint.document import Document
from lint.findings import Finding, Report
from lint.folding import fold_word
from lint.rulebook import Rule
from lint.unit import Unit


@dataclass(frozen=True, slots=True)
class Rewrite:
    """`text[start:end]`, which is `old`, should become `new`."""

    start: int
    end: int
    old: str
    new: str

    def to_json(self) -> dict[str, object]:
        return {"start": self.start, "end": self.end, "text": self.new}


@dataclass(frozen=True, slots=True)
class Edit:
    """`document.text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


class Rewrites:
    """What the rules that are on know to replace."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._of_rule: dict[str, Mapping[str, str]] = {}
        # A finding may be wider than the word and of another rule of its category: 顶级面料 holds 顶级. Words that
        # are only rude as the whole message are not replaced within one.
        self._of_category: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for rule in rules:
            self._of_rule[rule.code] = rule.fix
            anywhere = {
                term for matcher in rule.matchers if matcher.kind == "terms" for term in matcher.terms
            }
            self._of_category[rule.category] += [
                (word, new) for word, new in rule.fix.items() if fold_word(word) in anywhere
            ]
        for words in self._of_category.values():
            words.sort(key=lambda pair: (-len(pair[0]), pair[0]))

    def of(self, report: Report, check: Callable[[str], Report]) -> dict[int, Rewrite]:
        """The rewrites of a text, by the index of the finding that each of them clears."""
        found: dict[int, Rewrite] = {}
        for index, finding in enumerate(report.findings):
            rewrite = self._candidate(finding)
            if rewrite is not None and clears(report, [(finding, rewrite)], check):
                found[index] = rewrite
        return found

    def _candidate(self, finding: Finding) -> Rewrite | None:
        whole = self._of_rule.get(finding.rule, {}).get(finding.match)
        if whole is not None:
            return Rewrite(finding.start, finding.end, finding.match, whole)
        for word, new in self._of_category.get(finding.category, ()):
            if finding.match.count(word) == 1:
                start = finding.start + finding.match.index(word)
                return Rewrite(start, start + len(word), word, new)
        return None


def text_with(text: str, rewrite: Rewrite) -> str:
    """The text after a rewrite."""
    return text[: rewrite.start] + rewrite.new + text[rewrite.end :]


_SENTENCE: Final = re.compile(r"[^。！？!?\n]*[。！？!?]*")
_QUOTED: Final = re.compile(r"“([^“”…]{6,})”")
_WITH_EXAMPLES: Final = ("red-line", "tone")
"""Categories whose suggestions quote a sentence that may stand as it is; those of others quote mere examples of a wording."""


def sentences_instead(report: Report, check: Callable[[str], Report]) -> dict[int, Rewrite]:
    """What a person may say instead, by the index of the finding: the sentence that the suggestion quotes for the one found.

    It says something else than the text did, so nobody takes it unread. Offered only if it clears the finding and brings no new one.
    """
    found: dict[int, Rewrite] = {}
    for index, finding in enumerate(report.findings):
        quoted = _QUOTED.search(finding.suggestion)
        if finding.category not in _WITH_EXAMPLES or quoted is None:
            continue
        start, end = _sentence_around(report.text, finding)
        rewrite = Rewrite(start, end, report.text[start:end], quoted[1])
        if _counted(check(text_with(report.text, rewrite)).findings) <= _counted(
            one for one in report.findings if not (start <= one.start and one.end <= end)
        ):
            found[index] = rewrite
    return found


def _sentence_around(text: str, finding: Finding) -> tuple[int, int]:
    """The span of the sentences in which a finding stands."""
    spans = [match.span() for match in _SENTENCE.finditer(text) if match[0].strip()]
    touched = [(start, end) for start, end in spans if start < finding.end and finding.start < end]
    return touched[0][0], touched[-1][1]


def clears(
    report: Report, rewrites: Sequence[tuple[Finding, Rewrite]], check: Callable[[str], Report]
) -> bool:
    """Whether the text after these rewrites, which stand in its order, has none of these findings and no new one."""
    after = report.text
    for _, rewrite in reversed(rewrites):
        after = text_with(after, rewrite)
    # Suppressed findings are no part of the report, so the text is counted anew.
    allowed = _counted(check(report.text).findings) - _counted(finding for finding, _ in rewrites)
    return _counted(check(after).findings) <= allowed


def edits_of(
    unit: Unit, report: Report, rewrites: Mapping[int, Rewrite], check: Callable[[str], Report]
) -> list[Edit]:
    """The rewrites of one text that its file can take: all at once if they agree, else one after the other."""
    wanted: list[tuple[Finding, Rewrite, int]] = []
    end = 0
    for index, rewrite in sorted(rewrites.items(), key=lambda item: item[1].start):
        at = unit.written_at(rewrite.start, rewrite.end)
        if at is not None and rewrite.start >= end:
            wanted.append((report.findings[index], rewrite, at))
            end = rewrite.end
    if len(wanted) > 1 and not clears(report, [(one, rewrite) for one, rewrite, _ in wanted], check):
        wanted = wanted[:1]  # the others come in another round
    return [Edit(at, at + len(rewrite.old), rewrite.new) for _, rewrite, at in wanted]


def _counted(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    return Counter((finding.rule, finding.match) for finding in findings)


def rewritten(document: Document, edits: Iterable[Edit]) -> str:
    """The document's text after the edits, which must not overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += (document.text[at : edit.start], edit.new)
        at = edit.end
    return "".join((*parts, document.text[at:]))
