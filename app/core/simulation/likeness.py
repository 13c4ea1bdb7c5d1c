"""Assumptions read off a shop's own event log: when buyers come, how they write, and how long they wait.

What a log does not show (what agents do between two replies, how fast they type, how often a suggestion fits) is not
guessed. Closing thanks are known by the hint `courtesy` of the events.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from statistics import fmean, median
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from app.core.events import Event, EventType, Sender, tidy
from app.core.sessions import SHOP_SENDERS
from app.core.simulation.assumptions import Assumptions
from app.core.simulation.people import arrival_weight
from app.core.simulation.rules import ReplyRules

RUN_GAP_S: Final = 30.0
"""A buyer's next message within this belongs to the same run; a later one asks again."""
PROMPT_S: Final = 60.0
"""Whoever was answered within this has hardly lost patience."""
TALK_S: Final = 1800.0
"""A message so long after a reply begins another talk."""
FEWEST: Final = 30
"""Observations that any figure wants; patience wants as many waits of over two minutes."""
_LONG_S: Final = 120.0
_LONGEST_RUN: Final = 4
_PATIENCE_S: Final = np.geomspace(60, 14_400, 120)
_RETURN: Final = np.linspace(0.02, 0.98, 97)


@dataclass(frozen=True, slots=True)
class Reading:
    """One assumption as the log shows it, and from how many observations."""

    value: float
    observed: int


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A run of buyer messages and the reply to it. `then_s`: from there to the buyer's next message, None if none came."""

    waited_s: float
    thanks: bool
    then_s: float | None
    then_thanks: bool


def read_likeness(events: Iterable[Event], rules: ReplyRules) -> Mapping[str, Reading]:
    """The assumptions that the log shows, by name; what it shows too little of is left out.

    `buyers_per_hour` is the mean over the assessed hours of the days on which anybody came.
    """
    zone = ZoneInfo(rules.tz)
    talks: dict[str, list[Event]] = defaultdict(list)
    for event in tidy(events):
        if event.type is EventType.MESSAGE and event.session is not None and event.sender is not None:
            talks[event.session].append(event)
    exchanges = [exchange for talk in talks.values() for exchange in _exchanges(talk)]
    found = [
        *_arrivals([at.astimezone(zone) for talk in talks.values() for at in _first_of_buyer(talk)], rules),
        *_runs(talks.values()),
        *_returns(exchanges),
        *_patience(exchanges),
        *_shop_side(talks.values(), zone),
    ]
    return {name: reading for name, reading in found if reading.observed >= FEWEST}


def _first_of_buyer(talk: Sequence[Event]) -> Iterator[datetime]:
    yield from [event.at for event in talk if event.sender is Sender.BUYER][:1]


