"""Suppressions in place, with their reason: reading what was written, applying it, and telling which were of no use.

    miaohui: ignore ad-law/first, tone -- 理由

`ignore` beside a text speaks of the texts on its line, above a text of the next line that has any; `ignore-line` and
`ignore-next-line` say it outright, `ignore-file` speaks of the whole file. In a column or key it speaks of its row or
object. A suppression without a reason does nothing, unless reasons are not required.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from lint.findings import CHANNELS, Finding, Report, Severity
from lint.housekeeping import BAD_SUPPRESSION, NO_REASON, UNKNOWN_RULE, UNUSED, own_finding
from lint.selection import covers, nearest
from lint.unit import Contents, Remark

Scope = Literal["near", "next-line", "line", "file"]
_VERBS: Final[dict[str, Scope]] = {
    "ignore": "near",
    "ignore-line": "line",
    "ignore-next-line": "next-line",
    "ignore-file": "file",
    "忽略": "near",
    "忽略本行": "line",
    "忽略下一行": "next-line",
    "忽略全文件": "file",
    "忽略整个文件": "file",
}
_VERB: Final = re.compile(
    r"\s*(?:(ignore(?:-next-line|-line|-file)?)(?![\w/-])|(忽略(?:本行|下一行|全文件|整个文件)?))",
    re.IGNORECASE,
)
_REASON: Final = re.compile(r"\s*(?:--+|[—–]+|[;；,，。]?\s*(?:理由|原因|reason)\s*[:：])\s*", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\s,，、;；]+")
_CODE: Final = re.compile(r"[a-z][a-z0-9-]*(?:/[a-z][a-z0-9-]*)?")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that somebody decided to live with. `kind` is SARIF's: in the source, or in a baseline."""

    finding: Finding
    reason: str
    kind: Literal["inSource", "external"]

    def to_json(self) -> dict[str, Any]:
        found = self.finding
        return {
            "rule": found.rule,
            "severity": found.severity,
            "start": found.start,
            "end": found.end,
            "match": found.match,
            "message": found.message,
            "reason": self.reason,
            "kind": self.kind,
        }


@dataclass(frozen=True, slots=True)
class Request:
    """A remark as understood. `names` are codes or categories with their span in the body."""

    scope: Scope
    names: tuple[tuple[str, int, int], ...]
    reason: str
    broken: bool = False


def read_request(body: str, *, verb_needed: bool) -> Request:
    """What follows the mark of a remark. In a column or key the verb may be left out."""
    split = _REASON.search(body)
    head = body[: split.start()] if split else body
    reason = " ".join(body[split.end() :].split()) if split else ""
    found = _VERB.match(head)
    verb = (found.group(1) or found.group(2)) if found else None
    scope: Scope = _VERBS[verb.lower()] if verb else "near"
    start = found.end() if found and verb else 0
    names = tuple((name.group(), name.start(), name.end()) for name in _NAME.finditer(head, start))
    broken = not names or (verb_needed and not verb) or not all(_CODE.fullmatch(name) for name, _, _ in names)
    return Request(scope, names, reason, broken)


@dataclass(slots=True)
class _Entry:
    remark: Remark
    request: Request
    used: set[str] = field(default_factory=set)
    # Whether some of the texts that it speaks of were not looked at, so that nothing can be said about its use.
    unsure: bool = False

    def name_for(self, finding: Finding) -> str | None:
        return next((name for name, _, _ in self.request.names if covers(name, finding.rule)), None)


