"""Questions that a buyer had to ask twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rapidfuzz import fuzz

from app.core.courtesy import infer_courtesy
from app.core.events import Kind
from app.core.sessions import Message, Session
from phrasebank.chitchat import is_junk, without_chat
from phrasebank.folding import folded

ALIKE: Final = 82.0
"""Likeness (0..100) of two folded texts from which they ask the same."""
SHORTEST: Final = 4
"""Folded code points of what can be told to be a question; 在吗 twice is a greeting, not a question."""
DOUBLE_SENT: Final = timedelta(seconds=5)
"""The same words again so soon, with no answer between, are a finger's slip."""
MOST_TEXTS: Final = 200
"""Of a longer session the newest buyer messages are compared."""


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The same question, by the ids of the messages that ask it, in time order; two at least."""

    message_ids: tuple[str, ...]

    @property
    def times(self) -> int:
        return len(self.message_ids)


@dataclass(slots=True)
class _Question:
    words: str
    ids: list[str]
    last: Message
    answered: bool = False


def asked_again(session: Session) -> tuple[AskedAgain, ...]:
    """What the buyer of a session asked more than once, the first asked first.

    Courtesies, greetings, laughter, cards and links are no questions.
    """
    questions: list[_Question] = []
    asked = [m for m in session.standing if m.by_buyer][-MOST_TEXTS:]
    first = asked[0] if asked else None
    for message in session.standing:
        if first is not None and message.at < first.at:
            continue
        if not message.by_buyer:
            for question in questions:
                question.answered = True
            continue
        words = _question(message)
        if words is None:
            continue
        known = next((q for q in questions if fuzz.ratio(q.words, words, score_cutoff=ALIKE)), None)
        if known is None:
            questions.append(_Question(words, [message.id], message))
            continue
        if known.answered or message.at - known.last.at > DOUBLE_SENT:
            known.ids.append(message.id)
        known.last, known.answered = message, False
    return tuple(AskedAgain(tuple(q.ids)) for q in questions if len(q.ids) > 1)


def _question(message: Message) -> str | None:
    """The folded words of a message that asks or tells something; None for others."""
    if message.kind is not Kind.TEXT or is_junk(message.text) or infer_courtesy(message.text):
        return None
    words, _ = without_chat(folded(message.text))
    return words if len(words) >= SHORTEST else None
