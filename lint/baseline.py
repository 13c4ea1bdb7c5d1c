"""A baseline: findings that were there when a shop began to lint, which are not to fail until their text changes.

The file holds no text, only hashes. A fingerprint depends on rule, match and the whole text but on no line, so texts
may move within their file. One finding a line, sorted, so that a change shows as a small difference.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from lint.findings import Finding, Report

VERSION: Final = 1
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{32}")
_REMEDY: Final = "请用 --write-baseline 重新生成，或从版本库里恢复"


class BaselineError(ValueError):
    """A baseline file that cannot be used. `str()` names line, what is wrong and what to do."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line}: {problem}。{_REMEDY}")
        self.line = line


@dataclass(frozen=True, order=True, slots=True)
class Known:
    """One entry: in which file (as a path from the baseline's folder), of which rule."""

    file: str
    rule: str
    fingerprint: str


@dataclass(slots=True)
class Baseline:
    """How often each finding is known, and how often it was met."""

    known: Counter[Known] = field(default_factory=Counter)
    met: Counter[Known] = field(default_factory=Counter)

    def take(self, entry: Known) -> bool:
        """Whether this finding is known; each known one is taken once."""
        self.met[entry] += 1
        return self.met[entry] <= self.known[entry]

    def gone(self, files: Iterable[str]) -> Iterator[tuple[Known, int]]:
        """Entries of these files, in order, that were met less often than they are known, and by how many."""
        looked_at = set(files)
        for entry in sorted(self.known):
            missing = self.known[entry] - self.met[entry]
            if missing > 0 and entry.file in looked_at:
                yield entry, missing


def fingerprints(report: Report) -> Iterator[tuple[Finding, str]]:
    """Each finding of a text with its fingerprint. Blanks at the ends and their number do not count."""
    text = " ".join(report.text.split())
    seen: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        seen[finding.rule, finding.match] += 1
        parts = (finding.rule, finding.match, text, str(seen[finding.rule, finding.match]))
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
        yield finding, digest.hexdigest()[:32]


def write_baseline(entries: Counter[Known]) -> bytes:
    """The file's content."""
    lines = []
    for entry in sorted(entries):
        record: dict[str, Any] = {"file": entry.file, "rule": entry.rule, "fingerprint": entry.fingerprint}
        if entries[entry] > 1:
            record["count"] = entries[entry]
        lines.append(orjson.dumps(record))
    body = b",\n".join(lines)
    return (
        b'{"version": %d, "findings": [\n%s\n]}\n' % (VERSION, body)
        if lines
        else (b'{"version": %d, "findings": []}\n' % VERSION)
    )


def read_baseline(data: bytes) -> Baseline:
    """Raises BaselineError for anything that `write_baseline` would not have written."""
    try:
        root = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BaselineError(error.lineno, f"不是合法的 JSON：{error.msg}") from error
    if not isinstance(root, dict) or root.get("version") != VERSION:
        raise BaselineError(1, f"不是第 {VERSION} 版的基线文件")
    findings = root.get("findings")
    if not isinstance(findings, list):
        raise BaselineError(1, "缺少 findings 列表")
    baseline = Baseline()
    for number, record in enumerate(findings, start=2):
        good = (
            isinstance(record, dict)
            and isinstance(record.get("file"), str)
            and isinstance(record.get("rule"), str)
            and isinstance(record.get("fingerprint"), str)
            and _FINGERPRINT.fullmatch(record["fingerprint"])
            and isinstance(record.get("count", 1), int)
            and not isinstance(record.get("count"), bool)
            and record.get("count", 1) >= 1
        )
        if not good:
            raise BaselineError(number, f"第 {number - 1} 项不是 file、rule、fingerprint 齐全的一项")
        baseline.known[Known(record["file"], record["rule"], record["fingerprint"])] += record.get("count", 1)
    return baseline
