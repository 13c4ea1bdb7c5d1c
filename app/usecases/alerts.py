"""What the shop's own people are to be told, written in the transaction of the act that it tells of."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.alerts import Channel, Kind, Occasion, read_channel
from app.db.tables import AlertChannelRow, AlertRow, AlertState, DeadlineRow, SessionRow
from app.db.upserts import insert_new

TOLD_OF: Final = frozenset(occasion.value for occasion in Occasion)
"""The kinds of acts that somebody may want to be told of."""


def queue_alerts(db: Database, acts: Iterable[Mapping[str, Any]]) -> None:
    """What acts that were just recorded are to tell, once for each channel; those of other kinds tell nothing.

    `acts` are rows of `ActRow`, which name their item by `about` or, of a reply, under `item` in the detail.
    """
    by_shop: dict[str, list[Mapping[str, Any]]] = {}
    for act in acts:
        if act["kind"] in TOLD_OF:
            by_shop.setdefault(act["shop_id"], []).append(act)
    for shop_id, own in by_shop.items():
        channels = db.exec(select(AlertChannelRow).where(AlertChannelRow.shop_id == shop_id)).all()
        if channels:
            agents = _agents(db, shop_id, {act["session"] for act in own})
            rows = [row for act in own for row in _rows(db, act, agents.get(act["session"]), channels)]
            insert_new(db, AlertRow, rows)


def _rows(
    db: Database, act: Mapping[str, Any], agent: str | None, channels: Iterable[AlertChannelRow]
) -> Iterator[dict[str, Any]]:
    occasion, at = Occasion(act["kind"]), act["at"]
    item_id = act["detail"].get("item", act["about"])
    item = db.get(DeadlineRow, (act["shop_id"], item_id))
    opened_at = item.opened_at if item is not None else None
    for row in channels:
        channel = channel_of(row)
        if channel.wants(occasion, agent):
            yield {
                "shop_id": act["shop_id"],
                "id": hashlib.blake2b(f"{act['id']}\n{row.id}".encode(), digest_size=12).hexdigest(),
                "channel": row.id,
                "occasion": occasion.value,
                "session": act["session"],
                "buyer": act["buyer"],
                "agent": agent,
                "item_id": item_id,
                "opened_at": opened_at,
                "deadline_at": item.deadline_at if item is not None else None,
                "at": at,
                "due_at": channel.due_at(occasion, at, opened_at),
                "state": AlertState.QUEUED.value,
                "named": False,
            }


def _agents(db: Database, shop_id: str, sessions: Collection[str]) -> dict[str, str | None]:
    """Who has each of these sessions."""
    query = select(SessionRow.id, SessionRow.agent).where(
        SessionRow.shop_id == shop_id, col(SessionRow.id).in_(sessions)
    )
    return dict(db.exec(query).all())


def channel_of(row: AlertChannelRow) -> Channel:
    """The channel of a row, as it was checked when it was stored."""
    return read_channel(row.settings, Kind(row.settings["kind"]), None)
