"""How much each phrase is used: counts by day, kept in the transaction that stores what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select
from sqlmodel import Session as Database
from sqlmodel import col

from app.core.acceptance import acceptance
from app.db.tables import PhraseUseRow
from app.db.upserts import add_up
from app.usecases.shops import Shop

COUNTS: Final = ("offered", "accepted", "rejected", "sent")
RECENT: Final = timedelta(days=90)
"""What is older tells nothing of how phrases are taken today."""
_WORK: Final = "phrase use"

_Key = tuple[str, str, str]
"""(shop, phrase, day)."""


@dataclass(frozen=True, slots=True)
class Use:
    """How often a phrase was offered, taken, turned down, and sent unattended; `last_used_at` when it was taken or sent last."""

    offered: int = 0
    accepted: int = 0
    rejected: int = 0
    sent: int = 0
    last_used_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COUNTS} | {
            "last_used_at": self.last_used_at.isoformat() if self.last_used_at else None,
            "acceptance": round(acceptance(self.offered, self.accepted, self.rejected), 4),
        }


def count_use(
    db: Database, shop: Shop, phrase_id: str, at: datetime, *, used: bool = False, **counts: int
) -> None:
    """Add `counts` (named as in `COUNTS`) to the phrase's day of `at`; `used` says that it was taken or sent then.

    The rows are written when the transaction commits, in the order of their keys, so that processes do not deadlock.
    """
    work = db.info.get(_WORK)
    if work is None:
        work = db.info[_WORK] = {}
        sqlalchemy_event.listen(db, "before_commit", _write)
    key: _Key = (shop.id, phrase_id, shop.day_of(at).isoformat())
    row = work.setdefault(key, dict.fromkeys(COUNTS, 0) | {"last_used_at": None})
    for name, count in counts.items():
        row[name] += count
    if used:
        row["last_used_at"] = max(at, row["last_used_at"] or at)


def set_last_used(db: Database, shop: Shop, phrase_id: str, day: date, at: datetime | None) -> None:
    """Overwrite when a phrase was used last on a day: something that had counted was undone."""
    _write(db)
    row = db.get(PhraseUseRow, (shop.id, phrase_id, day.isoformat()))
    if row is not None:
        row.last_used_at = at
        db.add(row)


def read_use(db: Database, shop_id: str, since: date | None = None) -> dict[str, Use]:
    """The use of the shop's phrases by id, of all days or from `since` on; phrases of which nothing is known are left out."""
    rows = db.execute(
        select(
            col(PhraseUseRow.phrase_id),
            *(func.sum(getattr(PhraseUseRow, name)) for name in COUNTS),
            func.max(col(PhraseUseRow.last_used_at)),
        )
        .where(
            col(PhraseUseRow.shop_id) == shop_id,
            col(PhraseUseRow.day) >= (since.isoformat() if since else ""),
        )
        .group_by(col(PhraseUseRow.phrase_id))
    )
    return {
        phrase_id: Use(int(offered), int(accepted), int(rejected), int(sent), last_used_at)
        for phrase_id, offered, accepted, rejected, sent, last_used_at in rows
    }


def read_acceptance(db: Database, shop_id: str, today: date) -> Mapping[str, float]:
    """How often each phrase was taken of late when offered, 0..1, by id."""
    return {
        phrase_id: acceptance(use.offered, use.accepted, use.rejected)
        for phrase_id, use in read_use(db, shop_id, today - RECENT).items()
    }


def _write(db: Any) -> None:
    work = db.info.get(_WORK)
    if not work:
        return
    rows = [
        {"shop_id": shop_id, "phrase_id": phrase_id, "day": day, **row}
        for (shop_id, phrase_id, day), row in sorted(work.items())
        if any(row[name] for name in COUNTS) or row["last_used_at"]
    ]
    work.clear()
    add_up(db, PhraseUseRow, rows, COUNTS, latest="last_used_at")
