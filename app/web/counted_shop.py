"""Reading the standing counts of a shop, which are made first where they are not there yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session as Database

from app.usecases.service import Service
from app.usecases.shops import Shop, read_shop
from app.usecases.standing import is_counted, make_sure_counted

T = TypeVar("T")


async def of_counted_shop(
    service: Service, shop_id: str, now: datetime, query: Callable[[Database, Shop], T]
) -> T:
    """What the query finds, after the shop's counts were made if they are not there yet. Raises `UnknownShopError`."""

    def shop_of(db: Database) -> Shop:
        return read_shop(db, service.knowledge.profiles, shop_id)

    if not await service.read(lambda db: is_counted(db, shop_of(db))):
        await service.write(lambda db: make_sure_counted(db, shop_of(db), now))
    return await service.read(lambda db: query(db, shop_of(db)))
