from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from importlib import resources
from typing import Any

import pytest
import yaml
from short_logs import SHANGHAI, log_of, shared

from app.core.definitions import MeasureKind, Robot, RobotOnly
from app.core.events import parse_event
from app.core.measures import EditionError, History, evaluate_measure
from app.core.profiles import Line, PeriodUse, Profile, Provenance, Status
from app.core.spans import Span
from app.platforms.catalog import ProfileError, load_profiles, read_profile

PLATFORMS = ["kuaishou", "douyin", "pinduoduo", "tmall", "jd", "xiaohongshu", "wechat_kf", "taojiji"]


def _sourced(value: object) -> Iterator[Any]:
    """Every value of a profile that bears provenance."""
    if isinstance(value, tuple):
        for each in value:
            yield from _sourced(each)
    elif hasattr(value, "__slots__") and not isinstance(value, Provenance):
        if hasattr(value, "provenance"):
            yield value
        for name in value.__slots__:
            yield from _sourced(getattr(value, name))


def test_every_platform_has_its_profile() -> None:
    profiles = load_profiles()
    assert list(profiles) == PLATFORMS
    assert profiles["taobao"] is profiles["tmall"]
    assert profiles["taojiji"].status is Status.DEFUNCT
    assert load_profiles() is profiles


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_rule_cites_its_source(platform: str) -> None:
    sourced = list(_sourced(load_profiles()[platform]))
    assert sourced
    assert all(each.provenance for each in sourced)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_quote_of_a_document_stands_on_its_line(platform: str) -> None:
    for each in _sourced(load_profiles()[platform]):
        for provenance in each.provenance:
            if provenance.source is None:
                continue
            lines = shared("seeds", provenance.source).read_text(encoding="utf-8").split("\n")
            assert provenance.quote in lines[provenance.line - 1], provenance


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_named_fact_exists_and_agrees_on_its_document(platform: str) -> None:
    facts = yaml.safe_load(shared("facts", "platform_facts.yaml").read_text(encoding="utf-8"))["facts"]
    places = {
        fact["id"]: {(fact["source"], fact["line"])}
        | {(also["source"], also["line"]) for also in fact.get("also", ())}
        for fact in facts
    }
    for each in _sourced(load_profiles()[platform]):
        for provenance in each.provenance:
            if provenance.fact is not None:
                assert (provenance.source, provenance.line) in places[provenance.fact], provenance


@pytest.mark.parametrize("platform", [name for name in PLATFORMS if name != "taojiji"])
def test_every_live_platform_has_a_primary_reply_measure_in_force(platform: str) -> None:
    profile = load_profiles()[platform]
    edition = profile.primary_reply.edition_on(date(2026, 6, 1))
    assert edition is not None
    assert edition.definition.kind is MeasureKind.REPLY
    if profile.primary_rating is not None:
        rating = profile.primary_rating.edition_on(date(2026, 6, 1))
        assert rating is not None
        assert rating.own_goal.higher_is_better
        assert set(rating.definition.positive) == profile.positive_labels


def test_kuaishou_counts_people_answered_by_people_since_2023() -> None:
    measure = load_profiles()["kuaishou"].primary_reply
    before, after = measure.edition_on(date(2023, 3, 26)), measure.edition_on(date(2023, 3, 27))
    assert before is not None
    assert after is not None
    assert before.definition.robot is Robot.COUNTS
    assert after.definition.robot is Robot.IGNORE
    assert after.definition.robot_only is RobotOnly.EXCLUDE
    assert after.definition.hours == (Span(8 * 3600, 23 * 3600),)
    assert after.status is Status.REPORTED
    assert (after.penalty_line, after.platform_target) == (Line(">=", Fraction("0.7")), None)
    assert after.own_goal == Line(">=", Fraction("0.8"))
    assert measure.edition_on(date(2021, 8, 31)) is None
    assert measure.edition("person-2021-09") is not None
    assert measure.edition("no such") is None


