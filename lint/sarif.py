"""SARIF 2.1.0 from reports, with columns in Unicode code points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from lint.baseline import fingerprints
from lint.findings import Finding, Report
from lint.rewriting import Rewrite
from lint.rulebook import Rule
from lint.suppression import Suppressed
from lint.unit import Unit, position

_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Located:
    """A report and where its text stands: `line` and `column` (code points) from 1 where its first character is.

    `place` names what has no line, such as a worksheet's cell. A `unit` knows better where each character stands.
    """

    report: Report
    uri: str
    line: int = 1
    column: int = 1
    place: str | None = None
    unit: Unit | None = None
    suppressed: tuple[Suppressed, ...] = ()
    # By the index of the finding that each of them clears.
    rewrites: Mapping[int, Rewrite] = field(default_factory=dict)

    def spot(self, offset: int, *, end: bool = False) -> tuple[int, int]:
        """Line and column of an offset of the text."""
        if self.unit is not None:
            return self.unit.spot(offset, end=end)
        return position(self.report.text, offset, self.line, self.column)


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be checked, and why."""

    uri: str
    message: str


def to_sarif(
    located: Iterable[Located],
    rules: Sequence[Rule],
    *,
    version: str | None = None,
    failures: Sequence[Failure] = (),
) -> dict[str, Any]:
    """One SARIF log with one run. `rules` are those of the linter that made the reports.

    `failures` is read after `located`, so a list that grows meanwhile will do.
    """
    index = {rule.code: position for position, rule in enumerate(rules)}
    results = [result for item in located for result in _results(item, index)]
    driver: dict[str, Any] = {"name": "miaohui", "rules": [_descriptor(rule) for rule in rules]}
    if version is not None:
        driver["version"] = version
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    if failures:
        run["invocations"] = [
            {
                "executionSuccessful": False,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": failure.message},
                        "locations": [
                            {"physicalLocation": {"artifactLocation": {"uri": uri_reference(failure.uri)}}}
                        ],
                    }
                    for failure in failures
                ],
            }
        ]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def uri_reference(path: str) -> str:
    """A path as a URI reference: an absolute one with its scheme."""
    return ("file://" if path.startswith("/") else "") + quote(path, safe="/", errors="replace")


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.suggestion}（{rule.source}）"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity.get("template", "error")]},
        "properties": {"category": rule.category},
    }


def _results(item: Located, index: dict[str, int]) -> Iterable[dict[str, Any]]:
    for number, (finding, mark) in enumerate(fingerprints(item.report)):
        result = _result(item, finding, index)
        result["partialFingerprints"] = {"miaohuiLint/v1": mark}
        result["suppressions"] = []
        rewrite = item.rewrites.get(number)
        in_file = rewrite and item.unit and item.unit.written_at(rewrite.start, rewrite.end) is not None
        if rewrite is not None and in_file:
            result["fixes"] = [_fix(item, rewrite)]
        yield result
    for suppressed in item.suppressed:
        result = _result(item, suppressed.finding, index)
        result["suppressions"] = [{"kind": suppressed.kind, "justification": suppressed.reason}]
        yield result


def _fix(item: Located, rewrite: Rewrite) -> dict[str, Any]:
    replacement = {
        "deletedRegion": _span(item, rewrite.start, rewrite.end),
        "insertedContent": {"text": rewrite.new},
    }
    return {
        "description": {"text": f"“{rewrite.old}”改成“{rewrite.new}”"},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri_reference(item.uri)}, "replacements": [replacement]}
        ],
    }


def _span(item: Located, start: int, end: int) -> dict[str, Any]:
    start_line, start_column = item.spot(start)
    end_line, end_column = item.spot(end, end=True)
    return {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _region(item: Located, finding: Finding) -> dict[str, Any]:
    snippet = {"text": finding.match}
    if item.place is not None:  # a cell has no line; the logical location names it
        return {"startLine": 1, "snippet": snippet}
    return {**_span(item, finding.start, finding.end), "snippet": snippet}


def _result(item: Located, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri_reference(item.uri)},
            "region": _region(item, finding),
        }
    }
    if item.place is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": item.place, "kind": "element"}]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} 建议：{finding.suggestion}"},
        "locations": [location],
        "properties": {"category": finding.category, "source": finding.source},
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    return result
