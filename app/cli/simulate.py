"""`miaohui simulate`: a service day with and without the assistant, measured as the platform measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
import orjson

from app.cli.measure_options import logged_events
from app.cli.output import EXIT_COULD_NOT_RUN, cannot, emit, format_option
from app.cli.simulation_cases import FACTORS, VARIED, Case, Played, Variation
from app.cli.simulation_options import (
    DEFAULTS,
    case_of,
    named_assumptions,
    policy_of,
    profiles_named,
)
from app.cli.simulation_plot import draw
from app.cli.simulation_stopwatch import Stopwatch
from app.cli.simulation_tables import show_comparison, show_one, show_sensitivity
from app.core.events import Event
from app.core.simulation import Assumptions, NoSuchLoadError, Run, load_for

DEFAULT_DAY: Final = date(2026, 11, 18)
"""The simulated day where none is named, a plain Wednesday: the same command gives the same answer tomorrow."""
FROM_OPTIONS: Final = ("buyers_per_hour", "agents")
SIDES: Final = {"on": (True,), "off": (False,), "both": (False, True)}


@click.command(
    name="simulate",
    epilog="假设 Assumptions（可用 --set 名称=值 修改 / change with --set）: "
    + ", ".join(
        f"{each.name}={each.default}" for each in fields(Assumptions) if each.name not in FROM_OPTIONS
    )
    + ". 单位：秒、次每小时、0~1 的比例 / seconds, per hour, shares. 每个数字的理由见 docs/simulation.zh.md。",
)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    default=("kuaishou",),
    show_default=True,
    help="平台，可写多次；all 为所有有回复指标的平台 / platform id, several times, or all",
)
@click.option(
    "--metric", help="平台的哪个回复指标，默认主指标 / which reply measure; default the primary one"
)
@click.option("--edition", help="按哪一版规则，默认当日版本 / edition; default the one in force on the day")
@click.option(
    "--buyers-per-hour",
    type=click.FloatRange(0, 5000),
    help=f"考核时段内平均每小时买家数，默认 {DEFAULTS.buyers_per_hour:g} / mean arrivals",
)
@click.option(
    "--load-for",
    "share_alone",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="先找出只靠人工回复率为此值的买家数，例如 0.5 / find the load at which people alone reach this share",
)
@click.option(
    "--agents",
    type=click.IntRange(1, 1000),
    help=f"在岗席位，默认 {DEFAULTS.agents} / staffed seats",
)
@click.option(
    "--like",
    "like_path",
    metavar="LOG",
    help="照这份事件日志估出假设，估不出的用默认 / read assumptions off an event log",
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
    "--policy",
    "knobs",
    multiple=True,
    metavar="NAME=VALUE",
    help="修改店铺策略，例如 answer=at_once / change a knob of the shop's policy",
)
@click.option(
    "--sensitivity",
    is_flag=True,
    help="买家数、耐心、打字速度、推荐命中、临时离开各减半和加倍，看提升怎么变 / halve and double them",
)
@click.option(
    "--plot",
    "plot_path",
    type=click.Path(dir_okay=False),
    help="画成 SVG 图：各平台对比和分时段回复率 / draw both sides as an SVG",
)
@click.option(
    "--log",
    "log_path",
    type=click.Path(dir_okay=False),
    help="把事件日志写到文件，可再交给 metrics / write the event log (one run, --assist on or off)",
)
@format_option
def command(
    platforms: tuple[str, ...],
    metric: str | None,
    edition: str | None,
    buyers_per_hour: float | None,
    share_alone: float | None,
    agents: int | None,
    like_path: str | None,
    assist: str,
    seed: int,
    runs: int,
    day_text: str,
    settings: tuple[str, ...],
    knobs: tuple[str, ...],
    sensitivity: bool,
    plot_path: str | None,
    log_path: str | None,
    output_format: str,
) -> None:
    """模拟一家店的一天：有没有秒回，回复率差多少。

    A seedable discrete-event simulation. Buyers arrive over the assessed hours with a noon and an evening peak, ask
    a few things in several messages, ask again when they wait and leave at the end of their patience. Agents answer
    one chat at a time, hold several, eat, and leave the screen now and then. Off: plain order of arrival, everything
    typed but for the console's own quick phrases. On: order by time left, one-click replies where a suggestion fits,
    warnings that call people back or let a colleague take over, and where the platform counts what the machine says,
    a sure answer or a holding reply before the deadline, as the service itself decides. Both days meet the same buyers
    and the same absences; the log is judged by the platform's own edition.
    """
    if share_alone is not None and buyers_per_hour is not None:
        cannot("--load-for 和 --buyers-per-hour 只能用一个 / give either --load-for or --buyers-per-hour")
    options = named_assumptions(settings, buyers_per_hour, agents)
    policy = policy_of(knobs)
    try:
        on = date.fromisoformat(day_text)
    except ValueError:
        cannot(f"日期要写成 2026-11-18 的样子，不是 {day_text} / not a date")
    sides = SIDES[assist]
    like = list(logged_events(like_path)) if like_path is not None else None
    cases = [
        case_of(profile, metric, edition, on, like, options, policy) for profile in profiles_named(platforms)
    ]
    if log_path is not None and (len(sides) != 1 or runs != 1 or len(cases) != 1):
        cannot("--log 只能和 --assist on|off、--runs 1、一个平台一起用 / --log wants one run and one side")
    if (sensitivity or plot_path is not None) and len(sides) != 2:
        cannot("--sensitivity 和 --plot 要两边都模拟，请去掉 --assist / they want --assist both")
    for path in (plot_path, log_path):
        if path is not None and not Path(path).parent.is_dir():
            cannot(f"没有文件夹 {Path(path).parent}，请先建好 / no such folder")

    seeds = range(seed, seed + runs)
    played = []
    with Stopwatch() as stopwatch:
        for case in cases:
            loaded = case if share_alone is None else _loaded(case, share_alone, seeds, stopwatch)
            if loaded is None:
                continue
            done = _play(loaded, seeds, sides, stopwatch, by_hour=plot_path is not None, log_path=log_path)
            if sensitivity:
                done = replace(done, variations=tuple(_vary(loaded, seeds, stopwatch)))
            if output_format == "jsonl":
                _emit(done)
            played.append(done)
    if not played:
        raise SystemExit(EXIT_COULD_NOT_RUN)
    if output_format == "text":
        _show(played, share_alone)
    if plot_path is not None:
        _write(Path(plot_path), draw(played).encode())
    click.echo(stopwatch.text, err=True)


def _show(played: list[Played], share_alone: float | None) -> None:
    if len(played) == 1:
        show_one(played[0], share_alone)
    else:
        show_comparison(played, share_alone)
    for each in played:
        if each.variations:
            show_sensitivity(each)


def _play(
    case: Case,
    seeds: range,
    sides: tuple[bool, ...],
    stopwatch: Stopwatch,
    *,
    by_hour: bool = False,
    log_path: str | None = None,
) -> Played:
    runs = []
    for seed in seeds:
        for side in sides:
            run = case.trial.run(seed, assist=side, by_hour=by_hour)
            stopwatch.count(case.trial)
            if log_path is not None:
                _write_log(Path(log_path), run.day.events)
            runs.append(run.without_log())
    return Played(case, tuple(runs))


def _vary(case: Case, seeds: range, stopwatch: Stopwatch) -> list[Variation]:
    """Each of `VARIED` by each of `FACTORS`, all else as it was."""
    return [
        Variation(
            name,
            factor,
            _play(replace(case, trial=case.trial.varied(name, factor)), seeds, SIDES["both"], stopwatch),
        )
        for name in VARIED
        for factor in FACTORS
    ]


def _loaded(case: Case, share: float, seeds: range, stopwatch: Stopwatch) -> Case | None:
    """The case at the load where people alone reach the share; None, with a line on stderr, if there is no such load."""
    try:
        found = load_for(share, case.trial, seeds, lambda: stopwatch.count(case.trial))
    except NoSuchLoadError as error:
        click.echo(f"miaohui: {case.profile.name}：{error}", err=True)
        return None
    return replace(case, trial=case.trial.at_load(found))


def _emit(played: Played) -> None:
    for run in played.runs:
        emit(_record(run, played.case, None))
    for variation in played.variations:
        for run in variation.played.runs:
            emit(_record(run, variation.played.case, {variation.name: variation.factor}))


def _record(run: Run, case: Case, varied: Mapping[str, float] | None) -> dict[str, Any]:
    day, goal = run.day, case.goal
    return {
        "platform": case.profile.platform,
        "metric": case.measure.id,
        "edition": case.edition.id,
        "date": case.trial.on.isoformat(),
        "assist": "on" if run.assist else "off",
        "seed": run.seed,
        "numerator": run.numerator,
        "denominator": run.denominator,
        "rate": None if run.rate is None else str(run.rate),
        "pending": run.pending,
        "target": str(goal.value),
        "target_of": case.target_of,
        "met": goal.met(run.numerator, run.denominator),
        "machine_counts": case.machine_counts,
        "buyers": day.buyers,
        "left_unanswered": day.left_unanswered,
        "mean_wait_s": _rounded(day.mean_wait_s),
        "p90_wait_s": _rounded(day.wait_quantile_s(0.9)),
        "typed": day.typed,
        "clicked": day.clicked,
        "holding": day.holding,
        "answered": day.answered,
        "answered_wrongly": day.answered_wrongly,
        "taken_over": day.taken_over,
        "busy_share": round(day.busy_share, 4),
        "varied": varied,
        "assumptions": {
            each.name: getattr(case.trial.assumptions, each.name) for each in fields(Assumptions)
        },
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _write_log(path: Path, events: tuple[Event, ...]) -> None:
    _write(path, b"".join(orjson.dumps(event.to_json()) + b"\n" for event in events))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        cannot(f"写不了 {path}：{error.strerror} / cannot write {path}")
