"""What one more rating would do to a shop's rating measure, and from which chance on it is worth asking for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from app.core.forecast.periods import Period, period_of
from app.core.profiles import Edition, Measure, Profile

_NAMES: Final = {
    "natural_day": "今天",
    "previous_day": "昨天",
    "natural_week": "本周",
    "natural_month": "本月",
}
_DEFAULT_PERIOD: Final = "trailing_30d"
"""Where a platform does not say over what it judges."""


@dataclass(frozen=True, slots=True)
class RatingPeriod:
    """What a shop's ratings are judged by on a day: a good rate, its edition, and the days that are judged together."""

    measure: Measure
    edition: Edition
    period: Period


def rating_period(profile: Profile, day: date) -> RatingPeriod | None:
    """By what the platform judges good ratings on `day`; the first period on which it acts. None where it has no such measure."""
    measure = profile.primary_rating
    if measure is None:
        return None
    edition = measure.edition_on(day) or measure.latest
    acting = [each.period for each in edition.period_uses if each.use == "governance"]
    name = next(iter((*acting, *edition.periods)), _DEFAULT_PERIOD)
    return RatingPeriod(measure, edition, period_of(name, day))


@dataclass(frozen=True, slots=True)
class Standing:
    """The good rate of a period so far: `good` of `counted` ratings. `period` is its Chinese name."""

    measure: str
    period: str
    good: int
    counted: int

    @classmethod
    def of(cls, judged: RatingPeriod, good: int, counted: int) -> Standing:
        return cls(judged.measure.name, _period_name(judged.period), good, counted)

    @property
    def rate(self) -> Fraction | None:
        """None with no rating yet."""
        return Fraction(self.good, self.counted) if self.counted else None

    def to_json(self) -> dict[str, Any]:
        return {
            "measure": self.measure,
            "period": self.period,
            "numerator": self.good,
            "denominator": self.counted,
            "rate": _text(self.rate),
        }


@dataclass(frozen=True, slots=True)
class Effect:
    """What asking is expected to do. `p_good` is the chance that the rating, if one is given, is a good one.

    At the target t one bad rating costs t/(1-t) good ones, so asking pays exactly where `p_good` is at least t.
    """

    p_good: float
    target: Fraction
    standing: Standing | None = None

    @property
    def worth_it(self) -> bool:
        return self.p_good >= self.target

    @property
    def good_per_bad(self) -> Fraction | None:
        """Good ratings that one bad one costs at the target. None at a target of 100 %."""
        return good_per_bad(self.target)

    @property
    def expected(self) -> float | None:
        """The rate after one more rating, as is to be expected; None where the standing is not known."""
        if self.standing is None:
            return None
        return (self.standing.good + self.p_good) / (self.standing.counted + 1)

    def after(self, *, good: bool) -> Fraction | None:
        """The rate after one more rating, a good one or another."""
        if self.standing is None:
            return None
        return Fraction(self.standing.good + good, self.standing.counted + 1)

    @property
    def needed(self) -> int | None:
        """How many good ratings in a row bring the rate to the target, 0 where it is there; None if no number does."""
        if self.standing is None:
            return None
        short = self.target * self.standing.counted - self.standing.good
        if short <= 0:
            return 0
        return None if self.target >= 1 else math.ceil(short / (1 - self.target))

    @property
    def text(self) -> str:
        """For people: where the rate stands and would stand, and from which chance on it pays."""
        cost = self.good_per_bad
        price = "" if cost is None else f"，1 个中差评要 {plain(cost)} 个好评补回"
        even = f"目标 {percent(self.target)}：把握到 {percent(self.target)} 才不亏{price}"
        standing, expected = self.standing, self.expected
        if standing is None or expected is None:
            return even
        name = f"{standing.period}{standing.measure}"
        if standing.rate is None:
            return f"{name}还没有评价，这一个预计 {percent(expected)}；{even}"
        good, bad = self.after(good=True), self.after(good=False)
        assert good is not None
        assert bad is not None
        short = f"；离目标还差连续 {self.needed} 个好评" if self.needed else ""
        return (
            f"{name} {standing.good}/{standing.counted}={percent(standing.rate)}，邀请后预计 {percent(expected)}"
            f"（好评 {percent(good)}，中差评 {percent(bad)}）{short}；{even}"
        )

    def to_json(self) -> dict[str, Any]:
        standing = self.standing
        return {
            "p_good": round(self.p_good, 4),
            "target": str(self.target),
            "break_even": float(self.target),
            "good_per_bad": None if self.good_per_bad is None else str(self.good_per_bad),
            "worth_it": self.worth_it,
            "standing": None if standing is None else standing.to_json(),
            "expected": None if self.expected is None else round(self.expected, 6),
            "if_good": _text(self.after(good=True)),
            "if_bad": _text(self.after(good=False)),
            "needed": self.needed,
            "text": self.text,
        }


def good_per_bad(target: Fraction) -> Fraction | None:
    """Good ratings that one bad one costs at the target: t/(1-t). None at a target of 100 %."""
    return None if target >= 1 else target / (1 - target)


def plain(number: Fraction) -> str:
    """A number for people, with one decimal where it is not whole."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.1f}"


def percent(share: Fraction | float) -> str:
    """A share for people: "80%", "78.8%"."""
    return f"{float(share) * 100:.1f}".removesuffix(".0") + "%"


def _text(rate: Fraction | None) -> str | None:
    return None if rate is None else str(rate)


def _period_name(period: Period) -> str:
    if period.is_trailing:
        return f"近 {(period.last_day - period.first_day).days + 1} 天"
    return _NAMES[period.name]
