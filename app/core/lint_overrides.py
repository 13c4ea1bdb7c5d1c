"""That a person sent a text which the linter had stopped, read once at the border."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from app.core import fields
from app.core.fields import FieldError

MAX_FINDINGS: Final = 50
MAX_REASON: Final = 200
_LONGEST: Final = 500
"""Code points in what a finding says."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as the person saw it; `match` are the words of the text that it is about."""

    rule: str
    severity: str
    match: str = ""
    name: str = ""
    message: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class LintOverride:
    """`id` names the act of sending, so that telling of it twice is telling of it once. `at` None: now."""

    id: str
    session: str
    agent: str
    text: str
    findings: tuple[Shown, ...]
    reason: str = ""
    at: datetime | None = None

    @property
    def digest(self) -> str:
        """A hash of what is said; when is no part of it."""
        said = [self.session, self.agent, self.text, self.reason, [asdict(each) for each in self.findings]]
        return hashlib.sha256(orjson.dumps(said)).hexdigest()


def parse_lint_override(raw: Mapping[str, Any], latest: datetime) -> LintOverride:
    """Read a JSON object; nothing happened after `latest`. Raises `FieldError`."""
    at = fields.moment(raw, "at")
    if at is not None and at > latest:
        raise FieldError(
            "time_in_future", "at", "时间在未来，请校对发送方的时钟 / the time lies in the future"
        )
    return LintOverride(
        id=_text(raw, "id", fields.MAX_ID_LENGTH),
        session=_text(raw, "session", fields.MAX_ID_LENGTH),
        agent=_text(raw, "agent", fields.MAX_ID_LENGTH),
        text=_text(raw, "text", fields.MAX_TEXT_LENGTH),
        findings=_findings(raw),
        reason=(fields.text(raw, "reason", limit=MAX_REASON) or "").strip(),
        at=at,
    )


def _text(raw: Mapping[str, Any], name: str, limit: int) -> str:
    value = fields.text(raw, name, required=True, limit=limit)
    assert value is not None
    return value


def _findings(raw: Mapping[str, Any]) -> tuple[Shown, ...]:
    entries = raw.get("findings")
    if entries is None or entries == []:
        raise fields.missing("findings")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise FieldError(
            "wrong_type", "findings", "findings 必须是检查结果的列表 / findings must be a list of findings"
        )
    if len(entries) > MAX_FINDINGS:
        raise FieldError(
            "too_many", "findings", f"findings 最多 {MAX_FINDINGS} 项 / findings has too many entries"
        )
    return tuple(_shown(entry) for entry in entries)


def _shown(raw: Mapping[str, Any]) -> Shown:
    more = {
        name: fields.text(raw, name, limit=_LONGEST) or ""
        for name in ("match", "name", "message", "suggestion")
    }
    return Shown(
        rule=_text(raw, "rule", fields.MAX_ID_LENGTH),
        severity=_text(raw, "severity", fields.MAX_ID_LENGTH),
        **more,
    )
