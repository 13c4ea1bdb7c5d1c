"""Counting one log by many definitions, without doing again what a change cannot touch.

Half of the knobs decide which items there are and when they were answered; those items are read once for each setting of
that half (`app.core.calibration.tables`), and buyers whose history holds nothing that a knob speaks of are not read again when
it turns. The other half (window, hours, unit…) is arithmetic over columns. That `counts` gives what
`app.core.measures.evaluate` gives is a property test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.core.calibration.knobs import Change
from app.core.calibration.observations import Key, Shape
from app.core.calibration.tables import Tables
from app.core.definitions import Definition, MeasureKind
from app.core.measures import History, evaluate
from app.core.profiles import Measure

Counts = tuple[int, int]
"""(in time or good, counted)."""
NOTHING: Counts = (0, 0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which one definition holds, both included; None is open."""

    definition: Definition
    first_day: date | None
    last_day: date | None
    edition: str = ""
    """Id of the measure's edition that it comes from."""


def stretches_of(
    measure: Measure,
    settings: Mapping[str, Any],
    first_day: date | None,
    last_day: date | None,
    *,
    edition: str | None = None,
) -> tuple[Stretch, ...]:
    """The measure's editions in force on these days, each with `settings` applied; of one `edition`, that alone.

    Raises `DefinitionError` for settings that cannot be taken.
    """
    found = []
    for each in measure.editions:
        if edition is not None and each.id != edition:
            continue
        days = each.within(first_day, last_day) if edition is None else (first_day, last_day)
        if days is not None:
            found.append(Stretch(each.definition.with_settings(settings), *days, each.id))
    return tuple(found)


class Recount:
    """A log, ready to be counted by one list of stretches with any knobs turned.

    `days` are the days of interest where `shape` splits by day. Raises ValueError if there is no stretch.
    """

    def __init__(
        self, history: History, stretches: Sequence[Stretch], shape: Shape, days: Collection[date] = ()
    ) -> None:
        if not stretches:
            raise ValueError("nothing to count by: no definition is in force on these days")
        self.stretches = tuple(stretches)
        self._shape = shape
        self._days = sorted(days)
        self._history = history
        self._tables = Tables(history, shape)

    def counts(self, changes: Collection[Change] = ()) -> dict[Key, Counts]:
        """Counts by key with these knobs turned; a key that has nothing is absent."""
        settings = dict(changes)
        totals: dict[Key, Counts] = {}
        for stretch in self.stretches:
            turned = stretch.definition.with_settings(settings) if settings else stretch.definition
            count = self._ratings if turned.kind is MeasureKind.RATING else self._replies
            for key, good, counted in count(turned, stretch.first_day, stretch.last_day):
                earlier = totals.get(key, NOTHING)
                totals[key] = (earlier[0] + good, earlier[1] + counted)
        return totals

    def _replies(self, definition: Definition, first: date | None, last: date | None) -> Iterator[_Counted]:
        return self._tables.count(definition, first, last)

    def _ratings(self, definition: Definition, first: date | None, last: date | None) -> Iterator[_Counted]:
        """Ratings are few: the evaluator counts them, agents day by day."""
        if self._shape is not Shape.AGENT_DAY:
            by = {Shape.TOTAL: None, Shape.DAY: "day", Shape.AGENT: "agent"}[self._shape]
            for result in evaluate(self._history, definition, first_day=first, last_day=last, by=by):
                yield _key(result.key), result.numerator, result.denominator
            return
        for day in self._days:
            if (first is None or first <= day) and (last is None or day <= last):
                for result in evaluate(self._history, definition, first_day=day, last_day=day, by="agent"):
                    yield (day, _key(result.key)[1]), result.numerator, result.denominator


_Counted = tuple[Key, int, int]


def _key(key: tuple[str, str] | None) -> Key:
    if key is None:
        return (None, None)
    return (date.fromisoformat(key[1]), None) if key[0] == "day" else (None, key[1])
