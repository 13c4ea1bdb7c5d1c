"""When the machine looks at a talk again to ask its buyer for a rating. Times only; nothing is done here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from app.core.invites import InviteAdvice
from app.core.policies import Policy
from app.core.sessions import Session
from app.core.situations import last_words

INVITE_WITHIN: Final = timedelta(minutes=30)
"""An invitation that would come later than this after its time does not come at all: the buyer is gone."""


def invite_due_at(session: Session, policy: Policy) -> datetime | None:
    """When the talk has been quiet for as long as the shop wants; None where nothing was said."""
    last = last_words(session)
    return None if last is None else last.at + timedelta(seconds=policy.invite_after_s)


def look_again_at(session: Session, advice: InviteAdvice | None, policy: Policy) -> datetime | None:
    """When the advice may be another though nothing happens, or an automatic invitation is due; None for never."""
    if advice is None:
        return None
    if advice.advice == "invite":
        return invite_due_at(session, policy) if policy.invite else None
    return advice.until if advice.advice == "wait" and advice.code == "unsettled" else None
