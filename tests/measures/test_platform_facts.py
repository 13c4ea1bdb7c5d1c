"""Every fact of the source documents has its place, and every number in a profile is the one of its fact."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from short_logs import shared

from app.core.definitions import ClockStart, Definition, OfflineLeave, Robot, Spam, Unit, Welcome
from app.core.invites import InviteRules
from app.core.profiles import Edition, Line, OnlineTime, Penalty, PenaltyLevel, Profile, Routing, SmsLimits
from app.platforms.catalog import load_profiles
from lint import Linter

REPO = Path(__file__).resolve().parents[2]
TOOL = REPO / "tools" / "build_platform_docs.py"


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    """The facts of the source documents by id."""
    listed = yaml.safe_load(shared("facts", "platform_facts.yaml").read_text(encoding="utf-8"))["facts"]
    return {fact["id"]: fact for fact in listed}


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, dict[str, Any]]:
    """Why a fact is in no profile, by id."""
    text = (REPO / "docs" / "platforms" / "elsewhere.yaml").read_text(encoding="utf-8")
    read: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return read


def _cited() -> set[str]:
    return {
        cited.fact
        for profile in load_profiles().values()
        for _, provenance in profile.sourced()
        for cited in provenance
        if cited.fact is not None
    }


# Places


def test_every_fact_is_in_a_profile_or_has_a_reason_and_never_both(
    facts: Mapping[str, Any], elsewhere: Mapping[str, Any]
) -> None:
    cited = _cited()
    assert not set(facts) - cited - set(elsewhere), "in no profile and without a reason"
    assert not (cited | set(elsewhere)) - set(facts), "no such fact"
    assert not cited & set(elsewhere), "has a reason why it is in no profile, yet is in one"


def test_a_fact_lives_in_the_profile_of_its_own_platform(facts: Mapping[str, Any]) -> None:
    for profile in load_profiles().values():
        for path, provenance in profile.sourced():
            for cited in provenance:
                if cited.fact is not None:
                    names = {profile.platform, *profile.aliases}
                    assert facts[cited.fact]["platform"] in names, (path, cited.fact)


def test_every_reason_says_why_and_names_rules_that_exist(elsewhere: Mapping[str, Any]) -> None:
    codes = {rule.code for rule in Linter.default().rules}
    for fact, reason in elsewhere.items():
        assert set(reason) <= {"why", "lint"}, fact
        assert reason["why"].strip(), fact
        assert set(reason.get("lint", ())) <= codes, fact


@pytest.mark.parametrize(
    "group",
    [
        *("reply_rate", "effective_reply_rate", "good_rate", "attitude_rate", "satisfaction", "rating"),
        *("penalty", "severity", "violation", "edition", "exclusion", "counting"),
        *("routing", "invite", "notify", "online_time", "response_window", "data"),
    ],
)
def test_the_rules_of_a_group_are_in_profiles_but_for_what_states_nothing(
    group: str, facts: Mapping[str, Any]
) -> None:
    of_group = {name for name, fact in facts.items() if fact["topic"].split(".")[0] == group}
    assert of_group
    assert of_group - _cited() <= {"DY-NOT-STATED", "TM-GAP"}


def test_what_is_not_stated_is_not_made_up() -> None:
    profiles = load_profiles()
    for edition in profiles["douyin"].primary_reply.editions:
        assert (edition.penalty_line, edition.platform_target) == (None, None)
    assert not any(
        set(penalty.measures) & {"reply_3min", "reply_3min_session"}
        for penalty in profiles["douyin"].penalties
    )
    for path, provenance in profiles["tmall"].sourced():
        if path.startswith("measures."):
            assert all(cited.source is None for cited in provenance), path


def test_every_quote_of_a_page_was_noted_with_its_address() -> None:
    """Nothing in the profiles was made up: quotes and addresses of pages are those that were written down."""

    def plain(text: str) -> str:
        return re.sub(r"[\s*`]", "", text)

    noted = shared("facts", "platform_rules.md").read_text(encoding="utf-8")
    for profile in load_profiles().values():
        for path, provenance in profile.sourced():
            for cited in provenance:
                if cited.url is not None:
                    assert plain(cited.quote) in plain(noted), (profile.platform, path, cited.quote)
                    host, _, page = cited.url.partition("://")[2].partition("/")
                    assert host in noted, (profile.platform, path, cited.url)
                    assert page in noted, (profile.platform, path, cited.url)


# Values


def _edition(platform: str, measure: str, edition: str) -> Edition:
    found = load_profiles()[platform].measure(measure).edition(edition)
    assert found is not None
    return found


def _person() -> Edition:
    return _edition("kuaishou", "reply_3min", "person-2021-09")


def _messages() -> Edition:
    return _edition("kuaishou", "reply_3min_messages", "message-2021")


def _good() -> Edition:
    return _edition("kuaishou", "good_rate", "all-2021-09")


def _attitude() -> Edition:
    return _edition("kuaishou", "attitude_rate", "all-2021-11")


def _douyin() -> Edition:
    return _edition("douyin", "reply_3min", "message-hand")


def _satisfaction() -> Edition:
    return _edition("douyin", "satisfaction", "human")


def _five_minutes() -> Edition:
    return _edition("pinduoduo", "reply_5min", "person-5min")


def _effective() -> Edition:
    return _edition("taojiji", "effective_reply", "five-minutes")


def _line(edition: Edition) -> Line:
    assert edition.penalty_line is not None
    return edition.penalty_line


def _penalty(platform: str, penalty_id: str) -> Penalty:
    return next(each for each in load_profiles()[platform].penalties if each.id == penalty_id)


def _level(platform: str, penalty_id: str, level: str) -> PenaltyLevel:
    return next(each for each in _penalty(platform, penalty_id).levels if each.level == level)


def _fine(penalty_id: str, level: str) -> int:
    fine = _level("taojiji", penalty_id, level).fine_cny
    assert fine is not None
    assert fine[0] == fine[1]
    return fine[0]


def _value(platform: str, rule_id: str, key: str, section: str = "rules") -> Any:
    rules = getattr(load_profiles()[platform], section)
    return next(rule for rule in rules if rule.id == rule_id).values[key]


def _hours(edition: Edition, end: int) -> str:
    (span,) = edition.definition.hours
    return span.to_json()[end]


def _period(edition: Edition, named: str, also: str | None = None) -> str | None:
    """`also` is what the fact calls the period that the profile calls `named`."""
    return (also or named) if named in edition.periods else None


def _sms() -> SmsLimits:
    sms = load_profiles()["kuaishou"].sms
    assert sms is not None
    return sms


def _routing() -> Routing:
    routing = load_profiles()["kuaishou"].routing
    assert routing is not None
    return routing


def _online() -> OnlineTime:
    online = load_profiles()["taojiji"].online_time
    assert online is not None
    return online


def _window(platform: str, window_id: str) -> int:
    windows = load_profiles()[platform].response_windows
    return next(each.hours for each in windows if each.id == window_id)


def _tier(number: int) -> Any:
    return _penalty("taojiji", "effective-tiers").tiers[number]


def _daily_line() -> Line:
    line = _penalty("taojiji", "daily-reply").line
    assert line is not None
    return line


_OPPOSITE = {">=": "<", "<": ">=", ">": "<=", "<=": ">"}

VALUES: dict[str, Callable[[], object]] = {
    "KS-REPLY-THRESHOLD op": lambda: _line(_person()).op,
    "KS-REPLY-THRESHOLD target": lambda: _line(_person()).value,
    "KS-REPLY-THRESHOLD window_seconds": lambda: _person().definition.window_s,
    "KS-REPLY-FORMULA-MSG unit": lambda: _messages().definition.unit,
    "KS-REPLY-FORMULA-MSG window_seconds": lambda: _messages().definition.window_s,
    "KS-REPLY-FORMULA-PERSON unit": lambda: _person().definition.unit,
    "KS-REPLY-FORMULA-PERSON window_seconds": lambda: _person().definition.window_s,
    "KS-REPLY-PERIOD-HOURS period": lambda: _period(_person(), "natural_month"),
    "KS-REPLY-PERIOD-HOURS hours.0": lambda: _hours(_person(), 0),
    "KS-REPLY-PERIOD-HOURS hours.1": lambda: _hours(_person(), 1),
    "KS-REPLY-OPERATING-TARGET in_assessed_hours.pending_leave_messages": lambda: _value(
        "kuaishou", "operating-target", "pending_leave_messages", "doubtful"
    ),
    "KS-REPLY-OPERATING-TARGET in_assessed_hours.queueing_persons": lambda: _value(
        "kuaishou", "operating-target", "queueing_persons", "doubtful"
    ),
    "KS-GOOD-THRESHOLD op": lambda: _line(_good()).op,
    "KS-GOOD-THRESHOLD target": lambda: _line(_good()).value,
    "KS-GOOD-PERIOD period": lambda: _period(_good(), "natural_week"),
    "KS-GOOD-ROBOT robot_rated_sessions_count": lambda: _good().definition.robot_ratings,
    "KS-GOOD-1BAD-4GOOD bad": lambda: _value("kuaishou", "rating-repair", "bad"),
    "KS-GOOD-1BAD-4GOOD good_needed": lambda: _value("kuaishou", "rating-repair", "good_needed"),
    "KS-ATT-PERIOD period": lambda: _period(_attitude(), "natural_month"),
    "KS-ATT-PERIOD robot_counts": lambda: _attitude().definition.robot_ratings,
    "KS-ATT-THRESHOLD op": lambda: _line(_attitude()).op,
    "KS-ATT-THRESHOLD target": lambda: _line(_attitude()).value,
    "KS-RULE-EDITION first_published": lambda: str(_value("kuaishou", "penalty-edition", "first_published")),
    "KS-RULE-EDITION revised": lambda: str(_value("kuaishou", "penalty-edition", "revised")),
    "KS-RULE-EDITION effective": lambda: str(_penalty("kuaishou", "reply-2021-11-17").from_day),
    "KS-ROUTE-RETURNING window_hours": lambda: _routing().returning_buyer_hours,
    "KS-SATURATION at": lambda: Fraction(_value("kuaishou", "saturation", "at", "doubtful")),
    "KS-SMS hours.0": lambda: _sms().hours.to_json()[0],
    "KS-SMS hours.1": lambda: _sms().hours.to_json()[1],
    "KS-SMS trigger_unhandled_seconds_over": lambda: _sms().unhandled_over_s,
    "KS-SMS max_per_hour": lambda: _sms().max_per_hour,
    "KS-SMS max_per_day": lambda: _sms().max_per_day,
    "KS-ALLERGY-24H hours": lambda: _window("kuaishou", "allergy_refund"),
    "DY-REPLY-FORMULA unit": lambda: _douyin().definition.unit,
    "DY-REPLY-FORMULA window_seconds": lambda: _douyin().definition.window_s,
    "DY-REPLY-FORMULA human_only": lambda: _douyin().definition.robot is Robot.IGNORE,
    "DY-HOURS hours.0": lambda: _hours(_douyin(), 0),
    "DY-HOURS hours.1": lambda: _hours(_douyin(), 1),
    "DY-SAT-FORMULA hours.0": lambda: _hours(_satisfaction(), 0),
    "DY-SAT-FORMULA hours.1": lambda: _hours(_satisfaction(), 1),
    "DY-INVITE-ONCE manual_and_system_share_one_shot": lambda: "session" in _once_per("douyin"),
    "PDD-5MIN window_seconds": lambda: _five_minutes().definition.window_s,
    "PDD-THRESHOLD-80 op": lambda: _line(_five_minutes()).op,
    "PDD-THRESHOLD-80 target": lambda: _line(_five_minutes()).value,
    "PDD-THRESHOLD-80 period": lambda: _period(_five_minutes(), "natural_day"),
    "PDD-THRESHOLD-INDUSTRY op": lambda: _line(_five_minutes()).op,
    "PDD-THRESHOLD-INDUSTRY period": lambda: _period(_five_minutes(), "previous_day", "last 1 day"),
    "PDD-HOURS hours.0": lambda: _hours(_five_minutes(), 0),
    "PDD-HOURS hours.1": lambda: _hours(_five_minutes(), 1),
    "PDD-HOURS same_day": lambda: all(span.start_s < span.end_s for span in _five_minutes().definition.hours),
    "PDD-OFFLINE-COUNTS offline_messages_count": lambda: (
        _five_minutes().definition.offline_leave is OfflineLeave.COUNT
    ),
    "PDD-ROBOT-COUNTS auto_reply_counts": lambda: _five_minutes().definition.welcome is Welcome.COUNTS,
    "PDD-ROBOT-COUNTS robot_counts": lambda: _five_minutes().definition.robot is Robot.COUNTS,
    "PDD-AD-MUST-REPLY unflagged_ads_count": lambda: _value("pinduoduo", "adverts", "unflagged_ads_count"),
    "PDD-SPAM-GROUP needs_reply": lambda: _value("pinduoduo", "system-spam-group", "needs_reply"),
    "PDD-SPAM-GROUP counts": lambda: _value("pinduoduo", "system-spam-group", "counts"),
    "PDD-TWO-WINDOWS 询单人数.0": lambda: _value("pinduoduo", "two-windows", "询单人数")[0],
    "PDD-TWO-WINDOWS 询单人数.1": lambda: _value("pinduoduo", "two-windows", "询单人数")[1],
    "PDD-TWO-WINDOWS 咨询人数.0": lambda: _value("pinduoduo", "two-windows", "咨询人数")[0],
    "PDD-TWO-WINDOWS 咨询人数.1": lambda: _value("pinduoduo", "two-windows", "咨询人数")[1],
    "PDD-T3 days": lambda: _value("pinduoduo", "data-delay", "days"),
    "PDD-48H hours": lambda: _window("pinduoduo", "refund_request"),
    "PDD-AFTERSALE-30D period": lambda: _value("pinduoduo", "aftersale-30d", "period"),
    "TM-CLOSE-ORDER points": lambda: _level("tmall", "close-order", "any").points,
    "TJ-ONLINE-3DAYS condition": lambda: _level("taojiji", "online-time", "three_days_in_month").misses,
    "TJ-ONLINE-3DAYS fine_cny_each": lambda: _fine("online-time", "three_days_in_month"),
    "TJ-ONLINE-2MONTHS condition": lambda: _level("taojiji", "online-time", "two_months").misses,
    "TJ-ONLINE-2MONTHS fine_cny_each": lambda: _fine("online-time", "two_months"),
    "TJ-ONLINE-ABSENT condition": lambda: _level("taojiji", "online-time", "absent").misses,
    "TJ-ONLINE-ABSENT fine_cny_each": lambda: _fine("online-time", "absent"),
    "TJ-ONLINE-ABSENT withdraw_ban_days": lambda: (
        _level("taojiji", "online-time", "absent").limits[0].days[0]
    ),
    "TJ-ONLINE-DAILY hours_per_day": lambda: _online().hours_per_day,
    "TJ-ONLINE-DAILY effective_reply_rate.op": lambda: _line(_effective()).op,
    "TJ-ONLINE-DAILY effective_reply_rate.target": lambda: _line(_effective()).value,
    "TJ-REPLY-WARN op": lambda: _OPPOSITE[_daily_line().op],
    "TJ-REPLY-WARN target": lambda: _daily_line().value,
    "TJ-REPLY-3DAYS condition": lambda: _level("taojiji", "daily-reply", "three_days_in_month").misses,
    "TJ-REPLY-3DAYS fine_cny_each": lambda: _fine("daily-reply", "three_days_in_month"),
    "TJ-REPLY-2MONTHS condition": lambda: _level("taojiji", "daily-reply", "two_months").misses,
    "TJ-REPLY-2MONTHS fine_cny_each": lambda: _fine("daily-reply", "two_months"),
    "TJ-EFF-NAME window_seconds": lambda: _effective().definition.window_s,
    "TJ-EFF-TIER0 volume.lte": lambda: (_effective().assessed_from or 0) - 1,
    "TJ-EFF-TIER1 volume.gt": lambda: _tier(0).volume_over,
    "TJ-EFF-TIER1 volume.lte": lambda: _tier(0).volume_up_to,
    "TJ-EFF-TIER1 condition.op": lambda: _tier(0).rate[0].op,
    "TJ-EFF-TIER1 condition.target": lambda: _tier(0).rate[0].value,
    "TJ-EFF-TIER1 fine_cny_each": lambda: _tier(0).fine_cny,
    "TJ-EFF-TIER2 volume.gt": lambda: _tier(1).volume_over,
    "TJ-EFF-TIER2 cases.0.gte": lambda: _rate(_tier(1), ">="),
    "TJ-EFF-TIER2 cases.0.lte": lambda: _rate(_tier(1), "<="),
    "TJ-EFF-TIER2 cases.0.fine_cny_each": lambda: _tier(1).fine_cny,
    "TJ-EFF-TIER2 cases.1.lte": lambda: _rate(_tier(2), "<="),
    "TJ-EFF-TIER2 cases.1.fine_cny_each": lambda: _tier(2).fine_cny,
}
"""Fact id and place in its value, to what the profile has there."""

NOT_COMPARED = {
    "DY-SAT-FORMULA unit": "a rating definition has no unit: one rating is one session",
    "PDD-ROBOT-COUNTS quick_phrases": "a quick phrase is sent by hand, so it counts everywhere",
    "TJ-ONLINE-DAILY op": "`hours_per_day` is the least by what it is",
    "TJ-REPLY-WARN period": "the figure is no measure of ours; its penalty says 当日",
}

PENALTY_TABLES = {
    "KS-REPLY-PENALTY": "reply-2021-11-17",
    "KS-GOOD-PENALTY-A": "good-weekly",
    "KS-GOOD-PENALTY-B": "good-2021-11-17",
    "KS-ATT-PENALTY-A": "attitude-other",
    "KS-ATT-PENALTY-B": "attitude-2021-11-17",
    "KS-PENALTY-DELIVERY": "delivery-2021-11-17",
    "KS-PENALTY-AFTERSALE": "after-sale-2021-11-17",
}
"""Facts that are whole tables of penalties, compared level by level."""

_LIMITS = {
    "new_listing_ban_days": "禁止上架新商品",
    "traffic_limit_days": "限制流量",
    "marketing_ban_days": "限制参与营销活动",
}


def _once_per(platform: str) -> tuple[str, ...]:
    invite = load_profiles()[platform].invite
    assert invite is not None
    return invite.once_per


def _rate(tier: Any, op: str) -> Fraction:
    return next(Fraction(line.value) for line in tier.rate if line.op == op)


_EXACT = re.compile(r"\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d")


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """What of a fact's value a machine can compare: numbers, flags, clock times, days, comparisons, units, periods, and the
    count that a condition begins with."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(number)))
    elif isinstance(value, int | float):
        yield ".".join(path), value
    elif isinstance(value, str):
        if path[-1:] == ("condition",) and (count := re.match(r"\d+", value)):
            yield ".".join(path), int(count[0])
        elif _EXACT.fullmatch(value) or path[-1] in ("op", "unit", "period"):
            yield ".".join(path), value


