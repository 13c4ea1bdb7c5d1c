"""Which settings of the knobs explain a platform's figures best.

All single changes are tried, then all pairs; beyond that only the most promising settings are taken further. What is
minimised is the sum of absolute differences over all rows; of equal fits the one with fewer changes comes first, and
what fits alike is said to fit alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Final

from app.core.calibration.knobs import Change, Value, alternatives, likelihood
from app.core.calibration.observations import Key, Observation
from app.core.calibration.recount import NOTHING, Counts, Recount

BEAM: Final = 16
"""Settings of each unit that are taken further at each depth beyond pairs."""
CLIMBERS: Final = 3
"""Of the best settings of each unit in the end, how many are tried to be bettered by exchanging changes."""
DEPTH: Final = 6
"""At most so many knobs are turned."""

Changes = tuple[Change, ...]
"""Each knob at most once, the likelier knob first."""
Report = Callable[[int, Fraction], None]
"""Told, now and then, how many settings were tried and the best sum of differences so far."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Settings, our counts by them for each observation, and the sum of differences that remains.

    `same` are other settings, of as many changes, that give the same counts in every row: this log cannot tell them
    apart.
    """

    changes: Changes
    residual: Fraction
    counts: tuple[Counts, ...]
    differences: tuple[Fraction, ...]
    same: tuple[Changes, ...] = ()

    @property
    def fits(self) -> bool:
        return self.residual == 0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a comparison and a search found."""

    observations: tuple[Observation, ...]
    start: Explanation
    """Nothing changed."""
    explanations: tuple[Explanation, ...]
    """Best first, each better than the start and with every change needed; empty if nothing is better."""
    idle: tuple[Change, ...]
    """Changes that, made to the best settings, alter no figure of any row: the export says nothing about them."""
    telling_knobs: frozenset[str]
    """Knobs of which some value alters a figure there."""
    tried: int

    @property
    def best(self) -> Explanation:
        return self.explanations[0] if self.explanations else self.start

    @property
    def tied(self) -> tuple[Explanation, ...]:
        """Explanations that fit as well as the best with as few changes, though with other figures in some row."""
        best = self.best
        return tuple(
            each
            for each in self.explanations[1:]
            if each.residual == best.residual and len(each.changes) == len(best.changes)
        )


def calibrate(
    recount: Recount, observations: Iterable[Observation], *, top: int = 5, report: Report | None = None
) -> Calibration:
    """Compare a log with observations and search for the settings that explain them best.

    Gives at most `top` explanations.
    """
    search = _Search(recount, tuple(observations), report)
    search.run()
    start = search.explained(())
    ranked = search.ranked(top)
    best = ranked[0] if ranked else start
    idle, telling = search.heard(best)
    return Calibration(search.observations, start, tuple(ranked), idle, telling, search.tried)


@dataclass(frozen=True, slots=True)
class _Outcome:
    residual: Fraction
    counts: tuple[Counts, ...]
    differences: tuple[Fraction, ...]


