"""What can be rebuilt from the journal: deadlines of open items, sessions for the live page, who is online."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.clocks import OpenItem
from app.core.events import Event, EventType, Kind
from app.core.invites import InviteAdvice
from app.core.inviting import INVITE_WITHIN, look_again_at
from app.core.ladder import Due, first_ahead, steps
from app.core.sessions import Session
from app.db.tables import DeadlineRow, PresenceRow, SessionRow
from app.db.upserts import upsert
from app.usecases.considered import Considered, advice_json
from app.usecases.picture import Picture


def project_deadlines(db: Database, pictures: Collection[Picture]) -> None:
    """One row for each open item of these buyers of a shop, and none for any other: what is answered has no deadline."""
    if not pictures:
        return
    (shop_id,) = {picture.shop.id for picture in pictures}
    rows: dict[str, list[DeadlineRow]] = {picture.buyer: [] for picture in pictures}
    for row in db.exec(
        select(DeadlineRow).where(DeadlineRow.shop_id == shop_id, col(DeadlineRow.buyer).in_(list(rows)))
    ).all():
        rows[row.buyer].append(row)
    for picture in pictures:
        _project_deadlines(db, picture, rows[picture.buyer])
    db.flush()


def _project_deadlines(db: Database, picture: Picture, rows: Iterable[DeadlineRow]) -> None:
    known = {row.item_id: row for row in rows}
    open_ids = {item.item_id for item in picture.items}
    for row in known.values():
        if row.item_id not in open_ids and row.session in picture.sessions:
            db.delete(row)
    for item in picture.items:
        before = known.get(item.item_id)
        if before is not None:
            moved = before.deadline_at != item.deadline_at or before.counted != item.counted
            before.deadline_at, before.counted = item.deadline_at, item.counted
            stopped = before.due_at is None and not before.missed
            if moved or stopped or not has_ladder(picture, item):
                _arm(before, picture, item)
            db.add(before)
            continue
        row = DeadlineRow(
            shop_id=picture.shop.id,
            item_id=item.item_id,
            session=item.session,
            buyer=item.buyer,
            opened_at=item.at,
            deadline_at=item.deadline_at,
            counted=item.counted,
        )
        _arm(row, picture, item)
        db.add(row)


def has_ladder(picture: Picture, item: OpenItem) -> bool:
    """Is anything to be done about an item as its deadline comes?

    What the platform does not count, and what a flagged buyer wrote, has no ladder and is never missed, whenever the flag
    came. But who was only asked for patience by the machine still waits: though the platform leaves such a conversation
    out, it counts the whole wait once a person speaks.
    """
    session = picture.sessions[item.session]
    if session.flag is not None:
        return False
    return item.counted or (item.only_robot_spoke and session.held)


def ladder_of(picture: Picture, item: OpenItem) -> tuple[Due, ...]:
    """The steps of an item by the shop's policy and the platform's profile."""
    shop = picture.shop
    return steps(item.at, item.deadline_at, shop.policy, shop.profile.warn_after_s)


def leads(picture: Picture, item: OpenItem) -> bool:
    """Is it the oldest of its session's items that have a ladder? It speaks for the others."""
    first = next((other for other in picture.items_of(item.session) if has_ladder(picture, other)), None)
    return first is None or first.item_id == item.item_id


def _arm(row: DeadlineRow, picture: Picture, item: OpenItem) -> None:
    """Set the next step of an item's ladder, if it has one: the first that still lies ahead."""
    row.missed = False
    if not has_ladder(picture, item):
        row.step, row.due_at = None, None
        return
    due = first_ahead(ladder_of(picture, item), picture.now)
    row.step, row.due_at = due.step, due.at


def project_sessions(db: Database, considered: Iterable[Considered]) -> None:
    """The live page's rows of these buyers' sessions in view."""
    upsert(db, SessionRow, [row for one in considered for row in _session_rows(one)])


def _session_rows(considered: Considered) -> Iterator[dict[str, Any]]:
    picture = considered.picture
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
        before = considered.recap(session) if waiting is not None else None
        yield {
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
            "recap": before.to_json() if before else None,
            "look_at": _look_at(considered, session, advice),
        }


def _look_at(considered: Considered, session: Session, advice: InviteAdvice | None) -> datetime | None:
    """When to look at the advice again; nobody looks at what was over long ago when it came."""
    at = look_again_at(session, advice, considered.picture.shop.policy)
    return at if at is not None and at > considered.picture.now - INVITE_WITHIN else None


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
