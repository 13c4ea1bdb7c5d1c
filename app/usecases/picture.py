"""Gather: everything that is known of one buyer now, read before anything is decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.clocks import OpenItem, open_items
from app.core.courtesy import infer_courtesy
from app.core.events import Event, EventType, Sender
from app.core.mood import Mood, MoodModel
from app.core.profiles import Edition
from app.core.said import said_in
from app.core.sessions import SHOP_SENDERS, Session, fold_session
from app.db.journal import events_about_buyers, events_about_sessions
from app.db.tables import DeadlineRow, SessionRow
from app.usecases.leaves import leaves_of, with_leave
from app.usecases.shops import Shop

_ASKED: Final = frozenset({EventType.INVITE_SENT, EventType.RATING})


@dataclass(frozen=True, slots=True)
class Picture:
    """One buyer of one shop at `now`. `items` are all open items of `sessions`, each of which is folded whole."""

    shop: Shop
    edition: Edition
    buyer: str
    now: datetime
    sessions: Mapping[str, Session]
    items: tuple[OpenItem, ...]

    def items_of(self, session_id: str) -> list[OpenItem]:
        """The open items of one session, the oldest first."""
        return sorted((item for item in self.items if item.session == session_id), key=lambda item: item.at)

    def item(self, item_id: str) -> OpenItem | None:
        return next((item for item in self.items if item.item_id == item_id), None)


def look_at_buyer(
    db: Database,
    shop: Shop,
    buyer: str,
    sessions: Iterable[str],
    now: datetime,
    *,
    until: datetime | None = None,
) -> Picture:
    """Fold these sessions of a buyer; with `until` as they were then, without what came after it.

    Other sessions are read too, since a reply in them may answer; but only from the first of `sessions` on, so what
    began earlier is not known whole and stays out of the picture.
    """
    return look_at_buyers(db, shop, {buyer: sessions}, now, until=until)[buyer]


def look_at_buyers(
    db: Database,
    shop: Shop,
    sessions: Mapping[str, Iterable[str]],
    now: datetime,
    *,
    until: datetime | None = None,
) -> dict[str, Picture]:
    """The same for several buyers, whose journals are read in one go; by buyer."""
    wanted = {buyer: frozenset(own) for buyer, own in sessions.items()}
    edition = shop.reply_edition(now)
    found = events_about_buyers(db, shop.id, wanted)
    leaves = leaves_of(db, shop, [event for events in found.values() for event in events])
    return {
        buyer: _picture(
            shop,
            edition,
            buyer,
            wanted[buyer],
            [
                with_leave(with_courtesy(event), leaves)
                for event in events
                if until is None or event.at <= until
            ],
            now,
        )
        for buyer, events in found.items()
    }


def _picture(
    shop: Shop, edition: Edition, buyer: str, wanted: Collection[str], events: Sequence[Event], now: datetime
) -> Picture:
    by_session: dict[str, list[Event]] = {}
    for event in events:
        if event.session is not None and event.session in wanted:
            by_session.setdefault(event.session, []).append(event)
    # A console's clock may run a little ahead of ours; what it reports has happened all the same.
    seen_at = max([now, *(event.at for event in events)])
    return Picture(
        shop=shop,
        edition=edition,
        buyer=buyer,
        now=now,
        sessions={name: fold_session(own) for name, own in by_session.items()},
        items=tuple(
            item for item in open_items(events, edition.definition, seen_at) if item.session in wanted
        ),
    )


def buyer_events(db: Database, shop_id: str, buyer: str, sessions: Iterable[str]) -> list[Event]:
    """The events of a buyer since the first of these sessions began, with the hints that the live service infers."""
    return [with_courtesy(event) for event in events_about_sessions(db, shop_id, buyer, sessions)]


def sessions_with_open_items(db: Database, shop_id: str, buyers: Iterable[str]) -> dict[str, set[str]]:
    """The sessions in which something is unanswered, of each of the buyers."""
    out: dict[str, set[str]] = {buyer: set() for buyer in buyers}
    for buyer, session in db.exec(
        select(DeadlineRow.buyer, DeadlineRow.session).where(
            DeadlineRow.shop_id == shop_id, col(DeadlineRow.buyer).in_(list(out))
        )
    ):
        out[buyer].add(session)
    return out


def sessions_asked_since(
    db: Database, shop_id: str, events: Mapping[str, Sequence[Event]]
) -> dict[str, set[str]]:
    """The sessions of buyers for which it matters that there was an invitation or a rating in another one.

    `events` by buyer. These are the sessions that went on after it, whose advice it may change.
    """
    out: dict[str, set[str]] = {}
    for buyer, own in events.items():
        since = min((event.at for event in own if event.type in _ASKED), default=None)
        if since is None:
            continue
        query = select(SessionRow.id).where(
            SessionRow.shop_id == shop_id, SessionRow.buyer == buyer, SessionRow.last_event_at >= since
        )
        out[buyer] = set(db.exec(query))
    return out


def said_to(session: Session) -> frozenset[str]:
    """What the shop has already said in a session."""
    return frozenset(m.text for m in session.standing if m.sender in SHOP_SENDERS)


def mood_of(session: Session, moods: MoodModel) -> Mood:
    return moods.session(said_in(session))


def with_courtesy(event: Event) -> Event:
    """The live service infers a closing thanks where the console gives no hint."""
    if event.type is not EventType.MESSAGE or event.sender is not Sender.BUYER or event.courtesy is not None:
        return event
    if not infer_courtesy(event.text, event.kind):
        return event
    return event.evolve(courtesy=True)
