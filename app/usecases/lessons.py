"""What verdicts say of a phrase, and what of the phrase they have put there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import select as select_columns
from sqlalchemy import update
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.db.tables import FeedbackRow, PhraseLessonRow
from app.db.upserts import upsert
from app.usecases.verdicts import BY_PERSON
from phrasebank import Phrase
from phrasebank.learning import Lessons, Verdict, lesson_words

REMEMBERED: Final = 5_000
"""Verdicts on one phrase that are looked at, the latest."""


def lessons_on(db: Database, shop_id: str, phrase_id: str) -> Lessons:
    """What verdicts have put into a phrase."""
    row = db.get(PhraseLessonRow, (shop_id, phrase_id), populate_existing=True)
    return Lessons() if row is None else Lessons(tuple(row.examples), tuple(row.not_examples))


def keep_lessons(db: Database, shop_id: str, phrase_id: str, lessons: Lessons) -> None:
    """Note what of a phrase is there by verdicts."""
    row = {
        "shop_id": shop_id,
        "phrase_id": phrase_id,
        "examples": list(lessons.examples),
        "not_examples": list(lessons.not_examples),
    }
    upsert(db, PhraseLessonRow, [row])


def respect(db: Database, shop_id: str, changed: Mapping[str, Phrase | None]) -> None:
    """People made these phrases, by id, what they are now (None: gone): what they took out the same verdicts teach no more."""
    rows = db.exec(select(PhraseLessonRow).where(PhraseLessonRow.shop_id == shop_id)).all()
    for row in rows:
        if row.phrase_id not in changed:
            continue
        phrase = changed[row.phrase_id]
        before = Lessons(tuple(row.examples), tuple(row.not_examples))
        kept = Lessons(
            tuple(text for text in before.examples if phrase and text in phrase.examples),
            tuple(text for text in before.not_examples if phrase and text in phrase.not_examples),
        )
        if kept == before:
            continue
        _forget(db, shop_id, row.phrase_id, _words(before) - _words(kept))
        keep_lessons(db, shop_id, row.phrase_id, kept)


def _forget(db: Database, shop_id: str, phrase_id: str, words: Collection[str]) -> None:
    """Let no verdict of today teach the phrase messages with these words."""
    ids = [
        verdict.id for verdict in verdicts_on(db, shop_id, phrase_id) if lesson_words(verdict.text) in words
    ]
    gone = update(FeedbackRow).where(col(FeedbackRow.shop_id) == shop_id, col(FeedbackRow.id).in_(ids))
    db.execute(gone.values(teaches=False))


def verdicts_on(db: Database, shop_id: str, phrase_id: str, *, by_person_only: bool = False) -> list[Verdict]:
    """The verdicts that stand on a phrase, the latest first."""
    query = (
        select_columns(
            col(FeedbackRow.id),
            col(FeedbackRow.about),
            col(FeedbackRow.at),
            col(FeedbackRow.accepted),
            col(FeedbackRow.text),
            col(FeedbackRow.source),
        )
        .where(
            col(FeedbackRow.shop_id) == shop_id,
            col(FeedbackRow.phrase_id) == phrase_id,
            col(FeedbackRow.stands),
            col(FeedbackRow.teaches),
        )
        .order_by(col(FeedbackRow.at).desc(), col(FeedbackRow.id).desc())
        .limit(REMEMBERED)
    )
    if by_person_only:
        query = query.where(col(FeedbackRow.source) == BY_PERSON)
    return [
        Verdict(verdict_id, about, at, accepted, text, source == BY_PERSON)
        for verdict_id, about, at, accepted, text, source in db.execute(query)
    ]


def _words(lessons: Lessons) -> set[str]:
    return {lesson_words(text) for text in (*lessons.examples, *lessons.not_examples)}
