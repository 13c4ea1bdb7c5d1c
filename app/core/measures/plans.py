"""What a platform's measures ask of every event: its editions made ready to be read, in the settled view."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from app.core.definitions import AssessBy, Closing, Dedupe, Definition, MeasureKind, SessionRule, Unit
from app.core.measures.history import EPOCH
from app.core.measures.items import Calendar, ItemReader, longest_wait
from app.core.measures.tallies import ITEM_UNITS, Judge
from app.core.profiles import Edition, Measure

LAYOUT = 1
"""Grows when what is stored of the same facts changes, so that counts made by an older version are made anew."""

_FIRST, _LAST = date.min, date.max
_ANY_ZONE = timedelta(days=1)
_EPOCH_DAY = EPOCH.date()


class ReplyEdition:
    """One edition of a reply measure."""

    def __init__(self, measure: str, edition: Edition) -> None:
        definition = edition.definition
        self.measure = measure
        self.definition = definition
        self.judge = Judge(definition)
        self.longest_wait = longest_wait(definition)
        self.counts_items = definition.unit in ITEM_UNITS
        """Are items counted by themselves? Else sessions or persons are."""
        self.by_session = definition.unit is Unit.SESSION
        self.spans_days = spans_days(definition)


class ItemStream:
    """Editions of the same days that differ only in how items make up units: what they count is read once for all."""

    def __init__(self, edition: Edition, calendar: Calendar) -> None:
        self.first_day = edition.from_day or _FIRST
        self.last_day = edition.to_day or _LAST
        self.definition = edition.definition
        """Of one of them; for what concerns items it is that of all."""
        self.reader = ItemReader(edition.definition, calendar)
        self.editions: list[ReplyEdition] = []


def _items_of(edition: Edition) -> tuple[Definition, date | None, date | None]:
    """What editions of one stream have in common."""
    definition = replace(
        edition.definition,
        name=None,
        unit=Unit.MESSAGE,
        session_rule=SessionRule.ALL_ITEMS,
        dedupe=Dedupe.DAY,
    )
    return definition, edition.from_day, edition.to_day


class RatingEdition:
    """One edition of a rating measure."""

    def __init__(self, measure: str, edition: Edition, calendar: Calendar) -> None:
        self.measure = measure
        self.first_day = edition.from_day or _FIRST
        self.last_day = edition.to_day or _LAST
        self.definition = edition.definition
        self.calendar = calendar


def spans_days(definition: Definition) -> bool:
    """Can a unit have items on several days, so that a period is not the sum of its days?"""
    if definition.kind is MeasureKind.RATING or definition.unit in ITEM_UNITS:
        return False
    if definition.unit is Unit.SESSION:
        return definition.assess_by is AssessBy.BUYER_MESSAGE
    return definition.dedupe is Dedupe.PERIOD


class Plan:
    """All editions of some measures. Made once and shared by every ledger of the platform's shops."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self.measures = tuple(measures)
        calendars: dict[str, Calendar] = {}
        streams: dict[tuple[Definition, date | None, date | None], ItemStream] = {}
        ratings: list[RatingEdition] = []
        for measure in self.measures:
            for edition in measure.editions:
                definition = edition.definition
                calendar = calendars.setdefault(definition.tz, Calendar(definition.zone))
                if definition.kind is MeasureKind.RATING:
                    ratings.append(RatingEdition(measure.id, edition, calendar))
                else:
                    stream = streams.setdefault(_items_of(edition), ItemStream(edition, calendar))
                    stream.editions.append(ReplyEdition(measure.id, edition))
        self.streams = tuple(streams.values())
        self.ratings = tuple(ratings)
        self.fingerprint = _fingerprint(self.measures)
        """Names the definitions and days of all editions: counts made under another one are not these."""
        self.ignores_courtesy = any(
            stream.definition.closing is Closing.IGNORE_COURTESY for stream in self.streams
        )
        """Does it matter whether a message is a closing thanks?"""
        self._touching: dict[tuple[int, int], tuple[ItemStream, ...]] = {}

    def streams_touching(self, first: int, last: int) -> tuple[ItemStream, ...]:
        """The streams that may judge something that happened on these days since 1970 in UTC (inclusive).

        A day more on either side allows for every time zone.
        """
        found = self._touching.get((first, last))
        if found is None:
            start = _EPOCH_DAY + timedelta(days=first) - _ANY_ZONE
            end = _EPOCH_DAY + timedelta(days=last) + _ANY_ZONE
            found = self._touching[(first, last)] = tuple(
                each for each in self.streams if each.first_day <= end and start <= each.last_day
            )
        return found


def _fingerprint(measures: Iterable[Measure]) -> str:
    told = [
        [measure.id, edition.id, str(edition.from_day), str(edition.to_day), edition.definition.to_json()]
        for measure in measures
        for edition in measure.editions
    ]
    return hashlib.sha256(json.dumps([LAYOUT, told], sort_keys=True).encode()).hexdigest()