def test_the_figures_that_other_parts_read_are_there() -> None:
    kuaishou = load_profiles()["kuaishou"]
    assert kuaishou.invite is not None
    assert (kuaishou.invite.once_per, kuaishou.invite.valid_hours) == (("session", "buyer_agent_day"), 24)
    assert kuaishou.invite.hours == Span(8 * 3600, 23 * 3600)
    assert kuaishou.sms is not None
    assert (kuaishou.sms.unhandled_over_s, kuaishou.sms.max_per_hour, kuaishou.sms.max_per_day) == (
        180,
        2,
        20,
    )
    assert [window.hours for window in load_profiles()["pinduoduo"].response_windows] == [48]
    assert [kuaishou.is_positive(label) for label in ("满意", "一般", "绝望", "五星")] == [
        True,
        False,
        False,
        None,
    ]
    with pytest.raises(KeyError):
        kuaishou.measure("no such")


def _two_days() -> History:
    events = [
        {"t": f"2023-03-{day}T10:00:0{second}", "from": who}
        for day in (26, 27)
        for second, who in ((0, "buyer"), (2, "robot"))
    ]
    return History.of(parse_event(event) for event in log_of({"day": "2023-03-26", "events": events}))


def test_each_item_is_judged_by_the_edition_of_its_day() -> None:
    measure = load_profiles()["kuaishou"].primary_reply
    report = evaluate_measure(_two_days(), measure)
    assert [edition.id for edition in report.editions] == ["person-2022-11"]
    assert [(r.numerator, r.denominator) for r in report.results] == [(1, 1)]
    overridden = evaluate_measure(_two_days(), measure, edition="person-2021-09", by="day")
    assert [(r.key, r.rate_text) for r in overridden.results] == [
        (("day", "2023-03-26"), "1"),
        (("day", "2023-03-27"), "1"),
    ]
    kept = evaluate_measure(_two_days(), measure, settings={"robot_only": "keep"})
    assert [r.rate_text for r in kept.results] == ["1/2"]
    with pytest.raises(EditionError):
        evaluate_measure(_two_days(), measure, edition="no such")


def test_the_period_narrows_the_editions() -> None:
    measure = load_profiles()["kuaishou"].primary_reply
    report = evaluate_measure(
        _two_days(), measure, first_day=date(2023, 3, 27), settings={"robot_only": "keep"}
    )
    assert [edition.id for edition in report.editions] == ["person-human-2023-03"]
    assert report.results[0].rate_text == "0"


SOUND = {
    "platform": "x",
    "name": "某平台",
    "timezone": "Asia/Shanghai",
    "status": "reported",
    "warn_after_s": 100,
    "measures": [
        {
            "id": "reply",
            "name": "回复率",
            "primary": True,
            "editions": [
                {
                    "id": "one",
                    "from": date(2024, 1, 1),
                    "to": date(2024, 6, 30),
                    "status": "reported",
                    "definition": {"unit": "person"},
                    "provenance": [{"url": "http://example.org", "quote": "原文"}],
                },
                {
                    "id": "two",
                    "from": date(2024, 7, 1),
                    "to": None,
                    "status": "reported",
                    "definition": {"unit": "person"},
                    "provenance": [{"source": "a.txt", "line": 3, "quote": "原文"}],
                },
            ],
        }
    ],
}


def _changed(path: list[str | int], value: object) -> Profile:
    raw = yaml.safe_load(yaml.safe_dump(SOUND, allow_unicode=True))
    place = raw
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return read_profile(yaml.safe_dump(raw, allow_unicode=True), "x.yaml")


def test_a_sound_profile_is_taken() -> None:
    assert _changed(["name"], "甲").name == "甲"


FIRST: list[str | int] = ["measures", 0, "editions", 0]
SOURCES = [{"url": "http://example.org", "quote": "原文"}]
RULE = {"id": "a", "topic": "reply_rate", "text": "规则", "status": "reported"}


