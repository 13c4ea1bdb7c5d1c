"""Counting ratings by one definition."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from app.core.definitions import Definition
from app.core.events import Event
from app.core.measures.history import History, extra_text, micros, shop_of
from app.core.measures.items import Calendar
from app.core.measures.results import MeasureResult

_HOUR = 3_600_000_000
_BETWEEN_REASONS = re.compile(r"[,，、;；|\n]")


def count_ratings(
    history: History,
    definition: Definition,
    *,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
) -> list[MeasureResult]:
    """Count the ratings that a rating definition takes.

    A rating belongs to the day of its own time. `last_only` looks at the ratings that count at all; `reason` narrows
    the numerator only.
    """
    calendar = Calendar(definition.zone)
    totals: dict[str, list[int]] = {} if by else {"": [0, 0]}
    for rating in taken_ratings(history, definition, calendar):
        if (first_day is not None and rating.day < first_day) or (
            last_day is not None and rating.day > last_day
        ):
            continue
        key = "" if by is None else _key_of(rating, history, by, calendar)
        total = totals.setdefault(key, [0, 0])
        total[0] += rating.positive
        total[1] += 1
    return [
        MeasureResult(positive, counted, 0, None if by is None else (by, key))
        for key, (positive, counted) in sorted(totals.items())
    ]


class TakenRating(NamedTuple):
    """A rating that a definition counts. `at` is `micros`; day and `clock` (microseconds) are local."""

    at: int
    event: Event
    day: date
    clock: int
    positive: bool


def taken_ratings(history: History, definition: Definition, calendar: Calendar) -> list[TakenRating]:
    """The ratings that count, in time order. `last_only` looks within a day, so any days can be taken apart."""
    taken = []
    for at, event in history.ratings:
        if _counts(at, event, definition, calendar):
            day, clock = calendar.local(at)
            taken.append(TakenRating(at, event, day, clock, is_positive(event, definition)))
    if definition.last_only:
        last = {
            (shop_of(rating.event), rating.event.buyer, agent_rated(rating, history), rating.day): rating
            for rating in taken
        }
        taken = sorted(last.values(), key=lambda rating: rating.at)
    return taken


def _counts(at: int, event: Event, definition: Definition, calendar: Calendar) -> bool:
    if definition.counted and event.label not in definition.counted:
        return False
    if not definition.robot_ratings and event.by == "robot":
        return False
    card_at = at if event.invited_at is None else micros(event.invited_at)
    if not definition.in_hours(calendar.local(card_at).micros):
        return False
    return definition.valid_hours is None or at - card_at <= definition.valid_hours * _HOUR


def is_positive(event: Event, definition: Definition) -> bool:
    if event.label not in definition.positive:
        return False
    return not definition.reason or not set(reasons_given(event.reason)).isdisjoint(definition.reason)


def reasons_given(reason: str | None) -> tuple[str, ...]:
    """The reasons that a buyer ticked, from the one text in which platforms hand them over."""
    parts = (part.strip() for part in _BETWEEN_REASONS.split(reason or ""))
    return tuple(dict.fromkeys(part for part in parts if part))


def agent_rated(rating: TakenRating, history: History) -> str:
    """Who was rated: the rating's own word, else who had the session then, else who spoke last in it."""
    at, event = rating.at, rating.event
    if event.agent is not None:
        return event.agent
    assert event.session is not None
    assert event.buyer is not None
    session = history.buyers[(shop_of(event), event.buyer)].sessions[event.session]
    assigned = [assignment.agent for assignment in session.assignments if assignment.at <= at]
    spoke = [agent for spoken_at, agent in session.human_words if spoken_at <= at]
    return assigned[-1] if assigned else spoke[-1] if spoke else ""


def _key_of(rating: TakenRating, history: History, by: str, calendar: Calendar) -> str:
    if by in ("shop", "group"):
        return extra_text(rating.event, by)
    if by == "agent":
        return agent_rated(rating, history)
    return calendar.key(rating.at, by)
