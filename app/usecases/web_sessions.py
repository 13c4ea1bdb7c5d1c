"""Sessions of the dashboard: a member or a key that is signed in to one shop, until it is not used or ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.roles import ROLE_SCOPES, Role
from app.db.tables import ApiKeyRow, MemberRow, MembershipRow, WebSessionRow
from app.usecases.administration import Principal

IDLE_FOR: Final = timedelta(days=7)
"""A session that is not used for so long has ended."""
AT_MOST: Final = timedelta(days=30)
"""Then everybody signs in again."""
NOTED_EVERY: Final = timedelta(hours=1)
MAX_DEVICE: Final = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody sits who signs in: the address, and what the browser says it is."""

    address: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in. `to_note`: it is time to note that the session is still used."""

    principal: Principal
    to_note: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it."""

    id: str
    created_at: datetime
    seen_at: datetime
    address: str
    device: str
    shop_id: str


def open_web_session(
    db: Database,
    principal: Principal,
    now: datetime,
    visitor: Visitor = Visitor(),
    since: datetime | None = None,
) -> str:
    """Sign somebody in; returns the token for the cookie, of which only the hash is kept.

    `since` is when they gave their password, if that was earlier: the session ends `AT_MOST` after it.
    """
    token = f"{principal.shop_id}.{secrets.token_urlsafe(32)}"
    since = since or now
    db.add(
        WebSessionRow(
            shop_id=principal.shop_id,
            token_hash=_hash(token),
            key_id=principal.key_id or None,
            member_id=principal.member_id or None,
            created_at=since,
            seen_at=now,
            expires_at=_expiry(since, now),
            address=visitor.address,
            device=visitor.device[:MAX_DEVICE],
        )
    )
    return token


def find_web_session(db: Database, token: str, now: datetime) -> SignedIn | None:
    """Who is signed in with this token; None if nobody, or no longer, or if the key or member behind it may not be here."""
    row = _row(db, token)
    if row is None or row.expires_at <= now:
        return None
    principal = _principal(db, row)
    return None if principal is None else SignedIn(principal, now - row.seen_at >= NOTED_EVERY)


def principal_of_web_session(db: Database, token: str, now: datetime) -> Principal | None:
    """As `find_web_session`, where only the person matters."""
    found = find_web_session(db, token, now)
    return None if found is None else found.principal


def note_use(db: Database, token: str, now: datetime) -> None:
    """The session is used: it ends later."""
    row = _row(db, token)
    if row is not None and row.expires_at > now:
        row.seen_at, row.expires_at = now, _expiry(row.created_at, now)
        db.add(row)


def close_web_session(db: Database, token: str) -> None:
    row = _row(db, token)
    if row is not None:
        db.delete(row)


def move_to_shop(db: Database, token: str, principal: Principal, now: datetime) -> str:
    """Go on in another shop, under a new token; the old one is worth nothing from then on."""
    row = _row(db, token)
    since = row.created_at if row is not None else now
    visitor = Visitor(row.address, row.device) if row is not None else Visitor()
    close_web_session(db, token)
    return open_web_session(db, principal, now, visitor, since)


def sessions_of(db: Database, principal: Principal, now: datetime) -> list[OpenSession]:
    """Everywhere that this member (in whatever shop) or this key is signed in, the last used first."""
    query = select(WebSessionRow).where(WebSessionRow.expires_at > now)
    if principal.member_id:
        query = query.where(WebSessionRow.member_id == principal.member_id)
    else:
        query = query.where(
            WebSessionRow.shop_id == principal.shop_id, WebSessionRow.key_id == principal.key_id
        )
    rows = db.exec(query.order_by(col(WebSessionRow.seen_at).desc(), WebSessionRow.token_hash))
    return [
        OpenSession(row.token_hash, row.created_at, row.seen_at, row.address, row.device, row.shop_id)
        for row in rows
    ]


def end_session(db: Database, principal: Principal, session_id: str, now: datetime) -> bool:
    """End one of the principal's own sessions. False if it is none of theirs."""
    for session in sessions_of(db, principal, now):
        if secrets.compare_digest(session.id.encode(), session_id.encode("utf-8", "replace")):
            row = db.get(WebSessionRow, (session.shop_id, session.id))
            db.delete(row)
            return True
    return False


def end_sessions_of_member(
    db: Database, member_id: str, *, keep_token: str = "", shop_id: str | None = None
) -> None:
    """Sign a member out everywhere (or in one shop), but for the session of `keep_token`."""
    statement = delete(WebSessionRow).where(
        col(WebSessionRow.member_id) == member_id,
        col(WebSessionRow.token_hash) != _hash(keep_token),
    )
    if shop_id is not None:
        statement = statement.where(col(WebSessionRow.shop_id) == shop_id)
    db.execute(statement)


def session_id_of(token: str) -> str:
    """Under which id `sessions_of` lists the session of this token."""
    return _hash(token)


def _row(db: Database, token: str) -> WebSessionRow | None:
    return db.get(WebSessionRow, (token.partition(".")[0], _hash(token)))


def _principal(db: Database, row: WebSessionRow) -> Principal | None:
    if row.member_id is not None:
        membership = db.get(MembershipRow, (row.shop_id, row.member_id))
        member = db.get(MemberRow, row.member_id)
        if member is None or membership is None or membership.disabled_at is not None:
            return None
        return member_principal(member, membership)
    key = db.get(ApiKeyRow, (row.shop_id, row.key_id))
    if key is None or key.revoked_at is not None:
        return None
    return Principal(row.shop_id, key.id, frozenset(key.scopes), key.label)


def member_principal(member: MemberRow, membership: MembershipRow) -> Principal:
    """What a member may do in the shop of the membership."""
    role = Role(membership.role)
    return Principal(membership.shop_id, "", ROLE_SCOPES[role], member.name, member_id=member.id, role=role)


def _expiry(since: datetime, now: datetime) -> datetime:
    return min(now + IDLE_FOR, since + AT_MOST)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
