"""`miaohui metrics`: a platform's figures, or any definition, over an exported event log."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
import orjson

from app.cli.moments import read_moment
from app.cli.output import cannot, emit, format_option, read_lines, say
from app.core.courtesy import infer_hints
from app.core.definitions import Definition, DefinitionError
from app.core.events import Event, EventError, read_log
from app.core.measures import (
    KEYS,
    History,
    MeasureReport,
    MeasureResult,
    evaluate,
    evaluate_measure,
)
from app.core.profiles import Edition, Line, Measure, Profile
from app.platforms.catalog import ProfileError, load_profiles


@click.command(
    epilog="没有 --metric 时给出该平台全部指标；分母为 0 时 rate 为 null，不是 0。"
    " / Without --metric all of the platform's; an empty denominator gives no rate."
)
@click.argument("log", required=False)
@click.option("--platform", help="平台 id，见 --list / platform id, see --list")
@click.option("--metric", help="指标 id，见 --list / measure id, see --list")
@click.option("--definition", "definition_file", help="口径 JSON 文件 / a definition in a JSON file")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KNOB=VALUE",
    help="改一个旋钮，可重复 / turn a knob; repeatable",
)
@click.option("--edition", help="一律按这一版口径 / judge everything by this edition")
@click.option(
    "--as-of", "as_of", help="截至时刻 (RFC 3339)；未到时限的记 pending / state of affairs at this time"
)
@click.option("--from", "first_day", metavar="DAY", help="起始日（含）YYYY-MM-DD / first day, included")
@click.option("--to", "last_day", metavar="DAY", help="截止日（含）YYYY-MM-DD / last day, included")
@click.option("--by", type=click.Choice(KEYS), help="按什么拆分，一键一行 / one line per key")
@click.option(
    "--infer", is_flag=True, help="补推 courtesy 与 offline / infer closing thanks and offline leaves"
)
@click.option("--list", "list_only", is_flag=True, help="列出平台、指标和版本 / list all ids")
@format_option
def command(
    log: str | None,
    platform: str | None,
    metric: str | None,
    definition_file: str | None,
    settings: tuple[str, ...],
    edition: str | None,
    as_of: str | None,
    first_day: str | None,
    last_day: str | None,
    by: str | None,
    infer: bool,
    list_only: bool,
    output_format: str,
) -> None:
    """按平台口径计算事件日志的回复率、好评率 / a platform's measures over an event log (- is standard input)."""
    profile = None if platform is None else _profile(platform)
    if list_only:
        _list(profile, output_format)
        return
    if log is None:
        cannot(
            "请给出事件日志文件，或 - 读标准输入；--list 列出指标 / name an event log, or - for standard input"
        )
    if definition_file is not None and metric is not None:
        cannot("--definition 与 --metric 只能用一个 / give either --definition or --metric")
    if definition_file is None and profile is None and (metric is not None or edition is not None):
        cannot("--metric 和 --edition 需要 --platform / --metric and --edition need --platform")
    if definition_file is not None and edition is not None:
        cannot("--edition 不能与 --definition 同用 / --edition does not go with --definition")
    knobs = _settings(settings)
    first, last = _day("--from", first_day), _day("--to", last_day)
    if definition_file is not None or profile is None:
        definition = _definition(definition_file, knobs)
        history = _history(log, as_of, definition.tz, infer=infer)
        results = evaluate(history, definition, first_day=first, last_day=last, by=by)
        name = definition.name or ("reply" if definition_file is None else Path(definition_file).stem)
        head: dict[str, Any] = {} if profile is None else {"platform": profile.platform}
        records = [_record(name, result) | head | {"kind": definition.kind.value} for result in results]
    else:
        measures = profile.measures if metric is None else (_measure(profile, metric),)
        measures = _fitting(measures, profile, metric, edition, knobs)
        history = _history(log, as_of, profile.timezone, infer=infer)
        records = []
        for measure in measures:
            report = evaluate_measure(
                history, measure, edition=edition, settings=knobs, first_day=first, last_day=last, by=by
            )
            records.extend(_measured(profile, report))
    _write(records, by, output_format)


def _profile(name: str) -> Profile:
    try:
        profiles = load_profiles()
    except ProfileError as error:
        cannot(f"平台资料有误：{error}")
    if name not in profiles:
        cannot(f"没有平台 {name}，可用：{'、'.join(profiles)} / unknown platform")
    return profiles[name]


def _measure(profile: Profile, metric: str) -> Measure:
    try:
        return profile.measure(metric)
    except KeyError:
        known = "、".join(measure.id for measure in profile.measures)
        cannot(f"{profile.name} 没有指标 {metric}，可用：{known} / unknown measure")


def _settings(pairs: tuple[str, ...]) -> dict[str, Any]:
    knobs: dict[str, Any] = {}
    for pair in pairs:
        knob, equals, text = pair.partition("=")
        if not equals or not knob:
            cannot(f"--set 要写 旋钮=值，不是 {pair} / --set takes KNOB=VALUE")
        try:
            knobs[knob.strip()] = orjson.loads(text)
        except orjson.JSONDecodeError:
            knobs[knob.strip()] = text.strip()
    return knobs


def _definition(file: str | None, knobs: Mapping[str, Any]) -> Definition:
    raw: Any = {}
    if file is not None:
        try:
            raw = orjson.loads(Path(file).read_bytes())
        except OSError as error:
            cannot(f"读不了 {file}：{error.strerror} / cannot read the definition")
        except orjson.JSONDecodeError as error:
            cannot(f"{file} 不是 JSON：{error} / the definition is not JSON")
        if not isinstance(raw, dict):
            cannot(f"{file}：口径必须是一个 JSON 对象 / a definition must be a JSON object")
    try:
        return Definition.from_json(raw | dict(knobs))
    except DefinitionError as error:
        cannot(error.message if file is None else f"{file}：{error.message}")


