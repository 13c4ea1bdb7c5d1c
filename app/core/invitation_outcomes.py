"""What became of invitations: of sessions in which a buyer was invited and then rated, the chance given and the rating."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.core.definitions import Definition
from app.core.events import Event, EventType
from app.core.measures.ratings import is_positive
from app.core.recalibration import Outcome
from app.core.sessions import Session, fold_session


def outcome_of(
    events: Iterable[Event], definition: Definition, chance: Callable[[Session], float]
) -> Outcome | None:
    """What became of the invitation of one session; None if there was none, or no rating that the definition counts by its label.

    `events` are those of the session. `chance` is asked for the session as it stood when the invitation went out, so that nothing that the
    buyer said afterwards plays a part. Of several ratings the last one counts.
    """
    known = sorted(events, key=lambda event: event.order)
    rating = next((event for event in reversed(known) if _counts(event, definition)), None)
    if rating is None:
        return None
    sent = [event.at for event in known if event.type is EventType.INVITE_SENT and event.at <= rating.at]
    invited_at = rating.invited_at or (sent[-1] if sent else None)
    if invited_at is None:
        return None
    until = [event for event in known if event.at <= invited_at]
    if not until or rating.session is None:
        return None
    return Outcome(
        session=rating.session,
        invited_at=invited_at,
        rated_at=rating.at,
        chance=chance(fold_session(until)),
        good=is_positive(rating, definition),
    )


def _counts(event: Event, definition: Definition) -> bool:
    if event.type is not EventType.RATING or event.label is None:
        return False
    return not definition.counted or event.label in definition.counted
