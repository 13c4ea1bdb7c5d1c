"""Consoles whose hook says only that something is there: note it durably, fetch it, and take it with the new cursor.

Events and cursor are one transaction, so nothing is skipped; what is fetched twice is known by its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.tables import ConsoleRow
from app.gateways.consoles import Pulled
from app.usecases.consoles import ShopConsole, find_console
from app.usecases.knowledge import Knowledge
from app.usecases.take_events import Taken, read_events, take_events

LEASE: Final = timedelta(seconds=30)
"""How long whoever fetches may take; then another process may try."""
RETRY_AFTER_S: Final = (1, 2, 4, 8, 15, 30, 60)
"""Seconds between tries; the last one goes on until it works, for the console keeps what it has for days."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Something to fetch now. `leased_until` is the mark of this claim."""

    shop_id: str
    adapter: str
    shop_console: ShopConsole
    cursor: str
    token: str
    leased_until: datetime


def next_pull_at(db: Database) -> datetime | None:
    """When the next fetch is due, from the index."""
    return db.exec(select(func.min(ConsoleRow.pull_due_at))).one()


def note_arrival(db: Database, shop_id: str, adapter: str, token: str, now: datetime) -> None:
    """The console says that there is something to fetch."""
    row = db.get(ConsoleRow, (shop_id, adapter), with_for_update=True)
    if row is not None:
        row.pull_token, row.pull_due_at = token, now


def claim_pulls(db: Database, now: datetime, limit: int = 50) -> list[Pull]:
    """Take what is due for `LEASE`."""
    due = (
        select(ConsoleRow)
        .where(col(ConsoleRow.pull_due_at) <= now)
        .order_by(col(ConsoleRow.pull_due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    pulls = []
    for row in db.exec(due).all():
        shop_console = find_console(db, row.shop_id, row.adapter)
        if shop_console is None:
            row.pull_due_at = None
            continue
        row.pull_due_at = now + LEASE
        pulls.append(
            Pull(row.shop_id, row.adapter, shop_console, row.cursor, row.pull_token, row.pull_due_at)
        )
    return pulls


def record_pulled(
    db: Database,
    knowledge: Knowledge,
    pull: Pull,
    pulled: Pulled,
    now: datetime,
    future_tolerance: timedelta,
) -> Taken:
    """Take the events and move the cursor. A hook that came meanwhile keeps its due time."""
    read = read_events(pulled.events, now, future_tolerance)
    taken = take_events(db, knowledge, pull.shop_id, read, None, "", now)
    row = db.get(ConsoleRow, (pull.shop_id, pull.adapter), with_for_update=True)
    if row is not None:
        row.cursor, row.pull_failures, row.pull_error = pulled.cursor, 0, None
        if pulled.more:
            row.pull_due_at = now
        elif row.pull_due_at == pull.leased_until:
            row.pull_due_at = None
    return taken


def record_pull_failure(
    db: Database, pull: Pull, now: datetime, error: str, retry_after_s: float | None
) -> None:
    """It could not be fetched: try again, later each time."""
    row = db.get(ConsoleRow, (pull.shop_id, pull.adapter), with_for_update=True)
    if row is None:
        return
    wait = RETRY_AFTER_S[min(row.pull_failures, len(RETRY_AFTER_S) - 1)]
    row.pull_failures += 1
    row.pull_error = error[:500]
    row.pull_due_at = now + timedelta(seconds=max(wait, retry_after_s or 0))
