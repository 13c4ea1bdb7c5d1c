"""Phrases learn from verdicts: what stands in `feedback` is folded into examples and not-examples.

The verdicts are facts and come in with whatever caused them; the phrases follow a moment later (`app.jobs.lessons`), or at
once where a person is waiting to see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, update
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.tables import FeedbackRow, PhraseRow, ShopRow
from app.usecases.knowledge import Knowledge
from app.usecases.lessons import keep_lessons, lessons_on, verdicts_on
from app.usecases.phrase_history import Action, Author, change_phrases
from app.usecases.shops import Shop, read_shop
from phrasebank import Phrase
from phrasebank.learning import Lessons, lessons_of, taught

LEARNING: Final = "自动学习"
"""Who learned, in a phrase's history."""
GATHERED_FOR: Final = timedelta(seconds=2)
"""How long verdicts gather before a phrase is taught: every lesson makes the bank's index new."""
TAUGHT_AT_ONCE: Final = 50
"""Phrases in one transaction."""


@dataclass(frozen=True, slots=True)
class LessonsTaught:
    """`shops`: whose banks changed; `handled`: how many phrases were looked at."""

    shops: frozenset[str]
    handled: int


def next_lesson_at(db: Database) -> datetime | None:
    """When the next phrase is to be taught, from the index."""
    first = db.exec(select(func.min(FeedbackRow.received_at)).where(col(FeedbackRow.pending))).one()
    return None if first is None else first + GATHERED_FOR


def teach_due(db: Database, knowledge: Knowledge, now: datetime) -> LessonsTaught:
    """Teach the phrases on which verdicts have gathered. Doing it twice, or in two processes, teaches the same."""
    due = db.exec(
        select(FeedbackRow.shop_id, FeedbackRow.phrase_id)
        .where(col(FeedbackRow.pending), FeedbackRow.received_at <= now - GATHERED_FOR)
        .distinct()
        .order_by(FeedbackRow.shop_id, FeedbackRow.phrase_id)
        .limit(TAUGHT_AT_ONCE)
    ).all()
    changed = set()
    for shop_id, phrase_id in due:
        shop = read_shop(db, knowledge.profiles, shop_id)
        if teach(db, shop, phrase_id, now):
            changed.add(shop_id)
    return LessonsTaught(frozenset(changed), len(due))


def teach(db: Database, shop: Shop, phrase_id: str, now: datetime) -> bool:
    """Bring one phrase in line with the verdicts that stand; says whether that changed it."""
    # Every change of a bank takes this lock first, so what is read here is what is written on.
    db.exec(select(ShopRow.id).where(ShopRow.id == shop.id).with_for_update()).one()
    db.flush()
    pending = (
        update(FeedbackRow)
        .where(
            col(FeedbackRow.shop_id) == shop.id,
            col(FeedbackRow.phrase_id) == phrase_id,
            col(FeedbackRow.pending),
        )
        .values(pending=False)
    )
    db.execute(pending, execution_options={"synchronize_session": "fetch"})
    row = db.get(PhraseRow, (shop.id, phrase_id), populate_existing=True)
    if row is None or shop.policy.learn == "off":
        return False
    phrase = Phrase.from_json(row.body)
    before = lessons_on(db, shop.id, phrase_id)
    # A holding reply fits whatever the buyer wrote: that it was sent says nothing of the message.
    by_person_only = shop.policy.learn == "clicks" or phrase_id in shop.policy.holding_phrases
    verdicts = verdicts_on(db, shop.id, phrase_id, by_person_only=by_person_only)
    after = taught(phrase, before, lessons_of(verdicts))
    if after == phrase:
        return False
    put_in = _put_in(phrase, before, after)
    keep_lessons(db, shop.id, phrase_id, put_in)
    action, why = _change(before, put_in)
    change_phrases(db, shop.id, Author(LEARNING, now, why), saved=[after], action=action)
    return True


def _put_in(phrase: Phrase, before: Lessons, after: Phrase) -> Lessons:
    """What of the phrase as it is `after` was put there by verdicts, and not by its owner."""
    own = set(phrase.examples) - set(before.examples)
    own_not = set(phrase.not_examples) - set(before.not_examples)
    return Lessons(
        tuple(text for text in after.examples if text not in own),
        tuple(text for text in after.not_examples if text not in own_not),
    )


def _change(before: Lessons, now: Lessons) -> tuple[Action, str]:
    """What the phrase's history says of it: the action, and why."""
    parts = []
    learned = False
    for name, old, new in (
        ("例句", before.examples, now.examples),
        ("反例", before.not_examples, now.not_examples),
    ):
        came = [text for text in new if text not in old]
        went = [text for text in old if text not in new]
        learned |= bool(came)
        if came:
            parts.append(f"学到{name}：{'；'.join(came)}")
        if went:
            parts.append(f"去掉学来的{name}：{'；'.join(went)}")
    return ("learned" if learned else "unlearned"), "，".join(parts)
