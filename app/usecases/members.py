"""Members of shops: invited by a link that works once, given a role, disabled, and helped when they forgot their password."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from sqlalchemy import delete, func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.roles import ROLE_NAMES, Role, leaves_no_owner
from app.db.tables import MemberLinkRow, MemberRow, MembershipRow, ShopRow
from app.usecases.administration import AdministrationError, shop_row
from app.usecases.audit import AuditAct, note
from app.usecases.web_sessions import end_sessions_of_member

LINK_LASTS: Final = timedelta(days=3)
MAX_NAME: Final = 40
_LOGIN: Final = re.compile(r"[\w.@+-]{2,64}")
_RANK: Final = tuple(Role)
_LAST_OWNER: Final = "这是最后一位店主；请先让别人也当店主，再改 / the last owner"

Purpose = Literal["invitation", "reset"]


@dataclass(frozen=True, slots=True)
class Member:
    """A member as a shop's owners see them."""

    id: str
    login: str
    name: str
    role: Role
    joined_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is good. `known`: somebody has this login already, in whatever shop."""

    id: str
    shop_id: str
    shop_name: str
    purpose: Purpose
    login: str
    name: str
    role: Role | None
    created_by: str
    expires_at: datetime
    known: bool


@dataclass(frozen=True, slots=True)
class ShopOfMember:
    """A shop in which a member works."""

    shop_id: str
    name: str
    role: Role


def folded_login(text: str) -> str:
    """A login as it is compared: width and case play no part, nor blanks around it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def find_member(db: Database, login: str) -> MemberRow | None:
    """The member with this login."""
    return db.exec(select(MemberRow).where(MemberRow.login == folded_login(login))).first()


def shops_of(db: Database, member_id: str) -> list[ShopOfMember]:
    """Where the member may work now: first where they may do most, then by the shops' names."""
    rows = db.exec(
        select(MembershipRow, ShopRow)
        .join(ShopRow, col(ShopRow.id) == col(MembershipRow.shop_id))
        .where(MembershipRow.member_id == member_id, col(MembershipRow.disabled_at).is_(None))
        .order_by(ShopRow.name, ShopRow.id)
    )
    shops = [ShopOfMember(shop.id, shop.name, Role(membership.role)) for membership, shop in rows]
    return sorted(shops, key=lambda shop: -_RANK.index(shop.role))


def list_members(db: Database, shop_id: str) -> list[Member]:
    """Everybody, the disabled too: owners first, then by name."""
    rows = db.exec(
        select(MembershipRow, MemberRow)
        .join(MemberRow, col(MemberRow.id) == col(MembershipRow.member_id))
        .where(MembershipRow.shop_id == shop_id)
    )
    members = [_member(member, membership) for membership, member in rows]
    return sorted(members, key=lambda one: (one.disabled_at is not None, -_RANK.index(one.role), one.name))


def list_links(db: Database, shop_id: str, now: datetime) -> list[Link]:
    """The links that still work, the newest first."""
    shop = shop_row(db, shop_id)
    rows = db.exec(
        select(MemberLinkRow)
        .where(MemberLinkRow.shop_id == shop_id, MemberLinkRow.expires_at > now)
        .order_by(col(MemberLinkRow.created_at).desc(), MemberLinkRow.login)
    )
    return [_link(db, shop, row) for row in rows]


def house_is_empty(db: Database) -> bool:
    """Is there neither a shop nor a member yet?"""
    return db.exec(select(ShopRow.id).limit(1)).first() is None and (
        db.exec(select(MemberRow.id).limit(1)).first() is None
    )


