"""`miaohui calibrate`: our figures beside a platform's own export, and the knobs that explain the difference."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import orjson

from app.cli.calibrate_output import Comparison, emit_comparison, say_comparison
from app.cli.measure_options import (
    chosen_day,
    chosen_measure,
    chosen_profile,
    days_options,
    history_of,
    infer_option,
    logged_events,
    turned_knobs,
)
from app.cli.output import EXIT_FINDINGS, cannot, format_option
from app.cli.spreadsheets import refuse_to_replace, replace_whole
from app.core.calibration import (
    Explanation,
    Key,
    Observation,
    Recount,
    Stretch,
    calibrate,
    late_facts,
    stretches_of,
)
from app.core.definitions import Definition, DefinitionError
from app.core.events import Event
from app.core.measures import History
from app.core.measures.history import instant
from app.core.profiles import Profile, Status
from app.gateways.exports import (
    IGNORE,
    QUANTITIES,
    ROLES,
    Catalogue,
    CatalogueError,
    ExportError,
    ExportReading,
    Problem,
    Table,
    View,
    find_tables,
    load_catalogue,
    observe,
    read_sheets,
    unknown_columns,
    views_in,
)

_ROLE_WORDS = {
    "日期": "day",
    "客服": "agent",
    "比率": "rate",
    "计入数": "denominator",
    "达标数": "numerator",
    "未达标数": "missed",
    "忽略": IGNORE,
} | {role: role for role in (*ROLES, IGNORE)}


@click.command(
    epilog="完全对上退出码 0，仍有差别 1，没能运行 2。 / Exit 0 if the figures can be explained exactly, 1 if a "
    "difference remains, 2 if it could not run."
)
@click.argument("log", metavar="LOG|-")
@click.argument("export", type=click.Path(dir_okay=False))
@click.option("--platform", required=True, help="平台 id，见 miaohui metrics --list / platform id")
@click.option(
    "--metric", help="校准哪个指标；默认表里有的主指标 / which measure; default the main one in the table"
)
@click.option("--edition", help="从这一版口径起找，默认各日现行版 / start from this edition")
@days_options
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=ROLE",
    help="指明一列是什么，可重复：day 日期、agent 客服、rate 比率、denominator 计入数、numerator 达标数、"
    "missed 未达标数、ignore 忽略 / say what a column is; repeatable",
)
@click.option(
    "--agent",
    "agents",
    multiple=True,
    metavar="NAME=ID",
    help="表里的客服名对应日志里的哪个 id，可重复 / an agent's name in the table and id in the log; repeatable",
)
@click.option(
    "--year", type=click.IntRange(2000, 2099), help="日期没有年份时的年份 / year of dates without one"
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KNOB=VALUE",
    help="先定下一个旋钮，可重复 / turn a knob first",
)
@click.option("--as-of", "as_of", help="导出的时刻 (RFC 3339)；之后的事件不看 / when the export was taken")
@click.option(
    "--top", type=click.IntRange(1, 50), default=5, show_default=True, help="最多给几种解释 / how many"
)
@infer_option
@click.option(
    "--output-definition",
    "definition_file",
    metavar="FILE.json",
    help="把最好的口径写成 JSON，供 miaohui metrics --definition 用 / write the best definition",
)
@click.option("--force", is_flag=True, help="文件已存在也覆盖 / replace an existing file")
@format_option
def command(
    log: str,
    export: str,
    platform: str,
    metric: str | None,
    edition: str | None,
    first_day: str | None,
    last_day: str | None,
    columns: tuple[str, ...],
    agents: tuple[str, ...],
    year: int | None,
    settings: tuple[str, ...],
    as_of: str | None,
    top: int,
    infer: bool,
    definition_file: str | None,
    force: bool,
    output_format: str,
) -> None:
    """与平台导出表逐日对数，找出哪些口径设置最能解释差别 / compare a log with a platform's own export."""
    profile = chosen_profile(platform)
    knobs = turned_knobs(settings)
    first, last = chosen_day("--from", first_day), chosen_day("--to", last_day)
    if definition_file is not None:
        refuse_to_replace(Path(definition_file), force=force)
    source = _read_export(export, profile, metric, _roles(columns), year)
    events = list(logged_events(log))
    history = history_of(events, as_of, profile.timezone, infer=infer)
    compared = _compared(
        source.reading, history, events, profile, first=first, last=last, names=_pairs("--agent", agents)
    )
    days = {each.key[0] for each in compared.observations if each.key[0] is not None}
    stretches = _stretches(
        profile, source.view, knobs, min(days, default=first), max(days, default=last), edition
    )
    recount = Recount(history, stretches, source.reading.shape, days)
    progress = _Progress()
    found = calibrate(recount, compared.observations, top=top, report=progress.report)
    progress.clear()
    if definition_file is not None:
        definition = _definition(found.best, stretches, profile, source.view)
        replace_whole(
            Path(definition_file),
            orjson.dumps(definition, option=orjson.OPT_INDENT_2) + b"\n",
            force=force,
        )
    comparison = Comparison(
        profile=profile,
        view=source.view,
        others=source.others,
        fixed=dict(source.view.settings) | knobs,
        stretches=stretches,
        reading=source.reading,
        problems=(*source.reading.problems, *compared.problems),
        unknown_columns=source.unknown,
        calibration=found,
        late=late_facts(events, profile.timezone),
        log=log,
    )
    (emit_comparison if output_format == "jsonl" else say_comparison)(comparison)
    if not found.best.fits:
        raise SystemExit(EXIT_FINDINGS)


