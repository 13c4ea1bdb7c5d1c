"""Buyers and seats of one day, with everything that chance decides about them.

Nothing random is drawn while the day runs: all dice are thrown here, from the seed alone, so that a day with and a
day without the assistant meet the same buyers, the same questions and the same absences.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from app.core.simulation.assumptions import Assumptions
from app.core.simulation.rules import ReplyRules


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One thing a buyer wants to know, with everything that chance decides about it."""

    gaps_s: tuple[float, ...]
    """The pauses before each message of the run; the first is 0."""
    chars: float
    think_s: float
    lookup_s: float
    shortcut: bool
    """Does the console's own quick phrase do?"""
    fits: bool
    """Does one of the suggestions do?"""
    edit: bool
    sure: bool
    """Is the phrase bank sure of its first suggestion?"""
    right: bool
    """Is that one right? Only where it is sure."""
    then_s: float
    """From the reply to the buyer's next enquiry."""
    objects_s: float
    """From a wrong answer to the buyer's objection."""
    courtesy: bool = False


@dataclass(frozen=True, slots=True)
class Buyer:
    number: int
    arrives_s: float
    enquiries: tuple[Enquiry, ...]
    patience_s: float
    nudges_s: tuple[float, ...]
    robot_in_front: bool


@dataclass(frozen=True, slots=True)
class Absence:
    starts_s: float
    length_s: float
    planned: bool


@dataclass(frozen=True, slots=True)
class Seat:
    name: str
    speed: float
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of one day and all that chance decides about them; the same with and without the assistant."""

    buyers: tuple[Buyer, ...]
    seats: tuple[Seat, ...]


_THANKS: Final = Enquiry(
    gaps_s=(0.0,),
    chars=8,
    think_s=1,
    lookup_s=0,
    shortcut=False,
    fits=True,
    edit=False,
    sure=False,
    right=False,
    then_s=0,
    objects_s=0,
    courtesy=True,
)


def arrival_weight(second: float, assumptions: Assumptions) -> float:
    """How lively the shop is at a second of the day, against a base of 1."""
    hour = second / 3600
    noon = assumptions.noon_peak * math.exp(-(((hour - 12.5) / 1.1) ** 2))
    evening = assumptions.evening_peak * math.exp(-(((hour - 20.5) / 1.4) ** 2))
    return 1 + noon + evening


def cast_of(assumptions: Assumptions, rules: ReplyRules, seed: int) -> Cast:
    """Throw all dice of a day. The same arguments give the same people."""
    return Cast(
        buyers=tuple(_buyers(assumptions, rules, seed)),
        seats=tuple(_seat(assumptions, rules, seed, number) for number in range(1, assumptions.agents + 1)),
    )


def _buyers(assumptions: Assumptions, rules: ReplyRules, seed: int) -> Iterator[Buyer]:
    """Arrivals by thinning a Poisson process at the highest weight."""
    hours = (rules.closes_s - rules.opens_s) / 3600
    if hours <= 0:
        return
    minutes = range(int(rules.opens_s // 60), int(rules.closes_s // 60))
    weights = [arrival_weight(60.0 * minute + 30, assumptions) for minute in minutes]
    mean = sum(weights) / len(weights)
    highest = 1 + assumptions.noon_peak + assumptions.evening_peak
    per_second = assumptions.buyers_per_hour / 3600 * highest / mean
    if per_second == 0:  # nobody comes, or so few that a float cannot say how few
        return
    dice = random.Random(f"{seed}:arrivals")
    second = rules.opens_s
    number = 0
    while (second := second + dice.expovariate(per_second)) < rules.closes_s:
        if dice.random() * highest < arrival_weight(second, assumptions):
            number += 1
            yield _buyer(assumptions, random.Random(f"{seed}:buyer:{number}"), number, second)


def _buyer(assumptions: Assumptions, dice: random.Random, number: int, arrives_s: float) -> Buyer:
    count = 1
    while dice.random() < 1 - 1 / assumptions.enquiries and count < 12:
        count += 1
    enquiries = [_enquiry(assumptions, dice) for _ in range(count)]
    if dice.random() < assumptions.thanks:
        enquiries.append(_THANKS)
    return Buyer(
        number=number,
        arrives_s=arrives_s,
        enquiries=tuple(enquiries),
        patience_s=_exponential(dice, assumptions.patience_s),
        nudges_s=tuple(max(20.0, _exponential(dice, assumptions.nudge_s)) for _ in range(2)),
        robot_in_front=dice.random() < assumptions.robot_in_front,
    )


def _enquiry(assumptions: Assumptions, dice: random.Random) -> Enquiry:
    gaps = [0.0]
    while len(gaps) < 4 and dice.random() < assumptions.more_messages:
        gaps.append(1.0 + _exponential(dice, assumptions.message_gap_s))
    looks_up = dice.random() < assumptions.lookups
    lookup_s = _exponential(dice, assumptions.lookup_s)
    surely_right = assumptions.surely_known * assumptions.surely_right
    fit = dice.random()
    fits, right = fit < assumptions.suggestion_fits, fit < surely_right
    # What the bank is sure of and wrong in lies among the enquiries that nothing fits, as far as there are such.
    doubt = dice.random() * (1 - assumptions.suggestion_fits)
    wrong = not fits and doubt < assumptions.surely_known - surely_right
    return Enquiry(
        gaps_s=tuple(gaps),
        chars=min(200.0, max(4.0, assumptions.reply_chars * dice.lognormvariate(0, 0.5))),
        think_s=_exponential(dice, assumptions.think_s),
        lookup_s=lookup_s if looks_up else 0.0,
        shortcut=dice.random() < assumptions.shortcuts,
        fits=fits,
        edit=dice.random() < assumptions.edits,
        sure=right or wrong,
        right=right,
        then_s=5.0 + _exponential(dice, assumptions.next_enquiry_s),
        objects_s=5.0 + _exponential(dice, assumptions.objection_s),
    )


def _seat(assumptions: Assumptions, rules: ReplyRules, seed: int, number: int) -> Seat:
    dice = random.Random(f"{seed}:seat:{number}")
    speed = dice.lognormvariate(0, assumptions.skill_spread)
    absences: list[Absence] = []
    # The seats eat one after another, beginning at 11:30, and take their short breaks at quiet hours.
    for length_s, first_s in (
        (assumptions.meal_s, 11.5 * 3600),
        (assumptions.short_break_s, 15 * 3600.0),
        (assumptions.short_break_s, 17.5 * 3600),
    ):
        starts_s = first_s + (number - 1) * length_s
        if length_s and rules.opens_s <= starts_s < rules.closes_s:
            absences.append(Absence(starts_s, length_s, planned=True))
    if assumptions.absences_per_hour and assumptions.absence_s:
        second = rules.opens_s
        while (second := second + _exponential(dice, 3600 / assumptions.absences_per_hour)) < rules.closes_s:
            length_s = _exponential(dice, assumptions.absence_s)
            absences.append(Absence(second, length_s, planned=False))
            second += length_s
    return Seat(f"agent-{number}", speed, tuple(sorted(absences, key=lambda each: each.starts_s)))


def _exponential(dice: random.Random, mean: float) -> float:
    return dice.expovariate(1 / mean) if mean else 0.0