def invite(
    db: Database, shop_id: str, *, login: str, role: str, by: str, now: datetime, name: str = ""
) -> str:
    """Invite somebody; the token of the link, which is shown once. An earlier invitation of the same login is worth nothing then.

    Raises `AdministrationError` with the field that is wrong.
    """
    shop_row(db, shop_id)
    login, name = _checked_login(login), checked_name(name) if name.strip() else ""
    checked_role = _role(role)
    member = find_member(db, login)
    if member is not None:
        membership = db.get(MembershipRow, (shop_id, member.id))
        if membership is not None:
            words = "已经是成员" if membership.disabled_at is None else "是停用的成员，请直接恢复"
            raise AdministrationError(f"{login} {words} / already a member", "login")
    detail = {"role": checked_role.value}
    note(db, shop_id, AuditAct.INVITED, by=by, now=now, target=login, detail=detail)
    return _new_link(db, shop_id, "invitation", login, by, now, name=name, role=checked_role)


def reset_link(
    db: Database, shop_id: str, member_id: str, *, by: str, now: datetime, anywhere: bool = False
) -> str:
    """A link by which a member sets a new password; the token, which is shown once.

    An owner can make one only for a member of no other shop, since it opens all of them; `anywhere` is for whoever runs the
    server. Raises `AdministrationError`.
    """
    member, _ = _membership(db, shop_id, member_id)
    elsewhere = db.exec(
        select(func.count())
        .select_from(MembershipRow)
        .where(MembershipRow.member_id == member_id, MembershipRow.shop_id != shop_id)
    ).one()
    if elsewhere and not anywhere:
        raise AdministrationError(
            f"{member.name} 还在别的店，重设密码会连别店一起打开；请服务器管理员执行"
            f" miaohui member reset {shop_id} {member.login} / also a member elsewhere",
            "member",
        )
    note(db, shop_id, AuditAct.RESET_LINK_MADE, by=by, now=now, target=member.login)
    return _new_link(db, shop_id, "reset", member.login, by, now)


def withdraw_link(db: Database, shop_id: str, link_id: str, *, by: str, now: datetime) -> None:
    """Make a link worth nothing. One that is not there is no fault: it was used, or it ended."""
    row = db.get(MemberLinkRow, (shop_id, link_id))
    if row is not None:
        note(db, shop_id, AuditAct.INVITATION_WITHDRAWN, by=by, now=now, target=row.login)
        db.delete(row)


def read_link(db: Database, token: str, now: datetime) -> Link | None:
    """What a link is for; None if it was used, withdrawn or replaced, or has expired."""
    row = _link_row(db, token, now)
    return None if row is None else _link(db, shop_row(db, row.shop_id), row)


def join_as_new(db: Database, token: str, *, name: str, password_hash: str, now: datetime) -> str:
    """Take an invitation up as somebody new; the id of the member. Uses the link up. Raises `AdministrationError`."""
    row = _invitation(db, token, now)
    if find_member(db, row.login) is not None:
        raise AdministrationError(
            f"登录名 {row.login} 已经有人用了，请重新打开链接 / taken meanwhile", "login"
        )
    member = add_member(db, login=row.login, name=name or row.name, password_hash=password_hash, now=now)
    _join(db, row, member, now)
    return member.id


def join_as_known(db: Database, token: str, member_id: str, now: datetime) -> None:
    """Take an invitation up as the member whose login it names, who has just given the password. Uses the link up."""
    row = _invitation(db, token, now)
    member = db.get(MemberRow, member_id)
    if member is None or member.login != row.login:
        raise AdministrationError("这个邀请是给别人的 / meant for somebody else", "login")
    _join(db, row, member, now)


def reset_password(db: Database, token: str, password_hash: str, now: datetime) -> str:
    """Set a new password by a link, which is used up; everybody who was signed in with the old one is signed out.

    The id of the member. Raises `AdministrationError`.
    """
    row = _link_row(db, token, now)
    member = None if row is None else find_member(db, row.login)
    if row is None or row.purpose != "reset" or member is None:
        raise _no_link()
    db.delete(row)
    set_password(db, member.id, password_hash, now=now)
    return member.id


