"""Sessions and situations of the tests of the core, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.auto_reply import Sources
from app.core.clocks import OpenItem
from app.core.events import Event, parse_event
from app.core.mood import Mood
from app.core.policies import Policy
from app.core.sessions import SHOP_SENDERS, Session, fold_session
from app.core.situations import Purpose, Situation, Staffing
from lint import Linter
from phrasebank import Phrase, Result
from phrasebank.results import Hit

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
WINDOW_S = 180
INVOICE = Phrase(id="invoice", text="亲，可以开发票", title="开发票", category="发票")
HOLD = Phrase(id="hold", text="亲，请稍等", variants=("马上来回复您",))
OFF = Phrase(id="off", text="亲，现在没有客服在线", variants=("亲，客服 {opens} 上线",))
HELLO = Phrase(id="hello", text="您好，欢迎光临")
PHRASES = {Purpose.HOLDING: (HOLD,), Purpose.OFF_HOURS: (OFF,), Purpose.WELCOME: (HELLO,)}
CALM = Mood(0.5, 0.1)
SURE = Result("能开发票吗", (Hit(INVOICE, 0.95, ("关键词：发票",)),), confident=True)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(event_id: str, seconds: float, text: str = "", sender: str = "buyer", **more: Any) -> Event:
    raw = {
        "id": event_id,
        "type": "message",
        "at": at(seconds).isoformat(),
        "session": "s1",
        "buyer": "b1",
        "sender": sender,
        "text": text,
    }
    return parse_event(raw | more)


def ours(event_id: str, seconds: float, text: str, purpose: str = "holding", sender: str = "robot") -> Event:
    """Our own record of what the machine said."""
    return event(event_id, seconds, text, sender, outbox=event_id, purpose=purpose)


ASKED = event("m1", 0, "能开发票吗")


def situation(
    *events: Event, seconds: float = 156, policy: Policy | None = None, **changes: Any
) -> Situation:
    """The situation `seconds` after the first of the events (a question about invoices, if none are given)."""
    session = fold_session(events or (ASKED,))
    item = OpenItem(
        item_id=session.messages[0].id,
        session=session.id,
        buyer=session.buyer,
        at=START,
        deadline_at=at(WINDOW_S),
        counted=True,
        reason_uncounted=None,
        counts_robot=True,
        counts_assist=True,
    )
    item = replace(item, **changes.pop("item", {}))
    made = Situation(
        session=session,
        item=item,
        message=session.last_buyer_message,
        asked_at=item.at,
        policy=policy or Policy(),
        platform="kuaishou",
        now=at(seconds),
        zone=ZoneInfo("Asia/Shanghai"),
        expires_at=item.deadline_at,
        mood=lambda: CALM,
        said=read_by_buyer(session),
        staffing=lambda: Staffing(staffed=True),
    )
    return replace(made, **changes)


def read_by_buyer(session: Session) -> frozenset[str]:
    return frozenset(m.text for m in session.standing if m.sender in SHOP_SENDERS)


def sources(
    found: Result = SURE,
    phrases: dict[Purpose, Sequence[Phrase]] | None = None,
    linter: Linter | None = None,
) -> Sources:
    chosen: dict[Purpose, Sequence[Phrase]] = {**PHRASES, **(phrases or {})}
    return Sources(lambda: found, lambda purpose: chosen[purpose], linter or Linter.default())
