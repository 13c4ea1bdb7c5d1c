"""Lint for Chinese service texts: what would cost a fine, and silence on the rest.

`Linter.default().check(text, channel="template")` gives a `Report`. The rules are data files below `lint/rules`.
This package is pure: no web, database, network or clock.
"""

from __future__ import annotations

from lint.findings import CHANNELS, SEVERITIES, Exempted, Finding, Report
from lint.linter import Linter
from lint.rulebook import Rule, RuleError
from lint.sarif import to_sarif

__all__ = [
    "CHANNELS",
    "SEVERITIES",
    "Exempted",
    "Finding",
    "Linter",
    "Report",
    "Rule",
    "RuleError",
    "to_sarif",
]