@dataclass(frozen=True, slots=True)
class _Source:
    """What was read of the export."""

    view: View
    others: tuple[View, ...]
    reading: ExportReading
    unknown: tuple[str, ...]


def _read_export(
    path: str, profile: Profile, metric: str | None, by_hand: Mapping[str, str], year: int | None
) -> _Source:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        cannot(f"读不了 {path}：{error.strerror} / cannot read {path}")
    try:
        catalogue = load_catalogue()
        tables = find_tables(read_sheets(content), catalogue, profile.platform, by_hand)
        there = views_in(tables, catalogue.of(profile.platform))
        view = _view(profile, metric, there, catalogue, by_hand, tables)
        reading = observe(tables, view, catalogue, by_hand, year=year)
    except CatalogueError as error:
        cannot(f"列名资料有误：{error}")
    except ExportError as error:
        cannot(f"{path}：{error}")
    unknown = [name for name in unknown_columns(tables, catalogue, profile.platform) if name not in by_hand]
    return _Source(view, tuple(each for each in there if each.id != view.id), reading, tuple(unknown))


def _view(
    profile: Profile,
    metric: str | None,
    there: Sequence[View],
    catalogue: Catalogue,
    by_hand: Mapping[str, str],
    tables: Sequence[Table],
) -> View:
    """The view that was asked for; else the platform's main reply measure if the table has it, else the first it has."""
    mapped = any(role in QUANTITIES for role in by_hand.values())
    if metric is not None:
        known = catalogue.of(profile.platform).view(metric)
        view = known or _bare_view(chosen_measure(profile, metric).id)
        if not mapped and not any(each.id == metric for each in there):
            names = "、".join(each.id for each in there) or "没有"
            cannot(
                f"表里没有 {metric} 的列（有的是：{names}）；请用 --column '列名=rate' 指明 / no column of {metric}"
            )
        return view
    main = profile.primary_reply.id
    if mapped and not there:
        return catalogue.of(profile.platform).view(main) or _bare_view(main)
    if not there:
        headers = "、".join(dict.fromkeys(name for table in tables for name in table.headers if name))
        cannot(
            f"表里没有比率列，也凑不出一个比率；有的列是：{headers}。"
            "请用 --column '列名=rate' 指明 / no rate in the table"
        )
    return next((each for each in there if each.id == main), there[0])


def _bare_view(measure: str) -> View:
    return View(measure, measure, {}, {}, Status.ASSUMED)


def _pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            cannot(f"{option} 要写 名字=值，不是 {text} / {option} takes NAME=VALUE")
        pairs[name.strip()] = value.strip()
    return pairs