def _compared(facts: Mapping[str, Any]) -> dict[str, object]:
    cited = _cited()
    return {
        f"{name} {path}": value
        for name, fact in facts.items()
        if name in cited and name not in PENALTY_TABLES
        for path, value in _leaves(fact["value"])
    }


def test_every_number_of_a_fact_in_a_profile_is_compared_or_excused(facts: Mapping[str, Any]) -> None:
    assert set(_compared(facts)) == set(VALUES) | set(NOT_COMPARED)
    assert not set(VALUES) & set(NOT_COMPARED)


@pytest.mark.parametrize("leaf", VALUES)
def test_the_number_in_the_profile_is_that_of_the_fact(leaf: str, facts: Mapping[str, Any]) -> None:
    expected = _compared(facts)[leaf]
    found = VALUES[leaf]()
    assert type(found) is bool or not isinstance(expected, bool)
    assert found == (Fraction(str(expected)) if isinstance(expected, float) else expected)


def _level_of_fact(raw: Any) -> dict[str, Any]:
    if isinstance(raw, list):
        return {"actions": raw}
    out = {key: raw[key] for key in ("actions", "fine_cny", "points") if key in raw}
    limits = {}
    for key, action in _LIMITS.items():
        if key in raw:
            limits[action] = raw[key] if isinstance(raw[key], list) else [raw[key], raw[key]]
    return out | {"limits": limits}