def _arrivals(arrivals: Sequence[datetime], rules: ReplyRules) -> Iterator[tuple[str, Reading]]:
    """Mean arrivals, and the heights of both peaks by least squares over the hours."""
    by_hour: Counter[int] = Counter()
    days = set()
    for at in arrivals:
        if rules.opens_s <= at.hour * 3600 + at.minute * 60 + at.second < rules.closes_s:
            by_hour[at.hour] += 1
            days.add(at.date())
    hours = range(int(rules.opens_s // 3600), int(rules.closes_s // 3600))
    if not days or not hours:
        return
    count = by_hour.total()
    yield "buyers_per_hour", Reading(count / len(days) / len(hours), count)
    flat = Assumptions(noon_peak=0, evening_peak=0)
    noon, evening = Assumptions(noon_peak=1, evening_peak=0), Assumptions(noon_peak=0, evening_peak=1)
    middles = [3600.0 * hour + 1800 for hour in hours]
    shape = np.array(
        [
            [
                arrival_weight(second, flat),
                arrival_weight(second, noon) - 1,
                arrival_weight(second, evening) - 1,
            ]
            for second in middles
        ]
    )
    (base, noon_height, evening_height), *_ = np.linalg.lstsq(
        shape, np.array([by_hour[hour] for hour in hours], dtype=float), rcond=None
    )
    if base > 0:
        yield "noon_peak", Reading(max(0.0, float(noon_height / base)), count)
        yield "evening_peak", Reading(max(0.0, float(evening_height / base)), count)


def _runs(talks: Iterable[Sequence[Event]]) -> Iterator[tuple[str, Reading]]:
    """How often and how soon a buyer writes on without waiting for a reply."""
    gaps: list[float] = []
    steps = 0
    for talk in talks:
        length = 1
        for event, after in pairwise(talk):
            if event.sender is not Sender.BUYER:
                length = 1
                continue
            gap_s = (after.at - event.at).total_seconds()
            goes_on = after.sender is Sender.BUYER and gap_s <= RUN_GAP_S
            if length < _LONGEST_RUN and not event.courtesy:
                steps += 1
                gaps += [gap_s] if goes_on else []
            length = length + 1 if goes_on else 1
    if gaps:
        yield "more_messages", Reading(len(gaps) / steps, steps)
        yield "message_gap_s", Reading(max(0.0, fmean(gaps) - 1), len(gaps))


def _exchanges(talk: Sequence[Event]) -> Iterator[_Exchange]:
    turns = [
        (by_buyer, list(turn))
        for by_buyer, turn in groupby(
            (event for event in talk if event.sender is Sender.BUYER or event.sender in SHOP_SENDERS),
            key=lambda event: event.sender is Sender.BUYER,
        )
    ]
    for place, (by_buyer, run) in enumerate(turns[:-1]):
        if not by_buyer:
            continue
        reply = turns[place + 1][1]
        following = turns[place + 2][1][0] if place + 2 < len(turns) else None
        then_s = (following.at - reply[-1].at).total_seconds() if following is not None else None
        came = following is not None and then_s is not None and then_s <= TALK_S
        yield _Exchange(
            waited_s=(reply[0].at - run[0].at).total_seconds(),
            thanks=bool(run[0].courtesy),
            then_s=then_s if came else None,
            then_thanks=came and following is not None and bool(following.courtesy),
        )


def _returns(exchanges: Sequence[_Exchange]) -> Iterator[tuple[str, Reading]]:
    """What buyers do who were answered promptly: ask the next thing, thank, or go."""
    prompt = [each for each in exchanges if each.waited_s <= PROMPT_S and not each.thanks]
    asked = [each for each in prompt if each.then_s is not None and not each.then_thanks]
    others = len(prompt) - len(asked)
    if asked and others:
        yield "enquiries", Reading(len(prompt) / others, len(prompt))
        yield "thanks", Reading(sum(each.then_thanks for each in prompt) / others, others)
        yield (
            "next_enquiry_s",
            Reading(max(0.0, fmean(each.then_s or 0.0 for each in asked) - 5), len(asked)),
        )


def _patience(exchanges: Sequence[_Exchange]) -> Iterator[tuple[str, Reading]]:
    """The likeliest mean patience, if who waited w seconds is still there with chance exp(-w / patience)."""
    waits = [each for each in exchanges if not each.thanks]
    long = sum(each.waited_s > _LONG_S for each in waits)
    if long < FEWEST:
        return
    returned: Counter[tuple[int, bool]] = Counter(
        (round(each.waited_s / 5), each.then_s is not None) for each in waits
    )
    likelihood = np.zeros((len(_PATIENCE_S), len(_RETURN)))
    for (fives, came), count in returned.items():
        chance = np.exp(-5.0 * fives / _PATIENCE_S)[:, None] * _RETURN[None, :]
        likelihood += count * np.log(np.maximum(chance if came else 1 - chance, 1e-12))
    best, _ = np.unravel_index(int(likelihood.argmax()), likelihood.shape)
    yield "patience_s", Reading(float(_PATIENCE_S[best]), long)


def _shop_side(talks: Iterable[Sequence[Event]], zone: ZoneInfo) -> Iterator[tuple[str, Reading]]:
    """How many seats answer in an hour as a rule, and how long their replies are."""
    speakers: dict[tuple[int, int], set[str]] = defaultdict(set)
    lengths = []
    for talk in talks:
        for event in talk:
            if event.sender is Sender.AGENT and event.agent is not None:
                at = event.at.astimezone(zone)
                speakers[at.toordinal(), at.hour].add(event.agent)
                lengths.append(len(event.text))
    if lengths:
        yield "agents", Reading(round(median(len(names) for names in speakers.values())), len(lengths))
        yield "reply_chars", Reading(float(median(lengths)), len(lengths))