class Ledger:
    """The suppressions of one file, and which of them were used."""

    def __init__(self, contents: Contents, *, known: Collection[str], require_reason: bool = True) -> None:
        self._known = known
        self._require_reason = require_reason
        self._near: dict[int, list[_Entry]] = defaultdict(list)
        self._file: list[_Entry] = []
        self._entries: list[_Entry] = []
        firsts = [unit.first for unit in contents.units] if contents.remarks else []
        by_line = _units_by_line(contents) if contents.remarks else {}
        for remark in contents.remarks:
            entry = _Entry(remark, read_request(remark.body, verb_needed=remark.form != "within"))
            self._entries.append(entry)
            if entry.request.broken or (require_reason and not entry.request.reason):
                continue
            if entry.request.scope == "file":
                self._file.append(entry)
                continue
            for index in _covered(contents, entry, firsts, by_line):
                self._near[index].append(entry)

    def skip(self, index: int) -> None:
        """Say that this text was not looked at."""
        for entry in (*self._near.get(index, ()), *self._file):
            entry.unsure = True

    def apply(self, index: int, report: Report) -> tuple[Report, tuple[Suppressed, ...]]:
        """The report without what is suppressed, and what is."""
        entries = (*self._near.get(index, ()), *self._file)
        if not entries or not report.findings:
            return report, ()
        kept: list[Finding] = []
        suppressed: list[Suppressed] = []
        for finding in report.findings:
            asked = [(entry, name) for entry in entries if (name := entry.name_for(finding)) is not None]
            if asked:
                entry, name = asked[0]
                entry.used.add(name)
                suppressed.append(Suppressed(finding, entry.request.reason, "inSource"))
            else:
                kept.append(finding)
        return report._replace(findings=tuple(kept)), tuple(suppressed)

    def complaints(
        self, active: Collection[str], levels: Mapping[str, Severity]
    ) -> Iterator[tuple[Remark, Report]]:
        """What is wrong with the suppressions themselves, remark by remark.

        `active` are the codes and categories that were on in this run: one that was off cannot be called unused.
        `levels` gives the severity of the linter's own rules that are on.
        """
        for entry in self._entries:
            findings = tuple(self._wrong(entry, active, levels))
            if findings:
                yield entry.remark, Report(entry.remark.body, findings, ())

    def _wrong(
        self, entry: _Entry, active: Collection[str], levels: Mapping[str, Severity]
    ) -> Iterator[Finding]:
        body, request = entry.remark.body, entry.request
        start = len(body) - len(body.lstrip())
        end = max(len(body.rstrip()), start)
        if request.broken:
            if BAD_SUPPRESSION in levels:
                yield own_finding(BAD_SUPPRESSION, levels[BAD_SUPPRESSION], start, end, body[start:end])
            return
        without_reason = self._require_reason and not request.reason
        if without_reason and NO_REASON in levels:
            yield own_finding(NO_REASON, levels[NO_REASON], start, end, body[start:end])
        for name, first, last in request.names:
            if name not in self._known:
                if UNKNOWN_RULE in levels:
                    meant = nearest(name, self._known)
                    hint = f"是不是 {'、'.join(meant)}？" if meant else ""
                    yield own_finding(UNKNOWN_RULE, levels[UNKNOWN_RULE], first, last, name, hint)
            elif (
                UNUSED in levels
                and not without_reason
                and not entry.unsure
                and name in active
                and name not in entry.used
            ):
                yield own_finding(UNUSED, levels[UNUSED], first, last, name)


def _units_by_line(contents: Contents) -> dict[int, list[int]]:
    lines: dict[int, list[int]] = defaultdict(list)
    for index, unit in enumerate(contents.units):
        if unit.document is not None:
            first, last = unit.lines()
            for line in range(first, last + 1):
                lines[line].append(index)
    return lines


def _covered(
    contents: Contents, entry: _Entry, firsts: list[int], by_line: Mapping[int, list[int]]
) -> list[int] | range:
    remark, scope = entry.remark, entry.request.scope
    if remark.form == "within":
        return remark.covers
    if scope == "line" or (scope == "near" and remark.form == "beside"):
        return by_line.get(remark.line or 0, [])
    after = bisect.bisect_right(firsts, remark.offset)
    # Texts on the remark's own line are not the next ones.
    while after < len(firsts) and contents.units[after].lines()[0] == remark.line:
        after += 1
    if after == len(firsts):
        return []
    line = contents.units[after].lines()[0]
    return [index for index in by_line[line] if index >= after]


def active_selectors(rules: Collection[Any], channel: str, platform: str | None) -> frozenset[str]:
    """Codes and categories of the rules that look at texts of this channel and platform."""
    assert channel in CHANNELS
    return frozenset(
        name
        for rule in rules
        if rule.severity.get(channel) is not None
        and (not rule.platforms or platform is None or platform in rule.platforms)
        and any(matcher.kind != "repeat" for matcher in rule.matchers)
        for name in (rule.code, rule.category)
    )
