from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from short_logs import shared

from app.core.forecast import fines_allowed
from app.core.penalties import PenaltyView, penalty_view
from app.core.profiles import Profile, Status
from app.platforms.catalog import load_profiles

PROFILES = load_profiles()
MEASURES = [
    pytest.param(profile, measure.id, id=f"{profile.platform}-{measure.id}")
    for profile in {profile.platform: profile for profile in PROFILES.values()}.values()
    for measure in profile.measures
]


def days_of(profile: Profile, measure_id: str) -> list[date]:
    """The first and last days of every table and edition, the days beside them, and today's kind of day."""
    edges = {date(2018, 1, 1), date(2026, 1, 1)}
    tables = [penalty for penalty in profile.penalties if measure_id in penalty.measures]
    for each in (*profile.measure(measure_id).editions, *tables):
        edges |= {day for day in (each.from_day, each.to_day) if day is not None}
    for table in tables:
        for pause in table.suspended:
            edges |= {pause.from_day, pause.to_day}
    return sorted({day + timedelta(days=near) for day in edges for near in (-1, 0, 1)})


@pytest.mark.parametrize(("profile", "measure_id"), MEASURES)
def test_every_table_of_every_profile_is_shown_when_and_only_when_it_concerns(
    profile: Profile, measure_id: str
) -> None:
    concerned = {penalty.id for penalty in profile.penalties if measure_id in penalty.measures}
    for day in days_of(profile, measure_id):
        view = penalty_view(profile, measure_id, day, 1, 2, volume=700)
        shown = {each.penalty.id: each for each in view.penalties}
        holding = {
            penalty.id
            for penalty in profile.penalties
            if measure_id in penalty.measures and penalty.holds_on(day)
        }
        assert set(shown) == (holding or concerned)
        assert {name for name, each in shown.items() if each.in_force} == holding
        assert view.in_force == bool(holding)
        assert view.disputed == (len(holding) > 1)
        for each in view.penalties:
            # No amount without a status, and none where none was read.
            assert isinstance(each.penalty.status, Status)
            assert each.penalty.provenance
            money = [level.fine_cny for level in each.penalty.levels if level.fine_cny is not None]
            assert each.amounts_known == bool(money or each.penalty.tiers)
            assert (each.fines is not None) == bool(each.penalty.tiers)
        edition = profile.measure(measure_id).edition_on(day)
        assert view.edition is edition
        line = None if edition is None else edition.penalty_line
        assert view.met == (None if line is None else line.met(1, 2))


def kuaishou(measure: str, day: date, num: int, den: int) -> PenaltyView:
    return penalty_view(PROFILES["kuaishou"], measure, day, num, den)


def test_unknown_amounts_are_not_claimed() -> None:
    [shown] = kuaishou("reply_3min", date(2024, 3, 1), 60, 100).penalties
    assert shown.in_force
    assert not shown.amounts_known
    assert shown.penalty.from_day == date(2022, 11, 24)


def test_contradicting_tables_are_both_shown() -> None:
    view = kuaishou("good_rate", date(2022, 1, 5), 70, 100)
    assert view.met is False
    assert view.disputed
    assert {level.fine_cny for shown in view.penalties for level in shown.penalty.levels} >= {
        (100, 300),
        (500, 1000),
        (1500, 3000),
    }


def test_a_rate_to_be_kept_low_breaks_its_line_from_above() -> None:
    day = date(2022, 1, 5)
    assert kuaishou("attitude_rate", day, 6, 100).met is True
    assert kuaishou("attitude_rate", day, 7, 100).met is False
    assert kuaishou("attitude_rate", day, 0, 0).met is None


def test_a_measure_without_a_table_costs_nothing_that_is_known() -> None:
    view = kuaishou("reply_3min_session", date(2024, 3, 1), 0, 10)
    assert view.penalties == ()
    assert not view.in_force


class TestTiers:
    profile = PROFILES["taojiji"]
    day = date(2019, 3, 31)

    def test_an_overlap_is_shown_and_the_milder_assumed(self) -> None:
        view = penalty_view(self.profile, "effective_reply", self.day, 700, 1000, volume=1000)
        [fines] = [shown.fines for shown in view.penalties if shown.fines is not None]
        assert fines.amounts == (1000, 2000)
        assert fines.disputed
        assert fines.assumed == 1000

    def test_without_the_volume_the_tiers_stay_open(self) -> None:
        view = penalty_view(self.profile, "effective_reply", self.day, 700, 1000)
        assert all(shown.fines is None for shown in view.penalties)
        assert view.assessed is None

    def test_after_the_platform_closed_its_table_is_only_of_another_time(self) -> None:
        view = penalty_view(self.profile, "effective_reply", date(2024, 1, 1), 700, 1000, volume=1000)
        assert view.edition is None
        assert view.met is None
        assert view.penalties
        assert not view.in_force

    def test_a_small_month_is_not_assessed(self) -> None:
        [fines] = [
            shown.fines
            for shown in penalty_view(self.profile, "effective_reply", self.day, 0, 300, volume=300).penalties
            if shown.fines is not None
        ]
        assert fines.amounts == ()

    def test_the_worked_examples_fall_into_their_tiers(self) -> None:
        import yaml

        examples = yaml.safe_load(shared("examples", "reply_rate.yaml").read_text(encoding="utf-8"))
        tiers = [
            example
            for group in examples.values()
            if isinstance(group, list)
            for example in group
            if isinstance(example, dict) and "tier" in example
        ]
        assert tiers
        [table] = [penalty for penalty in self.profile.penalties if penalty.tiers]
        for example in tiers:
            found = fines_allowed(table, example["tier"]["volume"], Fraction(example["tier"]["rate"]))
            assert list(found.amounts) == example["expect"]["fines_text_allows"], example["id"]
