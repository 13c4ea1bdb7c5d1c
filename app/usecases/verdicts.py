"""The rows of verdicts: each is stored once, stands or not, and is counted in the same transaction.

Several verdicts on one phrase for one buyer's message count as one (`phrasebank.learning.effective`). Whoever calls holds the
lock of the message's buyer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.tables import FeedbackRow, OutboxRow
from app.db.upserts import insert_new
from app.usecases.phrase_use import count_use, set_last_used
from app.usecases.shops import Shop
from phrasebank.learning import Verdict, effective

BY_PERSON = "person"
BY_REPLY = "reply"


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """A verdict to be stored; `text` is masked, `digest` is of what was sent under its id."""

    id: str
    phrase_id: str
    about: str
    session: str | None
    text: str
    accepted: bool
    source: str
    by: str
    at: datetime
    digest: str = ""
    reply: str | None = None
    """The message that shows it, where no person said it."""


def add_verdict(db: Database, shop: Shop, new: NewVerdict, now: datetime) -> bool:
    """Store and count a verdict; False if its id is known, and nothing was done."""
    before = _about(db, shop.id, new.phrase_id, new.about)
    row = {
        "shop_id": shop.id,
        "id": new.id,
        "phrase_id": new.phrase_id,
        "about": new.about,
        "session": new.session,
        "text": new.text,
        "accepted": new.accepted,
        "source": new.source,
        "reply": new.reply,
        "by": new.by,
        "at": new.at,
        "received_at": now,
        "digest": new.digest,
        "stands": True,
        "teaches": True,
        "pending": True,
    }
    if not insert_new(db, FeedbackRow, [row]):
        return False
    _count(db, shop, new.phrase_id, before, _about(db, shop.id, new.phrase_id, new.about))
    if new.accepted:
        count_use(db, shop, new.phrase_id, new.at, used=True)
    return True


def let_stand(db: Database, shop: Shop, row: FeedbackRow, now: datetime, *, stands: bool) -> None:
    """Say whether a stored verdict stands, and count it so."""
    if row.stands == stands:
        return
    before = _about(db, shop.id, row.phrase_id, row.about)
    row.stands, row.pending, row.received_at = stands, True, now
    db.add(row)
    db.flush()
    _count(db, shop, row.phrase_id, before, _about(db, shop.id, row.phrase_id, row.about))
    if row.accepted:
        day = shop.day_of(row.at)
        set_last_used(db, shop, row.phrase_id, day, _last_used(db, shop, row.phrase_id, day))


def _about(db: Database, shop_id: str, phrase_id: str, about: str) -> list[Verdict]:
    rows = db.exec(
        select(FeedbackRow).where(
            FeedbackRow.shop_id == shop_id,
            FeedbackRow.about == about,
            FeedbackRow.phrase_id == phrase_id,
            col(FeedbackRow.stands),
        )
    )
    return [
        Verdict(row.id, row.about, row.at, row.accepted, row.text, row.source == BY_PERSON)
        for row in rows.all()
    ]


def _count(
    db: Database, shop: Shop, phrase_id: str, before: Iterable[Verdict], after: Iterable[Verdict]
) -> None:
    """Count what came to count, and take off what no longer does."""
    for verdicts, step in ((effective(before), -1), (effective(after), 1)):
        for verdict in verdicts:
            if verdict.accepted:
                count_use(db, shop, phrase_id, verdict.at, accepted=step)
            else:
                count_use(db, shop, phrase_id, verdict.at, rejected=step)


def _last_used(db: Database, shop: Shop, phrase_id: str, day: date) -> datetime | None:
    """When the phrase was taken or sent last on a day of the shop."""
    start = datetime.combine(day, time(), shop.timezone)
    end = datetime.combine(day + timedelta(days=1), time(), shop.timezone)
    taken = db.exec(
        select(func.max(FeedbackRow.at)).where(
            FeedbackRow.shop_id == shop.id,
            FeedbackRow.phrase_id == phrase_id,
            FeedbackRow.at >= start,
            FeedbackRow.at < end,
            col(FeedbackRow.stands),
            col(FeedbackRow.accepted),
        )
    ).one()
    sent = db.exec(
        select(func.max(OutboxRow.sent_at)).where(
            OutboxRow.shop_id == shop.id,
            OutboxRow.phrase_id == phrase_id,
            col(OutboxRow.sent_at) >= start,
            col(OutboxRow.sent_at) < end,
        )
    ).one()
    return max((at for at in (taken, sent) if at is not None), default=None)
