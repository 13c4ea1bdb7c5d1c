"""Counting a log by a platform's measure: each item by the edition in force on its day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.core.measures.evaluator import evaluate
from app.core.measures.history import History, instant
from app.core.measures.results import MeasureResult, summed
from app.core.profiles import Edition, Measure

_ANY_ZONE = timedelta(days=1)


class EditionError(KeyError):
    """A measure that has no edition of the wanted id."""


@dataclass(frozen=True, slots=True)
class MeasureReport:
    """What a measure says, and by which editions it was judged (only those that found anything to judge)."""

    measure: Measure
    editions: tuple[Edition, ...]
    results: tuple[MeasureResult, ...]


def evaluate_measure(
    history: History,
    measure: Measure,
    *,
    edition: str | None = None,
    settings: Mapping[str, Any] | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    by: str | None = None,
) -> MeasureReport:
    """Count a history by a measure; `edition` judges everything by that one, `settings` turn knobs of every edition.

    Raises `EditionError` for an unknown edition and `DefinitionError` for settings that cannot be taken.
    """
    if edition is not None:
        chosen = measure.edition(edition)
        if chosen is None:
            raise EditionError(edition)
        spans: list[tuple[Edition, tuple[date | None, date | None] | None]]
        spans = [(chosen, (first_day, last_day))]
    else:
        spans = [(each, each.within(first_day, last_day)) for each in measure.editions]
    parts = []
    judged = []
    for each, days in spans:
        definition = each.definition.with_settings(settings) if settings else each.definition
        if days is None or not _touches(history, *days):
            continue
        part = evaluate(history, definition, first_day=days[0], last_day=days[1], by=by)
        parts.append(part)
        if any(result.denominator or result.pending for result in part):
            judged.append(each)
    return MeasureReport(measure, tuple(judged), tuple(summed(parts, by=by)))


def _touches(history: History, first: date | None, last: date | None) -> bool:
    """Can anything of the log lie in these days, whatever the zone? Saves counting by editions long over."""
    if history.span is None:
        return False
    start, end = (instant(stamp).date() for stamp in history.span)
    return (last is None or start - _ANY_ZONE <= last) and (first is None or first <= end + _ANY_ZONE)
