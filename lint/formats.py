"""Reports in the forms that other tools read: GitHub annotations, GitLab Code Quality, JUnit, and text for people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from lint.findings import rank
from lint.sarif import Failure, Located

_GITHUB: Final = {"error": "error", "warning": "warning", "info": "notice"}
_GITLAB: Final = {"error": "critical", "warning": "minor", "info": "info"}
_NAMES: Final = {"error": "错误", "warning": "警告", "info": "提示"}
# What XML 1.0 cannot hold, however it is escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_lines(located: Iterable[Located]) -> Iterator[str]:
    """One line per finding: place, severity, rule, what and what to do instead."""
    for item in located:
        for finding in item.report.findings:
            line, column = item.spot(finding.start)
            place = item.place or f"{line}:{column}"
            yield (
                f"{item.uri}:{place}: {_NAMES[finding.severity]} {finding.rule} {finding.message}；"
                f"建议：{finding.suggestion}"
            )


def to_github(located: Iterable[Located], failures: Sequence[Failure] = ()) -> Iterator[str]:
    """Workflow commands, one per finding, and one per file that could not be checked."""
    for item in located:
        for finding in item.report.findings:
            line, column = item.spot(finding.start)
            end_line, end_column = item.spot(finding.end, end=True)
            properties = {
                "file": item.uri,
                "line": line,
                "endLine": end_line,
                "col": column,
                "endColumn": end_column,
                "title": f"{finding.rule} {finding.name}",
            }
            if end_line != line:  # columns are only understood within one line
                del properties["col"], properties["endColumn"]
            listed = ",".join(f"{key}={_github_property(str(value))}" for key, value in properties.items())
            yield f"::{_GITHUB[finding.severity]} {listed}::{_github(f'{finding.message} 建议：{finding.suggestion}')}"
    for failure in failures:
        yield f"::error file={_github_property(failure.uri)}::{_github(failure.message)}"


def _github(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(text: str) -> str:
    return _github(text).replace(":", "%3A").replace(",", "%2C")


def to_gitlab(located: Iterable[Located]) -> list[dict[str, Any]]:
    """A Code Quality report. A fingerprint depends on file, rule, text and match, and not on the line."""
    issues: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for item in located:
        for finding in item.report.findings:
            line, _ = item.spot(finding.start)
            key = "\x00".join(
                (item.uri, item.place or "", finding.rule, item.report.text, str(finding.start))
            )
            count = seen[key] = seen.get(key, 0) + 1
            issues.append(
                {
                    "description": f"{finding.message} 建议：{finding.suggestion}",
                    "check_name": finding.rule,
                    "fingerprint": hashlib.sha256(f"{key}\x00{count}".encode("utf-8", "replace")).hexdigest(),
                    "severity": _GITLAB[finding.severity],
                    "location": {"path": item.uri, "lines": {"begin": line}},
                }
            )
    return issues


def to_junit(located: Iterable[Located], fail_on: str, failures: Sequence[Failure] = ()) -> str:
    """A JUnit report: one case per text, which fails if it has a finding of at least `fail_on`.

    A file that could not be checked is a case with an error.
    """
    suites = ET.Element("testsuites", name="miaohui lint")
    suite = ET.SubElement(suites, "testsuite", name="miaohui lint")
    cases = failed = 0
    for item in located:
        cases += 1
        place = item.place or f"line {item.line}"
        case = ET.SubElement(suite, "testcase", classname=_xml(item.uri), name=_xml(place), time="0")
        grave = [f for f in item.report.findings if rank(f.severity) >= rank(fail_on)]
        if grave:
            failed += 1
            failure = ET.SubElement(case, "failure", message=_xml(grave[0].message), type=grave[0].rule)
            failure.text = _xml("\n".join(to_lines([item])))
    for broken in failures:
        cases += 1
        case = ET.SubElement(suite, "testcase", classname=_xml(broken.uri), name="read", time="0")
        ET.SubElement(case, "error", message=_xml(broken.message), type="unreadable")
    for element in (suites, suite):
        element.set("tests", str(cases))
        element.set("failures", str(failed))
        element.set("errors", str(len(failures)))
        element.set("skipped", "0")
        element.set("time", "0")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
