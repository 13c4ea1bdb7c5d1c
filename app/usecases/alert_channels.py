"""A shop's alert channels: added, listed, changed and removed. Their addresses go in and never come out whole."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.alerts import ChannelError, Kind, read_channel
from app.db.tables import AlertChannelRow, AlertMessageRow, AlertRow
from app.gateways.alert_addresses import AddressError, masked, read_address
from app.usecases.audit import OPERATOR, AuditAct, note
from app.usecases.shops import Shop

MAX_CHANNELS: Final = 50
_CLOSED_FOR_GOOD: Final = ("address", "secret")
_OF_ANY_KIND: Final = ("name", "role", "agents", "occasions", "after_s", "active")
"""What stays when a channel becomes one of another kind; the limits are then those of that kind."""


class UnknownChannelError(LookupError):
    """There is no such channel."""


def add_channel(
    db: Database, shop: Shop, raw: Mapping[str, Any], now: datetime, *, by: str = OPERATOR
) -> dict[str, Any]:
    """Make a channel from its settings and `address` (with `secret`, for a DingTalk robot that signs).

    Raises `ChannelError`.
    """
    if len(list_channels(db, shop.id)) >= MAX_CHANNELS:
        raise ChannelError("name", f"一家店最多 {MAX_CHANNELS} 个渠道 / too many channels")
    if "address" not in raw:
        raise ChannelError("address", "缺少地址 / an address is needed")
    address, kind = _address(raw)
    channel = read_channel(_settings(raw), kind, shop.profile.sms)
    row = AlertChannelRow(
        shop_id=shop.id,
        id=secrets.token_hex(6),
        address=address,
        settings=channel.to_json(),
        created_at=now,
    )
    db.add(row)
    db.flush()
    note(db, shop.id, AuditAct.ALERT_ADDED, by=by, now=now, target=channel.name)
    return shown(row)


def change_channel(
    db: Database,
    shop: Shop,
    channel_id: str,
    raw: Mapping[str, Any],
    now: datetime,
    *,
    by: str = OPERATOR,
) -> dict[str, Any]:
    """Change what is named and leave the rest. A channel that becomes one of another kind begins with that kind's limits.

    Raises `UnknownChannelError` and `ChannelError`.
    """
    row = channel_row(db, shop.id, channel_id)
    if "address" in raw:
        row.address, kind = _address(raw)
    elif "secret" in raw:
        raise ChannelError("secret", "请连地址一起填 / give the address with it")
    else:
        kind = read_address(row.address)[1]
    before = Kind(row.settings["kind"])
    stays_sms = before is Kind.SMS and kind is Kind.WEBHOOK
    wanted = raw.get("kind", before if stays_sms else kind)
    kept = {key: value for key, value in row.settings.items() if wanted == before or key in _OF_ANY_KIND}
    kept["kind"] = wanted
    channel = read_channel(kept | _settings(raw), kind, shop.profile.sms)
    row.settings = channel.to_json()
    db.add(row)
    detail = {"settings": sorted(raw)}
    note(db, shop.id, AuditAct.ALERT_CHANGED, by=by, now=now, target=channel.name, detail=detail)
    return shown(row)


def remove_channel(db: Database, shop_id: str, channel_id: str, now: datetime, *, by: str = OPERATOR) -> None:
    """Remove a channel and what was to be told on it. Raises `UnknownChannelError`."""
    row = channel_row(db, shop_id, channel_id)
    for table in (AlertRow, AlertMessageRow):
        db.execute(delete(table).where(col(table.shop_id) == shop_id, col(table.channel) == channel_id))
    db.delete(row)
    note(db, shop_id, AuditAct.ALERT_REMOVED, by=by, now=now, target=row.settings["name"])


def list_channels(db: Database, shop_id: str) -> list[dict[str, Any]]:
    """The channels as they are shown, the oldest first."""
    query = select(AlertChannelRow).where(AlertChannelRow.shop_id == shop_id)
    return [
        shown(row) for row in db.exec(query.order_by(col(AlertChannelRow.created_at), AlertChannelRow.id))
    ]


def channel_row(db: Database, shop_id: str, channel_id: str) -> AlertChannelRow:
    """Raises `UnknownChannelError`."""
    row = db.get(AlertChannelRow, (shop_id, channel_id))
    if row is None:
        raise UnknownChannelError(f"没有渠道 {channel_id} / unknown channel")
    return row


def shown(row: AlertChannelRow) -> dict[str, Any]:
    """A channel as people see it: all but its address, of which only so much that its owner knows it again."""
    return {"id": row.id, "address": masked(row.address)} | row.settings


def _address(raw: Mapping[str, Any]) -> tuple[str, Kind]:
    address, secret = raw["address"], raw.get("secret") or ""
    if not isinstance(address, str) or not isinstance(secret, str):
        raise ChannelError("address", "地址和 secret 必须是文字 / must be strings")
    try:
        return read_address(address, secret)
    except AddressError as error:
        raise ChannelError("address", str(error)) from None


def _settings(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in _CLOSED_FOR_GOOD}
