"""SARIF 2.1.0 from reports, with columns in Unicode code points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lint.findings import Finding, Report
from lint.rulebook import Rule

_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Located:
    """A report and where its text stands: `line` and `column` (code points) from 1 where its first character is.

    `place` names what has no line, such as a worksheet's cell.
    """

    report: Report
    uri: str
    line: int = 1
    column: int = 1
    place: str | None = None


def to_sarif(located: Iterable[Located], rules: Sequence[Rule]) -> dict[str, Any]:
    """One SARIF log with one run. `rules` are those of the linter that made the reports."""
    index = {rule.code: position for position, rule in enumerate(rules)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "miaohui", "rules": [_descriptor(rule) for rule in rules]}},
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(item, finding, index) for item in located for finding in item.report.findings
                ],
            }
        ],
    }


def position(text: str, offset: int, line: int, column: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset of a text whose first character stands at `line` and `column`."""
    newline = text.rfind("\n", 0, offset)
    if newline < 0:
        return line, column + offset
    return line + text.count("\n", 0, offset), offset - newline


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


def _result(item: Located, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    text = item.report.text
    start_line, start_column = position(text, finding.start, item.line, item.column)
    end_line, end_column = position(text, finding.end, item.line, item.column)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": item.uri},
            "region": {
                "startLine": start_line,
                "startColumn": start_column,
                "endLine": end_line,
                "endColumn": end_column,
                "snippet": {"text": finding.match},
            },
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