def _level_of_profile(level: PenaltyLevel) -> dict[str, Any]:
    in_words = {limit.text for limit in level.limits}
    return {
        "actions": [action for action in level.actions if action not in in_words],
        "fine_cny": None if level.fine_cny is None else list(level.fine_cny),
        "points": level.points,
        "limits": {limit.action: list(limit.days) for limit in level.limits},
    }


@pytest.mark.parametrize("fact", PENALTY_TABLES)
def test_a_penalty_table_is_that_of_the_fact(fact: str, facts: Mapping[str, Any]) -> None:
    penalty = _penalty("kuaishou", PENALTY_TABLES[fact])
    assert fact in {cited.fact for cited in penalty.provenance}
    value = facts[fact]["value"]
    assert [level.level for level in penalty.levels] == ["light", "severe", "especially_severe"]
    for level in penalty.levels:
        written = _level_of_fact(value[level.level])
        found = _level_of_profile(level)
        assert {key: found[key] for key in written} == written, level.level
        for money in {"fine_cny", "points"} - set(written):
            assert found[money] is None, level.level


CONFIGS = {
    "ks_msg": ("kuaishou", "reply_3min_messages", "message-2021"),
    "ks_person": ("kuaishou", "reply_3min", "person-2021-09"),
    "ks_person_human": ("kuaishou", "reply_3min", "person-human-2023-03"),
    "dy_msg": ("douyin", "reply_3min", "message-hand"),
    "dy_session": ("douyin", "reply_3min_session", "session-average"),
    "pdd5_person": ("pinduoduo", "reply_5min", "person-5min"),
    "pdd3_person_human": ("pinduoduo", "reply_3min", "person-human"),
    "tjj_eff": ("taojiji", "effective_reply", "five-minutes"),
    "tb_turn": ("tmall", "reply_3min", "turn-2025-10"),
    "jd_first30": ("jd", "first_reply_30s", "first-2021-12"),
    "xhs_session": ("xiaohongshu", "reply_3min", "session-gap"),
    "wecom_kf": ("wechat_kf", "reply_rate", "natural-day"),
    "ks_good": ("kuaishou", "good_rate", "all-2021-09"),
    "ks_att": ("kuaishou", "attitude_rate", "all-2021-11"),
    "dy_sat": ("douyin", "satisfaction", "human"),
}
"""The definitions of the worked examples, and the editions that they are."""