def set_password(
    db: Database, member_id: str, password_hash: str, *, now: datetime, keep_token: str = ""
) -> None:
    """Set a member's password, and sign them out everywhere but in the session of `keep_token`.

    Links to set it anew are worth nothing from then on.
    """
    member = db.get_one(MemberRow, member_id)
    member.password_hash = password_hash
    db.add(member)
    end_sessions_of_member(db, member_id, keep_token=keep_token)
    db.execute(
        delete(MemberLinkRow).where(
            col(MemberLinkRow.login) == member.login, col(MemberLinkRow.purpose) == "reset"
        )
    )
    for shop in shops_of(db, member_id):
        note(db, shop.shop_id, AuditAct.PASSWORD_CHANGED, by=member.name, now=now, target=member.login)


def change_role(db: Database, shop_id: str, member_id: str, role: str, *, by: str, now: datetime) -> None:
    """Give a member another role, at once. Raises `AdministrationError`: the last owner stays one."""
    member, membership = _membership(db, shop_id, member_id)
    before, then = Role(membership.role), _role(role)
    if before is then:
        return
    _keep_an_owner(db, membership, then)
    membership.role = then.value
    db.add(membership)
    detail = {"before": before.value, "role": then.value}
    note(db, shop_id, AuditAct.ROLE_CHANGED, by=by, now=now, target=member.login, detail=detail)


def disable_member(db: Database, shop_id: str, member_id: str, *, by: str, now: datetime) -> None:
    """Let a member of this shop in no more, and sign them out of it. Raises `AdministrationError`: the last owner stays."""
    member, membership = _membership(db, shop_id, member_id)
    if membership.disabled_at is not None:
        return
    _keep_an_owner(db, membership, None)
    membership.disabled_at = now
    db.add(membership)
    end_sessions_of_member(db, member_id, shop_id=shop_id)
    note(db, shop_id, AuditAct.MEMBER_DISABLED, by=by, now=now, target=member.login)


def enable_member(db: Database, shop_id: str, member_id: str, *, by: str, now: datetime) -> None:
    """Let a disabled member in again, with the role of before."""
    member, membership = _membership(db, shop_id, member_id)
    if membership.disabled_at is None:
        return
    membership.disabled_at = None
    db.add(membership)
    note(db, shop_id, AuditAct.MEMBER_ENABLED, by=by, now=now, target=member.login)


def add_member(db: Database, *, login: str, name: str, password_hash: str, now: datetime) -> MemberRow:
    """Make a person, who is in no shop yet. Raises `AdministrationError`."""
    login = _checked_login(login)
    if find_member(db, login) is not None:
        raise AdministrationError(f"登录名 {login} 已经有人用了 / the login is taken", "login")
    row = MemberRow(
        id=secrets.token_hex(8),
        login=login,
        name=checked_name(name),
        password_hash=password_hash,
        created_at=now,
    )
    db.add(row)
    db.flush()
    return row


def make_membership(db: Database, shop_id: str, member: MemberRow, role: Role, *, now: datetime) -> None:
    """Put a member into a shop."""
    db.add(MembershipRow(shop_id=shop_id, member_id=member.id, role=role.value, created_at=now))
    detail = {"role": role.value}
    note(db, shop_id, AuditAct.MEMBER_JOINED, by=member.name, now=now, target=member.login, detail=detail)
    db.flush()


def member_by_login(db: Database, shop_id: str, login: str) -> Member:
    """A member of the shop. Raises `AdministrationError` if nobody there has this login."""
    member = find_member(db, login)
    if member is None or (membership := db.get(MembershipRow, (shop_id, member.id))) is None:
        raise AdministrationError(
            f"店铺 {shop_id} 没有成员 {login}；用 miaohui member list {shop_id} 查看 / no such member",
            "login",
        )
    return _member(member, membership)


