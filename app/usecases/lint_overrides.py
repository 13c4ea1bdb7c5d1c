"""Texts that the linter stopped and a person sent all the same: kept for the supervisor, without personal data."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.lint_overrides import LintOverride, Shown
from app.core.masking import masked
from app.db.tables import LintOverrideRow
from app.db.upserts import insert_new
from lint import Linter


class OverrideConflictError(ValueError):
    """The id is known with other content, which stands."""


def record_override(db: Database, linter: Linter, shop_id: str, given: LintOverride, now: datetime) -> bool:
    """Keep it under its id; False if it was kept before. Raises `OverrideConflictError`."""
    row = {
        "shop_id": shop_id,
        "id": given.id,
        "at": given.at or now,
        "received_at": now,
        "session": given.session,
        "agent": given.agent,
        "text": masked(given.text, linter),
        "reason": masked(given.reason, linter),
        "findings": [asdict(_masked(shown, linter)) for shown in given.findings],
        "digest": given.digest,
    }
    if insert_new(db, LintOverrideRow, [row]):
        return True
    known = db.get_one(LintOverrideRow, (shop_id, given.id))
    if known.digest != given.digest:
        raise OverrideConflictError(
            "同一个 id 已有不同内容，原有内容保持不变 / the id is known with other content, which stands"
        )
    return False


def list_overrides(
    db: Database, shop_id: str, *, agent: str | None = None, session: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The latest first, of all agents and sessions or of one, as JSON."""
    query = select(LintOverrideRow).where(LintOverrideRow.shop_id == shop_id)
    if agent is not None:
        query = query.where(LintOverrideRow.agent == agent)
    if session is not None:
        query = query.where(LintOverrideRow.session == session)
    rows = db.exec(query.order_by(col(LintOverrideRow.at).desc(), col(LintOverrideRow.id)).limit(limit))
    return [
        {
            "id": row.id,
            "at": row.at.isoformat(),
            "session": row.session,
            "agent": row.agent,
            "text": row.text,
            "reason": row.reason,
            "findings": row.findings,
        }
        for row in rows
    ]


def _masked(shown: Shown, linter: Linter) -> Shown:
    """The words of a finding may be the very phone number that it is about."""
    return replace(
        shown,
        match=masked(shown.match, linter),
        message=masked(shown.message, linter),
        suggestion=masked(shown.suggestion, linter),
    )
