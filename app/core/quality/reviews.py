"""A session looked at afterwards: how it was rated, what stands at risk, and what in it may say why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from app.core.definitions import MeasureKind
from app.core.events import Event, EventType
from app.core.invites import UPSET, ends_cross
from app.core.masking import masked
from app.core.measures import History
from app.core.measures.history import SessionHistory, extra_text, micros, shop_of
from app.core.measures.items import Calendar, ItemReader
from app.core.measures.ratings import TakenRating, agent_rated, reasons_given, taken_ratings
from app.core.mood import Mood, MoodModel
from app.core.profiles import Edition, Profile
from app.core.quality.asked_again import AskedAgain, asked_again
from app.core.quality.sentences import Flagged, flagged_sentences
from app.core.quality.waits import Wait, longest, waits_of
from app.core.resolution import QUIET, Resolution, resolve
from app.core.sessions import Message, Session, fold_session
from lint import Linter

MOST_TURNS: Final = 3
"""Of the buyer's words that moved the mood, so many messages are named."""
_MOVES: Final = 0.4
"""Chance of being dissatisfied from which a single message of the buyer is named."""
_EXCERPT: Final = 80
"""Code points of a quoted text."""
_BAD_WORDS: Final = ("不满意", "失望", "一般", "差", "1星", "2星", "3星")
"""How bad ratings read where a platform has no options that we know."""


class Kind(StrEnum):
    """Why a session is on the desk, the gravest first."""

    ATTITUDE = "attitude"
    """Rated badly, and the buyer ticked the reason that the platform counts by itself (服务态度差)."""
    BAD = "bad"
    """Rated badly for another reason, or for none."""
    COMPLAINT = "complaint"
    INVITED_UPSET = "invited_upset"
    """Asked for a rating, and upset now."""
    UPSET = "upset"
    PROMISE = "promise"
    """Somebody said that he would come back, and nobody has."""


RATED: Final = frozenset({Kind.ATTITUDE, Kind.BAD})


@dataclass(frozen=True, slots=True)
class MovingTurn:
    """A buyer's message that moved the mood down: the message shortened and masked, and the words of it that did."""

    message_id: str
    at: datetime
    p_dissatisfied: float
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A session as the desk shows it. `kinds` is empty where nothing is wrong with it.

    `at` is when it was rated badly, else its last event; `day` is that day in the shop's zone. `agent` and `group` are "" where
    nobody is known. `rating_counts` says whether the platform's good rate takes the rating; None without a rating, or without
    an edition in force.
    """

    session: str
    buyer: str
    agent: str
    group: str
    at: datetime
    day: date
    kinds: tuple[Kind, ...]
    label: str | None
    good: bool | None
    """None without a rating, and for an option text that is none of the platform's."""
    reasons: tuple[str, ...]
    rating_counts: bool | None
    invited_by: str | None
    waits: tuple[Wait, ...]
    flagged: tuple[Flagged, ...]
    asked_again: tuple[AskedAgain, ...]
    moving: tuple[MovingTurn, ...]
    promise: str | None
    complaint: str | None
    p_dissatisfied: float

    @property
    def rated_badly(self) -> bool:
        return not RATED.isdisjoint(self.kinds)

    @property
    def late(self) -> tuple[Wait, ...]:
        """The waits that went beyond the window and that the platform counts."""
        return tuple(wait for wait in self.waits if wait.late and wait.counted)

    @property
    def longest(self) -> Wait | None:
        return longest(self.waits)

    @property
    def unanswered(self) -> int:
        """Items that are late and have no answer to this moment."""
        return sum(wait.unanswered and wait.late for wait in self.waits)

    @property
    def weight(self) -> tuple[int, int, float]:
        """Sorts what is to be looked at first before the rest: by the gravest kind, by how much else speaks, by the mood."""
        kinds = list(Kind)
        gravest = min((kinds.index(kind) for kind in self.kinds), default=len(kinds))
        signs = len(self.flagged) + len(self.asked_again) + len(self.late)
        return (gravest, -signs, -self.p_dissatisfied)


