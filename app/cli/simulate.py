"""`miaohui simulate`: a service day with and without the assistant, measured as the platform measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table

from app.cli.output import cannot, emit, format_option
from app.core.events import Event
from app.core.measures import evaluate
from app.core.profiles import Edition, Measure, Profile
from app.core.simulation import Assumptions, ReplyRules, SimulatedDay, simulate_day
from app.platforms.catalog import load_profiles

DEFAULT_DAY: Final = date(2026, 11, 18)
"""The simulated day where none is named, a plain Wednesday: the same command gives the same answer tomorrow."""
FROM_OPTIONS: Final = ("buyers_per_hour", "agents")
DEFAULTS: Final = Assumptions()
LABELS: Final = {False: "off", True: "on"}


@dataclass(frozen=True, slots=True)
class Run:
    """One simulated day and what the platform would say of it."""

    seed: int
    assist: bool
    day: SimulatedDay
    numerator: int
    denominator: int
    pending: int

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.numerator, self.denominator) if self.denominator else None


@click.command(
    name="simulate",
    epilog="假设 Assumptions（可用 --set 名称=值 修改 / change with --set）: "
    + ", ".join(
        f"{each.name}={each.default}" for each in fields(Assumptions) if each.name not in FROM_OPTIONS
    )
    + ". 单位：秒、次每小时、0~1 的比例 / seconds, per hour, shares.",
)
@click.option("--platform", default="kuaishou", show_default=True, help="平台 / platform id")
@click.option(
    "--metric", help="平台的哪个回复指标，默认主指标 / which reply measure; default the primary one"
)
@click.option("--edition", help="按哪一版规则，默认当日版本 / edition; default the one in force on the day")
@click.option(
    "--buyers-per-hour",
    type=click.FloatRange(0, 5000),
    default=DEFAULTS.buyers_per_hour,
    show_default=True,
    help="考核时段内平均每小时买家数 / mean arrivals",
)
@click.option(
    "--agents",
    type=click.IntRange(1, 1000),
    default=DEFAULTS.agents,
    show_default=True,
    help="在岗席位 / staffed seats",
)
@click.option("--assist", type=click.Choice(["on", "off", "both"]), default="both", show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="随机种子，相同种子结果相同 / random seed"
)
@click.option(
    "--runs",
    type=click.IntRange(1, 200),
    default=1,
    show_default=True,
    help="连续模拟几天（种子依次加一）/ days, seeds counting up",
)
@click.option(
    "--date",
    "day_text",
    default=DEFAULT_DAY.isoformat(),
    show_default=True,
    help="模拟的日期，决定规则版本 / the day",
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="修改假设 / change an assumption"
)
@click.option(
    "--log",
    "log_path",
    type=click.Path(dir_okay=False),
    help="把事件日志写到文件，可再交给 metrics / write the event log (one run, --assist on or off)",
)
@format_option
def command(
    platform: str,
    metric: str | None,
    edition: str | None,
    buyers_per_hour: float,
    agents: int,
    assist: str,
    seed: int,
    runs: int,
    day_text: str,
    settings: tuple[str, ...],
    log_path: str | None,
    output_format: str,
) -> None:
    """模拟一家店的一天：有没有秒回，回复率差多少。

    A seedable discrete-event simulation. Buyers arrive over the assessed hours with a noon and an evening peak, ask
    a few things in several messages, ask again when they wait and leave at the end of their patience. Agents answer
    one chat at a time, hold several, eat, and leave the screen now and then. Off: plain order of arrival, everything
    typed. On: order by time left, one-click replies where a suggestion fits, warnings that call people back or let a
    colleague take over, and a holding reply where the platform counts what the machine says. Both days meet the
    same buyers and the same absences; the log is judged by the platform's own edition.
    """
    assumptions = _assumptions(settings, buyers_per_hour, agents)
    try:
        on = date.fromisoformat(day_text)
    except ValueError:
        cannot(f"日期要写成 2026-11-18 的样子，不是 {day_text} / not a date")
    profile = _profile(platform)
    measure = _measure(profile, metric)
    rule = _edition(measure, edition, on)
    sides = {"on": (True,), "off": (False,), "both": (False, True)}[assist]
    if log_path is not None and (len(sides) != 1 or runs != 1):
        cannot("--log 只能和 --assist on|off、--runs 1 一起用 / --log wants one run and one side")
    done = []
    for number in range(runs):
        for side in sides:
            run = _run(assumptions, rule, on, assist=side, seed=seed + number)
            done.append(run)
            if output_format == "jsonl":
                emit(_record(run, profile, measure, rule, assumptions, on))
    if log_path is not None:
        _write_log(Path(log_path), done[0].day.events)
    if output_format == "text":
        _show(done, sides, profile, measure, rule, assumptions, on)


def _assumptions(settings: tuple[str, ...], buyers_per_hour: float, agents: int) -> Assumptions:
    known = {each.name: each for each in fields(Assumptions)}
    changes: dict[str, Any] = {"buyers_per_hour": buyers_per_hour, "agents": agents}
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
    try:
        return replace(DEFAULTS, **changes)
    except ValueError as error:
        cannot(str(error))


def _profile(platform: str) -> Profile:
    profiles: Mapping[str, Profile] = load_profiles()
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


def _run(assumptions: Assumptions, edition: Edition, on: date, *, assist: bool, seed: int) -> Run:
    definition = edition.definition
    day = simulate_day(assumptions, ReplyRules.of(definition), on=on, assist=assist, seed=seed)
    result = evaluate(day.events, definition)[0]
    return Run(seed, assist, day, result.numerator, result.denominator, result.pending)


def _record(
    run: Run, profile: Profile, measure: Measure, edition: Edition, assumptions: Assumptions, on: date
) -> dict[str, Any]:
    day = run.day
    goal = edition.platform_target or edition.penalty_line or edition.own_goal
    return {
        "platform": profile.platform,
        "metric": measure.id,
        "edition": edition.id,
        "date": on.isoformat(),
        "assist": LABELS[run.assist],
        "seed": run.seed,
        "numerator": run.numerator,
        "denominator": run.denominator,
        "rate": None if run.rate is None else str(run.rate),
        "pending": run.pending,
        "target": str(goal.value),
        "met": goal.met(run.numerator, run.denominator),
        "buyers": day.buyers,
        "left_unanswered": day.left_unanswered,
        "mean_wait_s": _rounded(day.mean_wait_s),
        "p90_wait_s": _rounded(day.wait_quantile_s(0.9)),
        "typed": day.typed,
        "clicked": day.clicked,
        "holding": day.holding,
        "taken_over": day.taken_over,
        "busy_share": round(day.busy_share, 4),
        "assumptions": {each.name: getattr(assumptions, each.name) for each in fields(Assumptions)},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _write_log(path: Path, events: tuple[Event, ...]) -> None:
    try:
        with path.open("wb") as out:
            out.writelines(orjson.dumps(event.to_json()) + b"\n" for event in events)
    except OSError as error:
        cannot(f"写不了 {path}：{error.strerror} / cannot write the log")


def _show(
    runs: list[Run],
    sides: tuple[bool, ...],
    profile: Profile,
    measure: Measure,
    edition: Edition,
    assumptions: Assumptions,
    on: date,
) -> None:
    goal = edition.platform_target or edition.penalty_line or edition.own_goal
    whose = "平台线" if goal is not edition.own_goal else "自定目标"
    counts = "计入" if ReplyRules.of(edition.definition).machine_counts else "不计入"
    console = Console()
    console.print(f"{profile.name} {measure.name}（{edition.id}，{on}），{whose} {goal.text}", soft_wrap=True)
    table = Table()
    table.add_column("")
    for side in sides:
        table.add_column("有秒回 on" if side else "没有 off", justify="right")
    groups = [[run for run in runs if run.assist is side] for side in sides]
    for label, cells in _rows(groups):
        table.add_row(label, *cells)
    if len(groups) == 2 and all(run.rate is not None for run in runs):
        gains = [
            100 * float((on_run.rate or 0) - (off_run.rate or 0))
            for off_run, on_run in zip(groups[0], groups[1], strict=True)
        ]
        table.add_row("提升 gain", "", _spread(gains, " 点", signed=True), style="bold")
    console.print(table)
    console.print(
        f"每小时 {assumptions.buyers_per_hour:g} 位买家，{assumptions.agents} 个席位；机器回复{counts}。"
        "其余假设见 --help / all assumptions: --help",
        soft_wrap=True,
    )


def _rows(groups: list[list[Run]]) -> list[tuple[str, list[str]]]:
    def row(values: list[list[float]], unit: str = "") -> list[str]:
        return [_spread(each, unit) if each else "–" for each in values]

    def of(read: Any) -> list[list[float]]:
        return [[float(value) for run in group if (value := read(run)) is not None] for group in groups]

    return [
        ("回复率 rate", row(of(lambda run: None if run.rate is None else 100 * run.rate), "%")),
        (
            "按时 / 考核 on time",
            [
                f"{sum(run.numerator for run in group)} / {sum(run.denominator for run in group)}"
                for group in groups
            ],
        ),
        ("买家 buyers", row(of(lambda run: run.day.buyers))),
        ("等不及走了 left", row(of(lambda run: run.day.left_unanswered))),
        ("平均等人工 mean wait", row(of(lambda run: run.day.mean_wait_s), " 秒")),
        ("九成不超过 p90 wait", row(of(lambda run: run.day.wait_quantile_s(0.9)), " 秒")),
        ("打字回复 typed", row(of(lambda run: run.day.typed))),
        ("一键回复 one click", row(of(lambda run: run.day.clicked))),
        ("安抚回复 holding", row(of(lambda run: run.day.holding))),
        ("同事接手 taken over", row(of(lambda run: run.day.taken_over))),
        ("席位忙碌 busy", row(of(lambda run: 100 * run.day.busy_share), "%")),
    ]


def _spread(values: list[float], unit: str, *, signed: bool = False) -> str:
    """The mean, and the standard deviation where there are several."""
    mean = fmean(values)
    shown = f"{mean:+.1f}" if signed else (f"{mean:.1f}" if unit else f"{mean:.0f}")
    return f"{shown}{unit}" + (f" ± {pstdev(values):.1f}" if len(values) > 1 else "")
