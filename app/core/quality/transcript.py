"""A session's talk with everything marked that its review found, personal data out of sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from app.core.events import Kind, Sender
from app.core.masking import MASKED, masked, personal_spans
from app.core.quality.reviews import Review
from app.core.quality.sentences import Flagged
from app.core.quality.waits import Wait
from app.core.sessions import Message, Session
from lint import Linter

Mark = Literal["", "flagged", "moving"]
_NO_MARK: Final[Mark] = ""
_LOOKED_FOR: Final = 3
"""Times that one moving word is marked in a message."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message under one mark; `hidden` stands for personal data."""

    text: str
    mark: Mark = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the talk. `wait` began with it; `again` says which time the same is asked, from 2 on."""

    message_id: str
    at: datetime
    sender: Sender
    kind: Kind
    agent: str
    pieces: tuple[Piece, ...]
    withdrawn: bool
    by_machine: bool
    wait: Wait | None
    flagged: tuple[Flagged, ...]
    again: int | None
    upset: float | None
    """Chance that the buyer was dissatisfied, where the message moved the mood."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in the session and is no message: an invitation, a rating, a hand-over, an assignment."""

    at: datetime
    what: Literal["invited", "rated", "handover", "assigned", "closed"]
    words: str


def transcript(session: Session, review: Review, linter: Linter) -> tuple[Line | Moment, ...]:
    """The talk of a reviewed session in time order."""
    waits = {wait.message_id: wait for wait in review.waits}
    moving = {turn.message_id: turn for turn in review.moving}
    again = {
        message_id: number
        for each in review.asked_again
        for number, message_id in enumerate(each.message_ids, start=1)
        if number > 1
    }
    flagged: dict[str, list[Flagged]] = {}
    for each in review.flagged:
        flagged.setdefault(each.message_id, []).append(each)
    lines = [
        Line(
            message_id=message.id,
            at=message.at,
            sender=message.sender,
            kind=message.kind,
            agent=message.agent or "",
            pieces=_pieces(
                message,
                flagged.get(message.id, ()),
                moving[message.id].words if message.id in moving else (),
                linter,
            ),
            withdrawn=message.withdrawn_at is not None,
            by_machine=message.by_machine,
            wait=waits.get(message.id),
            flagged=tuple(flagged.get(message.id, ())),
            again=again.get(message.id),
            upset=moving[message.id].p_dissatisfied if message.id in moving else None,
        )
        for message in session.messages
    ]
    # A message and what happened at the same moment: the message first.
    return tuple(sorted([*lines, *_moments(session, linter)], key=lambda each: each.at))


def _pieces(
    message: Message, flagged: Sequence[Flagged], words: Sequence[str], linter: Linter
) -> tuple[Piece, ...]:
    """The text cut where a mark or what is hidden begins or ends. A finding goes before the buyer's words."""
    text = message.text
    hidden = personal_spans(text, linter)
    marks: list[tuple[int, int, Mark]] = [(each.start, each.end, "flagged") for each in flagged]
    marks += [(start, end, "moving") for word in words for start, end in _places(text, word)]
    spans = [*hidden, *((start, end) for start, end, _ in marks)]
    edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
    pieces: list[Piece] = []
    for start, end in pairwise(edges):
        covered = any(low <= start and end <= high for low, high in hidden)
        mark: Mark = next((mark for low, high, mark in marks if low <= start and end <= high), _NO_MARK)
        if covered and pieces and pieces[-1].hidden and start not in {low for low, _ in hidden}:
            continue
        pieces.append(Piece(MASKED if covered else text[start:end], mark, covered))
    return tuple(pieces)


def _places(text: str, word: str) -> Iterator[tuple[int, int]]:
    start = -1
    for _ in range(_LOOKED_FOR):
        start = text.find(word, start + 1)
        if start < 0:
            return
        yield start, start + len(word)


def _moments(session: Session, linter: Linter) -> Iterable[Moment]:
    for at, by in session.invites:
        yield Moment(at, "invited", "系统" if by == "system" else "客服")
    for rating in session.ratings:
        words = "，".join(filter(None, (rating.label, rating.reason)))
        yield Moment(rating.at, "rated", masked(words, linter))
    for at in session.handovers:
        yield Moment(at, "handover", "")
    for at, agent in session.assigned:
        yield Moment(at, "assigned", agent)
    if session.closed_at is not None:
        yield Moment(session.closed_at, "closed", "")
