"""Signing in with login and password: throttled, and telling nobody which logins there are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session as Database

from app.db.tables import MemberRow, MembershipRow
from app.usecases.administration import Principal
from app.usecases.audit import AuditAct, note
from app.usecases.members import find_member, folded_login, shops_of
from app.usecases.password_hashes import hash_password, is_password
from app.usecases.service import Service
from app.usecases.web_sessions import Visitor, close_web_session, member_principal, open_web_session


class SignInError(Exception):
    """Nobody is let in; the message says why, without telling whether the login is known."""


class WrongPasswordError(SignInError):
    """The login is unknown, or the password is not its."""

    def __init__(self) -> None:
        super().__init__("登录名或密码不对。忘了密码，请店主发一个重设链接。")


class NowhereError(SignInError):
    """The password is right, but no shop lets them in any more."""

    def __init__(self) -> None:
        super().__init__("你的账号已停用。要再用，请店主恢复。")


class TooManyTriesError(SignInError):
    """Too many wrong tries; `after_s` is when the next may be made."""

    def __init__(self, after_s: int) -> None:
        minutes = -(-after_s // 60)
        super().__init__(f"输错太多次了，请约 {minutes} 分钟后再试。")
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Known:
    """A member who has just given the right password."""

    id: str
    login: str
    name: str


async def prove(service: Service, login: str, password: str, address: str) -> Known:
    """Whose login and password these are. Raises `WrongPasswordError` and `TooManyTriesError`.

    An unknown login takes as long as a wrong password.
    """
    login = folded_login(login)
    now = service.clock()
    member = await service.read(lambda db: find_member(db, login))
    if (after_s := service.sign_in_limits.take(login, address, now)) > 0:
        if member is not None and service.sign_in_limits.is_news(login):
            # Not waited for: how long the answer takes would tell that the login is known.
            service.writer.submit(lambda db: _note_stopped(db, login, address, now))
        raise TooManyTriesError(after_s)
    async with service.hashing:
        known_hash = None if member is None else member.password_hash
        right = await asyncio.to_thread(is_password, password, known_hash)
    if member is None or not right:
        raise WrongPasswordError
    service.sign_in_limits.succeeded(login, address, now)
    return Known(member.id, member.login, member.name)


async def new_hash(service: Service, password: str) -> str:
    """The hash of a password, made where it holds nobody up."""
    async with service.hashing:
        return await asyncio.to_thread(hash_password, password)


async def sign_in(service: Service, login: str, password: str, visitor: Visitor, old_token: str = "") -> str:
    """Sign a member in to the shop where they were last; the token of a new session. Raises `SignInError`.

    The session that the browser had, if any, ends.
    """
    known = await prove(service, login, password, visitor.address)
    now = service.clock()

    def enter(db: Database) -> str | None:
        principal = principal_for(db, known.id)
        if principal is None:
            return None
        close_web_session(db, old_token)
        return enter_shop(db, principal, visitor, now)

    token = await service.write(enter)
    if token is None:
        raise NowhereError
    return token


def principal_for(db: Database, member_id: str, shop_id: str = "") -> Principal | None:
    """The member in this shop, or where they were last, or in the first that lets them in; None if none does."""
    member = db.get_one(MemberRow, member_id)
    open_to_them = [shop.shop_id for shop in shops_of(db, member_id)]
    if shop_id and shop_id not in open_to_them:
        return None
    chosen = shop_id or (member.last_shop_id if member.last_shop_id in open_to_them else None)
    chosen = chosen or next(iter(open_to_them), None)
    return (
        None if chosen is None else member_principal(member, db.get_one(MembershipRow, (chosen, member_id)))
    )


def enter_shop(db: Database, principal: Principal, visitor: Visitor, now: datetime) -> str:
    """Open a session for a member, and note that they came in."""
    member = db.get_one(MemberRow, principal.member_id)
    member.last_sign_in_at, member.last_shop_id = now, principal.shop_id
    db.add(member)
    detail = {"address": visitor.address} if visitor.address else {}
    note(
        db,
        principal.shop_id,
        AuditAct.SIGNED_IN,
        by=principal.name,
        now=now,
        target=member.login,
        detail=detail,
    )
    return open_web_session(db, principal, now, visitor)


def _note_stopped(db: Database, login: str, address: str, now: datetime) -> None:
    member = find_member(db, login)
    if member is None:
        return
    for shop in shops_of(db, member.id):
        note(
            db,
            shop.shop_id,
            AuditAct.SIGN_IN_STOPPED,
            by=member.name,
            now=now,
            target=login,
            detail={"address": address},
        )
