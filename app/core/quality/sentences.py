"""What agents said that the linter flags, in sessions that are looked at afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from app.core.masking import masked
from app.core.sessions import HUMAN_SENDERS, Message, Session
from lint import Linter, Report

_PERHAPS_REPEATED: Final = 60.0
"""Likeness of two raw texts below which their folded forms are no repeat either."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A finding in an agent's message. `start` and `end` are half-open code points of that message."""

    message_id: str
    agent: str
    rule: str
    name: str
    severity: str
    start: int
    end: int
    message: str
    suggestion: str


def flagged_sentences(
    sessions: Sequence[Session], linter: Linter, platform: str
) -> Mapping[str, tuple[Flagged, ...]]:
    """Findings (warnings and errors) in what people of the shop said, by session, in time order.

    All sessions are linted in one batch; only texts that may repeat an earlier one are looked at again beside it.
    """
    said = {session.id: [m for m in session.standing if _by_person(m)] for session in sessions}
    texts = [message.text for own in said.values() for message in own]
    reports = iter(linter.check_all(texts, channel="live", platform=platform))
    found: dict[str, tuple[Flagged, ...]] = {}
    for name, own in said.items():
        flagged: list[Flagged] = []
        earlier: list[str] = []
        for message in own:
            report = next(reports)
            if _perhaps_repeats(message.text, earlier):
                report = linter.check(message.text, channel="live", platform=platform, earlier=earlier)
            flagged += _flagged(message, report, linter)
            earlier.append(message.text)
        found[name] = tuple(flagged)
    return found


def _by_person(message: Message) -> bool:
    return message.sender in HUMAN_SENDERS and not message.by_machine and bool(message.text)


def _perhaps_repeats(text: str, earlier: Sequence[str]) -> bool:
    return any(fuzz.ratio(text, other, score_cutoff=_PERHAPS_REPEATED) for other in earlier)


def _flagged(message: Message, report: Report, linter: Linter) -> list[Flagged]:
    return [
        Flagged(
            message_id=message.id,
            agent=message.agent or "",
            rule=finding.rule,
            name=finding.name,
            severity=finding.severity,
            start=finding.start,
            end=finding.end,
            # What the linter says of a phone number names the number.
            message=masked(finding.message, linter),
            suggestion=finding.suggestion,
        )
        for finding in report.findings
        if finding.severity != "info"
    ]
