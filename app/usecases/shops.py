"""A shop as the use cases see it: its platform profile, its policy, its hours and where to send what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from app.core.days import DaySpan
from app.core.policies import Policy
from app.core.profiles import Edition, Profile
from app.core.recalibration import AS_GIVEN, Scale
from app.core.service_hours import ServiceHours
from app.db.tables import ShopRow
from app.usecases.shop_documents import stored_hours


class UnknownShopError(LookupError):
    """There is no shop with this id."""


_NOT_SET: Final = ServiceHours()


@dataclass(frozen=True, slots=True)
class Shop:
    """`profile` is the platform's, without the days that it has said it does not assess this shop on."""

    id: str
    name: str
    profile: Profile
    policy: Policy
    callback_url: str | None
    callback_secret: str | None
    bank_version: int
    hours: ServiceHours = _NOT_SET
    rating_scale: Scale = AS_GIVEN
    """Its own scale for the chance of a good rating."""

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
    profile = profiles[row.platform]
    hours = stored_hours(db, shop_id, profile.timezone)
    return Shop(
        id=row.id,
        name=row.name,
        profile=_assessed(profile, hours.suspended) if hours.suspended else profile,
        policy=Policy.of_record(row.policy),
        callback_url=row.callback_url,
        callback_secret=row.callback_secret,
        bank_version=row.bank_version,
        hours=hours,
        rating_scale=AS_GIVEN if row.rating_scale is None else Scale(**row.rating_scale),
    )


_assessed_profiles: dict[tuple[str, tuple[DaySpan, ...]], tuple[Profile, Profile]] = {}


def _assessed(profile: Profile, suspended: tuple[DaySpan, ...]) -> Profile:
    """The profile with days that are not assessed: one value for all shops that have the same, so that plans are shared."""
    key = (profile.platform, suspended)
    known = _assessed_profiles.get(key)
    if known is None or known[0] is not profile:
        known = _assessed_profiles[key] = (profile, profile.with_suspended(suspended))
    return known[1]
