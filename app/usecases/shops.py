"""A shop as the use cases see it: its platform profile, its policy and where to send what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from app.core.policies import Policy
from app.core.profiles import Edition, Profile
from app.db.tables import ShopRow


class UnknownShopError(LookupError):
    """There is no shop with this id."""


@dataclass(frozen=True, slots=True)
class Shop:
    id: str
    name: str
    profile: Profile
    policy: Policy
    callback_url: str | None
    callback_secret: str | None
    bank_version: int

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.profile.timezone)

    def day_of(self, at: datetime) -> date:
        """The calendar day of the shop at `at`."""
        return at.astimezone(self.timezone).date()

    def reply_edition(self, at: datetime) -> Edition:
        """The edition of the platform's reply measure that is in force at `at`; the newest where none is.

        The live clock runs by it.
        """
        measure = self.profile.primary_reply
        return measure.edition_on(self.day_of(at)) or measure.editions[-1]


def shop_ids(db: Session) -> list[str]:
    """All shops, in order."""
    return list(db.exec(select(ShopRow.id).order_by(ShopRow.id)))


def read_shop(db: Session, profiles: Mapping[str, Profile], shop_id: str) -> Shop:
    """Raises `UnknownShopError`."""
    row = db.get(ShopRow, shop_id)
    if row is None:
        raise UnknownShopError(f"没有店铺 {shop_id} / unknown shop")
    return Shop(
        id=row.id,
        name=row.name,
        profile=profiles[row.platform],
        policy=Policy.of_record(row.policy),
        callback_url=row.callback_url,
        callback_secret=row.callback_secret,
        bank_version=row.bank_version,
    )
