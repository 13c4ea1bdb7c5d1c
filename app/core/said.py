"""What two people said to each other, without ids and stamps: how the mood model reads a session."""

from __future__ import annotations

from typing import NamedTuple

from app.core.events import Sender
from app.core.sessions import Session

SPEAKERS = frozenset({Sender.BUYER, Sender.AGENT, Sender.ROBOT_ASSIST, Sender.ROBOT})
"""Whose words tell how a session goes: a welcome and the platform's own lines are the same in every one."""


class Said(NamedTuple):
    """One message: whose words, and what kind of message (`text` where they were typed)."""

    by_buyer: bool
    text: str
    kind: str = "text"


def said_in(session: Session) -> tuple[Said, ...]:
    """What buyer and shop said in a session and did not withdraw, in time order."""
    return tuple(Said(m.by_buyer, m.text, m.kind.value) for m in session.standing if m.sender in SPEAKERS)
