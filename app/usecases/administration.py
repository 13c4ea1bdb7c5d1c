"""Shops, keys and secrets: what an operator does from the command line, and an owner in the settings."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core import roles
from app.core.policies import Policy
from app.core.roles import Role
from app.db.tables import ApiKeyRow, PhraseRow, ShopRow, SigningSecretRow
from app.db.upserts import upsert
from app.usecases.audit import OPERATOR, AuditAct, note
from app.usecases.knowledge import Knowledge
from app.usecases.policy_versions import first_version
from phrasebank import starter_bank

SCOPES: Final = roles.SCOPES
_SHOP_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class AdministrationError(ValueError):
    """Something that was asked for cannot be done; the message says why and what to do, `field` what it is about."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class NewShop:
    """`signing_secret` is what the console signs its webhooks with, `callback_secret` what we sign ours with."""

    shop_id: str
    signing_secret: str
    callback_secret: str | None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a key or a member (by `member_id`, with the role) of a shop, and what they may do there.

    `label` is the member's name, or what the key was made for, often a person's name.
    """

    shop_id: str
    key_id: str
    scopes: frozenset[str]
    label: str = ""
    member_id: str = ""
    role: Role | None = None

    @property
    def name(self) -> str:
        """The caller as histories name them."""
        return self.label or self.key_id


def add_shop(
    db: Database,
    knowledge: Knowledge,
    now: datetime,
    *,
    shop_id: str,
    name: str,
    platform: str,
    callback_url: str | None = None,
    policy: dict[str, Any] | None = None,
    by: str = OPERATOR,
) -> NewShop:
    """Make a shop with a signing secret and the starter phrase bank.

    Raises `AdministrationError`, and `PolicyError` for a policy that cannot be used.
    """
    if not _SHOP_ID.fullmatch(shop_id):
        raise AdministrationError(
            "店铺 id 只能用小写字母、数字和连字符，最多 40 个 / shop ids are lower case, digits, hyphens",
            "shop_id",
        )
    if platform not in knowledge.profiles:
        raise AdministrationError(
            f"没有平台 {platform}；可用：{'、'.join(sorted(knowledge.profiles))} / unknown platform",
            "platform",
        )
    if db.get(ShopRow, shop_id) is not None:
        raise AdministrationError(f"店铺 {shop_id} 已经存在 / the shop exists", "shop_id")
    if callback_url is not None:
        check_callback(callback_url)
    callback_secret = new_signing_secret() if callback_url is not None else None
    begins_with = Policy.from_json(policy or {})
    db.add(
        ShopRow(
            id=shop_id,
            name=name,
            platform=platform,
            created_at=now,
            policy=begins_with.to_json(),
            callback_url=callback_url,
            callback_secret=callback_secret,
        )
    )
    db.flush()
    note(db, shop_id, AuditAct.SHOP_MADE, by=by, now=now, target=name, detail={"platform": platform})
    first_version(db, shop_id, begins_with, now)
    signing_secret = add_signing_secret(db, shop_id, now, by=by)
    upsert(
        db,
        PhraseRow,
        [
            {"shop_id": shop_id, "id": phrase.id, "body": phrase.to_json(), "updated_at": now}
            for phrase in starter_bank().phrases
        ],
    )
    return NewShop(shop_id, signing_secret, callback_secret)


def list_shops(db: Database) -> list[ShopRow]:
    return list(db.exec(select(ShopRow).order_by(ShopRow.id)))


def set_callback(db: Database, shop_id: str, callback_url: str, now: datetime, *, by: str = OPERATOR) -> str:
    """Set where a shop's replies are sent; returns the secret that they are signed with (kept if there is one)."""
    shop = shop_row(db, shop_id)
    check_callback(callback_url)
    if shop.callback_url != callback_url:
        detail = {"callback_url": [shop.callback_url, callback_url]}
        note(db, shop_id, AuditAct.SHOP_CHANGED, by=by, now=now, target=shop.name, detail=detail)
    shop.callback_url = callback_url
    shop.callback_secret = shop.callback_secret or new_signing_secret()
    db.add(shop)
    return shop.callback_secret


def add_signing_secret(db: Database, shop_id: str, now: datetime, *, by: str = OPERATOR) -> str:
    """Add a secret that the console may sign with; earlier ones stay valid until they are retired."""
    shop_row(db, shop_id)
    secret = new_signing_secret()
    secret_id = secrets.token_hex(6)
    db.add(SigningSecretRow(shop_id=shop_id, id=secret_id, secret=secret, created_at=now))
    note(db, shop_id, AuditAct.SECRET_ADDED, by=by, now=now, target=secret_id)
    return secret


def signing_secrets(db: Database, shop_id: str) -> list[str]:
    rows = db.exec(
        select(SigningSecretRow.secret).where(
            SigningSecretRow.shop_id == shop_id,
            SigningSecretRow.retired_at == None,  # noqa: E711  (SQL)
        )
    )
    return list(rows)