def test_the_editions_count_as_the_worked_examples_do() -> None:
    written = yaml.safe_load(shared("examples", "reply_rate.yaml").read_text(encoding="utf-8"))["configs"]
    assert set(written) == set(CONFIGS)
    for name, place in CONFIGS.items():
        expected = replace(Definition.from_json(written[name]), name=None)
        assert _edition(*place).definition == expected, name


def test_the_rating_options_are_those_of_the_facts(facts: Mapping[str, Any]) -> None:
    formula = facts["KS-GOOD-FORMULA"]["value"]
    assert list(_good().definition.counted) == formula["options"]
    assert list(_good().definition.positive) == formula["positive"]
    satisfaction = facts["DY-SAT-FORMULA"]["value"]
    assert set(_satisfaction().definition.positive) == set(satisfaction["positive"])
    assert set(satisfaction["other_labels_seen"]) <= set(_satisfaction().definition.counted)
    assert list(_good().rating_sources) == facts["KS-GOOD-PERIOD"]["value"]["rating_sources"]
    assert list(_attitude().rating_sources) == facts["KS-ATT-PERIOD"]["value"]["rating_sources"]
    types = facts["KS-VIOLATION-TYPES"]["value"]
    assert _value("kuaishou", "violation-types", "types") == types


def test_what_one_bad_rating_costs_follows_from_the_line() -> None:
    bad, good = (_value("kuaishou", "rating-repair", key) for key in ("bad", "good_needed"))
    assert InviteRules(target=_line(_good()).value).good_per_bad == Fraction(good, bad)


