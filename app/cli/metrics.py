"""`miaohui metrics`: a platform's figures, or any definition, over an exported event log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

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
from app.cli.output import cannot, emit, format_option, say
from app.cli.spreadsheets import checked_target, write_table
from app.core.definitions import Definition, DefinitionError
from app.core.measures import KEYS, evaluate, evaluate_measure
from app.core.profiles import Measure, Profile
from app.platforms.catalog import ProfileError, load_profiles
from app.usecases.measure_tables import (
    LINE_NAMES,
    line_text,
    lines_of,
    measure_record,
    measure_table,
    result_record,
)


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
@days_options
@click.option("--by", type=click.Choice(KEYS), help="按什么拆分，一键一行 / one line per key")
@infer_option
@click.option(
    "--output",
    "table_file",
    metavar="FILE",
    help="写成表格 .csv 或 .xlsx，供 Excel 打开 / write a table for Excel",
)
@click.option("--force", is_flag=True, help="--output 的文件已存在也覆盖 / replace an existing file")
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
    table_file: str | None,
    force: bool,
    list_only: bool,
    output_format: str,
) -> None:
    """按平台口径计算事件日志的回复率、好评率 / a platform's measures over an event log (- is standard input)."""
    profile = None if platform is None else chosen_profile(platform)
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
    target = None if table_file is None else checked_target(table_file, force=force)
    knobs = turned_knobs(settings)
    first, last = chosen_day("--from", first_day), chosen_day("--to", last_day)
    if definition_file is not None or profile is None:
        definition = _definition(definition_file, knobs)
        history = history_of(logged_events(log), as_of, definition.tz, infer=infer)
        results = evaluate(history, definition, first_day=first, last_day=last, by=by)
        name = definition.name or ("reply" if definition_file is None else Path(definition_file).stem)
        head: dict[str, Any] = {} if profile is None else {"platform": profile.platform}
        records = [result_record(name, result) | head | {"kind": definition.kind.value} for result in results]
    else:
        measures = profile.measures if metric is None else (chosen_measure(profile, metric),)
        measures = _fitting(measures, profile, metric, edition, knobs)
        history = history_of(logged_events(log), as_of, profile.timezone, infer=infer)
        records = []
        for measure in measures:
            report = evaluate_measure(
                history, measure, edition=edition, settings=knobs, first_day=first, last_day=last, by=by
            )
            records += [
                measure_record(profile.platform, measure, report.editions, result)
                for result in report.results
            ]
    if target is not None:
        write_table(target, "指标", *measure_table(records, by), force=force)
        click.echo(f"miaohui: 已写入 {target}，{len(records)} 行 / written", err=True)
        return
    _write(records, by, output_format)


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
            f"  {label}{line_text(line)}{ {True: '✓', False: '✗', None: ''}[line['met']] }"
            for key_, label in LINE_NAMES.items()
            if (line := record.get(key_)) is not None
        )
        say(f"{name}{key}  {rate}  ({counts}){waiting}{lines}")


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
                lines = "  ".join(f"{name} {line.text}" for name, line in lines_of(edition))
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
            | {name: {"op": line.op, "value": str(line.value)} for name, line in lines_of(edition)}
            for edition in measure.editions
        ],
    }
