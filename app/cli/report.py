"""`miaohui report`: the week that a supervisor forwards, from an exported event log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click
import orjson

from app.cli.measure_options import chosen_profile, logged_events
from app.cli.moments import read_moment
from app.cli.output import cannot
from app.cli.spreadsheets import refuse_to_replace, replace_whole
from app.cli.text_tables import aligned
from app.core.mood import MoodModel
from app.core.quality.figures import LINE_NAMES
from app.core.quality.week_report import Report
from app.core.quality.weeks import Week
from app.core.quality.wording import (
    KIND_NAMES,
    counts_text,
    headline,
    interval_text,
    next_steps,
    outlook_text,
    rate_text,
)
from app.usecases.quality_report import log_report
from app.usecases.quality_tables import STANDING_NAMES, report_json, review_json, sheets
from lint import Linter

ENDINGS: Final = {".html": "html", ".htm": "html", ".xlsx": "xlsx", ".txt": "text", ".json": "json"}
FORMATS: Final = ("html", "xlsx", "text", "json")
_SHOWN: Final = 20


@click.command(
    epilog="不写 --week 时取日志最后一条所在的周；-o 的后缀决定格式。"
    " / Without --week the week of the log's last event; the ending of -o tells the format."
)
@click.argument("log", metavar="LOG|-")
@click.option("--platform", required=True, help="平台 id / platform id, see `miaohui metrics --list`")
@click.option("--week", "week_name", metavar="WEEK", help="哪一周，如 2026-W47 / an ISO week")
@click.option(
    "--as-of", "as_of", help="截至时刻 (RFC 3339)；默认为日志最后一条 / default: the log's last event"
)
@click.option("--shop", "shop_name", default="", help="抬头上的店名 / the shop's name at the head")
@click.option(
    "--format", "output_format", type=click.Choice(FORMATS), help="html、xlsx、text 或 json / default: text"
)
@click.option("-o", "--output", "target_name", metavar="FILE", help="写到文件，- 为标准输出 / where to write")
@click.option("--force", is_flag=True, help="-o 的文件已存在也覆盖 / replace an existing file")
def command(
    log: str,
    platform: str,
    week_name: str | None,
    as_of: str | None,
    shop_name: str,
    output_format: str | None,
    target_name: str | None,
    force: bool,
) -> None:
    """服务周报：好评率、差评原因、要看的会话、下一步 / the week's service quality over an event log."""
    profile = chosen_profile(platform)
    week = None if week_name is None else _week(week_name)
    target = None if target_name in {None, "-"} else Path(str(target_name))
    output_format = output_format or ("text" if target is None else _format_of(target))
    if output_format == "xlsx" and target is None and sys.stdout.isatty():
        cannot("Excel 文件不能打在屏幕上，请加 -o 报告.xlsx / write a workbook to a file with -o")
    if target is not None:
        refuse_to_replace(target, force=force)
    until = read_moment(as_of, profile.timezone)
    events = [event for event in logged_events(log) if until is None or event.at <= until]
    if not events:
        cannot(f"{log} 里没有事件，写不了周报 / no events to report on")
    last = max(event.at for event in events)
    moment = until or last
    week = week or Week.of(_day(last, profile.timezone))
    report = log_report(
        events, profile, week.first, week.last, moment, Linter.default(), MoodModel.load(), shop_name
    )
    content = _content(report, week, output_format)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    replace_whole(target, content, force=force)
    click.echo(f"miaohui: 已写入 {target}，{week.name} / written", err=True)


def _week(name: str) -> Week:
    try:
        return Week.named(name)
    except ValueError as error:
        cannot(f"--week：{error}")


def _format_of(target: Path) -> str:
    try:
        return ENDINGS[target.suffix.lower()]
    except KeyError:
        cannot(f"-o 要写 .html、.xlsx、.txt 或 .json 文件，或加 --format，不是 {target} / unknown ending")


def _day(at: datetime, timezone: str) -> date:
    return at.astimezone(ZoneInfo(timezone)).date()


def _content(report: Report, week: Week, output_format: str) -> bytes:
    if output_format == "html":
        # Imported here, because the templates take time that the other formats need not wait for.
        from app.web.quality_pages import Paper, report_page

        return report_page(report, Paper(False, week)).encode()
    if output_format == "xlsx":
        from app.gateways.spreadsheets import as_workbook_of

        return as_workbook_of(sheets(report))
    if output_format == "json":
        record = report_json(report, week.name)
        record["sessions"] = [review_json(review) for review in report.cases]
        return orjson.dumps(record) + b"\n"
    return ("\n".join(_lines(report, week)) + "\n").encode("utf-8", "replace")


def _lines(report: Report, week: Week) -> Iterator[str]:
    """The report for a terminal."""
    yield f"服务周报 {week.name}（{report.first} 至 {report.last}） {report.shop_name or report.platform_name}"
    yield headline(report)
    if steps := next_steps(report):
        yield from ("", "下一步", *(f"{number}. {step}" for number, step in enumerate(steps, start=1)))
    if report.figures:
        yield from ("", "评价指标")
    for figure in report.figures:
        note = "" if figure.in_force else "  平台已不按此考核，只作参考"
        editions = "、".join(edition.id for edition in figure.editions)
        yield f"{figure.measure.name}  {rate_text(figure.whole, figure)}（{counts_text(figure.whole)}）  {editions}{note}"
        for name, outlook in figure.outlooks():
            yield f"  {outlook_text(name, outlook, figure)}"
        if not figure.whole.counted:
            lines = "，".join(f"{LINE_NAMES[name]} {line.text}" for name, line in figure.lines())
            yield f"  {lines}" if lines else "  没有计入的评价"
    if report.agents:
        yield from ("", "按客服")
        yield from aligned(
            [
                ("客服", "与全店相比", "好评/评价", "95% 区间", "会话", "差评", "风险", "超时/消息", "用语"),
                *(
                    (
                        each.agent,
                        STANDING_NAMES[each.standing],
                        counts_text(each.ratings),
                        interval_text(each.interval),
                        *map(str, (each.sessions, each.rated_badly, each.at_risk)),
                        f"{each.late}/{each.items}",
                        str(each.flagged),
                    )
                    for each in report.agents
                ),
            ],
            left=2,
        )
    if report.reasons:
        yield from ("", "差评原因", *(f"{reason}  {count}" for reason, count in report.reasons))
    if report.cases:
        yield from ("", f"要看的会话 {len(report.cases)} 个")
        yield from aligned(
            [
                (
                    f"{review.at.astimezone(ZoneInfo(report.timezone)):%m-%d %H:%M}",
                    review.session,
                    review.agent or "（未知）",
                    "、".join(KIND_NAMES[kind] for kind in review.kinds),
                    "、".join((review.label or "", *review.reasons)).strip("、"),
                )
                for review in report.cases[:_SHOWN]
            ],
            left=5,
        )