def _roles(columns: Iterable[str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for name, word in _pairs("--column", columns).items():
        role = _ROLE_WORDS.get(word)
        if role is None:
            cannot(f"--column {name}={word}：可用 {'、'.join(_ROLE_WORDS)} / unknown role")
        if role != IGNORE and role in roles.values():
            cannot(f"--column 里有两列都说是 {word}，请只留一列 / two columns of one role")
        roles[name] = role
    return roles


@dataclass(frozen=True, slots=True)
class _Compared:
    observations: tuple[Observation, ...]
    problems: tuple[Problem, ...]


def _compared(
    reading: ExportReading,
    history: History,
    events: Iterable[Event],
    profile: Profile,
    *,
    first: date | None,
    last: date | None,
    names: Mapping[str, str],
) -> _Compared:
    """The rows that the log can speak of: its days and its agents, inside `--from` and `--to`."""
    days = _logged_days(history, profile)
    known = {event.agent for event in events if event.agent is not None}
    kept: dict[Key, Observation] = {}
    problems: list[Problem] = []
    for each in reading.observations:
        day, agent = each.key
        if day is not None:
            if (first is not None and day < first) or (last is not None and day > last):
                continue
            if days is None or not days[0] <= day <= days[1]:
                problems.append(Problem(each.place, f"{day} 不在日志的日期之内，没有比较"))
                continue
        if agent is not None:
            agent = names.get(agent, agent)
            if agent not in known:
                problems.append(
                    Problem(
                        each.place, f"日志里没有客服「{agent}」，没有比较；可用 --agent '{agent}=日志里的id'"
                    )
                )
                continue
        named = replace(each, key=(day, agent))
        if (earlier := kept.setdefault(named.key, named)) is not named:
            problems.append(Problem(each.place, f"与{earlier.place}都是客服「{agent}」，只用前一行"))
    if not kept:
        span = "是空的" if days is None else f"是 {days[0]} 到 {days[1]}"
        why = f"；{problems[0].place}：{problems[0].reason}" if problems else ""
        cannot(f"导出表和日志没有可比的行（日志{span}）{why} / nothing to compare")
    return _Compared(tuple(kept.values()), tuple(problems))


def _logged_days(history: History, profile: Profile) -> tuple[date, date] | None:
    if history.span is None:
        return None
    zone = Definition(tz=profile.timezone).zone
    start, end = (instant(stamp).astimezone(zone).date() for stamp in history.span)
    return start, end


def _stretches(
    profile: Profile,
    view: View,
    knobs: Mapping[str, Any],
    first: date | None,
    last: date | None,
    edition: str | None,
) -> tuple[Stretch, ...]:
    measure = profile.measure(view.measure)
    if edition is not None and measure.edition(edition) is None:
        known = "、".join(each.id for each in measure.editions)
        cannot(f"{measure.id} 没有版本 {edition}，可用：{known} / unknown edition")
    try:
        found = stretches_of(measure, dict(view.settings) | dict(knobs), first, last, edition=edition)
    except DefinitionError as error:
        cannot(error.message)
    if not found:
        cannot(
            f"{profile.name} {measure.id} 在 {first} 到 {last} 没有现行版本；请用 --edition 指定 / no edition then"
        )
    return found


def _definition(
    best: Explanation, stretches: Sequence[Stretch], profile: Profile, view: View
) -> dict[str, Any]:
    """The best settings as a definition file; of several editions the last one's."""
    definition = stretches[-1].definition.with_settings(dict(best.changes)).to_json()
    note = f"{profile.name} {view.id}，按平台导出表校准，剩余差 {best.residual}"
    return {"kind": definition.pop("kind"), "name": view.id, "note": note} | definition


class _Progress:
    """One line on stderr that tells how far the search is, on a terminal only."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def report(self, tried: int, best: Fraction) -> None:
        if self._shown:
            click.echo(f"\r试过 {tried} 种口径，最小差 {float(best):g}   ", nl=False, err=True)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
