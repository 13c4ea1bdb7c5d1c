"""What a shop's owner may change of the shop itself: name, platform, and where replies are sent."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session as Database

from app.db.tables import ShopRow
from app.usecases.administration import (
    AdministrationError,
    check_callback,
    new_signing_secret,
    shop_row,
)
from app.usecases.audit import AuditAct, note
from app.usecases.knowledge import Knowledge
from app.usecases.shops import read_shop
from app.usecases.standing import make_sure_counted

MAX_SHOP_NAME = 80


def change_shop(
    db: Database,
    knowledge: Knowledge,
    shop_id: str,
    *,
    name: str,
    platform: str,
    callback_url: str,
    by: str,
    now: datetime,
) -> str | None:
    """Change what is different; the secret that callbacks are signed with, if it was made by this. An empty address is none.

    On another platform the measures are counted anew. Raises `AdministrationError` with the field that is wrong.
    """
    shop = shop_row(db, shop_id)
    name = checked_shop_name(name)
    if platform not in knowledge.profiles:
        raise AdministrationError(f"没有平台 {platform} / unknown platform", "platform")
    if callback_url:
        check_callback(callback_url)
    wanted = {"name": name, "platform": platform, "callback_url": callback_url or None}
    changes = {
        field: [getattr(shop, field), value]
        for field, value in wanted.items()
        if getattr(shop, field) != value
    }
    if not changes:
        return None
    moved = "platform" in changes
    shop.name, shop.platform, shop.callback_url = name, platform, callback_url or None
    made = _callback_secret_if_missing(shop)
    db.add(shop)
    db.flush()
    note(db, shop_id, AuditAct.SHOP_CHANGED, by=by, now=now, target=name, detail=changes)
    if moved:
        make_sure_counted(db, read_shop(db, knowledge.profiles, shop_id), now)
    return made


def renew_callback_secret(db: Database, shop_id: str, *, by: str, now: datetime) -> str:
    """A new secret for callbacks, from the next one on. Raises `AdministrationError` where there is no callback."""
    shop = shop_row(db, shop_id)
    if shop.callback_url is None:
        raise AdministrationError("还没有回调地址 / there is no callback address", "callback_url")
    shop.callback_secret = new_signing_secret()
    db.add(shop)
    note(db, shop_id, AuditAct.CALLBACK_SECRET_RENEWED, by=by, now=now)
    return shop.callback_secret


def checked_shop_name(name: str) -> str:
    """Raises `AdministrationError`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_SHOP_NAME:
        raise AdministrationError(f"请写店名，最多 {MAX_SHOP_NAME} 个字 / a name is needed", "shop_name")
    return name


def _callback_secret_if_missing(shop: ShopRow) -> str | None:
    if shop.callback_url is None or shop.callback_secret is not None:
        return None
    shop.callback_secret = new_signing_secret()
    return shop.callback_secret
