"""What was said before to a buyer who waits, over all sessions within which he goes back to the same agent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import Event
from app.core.masking import masked
from app.core.recap import Recap, mood_word, recap
from app.core.sessions import Session, fold_session
from app.db.journal import events_of_sessions
from app.db.tables import SessionRow
from app.usecases.knowledge import Knowledge
from app.usecases.picture import Picture, mood_of

LOOKS_BACK: Final = timedelta(hours=72)
"""Sessions that ended earlier before this one are another matter."""
MOST_SESSIONS: Final = 5


def recap_for(db: Database, knowledge: Knowledge, picture: Picture, session: Session) -> Recap | None:
    """What whoever takes over the session should know; None where there is no more than the message that waits.

    It depends on the journal alone, not on the order in which events came.
    """
    sessions = [session, *_earlier(db, picture, session)]
    mood = mood_of(session, knowledge.moods)
    word = mood_word(mood, picture.shop.policy.upset_above)
    found = recap(sessions, word, lambda text: masked(text, knowledge.linter))
    return found if found.tells_more else None


def _earlier(db: Database, picture: Picture, session: Session) -> Sequence[Session]:
    """The buyer's other sessions of late, the newest first."""
    if session.last_event_at is None:
        return []
    since = session.last_event_at - LOOKS_BACK
    ids = db.exec(
        select(SessionRow.id)
        .where(
            SessionRow.shop_id == picture.shop.id,
            SessionRow.buyer == picture.buyer,
            SessionRow.last_event_at >= since,
            SessionRow.id != session.id,
        )
        .order_by(col(SessionRow.last_event_at).desc(), col(SessionRow.id))
        .limit(MOST_SESSIONS)
    ).all()
    known = {
        name: each
        for name, each in picture.sessions.items()
        if name != session.id and each.last_event_at is not None and each.last_event_at >= since
    }
    unread = [name for name in ids if name not in known]
    by_session: dict[str, list[Event]] = {}
    for event in events_of_sessions(db, picture.shop.id, unread) if unread else ():
        by_session.setdefault(str(event.session), []).append(event)
    known |= {name: fold_session(events) for name, events in by_session.items()}
    newest = sorted(known.values(), key=lambda each: (each.last_event_at, each.id), reverse=True)
    return newest[:MOST_SESSIONS]