def checked_name(name: str) -> str:
    """The name that others read. Raises `AdministrationError`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME:
        raise AdministrationError(f"请写姓名，最多 {MAX_NAME} 个字 / a name is needed", "name")
    return name


def _checked_login(login: str) -> str:
    login = folded_login(login)
    if not _LOGIN.fullmatch(login):
        raise AdministrationError(
            "登录名 2 到 64 个字：汉字、字母、数字和 . _ - @ + / 2 to 64 letters, digits or . _ - @ +",
            "login",
        )
    return login


def _role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        names = "、".join(f"{each.value}（{name}）" for each, name in ROLE_NAMES.items())
        raise AdministrationError(f"角色只能是 {names} / no such role", "role") from None


def _keep_an_owner(db: Database, membership: MembershipRow, then: Role | None) -> None:
    # Locked, so that two owners cannot demote each other at once.
    db.get(ShopRow, membership.shop_id, with_for_update=True)
    others = db.exec(
        select(func.count())
        .select_from(MembershipRow)
        .where(
            MembershipRow.shop_id == membership.shop_id,
            MembershipRow.member_id != membership.member_id,
            MembershipRow.role == Role.OWNER.value,
            col(MembershipRow.disabled_at).is_(None),
        )
    ).one()
    active = membership.disabled_at is None
    if active and leaves_no_owner(now=Role(membership.role), then=then, other_owners=others):
        raise AdministrationError(_LAST_OWNER, "member")


def _join(db: Database, row: MemberLinkRow, member: MemberRow, now: datetime) -> None:
    db.delete(row)
    if db.get(MembershipRow, (row.shop_id, member.id)) is None:
        make_membership(db, row.shop_id, member, Role(row.role), now=now)


def _new_link(
    db: Database,
    shop_id: str,
    purpose: Purpose,
    login: str,
    by: str,
    now: datetime,
    *,
    name: str = "",
    role: Role | None = None,
) -> str:
    db.execute(
        delete(MemberLinkRow).where(
            col(MemberLinkRow.shop_id) == shop_id,
            (col(MemberLinkRow.login) == login) | (col(MemberLinkRow.expires_at) <= now),
        )
    )
    token = f"{shop_id}.{secrets.token_urlsafe(32)}"
    db.add(
        MemberLinkRow(
            shop_id=shop_id,
            token_hash=_hash(token),
            purpose=purpose,
            login=login,
            name=name,
            role=role.value if role else "",
            created_at=now,
            created_by=by,
            expires_at=now + LINK_LASTS,
        )
    )
    return token


def _invitation(db: Database, token: str, now: datetime) -> MemberLinkRow:
    row = _link_row(db, token, now)
    if row is None or row.purpose != "invitation":
        raise _no_link()
    return row


def _link_row(db: Database, token: str, now: datetime) -> MemberLinkRow | None:
    row = db.get(MemberLinkRow, (token.partition(".")[0], _hash(token)), with_for_update=True)
    return row if row is not None and row.expires_at > now else None


def _no_link() -> AdministrationError:
    return AdministrationError(
        "链接用过了、过期了或已作废，请让店主再发一个 / the link no longer works", "link"
    )


def _link(db: Database, shop: ShopRow, row: MemberLinkRow) -> Link:
    return Link(
        id=row.token_hash,
        shop_id=row.shop_id,
        shop_name=shop.name,
        purpose=cast(Purpose, row.purpose),
        login=row.login,
        name=row.name,
        role=Role(row.role) if row.role else None,
        created_by=row.created_by,
        expires_at=row.expires_at,
        known=find_member(db, row.login) is not None,
    )


def _member(member: MemberRow, membership: MembershipRow) -> Member:
    return Member(
        id=member.id,
        login=member.login,
        name=member.name,
        role=Role(membership.role),
        joined_at=membership.created_at,
        disabled_at=membership.disabled_at,
        last_sign_in_at=member.last_sign_in_at,
    )


def _membership(db: Database, shop_id: str, member_id: str) -> tuple[MemberRow, MembershipRow]:
    membership = db.get(MembershipRow, (shop_id, member_id))
    member = db.get(MemberRow, member_id)
    if membership is None or member is None:
        raise AdministrationError("店里没有这位成员，请刷新页面 / no such member", "member")
    return member, membership


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