class Reviewer:
    """Reviews sessions of one platform by one edition of its reply measure; made once for many sessions."""

    def __init__(
        self,
        profile: Profile,
        edition: Edition,
        linter: Linter,
        moods: MoodModel,
        mood_of: Callable[[Session, MoodModel], Mood],
    ) -> None:
        self._profile = profile
        self._linter = linter
        self._moods = moods
        self._mood_of = mood_of
        self._reader = ItemReader(edition.definition)
        self._calendar = Calendar(edition.definition.zone)
        self._attitude = attitude_reasons(profile)

    def review(
        self, events: Iterable[Event], as_of: datetime, wanted: Collection[str] | None = None
    ) -> list[Review]:
        """Review sessions out of the events of their buyers, in any order: those `wanted` by id, else all.

        Other sessions of the same buyers are only read for answers. What comes after `as_of` is left out.
        """
        known = [event for event in events if event.at <= as_of]
        history = History.of(known)
        by_session: dict[str, list[Event]] = defaultdict(list)
        for event in known:
            if event.session is not None and (wanted is None or event.session in wanted):
                by_session[event.session].append(event)
        sessions = [fold_session(own) for own in by_session.values()]
        flagged = flagged_sentences(sessions, self._linter, self._profile.platform)
        counted = self._counted(history)
        return [
            self._review(session, by_session[session.id], history, counted, flagged, as_of)
            for session in sessions
        ]

    def _counted(self, history: History) -> Mapping[date, frozenset[str]]:
        """Ids of the ratings that the good rate takes, by day; days that no edition judges are left out."""
        measure = self._profile.primary_rating
        if measure is None:
            return {}
        taken: dict[str, frozenset[str]] = {}
        found: dict[date, frozenset[str]] = {}
        for day in {self._calendar.local(at).day for at, _ in history.ratings}:
            edition = measure.edition_on(day)
            if edition is None:
                continue
            if edition.id not in taken:
                rated = taken_ratings(history, edition.definition, Calendar(edition.definition.zone))
                taken[edition.id] = frozenset(rating.event.id for rating in rated)
            found[day] = taken[edition.id]
        return found

    def _review(
        self,
        session: Session,
        events: Sequence[Event],
        history: History,
        counted: Mapping[date, frozenset[str]],
        flagged: Mapping[str, tuple[Flagged, ...]],
        as_of: datetime,
    ) -> Review:
        buyer = history.buyers[(shop_of(events[0]), session.buyer)]
        own = buyer.sessions[session.id]
        rating = max(
            (event for event in events if event.type is EventType.RATING),
            key=lambda event: event.order,
            default=None,
        )
        good = None if rating is None or rating.label is None else is_good(self._profile, rating.label)
        reasons = () if rating is None else reasons_given(rating.reason)
        mood = self._mood_of(session, self._moods)
        resolution = resolve(session, as_of)
        kinds = self._kinds(session, good, reasons, mood, resolution, as_of)
        at = session.last_event_at
        if rating is not None and good is False:
            at = rating.at
        assert at is not None
        takes = None if rating is None else counted.get(self._calendar.local(micros(rating.at)).day)
        return Review(
            session=session.id,
            buyer=session.buyer,
            agent=self._agent(session, rating, history),
            group=_group(rating, own, events),
            at=at,
            day=self._calendar.local(micros(at)).day,
            kinds=kinds,
            label=None if rating is None else rating.label,
            good=good,
            reasons=tuple(masked(reason, self._linter) for reason in reasons),
            rating_counts=None if rating is None or takes is None else rating.id in takes,
            invited_by=session.invites[0][1] or "agent" if session.invites else None,
            waits=waits_of(buyer, session.id, self._reader, as_of),
            flagged=flagged[session.id],
            asked_again=asked_again(session),
            moving=self._moving(session) if set(kinds) - {Kind.PROMISE} else (),
            promise=None if resolution.promise is None else masked(resolution.promise, self._linter),
            complaint=resolution.complaint,
            p_dissatisfied=mood.p_dissatisfied,
        )

    def _kinds(
        self,
        session: Session,
        good: bool | None,
        reasons: Sequence[str],
        mood: Mood,
        resolution: Resolution,
        as_of: datetime,
    ) -> tuple[Kind, ...]:
        if good or not session.messages:
            return ()
        kinds = []
        if good is False:
            kinds.append(Kind.BAD if self._attitude.isdisjoint(reasons) else Kind.ATTITUDE)
        if resolution.complaint is not None:
            kinds.append(Kind.COMPLAINT)
        last = session.last_buyer_message
        turn = None if last is None else self._moods.turn(last.text, last.kind.value)
        cross = turn is not None and ends_cross(mood, turn)
        upset_now = (cross or resolution.displeased is not None) and not resolution.signs
        if last is not None and upset_now and any(at < last.at for at, _ in session.invites):
            kinds.append(Kind.INVITED_UPSET)
        elif upset_now or mood.p_dissatisfied >= UPSET:
            kinds.append(Kind.UPSET)
        quiet = session.last_event_at is not None and as_of - session.last_event_at >= QUIET
        if resolution.promise is not None and quiet:
            kinds.append(Kind.PROMISE)
        return tuple(kinds)

    def _moving(self, session: Session) -> tuple[MovingTurn, ...]:
        """The buyer's messages that moved the mood down most, in time order."""
        said = [m for m in session.standing if m.by_buyer and m.text.strip()]
        moods = [(message, self._moods.turn(message.text, message.kind.value)) for message in said]
        moved = [(message, mood) for message, mood in moods if mood.p_dissatisfied >= _MOVES]
        moved.sort(key=lambda pair: -pair[1].p_dissatisfied)
        # The same words again say nothing more.
        once = list({message.text: (message, mood) for message, mood in reversed(moved)}.values())[::-1]
        return tuple(
            MovingTurn(
                message.id,
                message.at,
                mood.p_dissatisfied,
                self._excerpt(message),
                tuple(masked(word, self._linter) for word in mood.words),
            )
            for message, mood in sorted(once[:MOST_TURNS], key=lambda pair: (pair[0].at, pair[0].id))
        )

    def _excerpt(self, message: Message) -> str:
        flat = " ".join(masked(message.text, self._linter).split())
        return flat if len(flat) <= _EXCERPT else flat[: _EXCERPT - 1] + "…"

    def _agent(self, session: Session, rating: Event | None, history: History) -> str:
        if rating is None:
            return session.agent or ""
        at = micros(rating.at)
        day, clock = self._calendar.local(at)
        return agent_rated(TakenRating(at, rating, day, clock, False), history)


def _group(rating: Event | None, session: SessionHistory, events: Iterable[Event]) -> str:
    """The group that the rating names, else the last assignment, else any message."""
    if rating is not None and (named := extra_text(rating, "group")):
        return named
    if assigned := [each.group for each in session.assignments if each.group]:
        return assigned[-1]
    return next((named for event in events if (named := extra_text(event, "group"))), "")


def is_good(profile: Profile, label: str) -> bool | None:
    """Is an option text a good rating? Of a platform without options that we know, the plain words tell."""
    if profile.rating_labels:
        return profile.is_positive(label)
    if any(word in label for word in _BAD_WORDS):
        return False
    return True if "满意" in label or label in {"好评", "好", "4星", "5星"} else None


def attitude_reasons(profile: Profile) -> frozenset[str]:
    """The reason texts that a measure of the platform, in force or not, counts by themselves; else 服务态度差."""
    told = {
        reason
        for measure in profile.measures
        if measure.kind is MeasureKind.RATING
        for edition in measure.editions
        for reason in edition.definition.reason
    }
    return frozenset(told or {"服务态度差"})
