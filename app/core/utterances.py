"""What a buyer says in one go, though in several messages: 我想问一下 / 那个鞋 / 有没有42码 within a few seconds.

A fold over the session, so late and reordered events end in the same utterances as tidy ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.core.events import Kind
from app.core.sessions import Message, Session
from phrasebank.fragments import joined

LONGEST_PAUSE: Final = timedelta(seconds=10)
"""Between two messages of one utterance. In timed chats of Taobao a thought was continued after 3 to 9 seconds; what came after 24
seconds or more was a new one."""
MOST_MESSAGES: Final = 8
"""Of a longer run the newest are read."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """`text` is what the messages say together, `context` the buyer's texts before them, the oldest first."""

    messages: tuple[Message, ...]
    text: str
    context: tuple[str, ...]


def utterance_of(session: Session, message: Message) -> Utterance:
    """The utterance that a buyer's text message of the session belongs to, earlier and later messages of it included.

    It is made of the buyer's consecutive text messages that stand, each at most `LONGEST_PAUSE` after the one before; anything else
    between them, from whomever, ends it. A withdrawn message is an utterance of its own.
    """
    standing = [other for other in session.messages if other.withdrawn_at is None or other.id == message.id]
    first = last = next(at for at, other in enumerate(standing) if other.id == message.id)
    while first and _continues(standing[first - 1], standing[first]):
        first -= 1
    while last + 1 < len(standing) and _continues(standing[last], standing[last + 1]):
        last += 1
    messages = tuple(standing[first : last + 1])
    context = tuple(other.text for other in standing[:first] if other.by_buyer and other.text)
    return Utterance(messages, joined([one.text for one in messages[-MOST_MESSAGES:]]), context)


def _continues(earlier: Message, later: Message) -> bool:
    both = all(
        one.by_buyer and one.kind is Kind.TEXT and one.text and one.withdrawn_at is None
        for one in (earlier, later)
    )
    return both and later.at - earlier.at <= LONGEST_PAUSE