def test_the_figures_of_outside_pages_are_those_that_were_noted() -> None:
    assert _value("tmall", "official-alarm", "seconds") == 100
    assert [profile.warn_after_s for profile in load_profiles().values()] == [
        100,
        100,
        100,
        100,
        20,
        100,
        100,
        100,
    ]
    assert _value("douyin", "average-response", "average_s") == 40
    assert _value("douyin", "average-response", "first_s") == 60
    assert (_satisfaction().settles_days, _value("douyin", "data-delay", "settles_days")) == (2, 2)
    hour = _edition("pinduoduo", "effective_reply", "person-hour")
    assert (hour.definition.window_s, hour.assessed_from, _line(hour).value) == (3600, 101, Fraction(1, 2))
    (tier,) = _penalty("pinduoduo", "effective-rate").tiers
    assert (tier.volume_over, tier.fine_cny) == (100, 1000)
    quotas = {quota.id: (quota.messages, quota.within_s) for quota in _profile("wechat_kf").send_quotas}
    two_days = 48 * 3600
    assert quotas == {
        "after_message": (5, two_days),
        "after_entry": (2, 60),
        "official_account": (5, two_days),
    }


# Contradictions (C01 to C13), as they were settled


def _profile(platform: str) -> Profile:
    return load_profiles()[platform]