def suspension(to: date = date(2024, 2, 17)) -> dict[str, Any]:
    return {"from": date(2024, 2, 4), "to": to, "status": "reported", "provenance": SOURCES}


def penalty(**changes: Any) -> dict[str, Any]:
    sound = {"id": "a", "name": "处罚", "measures": ["reply"], "status": "reported", "provenance": SOURCES}
    return sound | changes


def test_a_penalty_tells_its_limits_in_words_and_rests_while_suspended() -> None:
    levels = [
        {
            "level": "light",
            "actions": ["警告"],
            "limits": [{"action": "限流", "days": [3, 3]}, {"action": "禁止上架", "days": [1, 10]}],
            "rate": {"op": "<", "value": "0.30"},
        }
    ]
    raw = penalty(levels=levels, suspended=[suspension()], **{"from": date(2024, 1, 1)})
    (read,) = _changed(["penalties"], [raw]).penalties
    assert read.levels[0].actions == ("警告", "限流 3 天", "禁止上架 1-10 天")
    assert [limit.days for limit in read.levels[0].limits] == [(3, 3), (1, 10)]
    assert read.levels[0].rate == Line("<", Fraction(3, 10))
    assert [read.holds_on(date(2024, 2, day)) for day in (3, 4, 17, 18)] == [True, False, False, True]
    assert not read.holds_on(date(2023, 12, 31))


def test_a_period_is_a_name_or_says_what_it_is_for() -> None:
    periods = ["natural_day", {"period": "natural_month", "use": "governance", "only_below": "0.20"}]
    edition = _changed([*FIRST, "periods"], periods).measures[0].editions[0]
    assert edition.periods == ("natural_day", "natural_month")
    assert edition.period_uses == (PeriodUse("natural_month", "governance", Fraction(1, 5)),)


def test_a_line_may_only_stand_in_for_one_that_moves() -> None:
    raw = {"op": ">=", "value": "0.80", "relative_to": "行业标准"}
    line = _changed([*FIRST, "penalty_line"], raw).measures[0].editions[0].penalty_line
    assert line is not None
    assert (line.relative_to, line.met(8, 10)) == ("行业标准", True)


def test_every_path_of_what_is_sourced_is_its_own() -> None:
    for profile in load_profiles().values():
        paths = [path for path, _ in profile.sourced()]
        assert len(paths) == len(set(paths))
        walked = [id(each.provenance) for each in _sourced(profile)]
        assert sorted(walked) == sorted(id(provenance) for _, provenance in profile.sourced())


def test_a_shop_of_kuaishou_may_set_when_a_session_of_a_silent_buyer_ends() -> None:
    end = load_profiles()["kuaishou"].session_end
    assert end is not None
    assert (end.agent_silent_minutes, end.buyer_silent_minutes) == (360, 20)
    assert end.buyer_silent_choice == (5, 360)


def test_the_one_suspension_of_jd_that_was_read_is_kept() -> None:
    passive = next(each for each in load_profiles()["jd"].penalties if each.id == "passive-service")
    assert not passive.holds_on(date(2024, 2, 10))
    assert passive.holds_on(date(2024, 2, 18))


