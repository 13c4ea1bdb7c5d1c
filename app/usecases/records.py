"""What the database knows of buyers beside their journals, read for all who are worked on together when one is asked about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import EventType
from app.core.invites import BuyerPast, PastInvite
from app.core.rating_effect import Standing
from app.core.sessions import Session
from app.core.situations import Staffing
from app.db.tables import EventRow, OutboxRow, SessionRow
from app.usecases.picture import Picture
from app.usecases.rating_standing import rating_standing
from app.usecases.shops import Shop
from app.usecases.staffing import staffing_of

FLAG_LASTS: Final = timedelta(days=30)
"""So long nothing is said unattended to a buyer who was flagged, in whatever session."""


WORDS_OF_INVITATION: Final = "words"
"""The field of an `invite_sent` that tells what was said beside the card, where we know."""


class _PastEvent(NamedTuple):
    session: str
    at: datetime
    invite: bool
    agent: str | None
    text: str | None
    """What was said beside the card, or the label of the rating."""


@dataclass(slots=True)
class Records:
    """Of the buyers and sessions of one shop that are looked at together, as of `now`; each kind is read once."""

    db: Database
    shop: Shop
    now: datetime
    buyers: frozenset[str]
    sessions: frozenset[str]
    _flagged: frozenset[str] | None = None
    _staffing: Staffing | None = None
    _decided: dict[str, set[str]] = field(default_factory=dict)
    _past: dict[str, list[_PastEvent]] | None = None
    _rating_standing: list[Standing | None] = field(default_factory=list)

    @classmethod
    def about(cls, db: Database, pictures: Iterable[Picture]) -> Records:
        """Of all buyers and sessions in these pictures, which are of one shop and one moment."""
        views = list(pictures)
        return cls(
            db,
            views[0].shop,
            views[0].now,
            frozenset(view.buyer for view in views),
            frozenset(session for view in views for session in view.sessions),
        )

    def flagged(self, buyer: str) -> bool:
        """Was the buyer flagged lately, in whatever session?"""
        if self._flagged is None:
            query = select(EventRow.buyer).where(
                EventRow.shop_id == self.shop.id,
                col(EventRow.buyer).in_(self.buyers),
                EventRow.at > self.now - FLAG_LASTS,
                EventRow.at <= self.now,
                EventRow.type == EventType.BUYER_FLAGGED.value,
            )
            self._flagged = frozenset(name for name in self.db.exec(query) if name is not None)
        return buyer in self._flagged

    def decided(self, session: str) -> frozenset[str]:
        """What was decided on for the session by then, named as by `Say.once`."""
        if not self._decided:
            self._decided = {name: set() for name in self.sessions}
            query = select(OutboxRow.session, OutboxRow.buyer, OutboxRow.once).where(
                OutboxRow.shop_id == self.shop.id,
                col(OutboxRow.session).in_(self.sessions),
                OutboxRow.created_at <= self.now,
            )
            for name, buyer, once in self.db.exec(query):
                self._decided[name].add(once.removeprefix(f"{buyer}:"))
        return frozenset(self._decided[session])

    def decide(self, session: str, once: str) -> None:
        """Note that something more was decided on."""
        self.decided(session)
        self._decided[session].add(once)

    def past(self, session: Session) -> BuyerPast:
        """What the buyer's other sessions know of invitations and ratings, as far back as they matter."""
        if self._past is None:
            self._past = self._read_past()
        others = [one for one in self._past.get(session.buyer, ()) if one.session != session.id]
        return BuyerPast(
            tuple(PastInvite(one.at, one.agent, one.text) for one in others if one.invite),
            tuple((one.at, one.text) for one in others if not one.invite and one.text is not None),
        )

    def _read_past(self) -> dict[str, list[_PastEvent]]:
        policy = self.shop.policy
        days = max(policy.invite_cooldown_days, policy.invite_after_bad_days, 1)
        found: dict[str, list[_PastEvent]] = {}
        query = (
            select(EventRow, SessionRow.agent)
            .join(
                SessionRow,
                (col(SessionRow.shop_id) == col(EventRow.shop_id))
                & (col(SessionRow.id) == col(EventRow.session)),
                isouter=True,
            )
            .where(
                EventRow.shop_id == self.shop.id,
                col(EventRow.buyer).in_(self.buyers),
                EventRow.at > self.now - timedelta(days=days + 1),
                col(EventRow.type).in_((EventType.INVITE_SENT.value, EventType.RATING.value)),
            )
            .order_by(col(EventRow.at), col(EventRow.id))
        )
        for row, agent in self.db.exec(query):
            invite = row.type == EventType.INVITE_SENT.value
            text = row.body.get(WORDS_OF_INVITATION if invite else "label")
            one = _PastEvent(row.session or "", row.at, invite, row.body.get("agent", agent), text)
            found.setdefault(row.buyer or "", []).append(one)
        return found

    def rating_standing(self) -> Standing | None:
        """Where the shop's good rate stands in the period that its platform judges."""
        if not self._rating_standing:
            self._rating_standing.append(rating_standing(self.db, self.shop, self.now))
        return self._rating_standing[0]

    def staffing(self) -> Staffing:
        """Is anybody there to answer?"""
        if self._staffing is None:
            self._staffing = staffing_of(self.db, self.shop, self.now)
        return self._staffing