def _fitting(
    measures: tuple[Measure, ...],
    profile: Profile,
    metric: str | None,
    edition: str | None,
    knobs: Mapping[str, Any],
) -> tuple[Measure, ...]:
    """The measures that the edition and the knobs fit; a measure asked for by name must fit."""
    refusals = {measure.id: _refusal(measure, edition, knobs) for measure in measures}
    fitting = tuple(measure for measure in measures if refusals[measure.id] is None)
    if not fitting or (metric is not None and len(fitting) < len(measures)):
        cannot(f"{profile.name}：{next(refusal for refusal in refusals.values() if refusal is not None)}")
    return fitting


def _refusal(measure: Measure, edition: str | None, knobs: Mapping[str, Any]) -> str | None:
    if edition is not None and measure.edition(edition) is None:
        known = "、".join(each.id for each in measure.editions)
        return f"{measure.id} 没有版本 {edition}，可用：{known} / unknown edition"
    try:
        for each in measure.editions:
            each.definition.with_settings(knobs)
    except DefinitionError as error:
        return error.message
    return None


def _history(log: str, as_of: str | None, tz: str, *, infer: bool) -> History:
    moment = read_moment(as_of, tz)
    events = _events(log)
    # A log is millions of small objects that all stay: looking for rubbish among them doubles the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return History.of(infer_hints(events) if infer else events, as_of=moment)
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()


def _events(log: str) -> Iterator[Event]:
    try:
        for _, event in read_log(read_lines(log)):
            yield event
    except EventError as error:
        cannot(f"{log} {error.message}")


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        cannot(f"{option} 要写日期，例如 2026-11-22，不是 {text} / {option} takes a day")
    return day


def _record(name: str, result: MeasureResult) -> dict[str, Any]:
    record: dict[str, Any] = {
        "metric": name,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "rate": result.rate_text,
        "pending": result.pending,
    }
    if result.key is not None:
        # "" means that nobody or nothing is known to bear it.
        record[result.key[0]] = result.key[1] or None
    return record


def _measured(profile: Profile, report: MeasureReport) -> Iterator[dict[str, Any]]:
    measure = report.measure
    for result in report.results:
        record = _record(measure.id, result) | {
            "platform": profile.platform,
            "name": measure.name,
            "kind": measure.kind.value,
            "editions": [edition.id for edition in report.editions],
        }
        if report.editions:
            latest = report.editions[-1]
            record["status"] = latest.status.value
            for name, line in _lines(latest):
                record[name] = {
                    "op": line.op,
                    "value": str(line.value),
                    "met": line.met(result.numerator, result.denominator),
                }
        yield record


def _lines(edition: Edition) -> Iterator[tuple[str, Line]]:
    for name in ("penalty_line", "platform_target", "own_goal"):
        line = getattr(edition, name)
        if line is not None:
            yield name, line


def _write(records: list[dict[str, Any]], by: str | None, output_format: str) -> None:
    if output_format == "jsonl":
        for record in records:
            emit(record)
        return
    for record in records:
        counts = f"{record['numerator']}/{record['denominator']}"
        rate = "—" if not record["denominator"] else f"{record['numerator'] / record['denominator']:.2%}"
        key = "" if by is None else f"  {record[by] or '（无）'}"
        waiting = f"  待定 {record['pending']}" if record["pending"] else ""
        name = record.get("name", record["metric"])
        lines = "".join(
            f"  {label}{line['op']}{float(_percent(line['value'])):g}%{ {True: '✓', False: '✗', None: ''}[line['met']] }"
            for key_, label in (
                ("penalty_line", "平台线"),
                ("platform_target", "平台目标"),
                ("own_goal", "自定目标"),
            )
            if (line := record.get(key_)) is not None
        )
        say(f"{name}{key}  {rate}  ({counts}){waiting}{lines}")


def _percent(fraction: str) -> float:
    numerator, _, denominator = fraction.partition("/")
    return 100 * int(numerator) / int(denominator or 1)


def _list(profile: Profile | None, output_format: str) -> None:
    try:
        profiles = load_profiles().values() if profile is None else [profile]
    except ProfileError as error:
        cannot(f"平台资料有误：{error}")
    for each in profiles:
        for measure in each.measures:
            if output_format == "jsonl":
                emit(_listed(each, measure))
                continue
            say(
                f"{each.platform}  {measure.id}  {each.name} {measure.name}{'  ★' if measure.primary else ''}"
            )
            for edition in measure.editions:
                days = f"{edition.from_day or '…'} — {edition.to_day or '…'}"
                lines = "  ".join(f"{name} {line.text}" for name, line in _lines(edition))
                say(f"    {edition.id}  {days}  {edition.status}  {lines}")


def _listed(profile: Profile, measure: Measure) -> dict[str, Any]:
    return {
        "platform": profile.platform,
        "metric": measure.id,
        "name": measure.name,
        "kind": measure.kind.value,
        "primary": measure.primary,
        "editions": [
            {
                "id": edition.id,
                "from": None if edition.from_day is None else edition.from_day.isoformat(),
                "to": None if edition.to_day is None else edition.to_day.isoformat(),
                "status": edition.status.value,
                "definition": edition.definition.to_json(),
            }
            | {name: {"op": line.op, "value": str(line.value)} for name, line in _lines(edition)}
            for edition in measure.editions
        ],
    }