class _Search:
    def __init__(self, recount: Recount, observations: Sequence[Observation], report: Report | None) -> None:
        self.observations = tuple(observations)
        self._recount = recount
        self._report = report
        self._alternatives = alternatives(stretch.definition for stretch in recount.stretches)
        self._outcomes: dict[frozenset[Change], _Outcome] = {}
        self._first_with: dict[tuple[Counts, ...], Changes] = {}
        started = recount.counts()
        self._weights = [max(1, started.get(each.key, NOTHING)[1]) for each in self.observations]
        self._best = self.outcome(()).residual

    @property
    def tried(self) -> int:
        return len(self._outcomes)

    def outcome(self, changes: Iterable[Change]) -> _Outcome:
        name = frozenset(changes)
        found = self._outcomes.get(name)
        if found is None:
            found = self._outcomes[name] = self._judge(self._recount.counts(name))
            if self._report is not None and len(self._outcomes) % 20 == 0:
                self._report(len(self._outcomes), min(self._best, found.residual))
        return found

    def _judge(self, ours: dict[Key, Counts]) -> _Outcome:
        counts = tuple(ours.get(each.key, NOTHING) for each in self.observations)
        differences = tuple(
            each.difference(*count, weight)
            for each, count, weight in zip(self.observations, counts, self._weights, strict=True)
        )
        return _Outcome(sum(differences, Fraction(0)), counts, differences)

    def run(self) -> None:
        """Fill the table of outcomes: wider and wider settings, then exchanges, until one fits exactly or nothing helps."""
        self._widen()
        if self._best > 0:
            for changes in self._best_of_each_unit(map(_ordered, list(self._outcomes)), CLIMBERS):
                self._climb(changes)

    def _widen(self) -> None:
        self._first_with[self.outcome(()).counts] = ()
        level: list[Changes] = [()]
        for depth in range(1, DEPTH + 1):
            if self._best == 0:
                return
            before = self._best
            wider = self._pairs() if depth == 2 else self._extended(level)
            fresh = []
            for changes in wider:
                outcome = self.outcome(changes)
                self._best = min(self._best, outcome.residual)
                # One setting for each set of figures: others would only walk the same way again.
                if self._first_with.setdefault(outcome.counts, changes) == changes:
                    fresh.append(changes)
            if depth > 2 and self._best == before:
                return
            level = self._best_of_each_unit(fresh, BEAM)

    def _best_of_each_unit(self, settings: Iterable[Changes], most: int) -> list[Changes]:
        """The best settings, so many of each unit.

        A change of unit changes every count, and only together with others does it come near: by its own figures it would
        be left behind.
        """
        by_unit: dict[Value, list[Changes]] = {}
        for changes in settings:
            by_unit.setdefault(dict(changes).get("unit"), []).append(changes)
        return sorted(
            (changes for each in by_unit.values() for changes in sorted(each, key=self._rank)[:most]),
            key=self._rank,
        )

    def _climb(self, changes: Changes) -> None:
        """Exchange changes for others as long as that helps: a first step that seemed good may stand in the way."""
        while self._best > 0:
            better = min(self._neighbours(changes), key=self._rank, default=changes)
            if self.outcome(better).residual >= self.outcome(changes).residual:
                return
            changes = better
            self._best = min(self._best, self.outcome(changes).residual)

    def _neighbours(self, changes: Changes) -> Iterator[Changes]:
        """The settings without one of the changes, with one more, and with one exchanged."""
        for left_out in (None, *changes):
            kept = tuple(change for change in changes if change != left_out)
            turned = {change.knob for change in kept}
            yield kept
            for change in self._alternatives:
                if change.knob not in turned:
                    yield _ordered((*kept, change))

    def _pairs(self) -> Iterator[Changes]:
        for one, other in combinations(self._alternatives, 2):
            if one.knob != other.knob:
                yield _ordered((one, other))

    def _extended(self, level: Iterable[Changes]) -> Iterator[Changes]:
        seen = set()
        for changes in level:
            turned = {change.knob for change in changes}
            for change in self._alternatives:
                wider = _ordered((*changes, change))
                if change.knob not in turned and wider not in seen:
                    seen.add(wider)
                    yield wider

    def _rank(self, changes: Changes) -> tuple[Fraction, int, list[tuple[int, int]]]:
        return (self.outcome(changes).residual, len(changes), [likelihood(change) for change in changes])

    def explained(self, changes: Changes, same: tuple[Changes, ...] = ()) -> Explanation:
        outcome = self.outcome(changes)
        return Explanation(changes, outcome.residual, outcome.counts, outcome.differences, same)

    def ranked(self, top: int) -> list[Explanation]:
        """The best settings in which every change is needed, those with the same figures put together."""
        start = self.outcome(()).residual
        better = sorted(
            (_ordered(name) for name, outcome in self._outcomes.items() if outcome.residual < start),
            key=self._rank,
        )
        groups: dict[tuple[Counts, ...], list[Changes]] = {}
        for changes in better:
            counts = self.outcome(changes).counts
            if counts not in groups and len(groups) >= top:
                continue
            if not self._all_needed(changes):
                continue
            group = groups.setdefault(counts, [])
            if not group or len(changes) == len(group[0]):
                group.append(changes)
        return [self.explained(group[0], tuple(group[1:])) for group in groups.values()]

    def _all_needed(self, changes: Changes) -> bool:
        residual = self.outcome(changes).residual
        return all(
            self.outcome(tuple(other for other in changes if other != change)).residual > residual
            for change in changes
        )

    def heard(self, best: Explanation) -> tuple[tuple[Change, ...], frozenset[str]]:
        """(changes that alter no row when made to the best settings, knobs of which some value does)."""
        idle = []
        telling = set()
        for change in self._alternatives:
            others = [each for each in best.changes if each.knob != change.knob]
            settings = _ordered((*others, change))
            if settings == best.changes:
                continue
            if self.outcome(settings).counts == best.counts:
                idle.append(change)
            else:
                telling.add(change.knob)
        return tuple(idle), frozenset(telling)


def _ordered(changes: Iterable[Change]) -> Changes:
    return tuple(sorted(changes, key=likelihood))
