"""What the options of `miaohui simulate` ask for: assumptions, policy, platforms and their editions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

import click
import orjson

from app.cli.output import cannot
from app.cli.simulation_cases import Case
from app.core.events import Event
from app.core.policies import Policy, PolicyError
from app.core.profiles import Edition, Measure, Profile
from app.core.simulation import Assumptions, ReplyRules, Trial, read_likeness
from app.platforms.catalog import load_profiles

DEFAULTS: Final = Assumptions()
ALL: Final = "all"


def named_assumptions(
    settings: tuple[str, ...], buyers_per_hour: float | None, agents: int | None
) -> dict[str, Any]:
    """The assumptions that the caller names, by name."""
    known = {each.name: each for each in fields(Assumptions)}
    changes: dict[str, Any] = {}
    if agents is not None:
        changes["agents"] = agents
    if buyers_per_hour is not None:
        changes["buyers_per_hour"] = buyers_per_hour
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in known:
            cannot(
                f"没有假设 {name or setting}；可用：{'、'.join(known)} / --set wants NAME=VALUE of an assumption"
            )
        try:
            changes[name] = int(text) if isinstance(known[name].default, int) else float(text)
        except ValueError:
            cannot(f"假设 {name} 要一个数字，不是 {text} / {name} wants a number")
    return changes


def _assumptions(log: list[Event] | None, rules: ReplyRules, options: Mapping[str, Any]) -> Assumptions:
    """What the caller names, else what the log shows, else the default; says on stderr what the log shows."""
    read: dict[str, Any] = {}
    if log is not None:
        found = read_likeness(log, rules)
        read = {
            name: round(reading.value)
            if isinstance(getattr(DEFAULTS, name), int)
            else round(reading.value, 2)
            for name, reading in found.items()
        }
        shown = "，".join(f"{name}={read[name]:g}（{each.observed} 次）" for name, each in found.items())
        click.echo(f"从日志估出：{shown or '太少，什么也估不出'}；其余用默认 / read off the log", err=True)
    try:
        return replace(DEFAULTS, **(read | dict(options)))
    except ValueError as error:
        cannot(str(error))


def policy_of(knobs: tuple[str, ...]) -> Policy:
    """The default policy with some knobs turned; a value is JSON, else plain text."""
    raw: dict[str, Any] = {}
    for knob in knobs:
        name, equals, text = knob.partition("=")
        if not equals:
            cannot(f"--policy 要写成 名称=值，不是 {knob} / --policy wants NAME=VALUE")
        try:
            raw[name] = orjson.loads(text)
        except orjson.JSONDecodeError:
            raw[name] = text
    try:
        return Policy.from_json(raw)
    except PolicyError as error:
        cannot(f"策略 {error}")


def profiles_named(names: tuple[str, ...]) -> list[Profile]:
    """Each platform that is named once, in the order named; for `ALL` those with a reply measure."""
    profiles: Mapping[str, Profile] = load_profiles()
    if ALL in names:
        return [
            each for each in profiles.values() if any(m.primary and m.kind == "reply" for m in each.measures)
        ]
    found = dict.fromkeys(_named(profiles, name).platform for name in names)
    return [profiles[platform] for platform in found]


def _named(profiles: Mapping[str, Profile], platform: str) -> Profile:
    profile = profiles.get(platform) or next(
        (
            each
            for each in profiles.values()
            if platform and any(platform in name for name in (each.name, *each.aliases))
        ),
        None,
    )
    if profile is None:
        cannot(f"没有平台 {platform}；可用：{'、'.join(profiles)} / unknown platform")
    return profile


def case_of(
    profile: Profile,
    metric: str | None,
    edition_id: str | None,
    on: date,
    log: list[Event] | None,
    options: Mapping[str, Any],
    policy: Policy,
) -> Case:
    """The shop under the measure and edition asked for; `log` is one to take assumptions from."""
    measure = _measure(profile, metric)
    edition = _edition(measure, edition_id, on)
    assumptions = _assumptions(log, ReplyRules.of(edition.definition), options)
    return Case(profile, measure, edition, Trial(edition.definition, on, assumptions, policy))


def _measure(profile: Profile, metric: str | None) -> Measure:
    replies = [each for each in profile.measures if each.kind == "reply"]
    if metric is None:
        try:
            return profile.primary_reply
        except StopIteration:
            cannot(f"{profile.name} 没有回复率指标 / this platform has no reply measure")
    measure = next((each for each in replies if each.id == metric), None)
    if measure is None:
        names = "、".join(each.id for each in replies)
        cannot(f"{profile.name} 没有回复指标 {metric}；可用：{names} / unknown reply measure")
    return measure


def _edition(measure: Measure, edition_id: str | None, on: date) -> Edition:
    if edition_id is None:
        return measure.edition_on(on) or measure.latest
    edition = measure.edition(edition_id)
    if edition is None:
        names = "、".join(each.id for each in measure.editions)
        cannot(f"{measure.name} 没有版本 {edition_id}；可用：{names} / unknown edition")
    return edition
