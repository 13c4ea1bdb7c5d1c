"""What can be rebuilt from the journal: deadlines of open items, sessions for the live page, who is online."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import Event, EventType, Kind
from app.core.ladder import steps
from app.db.tables import DeadlineRow, PresenceRow, SessionRow
from app.db.upserts import upsert
from app.usecases.considered import Considered, advice_json
from app.usecases.picture import Picture


def project_deadlines(db: Database, picture: Picture) -> None:
    """One row for each open item, and none for any other: what is answered has no deadline."""
    shop_id = picture.shop.id
    rows = db.exec(
        select(DeadlineRow).where(DeadlineRow.shop_id == shop_id, DeadlineRow.buyer == picture.buyer)
    ).all()
    known = {row.item_id: row for row in rows}
    open_ids = {item.item_id for item in picture.items}
    for row in rows:
        if row.item_id not in open_ids and row.session in picture.sessions:
            db.delete(row)
    fresh = []
    for item in picture.items:
        before = known.get(item.item_id)
        if before is not None:
            moved = before.deadline_at != item.deadline_at or before.counted != item.counted
            before.deadline_at, before.counted = item.deadline_at, item.counted
            stopped = before.due_at is None and not before.missed
            if moved or stopped or not has_ladder(before, picture):
                _arm(before, picture)
            db.add(before)
            continue
        row = DeadlineRow(
            shop_id=shop_id,
            item_id=item.item_id,
            session=item.session,
            buyer=item.buyer,
            opened_at=item.at,
            deadline_at=item.deadline_at,
            counted=item.counted,
        )
        _arm(row, picture)
        fresh.append(row)
    db.add_all(fresh)
    db.flush()


def has_ladder(row: DeadlineRow, picture: Picture) -> bool:
    """Is anything to be done about an item as its deadline comes?"""
    return row.counted and picture.sessions[row.session].flag is None


def _arm(row: DeadlineRow, picture: Picture) -> None:
    """Set the next step of an item's ladder: the first that still lies ahead, else the miss at once.

    What the platform does not count, and what a flagged buyer wrote, has no ladder and is never missed, whenever the
    flag came.
    """
    row.missed = False
    if not has_ladder(row, picture):
        row.step, row.due_at = None, None
        return
    ladder = steps(row.opened_at, row.deadline_at, picture.shop.policy)
    due = next((due for due in ladder if due.at > picture.now), ladder[-1])
    row.step, row.due_at = due.step, due.at


def project_sessions(db: Database, considered: Considered) -> None:
    """The live page's row of each of the buyer's sessions in view."""
    picture = considered.picture
    rows = []
    for session in picture.sessions.values():
        items = picture.items_of(session.id)
        # Nobody waits in a session that is over, whatever its items count for.
        waits = bool(items) and session.flag is None and session.closed_at is None
        waiting = items[0] if waits else None
        last = session.last_buyer_message
        suggestions = []
        if waiting is not None and last is not None:
            found = considered.hits_json(session, considered.offered(session, last))
            suggestions = [hit | {"message": last.id} for hit in found]
        advice = considered.advice(session)
        rows.append(
            {
                "shop_id": picture.shop.id,
                "id": session.id,
                "buyer": session.buyer,
                "agent": session.agent,
                "last_event_at": session.last_event_at,
                "closed_at": session.closed_at,
                "waiting_since": waiting.at if waiting else None,
                "deadline_at": waiting.deadline_at if waiting else None,
                "counted": waiting.counted if waiting else False,
                "last_text": last.text if last else "",
                "last_kind": (last.kind if last else Kind.TEXT).value,
                "suggestions": suggestions,
                "advice": advice_json(advice) if advice else None,
            }
        )
    upsert(db, SessionRow, rows)


def note_presence(db: Database, shop_id: str, events: Iterable[Event]) -> None:
    newest: dict[str, Event] = {}
    for event in events:
        if event.type in {EventType.AGENT_ONLINE, EventType.AGENT_OFFLINE} and event.agent is not None:
            known = newest.get(event.agent)
            if known is None or known.order < event.order:
                newest[event.agent] = event
    if not newest:
        return
    rows = db.exec(
        select(PresenceRow).where(PresenceRow.shop_id == shop_id, col(PresenceRow.agent).in_(list(newest)))
    )
    for row in rows.all():
        if (row.at, row.event_id) >= newest[row.agent].order:
            del newest[row.agent]
    upsert(
        db,
        PresenceRow,
        [
            {
                "shop_id": shop_id,
                "agent": agent,
                "online": event.type is EventType.AGENT_ONLINE,
                "at": event.at,
                "event_id": event.id,
            }
            for agent, event in newest.items()
        ],
    )
