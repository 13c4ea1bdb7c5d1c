"""People's verdicts on suggestions are taken once each, taught at once, and undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import EventType, Kind, Sender, parse_event
from app.core.feedback import Feedback, Judged, parse_feedback
from app.core.fields import FieldError, Refused
from app.core.masking import masked
from app.db.journal import lock_buyers
from app.db.tables import EventRow, FeedbackRow, PhraseRow
from app.usecases.considered import Considered
from app.usecases.knowledge import Knowledge
from app.usecases.learning import teach
from app.usecases.lessons import lessons_on
from app.usecases.picture import look_at_buyer
from app.usecases.projections import project_sessions
from app.usecases.shops import Shop, read_shop
from app.usecases.verdicts import BY_PERSON, NewVerdict, add_verdict, let_stand
from phrasebank.learning import lesson_words, unteachable

LISTED: Final = 200
"""Verdicts in one list at most."""


class UnknownFeedbackError(LookupError):
    """There is no verdict with this id."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A verdict that is stored; `duplicate`: it was before.

    `learned` says whether the phrase has the message as its example or not-example now; `note`, in Chinese, if not, why.
    """

    id: str
    duplicate: bool
    learned: bool
    note: str | None = None


def read_feedback(raw: Sequence[object], now: datetime, tolerance: timedelta) -> list[Feedback | Refused]:
    """Parse each verdict, or say why it cannot be taken."""
    out: list[Feedback | Refused] = []
    for entry in raw:
        try:
            feedback = parse_feedback(entry)
        except FieldError as error:
            name = entry.get("id") if isinstance(entry, Mapping) else None
            name = name if isinstance(name, str) else None
            out.append(Refused(name, error.reason, error.message, error.field))
            continue
        if feedback.at is not None and feedback.at > now + tolerance:
            message = "时间在未来，请校对发送方的时钟 / the time lies in the future"
            out.append(Refused(feedback.id, "time_in_future", message, "at"))
            continue
        out.append(feedback)
    return out


def take_feedback(
    db: Database, knowledge: Knowledge, shop_id: str, read: Sequence[Feedback | Refused], now: datetime
) -> list[Taken | Refused]:
    """Store what was read, each id once, and teach its phrases. Raises `UnknownShopError`."""
    shop = read_shop(db, knowledge.profiles, shop_id)
    given = [entry for entry in read if isinstance(entry, Feedback)]
    messages = _messages(db, shop_id, {entry.message for entry in given if entry.message is not None})
    lock_buyers(db, shop_id, {row.buyer for row in messages.values() if row.buyer is not None})
    stored = [
        _store(db, knowledge, shop, entry, messages, now) if isinstance(entry, Feedback) else entry
        for entry in read
    ]
    for phrase_id in sorted({row.phrase_id for row, _ in (s for s in stored if not isinstance(s, Refused))}):
        teach(db, shop, phrase_id, now)
    return [
        entry if isinstance(entry, Refused) else _taken(db, shop, entry[0], duplicate=entry[1])
        for entry in stored
    ]


def undo_feedback(
    db: Database, knowledge: Knowledge, shop_id: str, feedback_id: str, by: str, now: datetime
) -> None:
    """Take a verdict back, as if it had never been given; doing so again changes nothing. Raises `UnknownFeedbackError`."""
    shop = read_shop(db, knowledge.profiles, shop_id)
    row = db.get(FeedbackRow, (shop_id, feedback_id))
    if row is None:
        raise UnknownFeedbackError(f"没有反馈 {feedback_id} / unknown feedback")
    message = db.get(EventRow, (shop_id, row.about))
    lock_buyers(db, shop_id, [message.buyer] if message is not None and message.buyer else [])
    db.refresh(row)
    if row.undone_at is None:
        row.undone_at, row.undone_by = now, by
        let_stand(db, shop, row, now, stands=False)
        teach(db, shop, row.phrase_id, now)


def show_anew(db: Database, knowledge: Knowledge, shop_id: str, feedback_id: str, now: datetime) -> None:
    """Let the live page show what the bank offers, after this verdict or its undoing, for the message it is about."""
    row = db.get(FeedbackRow, (shop_id, feedback_id))
    message = db.get(EventRow, (shop_id, row.about)) if row is not None else None
    if message is None or message.buyer is None or message.session is None:
        return
    shop = read_shop(db, knowledge.profiles, shop_id)
    picture = look_at_buyer(db, shop, message.buyer, {message.session}, now)
    project_sessions(db, [Considered(db, knowledge, picture)])


def list_feedback(
    db: Database, shop_id: str, *, phrase_id: str | None = None, about: str | None = None
) -> list[dict[str, Any]]:
    """The latest verdicts, on one phrase or about one message of a buyer, as JSON; texts are masked."""
    query = select(FeedbackRow).where(FeedbackRow.shop_id == shop_id)
    if phrase_id is not None:
        query = query.where(FeedbackRow.phrase_id == phrase_id)
    if about is not None:
        query = query.where(FeedbackRow.about == about)
    rows = db.exec(query.order_by(col(FeedbackRow.at).desc(), col(FeedbackRow.id)).limit(LISTED))
    return [
        {
            "id": row.id,
            "phrase_id": row.phrase_id,
            "verdict": (Judged.ACCEPTED if row.accepted else Judged.REJECTED).value,
            "text": row.text,
            "message": row.about if row.session is not None else None,
            "source": row.source,
            "by": row.by,
            "at": row.at.isoformat(),
            "stands": row.stands,
            "undone_at": row.undone_at.isoformat() if row.undone_at else None,
        }
        for row in rows
    ]


def _messages(db: Database, shop_id: str, ids: set[str]) -> dict[str, EventRow]:
    rows = db.exec(select(EventRow).where(EventRow.shop_id == shop_id, col(EventRow.id).in_(ids)))
    return {row.id: row for row in rows.all()}


def _store(
    db: Database,
    knowledge: Knowledge,
    shop: Shop,
    given: Feedback,
    messages: Mapping[str, EventRow],
    now: datetime,
) -> tuple[FeedbackRow, bool] | Refused:
    """(row, whether it was there before), or why it cannot be taken."""
    known = db.get(FeedbackRow, (shop.id, given.id))
    if known is None:
        if db.get(PhraseRow, (shop.id, given.phrase_id)) is None:
            message = f"没有话术 {given.phrase_id} / unknown phrase"
            return Refused(given.id, "unknown_phrase", message, "phrase_id")
        session, text = None, given.text
        if given.message is not None:
            session, text = _said(messages.get(given.message))
        if text is None:
            message = f"没有买家消息 {given.message}，请先送入事件 / unknown message of a buyer"
            return Refused(given.id, "unknown_message", message, "message")
        new = NewVerdict(
            id=given.id,
            phrase_id=given.phrase_id,
            about=given.about,
            session=session,
            text=masked(text, knowledge.linter),
            accepted=given.judged is Judged.ACCEPTED,
            source=BY_PERSON,
            by=given.by,
            at=given.at or now,
            digest=given.digest,
        )
        added = add_verdict(db, shop, new, now)
        known = db.get(FeedbackRow, (shop.id, given.id), populate_existing=True)
        assert known is not None
        if added:
            return known, False
    if known.digest != given.digest:
        message = (
            "同一个 id 已有不同内容，原有内容保持不变 / the id is known with other content, which stands"
        )
        return Refused(given.id, "conflict", message, "id")
    return known, True


def _said(row: EventRow | None) -> tuple[str | None, str | None]:
    """(session, text) of a buyer's message; no text if it is none."""
    if row is None or row.type != EventType.MESSAGE.value:
        return None, None
    event = parse_event(row.body)
    if event.sender is not Sender.BUYER:
        return None, None
    return event.session, event.text if event.kind is Kind.TEXT else ""


def _taken(db: Database, shop: Shop, row: FeedbackRow, *, duplicate: bool) -> Taken:
    if row.undone_at is not None:
        return Taken(row.id, duplicate, learned=False, note="已撤销")
    why_not = unteachable(row.text)
    if why_not is not None:
        return Taken(row.id, duplicate, learned=False, note=f"没有学：{why_not.value}")
    lessons = lessons_on(db, shop.id, row.phrase_id)
    taught = lessons.examples if row.accepted else lessons.not_examples
    if lesson_words(row.text) in map(lesson_words, taught):
        return Taken(row.id, duplicate, learned=True)
    if shop.policy.learn == "off":
        return Taken(row.id, duplicate, learned=False, note="没有学：店铺关闭了学习")
    return Taken(row.id, duplicate, learned=False, note="没有学：话术里本来就有这句，或者有更新的反馈")
