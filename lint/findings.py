"""What a lint run says: findings, exempted hits, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

Channel = Literal["live", "template", "auto", "listing"]
Severity = Literal["error", "warning", "info"]

CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
_RANK: Final[dict[str, int]] = {"info": 0, "warning": 1, "error": 2}


def rank(severity: str) -> int:
    """Order of severities: info 0, warning 1, error 2."""
    return _RANK[severity]


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit that stands. `start` and `end` are half-open code points of the original text; `match` is that slice."""

    rule: str
    name: str
    category: str
    severity: Severity
    start: int
    end: int
    match: str
    message: str
    suggestion: str
    source: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "name": self.name,
            "category": self.category,
            "severity": self.severity,
            "start": self.start,
            "end": self.end,
            "match": self.match,
            "message": self.message,
            "suggestion": self.suggestion,
            "source": self.source,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Exempted:
    """A hit that its surroundings clear, with the article or ground that clears it."""

    rule: str
    start: int
    end: int
    match: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "start": self.start,
            "end": self.end,
            "match": self.match,
            "reason": self.reason,
        }


class Report(NamedTuple):
    """All that was found in one text, in the order of the text."""

    text: str
    findings: tuple[Finding, ...] = ()
    exempted: tuple[Exempted, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The highest severity among the findings, or None if there are none."""
        if not self.findings:
            return None
        return max((f.severity for f in self.findings), key=rank)

    def to_json(self) -> dict[str, Any]:
        """The object of the command-line contract, without `source` and `line`."""
        return {
            "text": self.text,
            "findings": [f.to_json() for f in self.findings],
            "exempted": [e.to_json() for e in self.exempted],
        }
