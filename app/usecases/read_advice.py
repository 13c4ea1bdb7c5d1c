"""Rating advice as it is now: of one session, or of all that are worth inviting or at risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.tables import SessionRow
from app.usecases.absorb import effect_of
from app.usecases.considered import Considered, advice_with_effect, invite_rules
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyers
from app.usecases.rating_standing import rating_standing
from app.usecases.records import Records
from app.usecases.shops import Shop, read_shop

RECENT: Final = timedelta(hours=24)
"""Sessions that were silent for longer are no longer looked at."""
LOOKED_AT: Final = 2000
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Advised:
    """A session with its advice as JSON; `advice` is None where nobody of the shop has spoken yet."""

    session: str
    buyer: str
    agent: str | None
    advice: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return {"session": self.session, "buyer": self.buyer, "agent": self.agent, "advice": self.advice}


def read_advice_on(
    db: Database, knowledge: Knowledge, shop_id: str, session_id: str, now: datetime
) -> Advised | None:
    """The advice on one session as of now; None for a session that is not known. Raises `UnknownShopError`."""
    row = db.get(SessionRow, (shop_id, session_id))
    if row is None:
        return None
    (advised,) = _advised(db, knowledge, read_shop(db, knowledge.profiles, shop_id), [row], now)
    return advised


def read_advice(db: Database, knowledge: Knowledge, shop_id: str, now: datetime) -> dict[str, Any]:
    """The sessions in which inviting is advised now, the surest first, and those whose invitation is at risk."""
    shop = read_shop(db, knowledge.profiles, shop_id)
    rows = db.exec(
        select(SessionRow)
        .where(SessionRow.shop_id == shop_id, SessionRow.last_event_at > now - RECENT)
        .order_by(col(SessionRow.last_event_at).desc())
        .limit(LOOKED_AT)
    ).all()
    risky = [row for row in rows if row.advice is not None and row.advice.get("at_risk")]
    likely = [row for row in rows if row.advice is not None and row.advice["advice"] == "invite"]
    advised = _advised(db, knowledge, shop, [*risky[:MOST], *likely[:MOST]], now)
    inviting = [one for one in advised if one.advice is not None and one.advice["advice"] == "invite"]
    inviting.sort(key=lambda one: -one.advice["p_satisfied"] if one.advice is not None else 0.0)
    standing = rating_standing(db, shop, now)
    return {
        "now": now.isoformat(),
        "standing": None if standing is None else standing.to_json(),
        "target": str(invite_rules(shop).target),
        "sessions": [one.to_json() for one in inviting],
        "at_risk": [one.to_json() for one in advised if one.advice is not None and one.advice["at_risk"]],
    }


def _advised(
    db: Database, knowledge: Knowledge, shop: Shop, rows: list[SessionRow], now: datetime
) -> list[Advised]:
    wanted: dict[str, set[str]] = {}
    for row in rows:
        wanted.setdefault(row.buyer, set()).add(row.id)
    if not wanted:
        return []
    pictures = look_at_buyers(db, shop, wanted, now)
    records = Records.about(db, pictures.values())
    considered = {buyer: Considered(db, knowledge, picture, records) for buyer, picture in pictures.items()}
    out = []
    for row in rows:
        own = considered[row.buyer]
        advice = own.advice_now(own.picture.sessions[row.id])
        told = advice_with_effect(advice, effect_of(own, advice)) if advice is not None else None
        out.append(Advised(row.id, row.buyer, row.agent, told))
    return out