def test_c01_kuaishou_is_counted_by_persons_and_by_messages() -> None:
    assert _profile("kuaishou").measure("reply_3min_messages").variant_of == "reply_3min"
    assert (_person().definition.unit, _messages().definition.unit) == (Unit.PERSON, Unit.MESSAGE)
    (older,) = _profile("kuaishou").measure("reply_5min").editions
    assert (older.definition.unit, older.definition.window_s) == (Unit.MESSAGE, 300)
    assert str(older.to_day) == "2021-08-31"


def test_c02_the_month_is_an_edition_that_ended() -> None:
    month = next(use for use in _person().period_uses if use.period == "natural_month")
    assert (month.use, month.only_below) == ("governance", Fraction(1, 5))
    later = _edition("kuaishou", "reply_3min", "person-2022-11")
    assert [(use.period, use.use) for use in later.period_uses] == [
        ("natural_week", "governance"),
        ("trailing_30d", "score"),
    ]


def test_c03_line_target_and_own_goal_are_apart() -> None:
    assert _person().penalty_line == Line(">=", Fraction(7, 10))
    assert _person().platform_target is None
    assert _person().own_goal == Line(">=", Fraction(4, 5))
    edition = _edition("kuaishou", "good_rate", "all-2022-10")
    assert edition.penalty_line == Line(">", Fraction(4, 5))
    assert edition.platform_target == Line(">=", Fraction(9, 10))


