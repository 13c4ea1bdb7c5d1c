"""Is a shop open? By its hours and the public holidays."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from app.core.service_hours import State, state
from app.gateways.china_days import ChinaDays
from app.usecases.shops import Shop

CALENDAR: Final = ChinaDays()


def state_of(shop: Shop, at: datetime) -> State:
    """Is the shop open at `at`, and if not, when next?"""
    return state(shop.hours, at, CALENDAR)
