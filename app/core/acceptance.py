"""Which of the offered phrases were taken, as a session's messages tell, and how good a phrase's record is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.core.sessions import HUMAN_SENDERS, Message, Session

USUAL: Final = 0.3
"""How often a phrase is taken of which nothing is known yet, of the times it is offered."""
WEIGHT: Final = 10
"""How many offers that assumption weighs."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A reply of a person, `reply`, that is an offered phrase; `message` is the buyer's, for which it was offered."""

    reply: str
    message: Message
    phrase_id: str
    at: datetime
    agent: str | None


def taken_replies(
    session: Session, offers: Mapping[str, Sequence[str]], is_wording: Callable[[str, Message], bool]
) -> Iterator[Taken]:
    """The replies of the session that took an offered phrase, each once, in order of time.

    `offers` has the phrase ids offered for buyer messages, by message id; `is_wording` says whether a phrase, by id, reads
    as a reply does. A reply answers the buyer's messages since a person last replied, and with them, of several for which
    the phrase was offered, the latest. What the machine said by itself was taken by nobody.
    """
    run: list[Message] = []
    answered = False
    for message in session.standing:
        if message.by_buyer:
            if answered:
                run, answered = [], False
            run.append(message)
        elif message.sender in HUMAN_SENDERS and not message.by_machine:
            answered = True
            found = _taken(message, run, offers, is_wording)
            if found is not None:
                yield found


def _taken(
    reply: Message,
    run: Sequence[Message],
    offers: Mapping[str, Sequence[str]],
    is_wording: Callable[[str, Message], bool],
) -> Taken | None:
    for message in reversed(run):
        for phrase_id in offers.get(message.id, ()):
            if is_wording(phrase_id, reply):
                return Taken(reply.id, message, phrase_id, reply.at, reply.agent)
    return None


def acceptance(offered: int, accepted: int, rejected: int) -> float:
    """The share of offers of a phrase that are taken, 0..1, as far as few of them can tell.

    Verdicts count though no offer is on record, as those given in an agent's panel on a suggestion it asked for.
    """
    tried = max(offered, accepted + rejected)
    return (accepted + USUAL * WEIGHT) / (tried + WEIGHT)
