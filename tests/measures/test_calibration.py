"""Hidden definitions are found again from what they would export."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from calibration_logs import FIRST_DAY, busy_log, export_of, rounded

from app.core.calibration import (
    Calibration,
    Change,
    Interval,
    Observation,
    Recount,
    Shape,
    Stretch,
    alternatives,
    calibrate,
    late_facts,
)
from app.core.definitions import Definition
from app.core.events import Event, EventType
from app.core.measures import History, evaluate

IN_FORCE = Definition.from_json(
    {
        "unit": "person",
        "hours": ["08:00:00", "23:00:00"],
        "robot_only": "exclude",
        "clock_start": "transfer",
        "spam": "drop_system_and_reported",
    }
)
GOOD_RATE = Definition.from_json({"positive": ["满意"], "counted": ["满意", "一般", "失望"]})

HIDDEN: list[dict[str, Any]] = [
    {"inclusive": False},
    {"window_s": 300},
    {"hours": ["08:00:00", "24:00:00"]},
    {"spam": "keep"},
    {"inclusive": False, "closing": "ignore_courtesy"},
    {"unit": "message", "burst": "first"},
    {"robot": "counts", "clock_start": "buyer_message", "spam": "drop_system"},
    {"window_s": 300, "hours": ["09:00:00", "23:00:00"], "offline_leave": "drop"},
    {"unit": "session", "session_rule": "first_item", "withdrawn": "drop_if_before_reply"},
]


def found(
    log: list[Event], observations: list[Observation], start: Definition = IN_FORCE, top: int = 5
) -> Calibration:
    days = [each.key[0] for each in observations if each.key[0] is not None]
    recount = Recount(History.of(log), [Stretch(start, None, None)], Shape.DAY, days)
    return calibrate(recount, observations, top=top)


@pytest.mark.parametrize("hidden", HIDDEN, ids="-".join)
@pytest.mark.parametrize("kind", ["counts", "rates"])
def test_hidden_settings_are_found_from_counts_and_from_rounded_rates(
    hidden: dict[str, Any], kind: str
) -> None:
    log = busy_log(11)
    truth = IN_FORCE.with_settings(hidden)
    export = export_of(log, truth, counts=kind == "counts", rates=kind == "rates")
    calibration = found(log, export)
    assert calibration.start.residual > 0
    best = calibration.best
    assert best.residual == 0
    assert len(best.changes) <= len(hidden)
    # Either the hidden settings themselves, or others that this export cannot tell from them.
    explained = IN_FORCE.with_settings(dict(best.changes))
    for theirs, ours in zip(evaluate(log, truth, by="day"), evaluate(log, explained, by="day"), strict=True):
        if kind == "counts":
            assert theirs == ours
        else:
            assert theirs.rate is not None
            assert ours.rate is not None
            assert rounded(theirs.rate).distance(ours.rate) == 0


def test_five_changes_at_once_are_found() -> None:
    hidden = {
        "unit": "message",
        "burst": "first",
        "robot": "assist_only",
        "withdrawn": "drop_if_before_reply",
        "cross_day": "drop_if_reply_other_day",
    }
    log = busy_log(1)
    calibration = found(log, export_of(log, IN_FORCE.with_settings(hidden)))
    assert dict(calibration.best.changes) == hidden
    assert calibration.best.fits


@pytest.mark.parametrize("seed", range(6))
def test_settings_thrown_by_dice_are_found(seed: int) -> None:
    dice = random.Random(seed)
    hidden: dict[str, Any] = {}
    while len(hidden) < 3:
        change = dice.choice(alternatives([IN_FORCE]))
        hidden.setdefault(change.knob, change.value)
    log = busy_log(30 + seed, days=4)
    calibration = found(log, export_of(log, IN_FORCE.with_settings(hidden)))
    assert calibration.best.fits
    assert len(calibration.best.changes) <= 3


def test_rating_knobs_are_found_too() -> None:
    hidden = {"robot": False, "valid_hours": 24}
    log = busy_log(12)
    calibration = found(log, export_of(log, GOOD_RATE.with_settings(hidden)), GOOD_RATE)
    assert dict(calibration.best.changes) == hidden
    labels = {"counted": ["满意", "失望"]}
    calibration = found(log, export_of(log, GOOD_RATE.with_settings(labels)), GOOD_RATE)
    assert dict(calibration.best.changes) == {"counted": ("满意", "失望")}


def test_what_agrees_needs_no_explanation() -> None:
    log = busy_log(13, days=3)
    calibration = found(log, export_of(log, IN_FORCE, counts=True, rates=True))
    assert calibration.start.fits
    assert calibration.best == calibration.start
    assert calibration.explanations == ()


def test_one_corrupted_day_keeps_its_residual_and_the_knobs_are_found_anyway() -> None:
    log = busy_log(14)
    export = export_of(log, IN_FORCE.with_settings({"inclusive": False}))
    broken = 2
    assert export[broken].missed is not None
    export[broken] = replace(export[broken], missed=export[broken].missed + 7)
    calibration = found(log, export)
    best = calibration.best
    assert dict(best.changes) == {"inclusive": False}
    assert best.residual == 7
    assert [index for index, difference in enumerate(best.differences) if difference] == [broken]


def test_a_report_upheld_after_the_export_is_shown_as_such_and_fits_as_of_the_export() -> None:
    log = [event for event in busy_log(15) if event.type is not EventType.BUYER_FLAGGED]
    export = export_of(log, IN_FORCE)
    victim = next(
        event
        for event in log
        if event.type is EventType.HANDOVER
        and event.at.date() == FIRST_DAY + timedelta(days=1)
        and 9 <= event.at.hour < 22
    )
    upheld = Event(
        "late",
        EventType.BUYER_FLAGGED,
        victim.at + timedelta(days=20),
        session=victim.session,
        buyer=victim.buyer,
        flag="spam_reported",
    )
    calibration = found([*log, upheld], export)
    start = calibration.start
    [wrong] = [row for row, off in zip(export, start.differences, strict=True) if off]
    assert wrong.key[0] == FIRST_DAY + timedelta(days=1)
    [fact] = late_facts([*log, upheld], "Asia/Shanghai")[FIRST_DAY + timedelta(days=1)]
    assert (fact.session, fact.at) == (victim.session, upheld.at)

    as_of = History.of([*log, upheld], as_of=upheld.at - timedelta(days=1))
    recount = Recount(as_of, [Stretch(IN_FORCE, None, None)], Shape.DAY)
    assert calibrate(recount, export).start.fits


def test_settings_that_cannot_be_told_apart_are_said_to_be_the_same() -> None:
    log = [event for event in busy_log(16) if event.at.hour >= 9]
    truth = IN_FORCE.with_settings({"window_s": 300})
    calibration = found(log, export_of(log, truth))
    assert dict(calibration.best.changes) == {"window_s": 300}
    # Nothing was said before nine, so where the hours begin makes no difference.
    assert Change("hours", (("09:00:00", "23:00:00"))) in calibration.idle
    assert Change("inclusive", False) not in calibration.idle
    early = found(log, export_of(log, IN_FORCE.with_settings({"hours": ["08:00:00", "24:00:00"]})))
    best = early.best
    assert {changes[0].value for changes in (best.changes, *best.same)} >= {
        ("08:00:00", "24:00:00"),
        ("09:00:00", "24:00:00"),
        ("00:00:00", "24:00:00"),
    }


def test_a_knob_of_which_the_log_holds_nothing_is_said_to_be_silent() -> None:
    without = {EventType.MESSAGE_WITHDRAWN, EventType.BUYER_FLAGGED}
    log = [event for event in busy_log(17) if event.type not in without]
    calibration = found(log, export_of(log, IN_FORCE.with_settings({"inclusive": False})))
    idle = {change.knob for change in calibration.idle} - calibration.telling_knobs
    assert {"withdrawn", "spam", "dedupe"} <= idle
    assert "window_s" in calibration.telling_knobs


def test_every_explanation_is_better_than_the_start_and_needs_all_its_changes() -> None:
    log = busy_log(18)
    truth = IN_FORCE.with_settings({"window_s": 120, "robot": "assist_only"})
    export = export_of(log, truth)
    calibration = found(log, export, top=10)
    recount = Recount(History.of(log), [Stretch(IN_FORCE, None, None)], Shape.DAY)

    def residual(changes: tuple[Change, ...]) -> Fraction:
        counts = recount.counts(changes)
        return sum((each.difference(*counts.get(each.key, (0, 0)), 1) for each in export), start=Fraction(0))

    ranks = [(each.residual, len(each.changes)) for each in calibration.explanations]
    assert ranks == sorted(ranks)
    assert 1 < len(ranks) <= 10
    for explanation in calibration.explanations:
        assert explanation.residual == residual(explanation.changes) < calibration.start.residual
        for change in explanation.changes:
            fewer = tuple(each for each in explanation.changes if each != change)
            assert residual(fewer) > explanation.residual


def test_a_definition_that_counts_nothing_does_not_fit_a_rate() -> None:
    printed = Interval(Fraction("0.8"), Fraction("0.9"))
    row = Observation((date(2024, 3, 1), None), rate=printed)
    assert row.difference(0, 0, 50) == 50
    assert row.difference(17, 20, 50) == 0
    assert row.difference(7, 10, 50) == 5
    counted = replace(row, denominator=30)
    assert counted.difference(0, 0, 50) == 60


def test_a_rate_beside_its_own_counts_is_not_counted_twice() -> None:
    printed = Interval(Fraction("0.8"), Fraction("0.9"))
    row = Observation((None, None), rate=printed, denominator=10, missed=1)
    assert row.difference(8, 10, 1) == 1
    assert not row.contradicts_itself
    assert replace(row, missed=5).contradicts_itself
    assert replace(row, missed=11).contradicts_itself
    assert replace(row, numerator=8).contradicts_itself


def test_only_changes_that_alter_something_are_alternatives() -> None:
    turn = IN_FORCE.with_settings({"unit": "turn"})
    tried = alternatives([turn])
    assert Change("unit", "message") not in tried
    assert Change("unit", "person") in tried
    assert all(turn.with_settings(dict([change])) != turn for change in tried)
    both = alternatives([IN_FORCE, IN_FORCE.with_settings({"window_s": 300})])
    assert {change.value for change in both if change.knob == "window_s"} >= {180, 300}