def test_c04_c05_c12_each_penalty_table_keeps_its_edition() -> None:
    tables = {each.id: each for each in _profile("kuaishou").penalties}
    for name in ("good-2021-11-17", "good-weekly", "attitude-2021-11-17", "attitude-other"):
        assert tables[name].status == "superseded"
        assert str(tables[name].to_day) == "2022-11-23"
    today = [name for name, each in tables.items() if each.to_day is None and each.measures]
    assert today == ["service-2022-11-24"]
    assert (tables["service-2022-11-24"].status, tables["service-2022-11-24"].levels) == ("unknown", ())
    light = {name: tables[name].levels[0].actions for name in ("good-2021-11-17", "good-weekly")}
    assert "强制考试" in light["good-2021-11-17"]
    assert "强制考试" not in light["good-weekly"]


def test_c06_machine_answers_count_before_2023_and_not_after() -> None:
    after = _edition("kuaishou", "reply_3min", "person-human-2023-03")
    assert (_person().definition.robot, after.definition.robot) == (Robot.COUNTS, Robot.IGNORE)
    assert "robot" in _messages().calibrate
    rated = _edition("kuaishou", "good_rate", "human-2023-03")
    assert (_good().definition.robot_ratings, rated.definition.robot_ratings) == (True, False)


def test_c07_douyin_is_counted_by_messages_and_by_sessions() -> None:
    by_session = _profile("douyin").measure("reply_3min_session")
    assert by_session.variant_of == "reply_3min"
    assert by_session.latest.definition.session_rule == "avg_wait"
    assert _douyin().definition.unit is Unit.MESSAGE