def test_the_least_volume_is_told_where_a_platform_exempts_small_shops() -> None:
    tmall = load_profiles()["tmall"]
    assert tmall.primary_reply.latest.assessed_from == 100
    assert tmall.primary_rating is not None
    assert tmall.primary_rating.latest.assessed_from == 30
    assert load_profiles()["jd"].measure("satisfaction").latest.assessed_from == 5


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ([*FIRST, "provenance"], ..., "没有出处"),
        ([*FIRST, "provenance"], [], "没有出处"),
        ([*FIRST, "provenance", 0, "quote"], ..., "quote"),
        ([*FIRST, "provenance", 0, "url"], ..., "source"),
        ([*FIRST, "provenance", 0], {"source": "a.txt", "quote": "原文"}, "line"),
        ([*FIRST, "definition", "unit"], "persons", "unit"),
        ([*FIRST, "definition", "speed"], 1, "speed"),
        ([*FIRST, "to"], date(2024, 7, 1), "重叠"),
        ([*FIRST, "to"], date(2024, 6, 29), "空档"),
        ([*FIRST, "status"], "sure", "reported"),
        ([*FIRST, "penalty_line"], {"op": ">=", "value": 0.7}, "penalty_line"),
        ([*FIRST, "penalty_line"], {"op": "~", "value": "0.7"}, "op"),
        ([*FIRST, "penalty_line"], {"op": ">=", "value": "70%"}, "0.70"),
        ([*FIRST, "penalty_line"], {"op": ">=", "value": "70"}, "value"),
        ([*FIRST, "periods"], [{"period": "natural_week", "use": "fun"}], "governance"),
        ([*FIRST, "periods"], [{"period": "natural_week", "use": "score", "only_below": 0.2}], "only_below"),
        ([*FIRST, "calibrate"], ["speed"], "speed"),
        ([*FIRST, "calibrate"], ["positive"], "positive"),
        (["measures", 0, "variant_of"], "reply", "variant_of"),
        (["measures", 0, "variant_of"], "other", "variant_of"),
        (["measures", 0, "primary"], False, "primary"),
        (["measures", 0, "editions"], [], "至少"),
        (["timezone"], "Mars/Base", "timezone"),
        (["positive_labels"], ["好"], "rating_labels"),
        (["penalty"], [], "penalty"),
        (["penalties"], [penalty(measures=["other"])], "other"),
        (["penalties"], [penalty(), penalty()], "id 重复"),
        (["penalties"], [penalty(levels=[{"level": "light", "fine_cny": [300, 100]}])], "fine_cny"),
        (["penalties"], [penalty(levels=[{"level": "light", "limits": [{"action": "限流"}]}])], "days"),
        (["penalties"], [penalty(suspended=[suspension(date(2024, 2, 1))])], "from 晚于 to"),
        (["penalties"], [penalty(suspended=[{**suspension(), "provenance": []}])], "没有出处"),
        (["doubtful"], [{**RULE, "provenance": SOURCES}], "doubt"),
        (["online_time"], {"hours_per_day": 12, "status": "reported"}, "没有出处"),
        (["platform"], 3, "platform"),
    ],
)
def test_a_profile_that_is_not_sound_is_refused_with_place_and_remedy(
    path: list[str | int], value: object, said: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        _changed(path, value)
    assert str(caught.value).startswith("x.yaml: ")
    assert said in str(caught.value)


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(ProfileError, match=r"^x\.yaml: "):
        read_profile("a: [", "x.yaml")
    with pytest.raises(ProfileError, match=r"^x\.yaml: "):
        read_profile("- a", "x.yaml")


def test_no_data_file_names_a_key_twice() -> None:
    """YAML takes the last of two equal keys in silence."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}"
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    files = [entry for entry in resources.files("app.platforms").iterdir() if entry.name.endswith(".yaml")]
    assert len(files) == len(PLATFORMS)
    for entry in files:
        yaml.load(entry.read_text(encoding="utf-8"), Loader=Strict)


def test_the_stamp_of_a_day_is_local() -> None:
    """An item at 00:30 in Shanghai belongs to the edition of that local day, not of the day in UTC."""
    at = datetime(2023, 3, 27, 0, 30, tzinfo=SHANGHAI)
    events = [{"t": at.isoformat(), "from": "buyer"}]
    history = History.of(parse_event(event) for event in log_of({"day": "2023-03-27", "events": events}))
    hours = {"hours": ["00:00:00", "24:00:00"]}
    report = evaluate_measure(history, load_profiles()["kuaishou"].primary_reply, settings=hours)
    assert [edition.id for edition in report.editions] == ["person-human-2023-03"]
