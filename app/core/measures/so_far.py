"""Where a good rate stood at any moment of a log."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from app.core.measures.history import History, micros
from app.core.measures.items import Calendar
from app.core.measures.ratings import TakenRating, taken_ratings
from app.core.profiles import Profile
from app.core.rating_effect import Standing, rating_period


class RatingsSoFar:
    """The ratings of a log as the platform counts them, each by the edition of its day.

    A rating that a later one of the same day replaces is left out from the start, where only the last counts.
    """

    def __init__(self, history: History, profile: Profile) -> None:
        self._profile = profile
        taken: list[TakenRating] = []
        measure = profile.primary_rating
        for edition in measure.editions if measure is not None else ():
            found = taken_ratings(history, edition.definition, Calendar(edition.definition.zone))
            taken += [rating for rating in found if edition.holds_on(rating.day)]
        taken.sort(key=lambda rating: rating.at)
        self._stamps = [rating.at for rating in taken]
        self._days = [rating.day for rating in taken]
        self._good = list(accumulate((rating.positive for rating in taken), initial=0))

    def standing(self, at: datetime) -> Standing | None:
        """The period so far that the platform judges at `at`; None where it has no measure of good ratings."""
        judged = rating_period(self._profile, at.astimezone(ZoneInfo(self._profile.timezone)).date())
        if judged is None:
            return None
        first = bisect_left(self._days, judged.period.first_day)
        last = max(first, bisect_right(self._stamps, micros(at)))
        return Standing.of(judged, self._good[last] - self._good[first], last - first)
