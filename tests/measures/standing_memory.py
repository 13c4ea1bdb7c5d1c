"""Standing counts kept in memory, as the database keeps them: ledgers of all buyers, and the rows they made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from app.core.events import Event
from app.core.measures import History, MeasureResult, evaluate_measure
from app.core.measures.history import micros, shop_of
from app.core.measures.ledger import BuyerLedger
from app.core.measures.plans import Plan
from app.core.measures.shares import Changes, CountKey, SpanKey
from app.core.measures.standing import Count, Figure, Pending, Span, figures, splits_for
from app.core.profiles import Measure


class Memory:
    def __init__(self, measures: Sequence[Measure]) -> None:
        self.plan = Plan(measures)
        self.ledgers: dict[tuple[str, str], BuyerLedger] = {}
        self.counts: dict[CountKey, list[int]] = {}
        self.spans: dict[SpanKey, list[Any]] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Take events in together, as one commit does."""
        touched = {}
        for event in events:
            if event.buyer is None:
                continue
            key = (shop_of(event), event.buyer)
            ledger = self.ledgers.get(key)
            if ledger is None:
                ledger = self.ledgers[key] = BuyerLedger(self.plan, *key)
            ledger.take(event)
            touched[key] = ledger
        for ledger in touched.values():
            self.settle(ledger)

    def read(self, key: tuple[str, str], events: Iterable[Event]) -> BuyerLedger:
        """A buyer's ledger from all his events at once."""
        self.ledgers[key] = BuyerLedger(self.plan, *key, events)
        return self.ledgers[key]

    def settle(self, ledger: BuyerLedger) -> None:
        changes = Changes()
        ledger.settle(changes)
        self.apply(changes)

    def apply(self, changes: Changes) -> None:
        for count_key, (good, counted) in changes.counts.items():
            total = self.counts.setdefault(count_key, [0, 0])
            total[0] += good
            total[1] += counted
        for span_key, tally in changes.spans.items():
            if tally is None:
                self.spans.pop(span_key, None)
            else:
                self.spans[span_key] = orjson.loads(orjson.dumps(tally))

    def stored(self) -> tuple[dict[CountKey, list[int]], dict[SpanKey, list[Any]]]:
        """What the tables would hold."""
        return {key: total for key, total in self.counts.items() if total != [0, 0]}, self.spans

    def figures(
        self, measure: Measure, now: datetime, first: date | None, last: date | None, by: str | None
    ) -> list[Figure]:
        splits = splits_for(by)

        def wanted(measure_id: str, split: str, day: str) -> bool:
            return (
                measure_id == measure.id
                and split in splits
                and (first is None or day >= first.isoformat())
                and (last is None or day <= last.isoformat())
            )

        pending = [
            (*key, open_.untils)
            for ledger in self.ledgers.values()
            for open_ in ledger.pending()
            for key in open_.keys
        ]
        return figures(
            measure,
            by,
            micros(now),
            [
                Count(key.split, key.day, key.key, *total)
                for key, total in self.counts.items()
                if wanted(key.measure, key.split, key.day)
            ],
            [
                Pending(split, day, key, untils)
                for name, split, day, key, untils in pending
                if wanted(name, split, day)
            ],
            [
                Span(key.split, key.day, key.key, key.unit, tally)
                for key, tally in self.spans.items()
                if wanted(key.measure, key.split, key.day)
            ],
        )


def fold(
    events: Iterable[Event],
    measure: Measure,
    now: datetime | None,
    first: date | None,
    last: date | None,
    by: str | None,
) -> list[MeasureResult]:
    """The same figures by counting all events anew, in the tidy order."""
    history = History.of(sorted(events, key=lambda event: event.order), as_of=now)
    return list(evaluate_measure(history, measure, first_day=first, last_day=last, by=by).results)