def test_c08_the_line_of_pinduoduo_is_relative_with_a_stand_in_and_a_warning() -> None:
    three = _edition("pinduoduo", "reply_3min", "person-human")
    assert three.platform_target is not None
    assert three.platform_target.relative_to
    assert three.platform_target.value == Fraction(4, 5)
    assert three.penalty_line == Line(">=", Fraction(1, 2))
    assert _line(_five_minutes()).relative_to


def test_c09_only_the_flag_of_the_system_excludes() -> None:
    for edition in (_five_minutes(), _edition("pinduoduo", "reply_3min", "person-human")):
        assert edition.definition.spam is Spam.DROP_SYSTEM
    assert _value("pinduoduo", "system-spam-group", "flagged_by") == "system"


def test_c10_both_bands_hold_where_the_text_overlaps() -> None:
    at_seventy = [tier.fine_cny for tier in (_tier(1), _tier(2)) if tier.applies(601, Fraction(7, 10))]
    assert at_seventy == [1000, 2000]
    assert not any(_tier(number).applies(300, Fraction(1, 2)) for number in range(3))


def test_c11_online_time_is_by_the_day() -> None:
    assert _online().hours_per_day == 12
    assert any("當月在線" in re.sub(r"\([^)]*\)", "", cited.quote) for cited in _online().provenance)


def test_c13_passages_of_another_platform_are_kept_apart() -> None:
    kuaishou = _profile("kuaishou")
    doubtful = {cited.fact for rule in kuaishou.doubtful for cited in rule.provenance}
    assert doubtful == {"KS-REPLY-OPERATING-TARGET", "KS-LEAVE-MESSAGE", "KS-SATURATION"}
    applied = {
        cited.fact
        for path, provenance in kuaishou.sourced()
        if not path.startswith("doubtful.")
        for cited in provenance
    }
    assert not doubtful & applied


def test_the_clock_of_kuaishou_is_the_shops_and_its_agents() -> None:
    assert _value("kuaishou", "agent-clock", "shop_clock_start") == _person().definition.clock_start
    assert _value("kuaishou", "agent-clock", "agent_clock_start") == ClockStart.ASSIGNED


# The generated pages


def test_the_platform_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_platform_docs", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_facts_is_kept_where_the_facts_are_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = _tool()
    monkeypatch.setattr(tool, "FACTS", tmp_path / "absent.yaml")
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["build_platform_docs.py"])
    (tmp_path / "facts.md").write_text("as it was", encoding="utf-8")
    (tmp_path / "left-over.md").write_text("of a platform that went", encoding="utf-8")
    assert tool.main() == 0
    assert (tmp_path / "facts.md").read_text(encoding="utf-8") == "as it was"
    assert "facts.md" in capsys.readouterr().out
    assert sorted(path.stem for path in tmp_path.glob("*.md") if path.stem not in ("facts", "README")) == (
        sorted(load_profiles())
    )


def test_a_fact_without_a_place_ends_the_build_with_its_name() -> None:
    homeless = {"id": "XX-NEW", "platform": "kuaishou", "topic": "reply_rate.new", "quote": "新规则"}
    with pytest.raises(SystemExit, match="XX-NEW"):
        _tool().facts_page([homeless], load_profiles())


@pytest.mark.parametrize("platform", list(load_profiles()))
def test_a_page_tells_every_edition_and_every_penalty(platform: str) -> None:
    page = _tool().platform_page(load_profiles()[platform])
    profile = load_profiles()[platform]
    for measure in profile.measures:
        assert all(f"#### `{edition.id}`" in page for edition in measure.editions)
    assert all(f"`{penalty.id}`" in page for penalty in profile.penalties)
    assert all(cited.quote in page for _, provenance in profile.sourced() for cited in provenance)