def list_signing_secrets(db: Database, shop_id: str) -> list[SigningSecretRow]:
    """All of the shop's, the retired ones too, the oldest first."""
    shop_row(db, shop_id)
    return list(
        db.exec(
            select(SigningSecretRow)
            .where(SigningSecretRow.shop_id == shop_id)
            .order_by(col(SigningSecretRow.created_at), col(SigningSecretRow.id))
        )
    )


def retire_signing_secret(
    db: Database, shop_id: str, secret_id: str, now: datetime, *, by: str = OPERATOR
) -> None:
    """Take no more signatures made with a secret. The last one that is valid cannot be retired: add another first."""
    known = list_signing_secrets(db, shop_id)
    row = next((row for row in known if row.id == secret_id), None)
    if row is None:
        raise AdministrationError(f"店铺 {shop_id} 没有签名密钥 {secret_id} / unknown signing secret")
    if row.retired_at is not None:
        return
    if [other for other in known if other.retired_at is None] == [row]:
        raise AdministrationError(
            f"这是最后一个有效的签名密钥；请先新建一个（miaohui shop secret add {shop_id}）/ the last valid secret"
        )
    row.retired_at = now
    db.add(row)
    note(db, shop_id, AuditAct.SECRET_RETIRED, by=by, now=now, target=secret_id)


def add_key(
    db: Database,
    shop_id: str,
    now: datetime,
    *,
    label: str = "",
    scopes: Collection[str] = SCOPES,
    by: str = OPERATOR,
) -> str:
    """Make an API key and return it; it is shown once, since only its hash is kept."""
    shop_row(db, shop_id)
    if unknown := set(scopes) - set(SCOPES):
        raise AdministrationError(
            f"没有权限 {'、'.join(sorted(unknown))}；可用：{'、'.join(SCOPES)} / unknown scope", "scopes"
        )
    key_id = secrets.token_hex(6)
    key = f"mh_{shop_id}.{secrets.token_urlsafe(32)}"
    db.add(
        ApiKeyRow(
            shop_id=shop_id,
            id=key_id,
            secret_hash=_hash(key),
            label=label,
            scopes=sorted(set(scopes)),
            created_at=now,
        )
    )
    detail = {"scopes": sorted(set(scopes))}
    note(db, shop_id, AuditAct.KEY_ADDED, by=by, now=now, target=label or key_id, detail=detail)
    return key


def list_keys(db: Database, shop_id: str) -> list[ApiKeyRow]:
    shop_row(db, shop_id)
    return list(db.exec(select(ApiKeyRow).where(ApiKeyRow.shop_id == shop_id).order_by(ApiKeyRow.id)))


def revoke_key(db: Database, shop_id: str, key_id: str, now: datetime, *, by: str = OPERATOR) -> None:
    """End a key, the sessions opened with it, and the signing secret that an extension was paired with beside it."""
    row = db.get(ApiKeyRow, (shop_id, key_id))
    if row is None:
        raise AdministrationError(f"店铺 {shop_id} 没有密钥 {key_id} / unknown key")
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    db.add(row)
    secret = db.get(SigningSecretRow, (shop_id, key_id))
    if secret is not None:
        secret.retired_at = secret.retired_at or now
        db.add(secret)
    note(db, shop_id, AuditAct.KEY_REVOKED, by=by, now=now, target=row.label or key_id)


def principal_of_key(db: Database, key: str) -> Principal | None:
    """Whose key this is; None for a key that is unknown or revoked."""
    shop_id = key.removeprefix("mh_").partition(".")[0]
    row = db.exec(
        select(ApiKeyRow).where(ApiKeyRow.shop_id == shop_id, ApiKeyRow.secret_hash == _hash(key))
    ).first()
    if row is None or row.revoked_at is not None:
        return None
    return Principal(shop_id, row.id, frozenset(row.scopes), row.label)


def shop_row(db: Database, shop_id: str) -> ShopRow:
    """Raises `AdministrationError`."""
    row = db.get(ShopRow, shop_id)
    if row is None:
        raise AdministrationError(f"没有店铺 {shop_id}；用 miaohui shop add 新建 / unknown shop")
    return row


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_signing_secret() -> str:
    """As Standard Webhooks wants them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_callback(url: str) -> None:
    """Raises `AdministrationError` for an address that callbacks cannot be sent to."""
    if not url.isascii() or any(character <= " " for character in url):
        raise AdministrationError(
            "回调地址只能用 ASCII 字符且不含空白；中文域名请写成 xn-- 形式 / ASCII only, without blanks",
            "callback_url",
        )
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise AdministrationError(
            "回调地址必须是 http(s)://主机[:端口]/路径，不带用户名 / not a usable callback address",
            "callback_url",
        )
