"""The audit: who came in and who changed what in a shop's settings, and when. Noted where it is done, in the same transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.columns import EPOCH
from app.db.tables import AuditRow

OPERATOR: Final = "命令行"
"""Whoever works on the server itself."""
PAGE: Final = 50
ROWS_AT_ONCE: Final = 500


class AuditAct(StrEnum):
    """What was done."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_STOPPED = "sign_in_stopped"
    """Too many wrong passwords for a login."""
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (what was done)
    INVITED = "invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    MEMBER_JOINED = "member_joined"
    ROLE_CHANGED = "role_changed"
    MEMBER_DISABLED = "member_disabled"
    MEMBER_ENABLED = "member_enabled"
    RESET_LINK_MADE = "reset_link_made"
    SHOP_MADE = "shop_made"
    SHOP_CHANGED = "shop_changed"
    SECRET_ADDED = "secret_added"  # noqa: S105
    SECRET_RETIRED = "secret_retired"  # noqa: S105
    CALLBACK_SECRET_RENEWED = "callback_secret_renewed"  # noqa: S105
    KEY_ADDED = "key_added"
    KEY_REVOKED = "key_revoked"
    CONSOLE_SET = "console_set"
    CONSOLE_REMOVED = "console_removed"
    ROBOT_SILENCED = "robot_silenced"
    ROBOT_RELEASED = "robot_released"
    POLICY_CHANGED = "policy_changed"
    HOURS_CHANGED = "hours_changed"
    ROSTER_CHANGED = "roster_changed"
    ALERT_ADDED = "alert_added"
    ALERT_CHANGED = "alert_changed"
    ALERT_REMOVED = "alert_removed"
    PHRASES_IMPORTED = "phrases_imported"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, the newest first. `older` is the id before which the next page begins; empty on the last."""

    entries: list[AuditRow]
    older: str


def note(
    db: Database,
    shop_id: str,
    act: AuditAct,
    *,
    by: str,
    now: datetime,
    target: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Note that somebody did something to `target`. Secrets have no place in `detail`."""
    microseconds = (now - EPOCH) // timedelta(microseconds=1)
    entry_id = f"{microseconds:017d}-{secrets.token_hex(4)}"
    db.add(
        AuditRow(shop_id=shop_id, id=entry_id, at=now, actor=by, act=act, target=target, detail=detail or {})
    )


def read_audit(
    db: Database, shop_id: str, *, act: str = "", actor: str = "", before: str = "", limit: int = PAGE
) -> AuditPage:
    """A page of the audit, of all or of one act and actor."""
    query = select(AuditRow).where(AuditRow.shop_id == shop_id)
    if act:
        query = query.where(AuditRow.act == act)
    if actor:
        query = query.where(AuditRow.actor == actor)
    if before:
        query = query.where(AuditRow.id < before)
    rows = list(db.exec(query.order_by(col(AuditRow.id).desc()).limit(limit + 1)))
    return AuditPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else "")


def whole_audit(db: Database, shop_id: str, *, act: str = "", actor: str = "") -> Iterator[AuditRow]:
    """Every entry, the newest first."""
    before = ""
    while True:
        page = read_audit(db, shop_id, act=act, actor=actor, before=before, limit=ROWS_AT_ONCE)
        yield from page.entries
        if not (before := page.older):
            return


def audit_actors(db: Database, shop_id: str) -> list[str]:
    """Everybody who is named in the shop's audit."""
    return sorted(db.exec(select(AuditRow.actor).where(AuditRow.shop_id == shop_id).distinct()))
