"""The tables of `miaohui simulate` for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from app.cli.simulation_cases import VARIED, Case, Played
from app.core.simulation import Run, Spread

WIDE: Final = 132
"""Columns of the comparison where the output is no terminal."""
WHOSE: Final = {"platform": "平台目标", "penalty": "平台线", "own": "自定目标"}


def show_one(played: Played, share_alone: float | None) -> None:
    """One platform: what happened on the days of both sides."""
    case = played.case
    console = Console()
    console.print(
        f"{case.profile.name} {case.measure.name}（{case.edition.id}，{case.trial.on}），"
        f"{_whose(case)} {case.goal.text}",
        soft_wrap=True,
    )
    sides = [assist for assist in (False, True) if played.side(assist=assist)]
    table = Table()
    table.add_column("")
    for assist in sides:
        table.add_column("有秒回 on" if assist else "没有 off", justify="right")
    groups = [played.side(assist=assist) for assist in sides]
    for label, cells in _rows(groups):
        table.add_row(label, *cells)
    if len(sides) == 2 and (gain := played.gain) is not None:
        table.add_row("提升 gain", "", _shown(gain, " 点", signed=True), style="bold")
        if gain.interval is not None:
            table.add_row("提升的 95% 区间", "", _interval(gain), style="bold")
    if len(groups[0]) > 1:
        table.add_row(
            "达标天数 met",
            *(f"{played.days_met(assist=assist)} / {len(played.side(assist=assist))}" for assist in sides),
        )
    console.print(table)
    console.print(_load_text(case, share_alone), soft_wrap=True)


def show_comparison(played: Sequence[Played], share_alone: float | None) -> None:
    """Several platforms, one a row."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    table = Table(show_lines=True)
    table.add_column("平台 · 口径\nplatform · edition")
    table.add_column("机器回复\nmachine")
    table.add_column("目标\ntarget")
    table.add_column("买家/时\nbuyers/h", justify="right")
    for title in ("没有秒回\noff", "有秒回\non", "提升（点）\ngain", "达标天数\nmet, off → on"):
        table.add_column(title, justify="right")
    for each in played:
        case = each.case
        off, on, gain = each.rates(assist=False), each.rates(assist=True), each.gain
        table.add_row(
            f"{case.profile.name}\n{case.edition.id}",
            "计入" if case.machine_counts else "不计入",
            f"{case.goal.text}\n{_whose(case)}",
            f"{case.trial.assumptions.buyers_per_hour:g}",
            *(f"{_shown(side, '%')}\n{_range(side)}" if side else "–" for side in (off, on)),
            (f"{_shown(gain, '', signed=True)}\n{_interval(gain)}" if gain else "–"),
            f"{each.days_met(assist=False)} → {each.days_met(assist=True)}\n共 {max(len(each.side(assist=a)) for a in (False, True))} 天",
        )
    console.print(table)
    console.print(
        "± 是各天之间的标准差，第二行是最低到最高；提升的第二行是 95% 区间（学生 t）。\n"
        + _load_text(played[0].case, share_alone, several=True),
        soft_wrap=True,
    )


def show_sensitivity(played: Played) -> None:
    """How the gain moves when an assumption is halved or doubled."""
    console = Console()
    table = Table(
        title=f"{played.case.profile.name}：假设变了，提升怎么变 / sensitivity", title_justify="left"
    )
    table.add_column("假设 assumption")
    for title in ("倍数", "没有 off", "有秒回 on", "提升（点）gain"):
        table.add_column(title, justify="right")
    table.add_row("不变 as it is", "×1", *_sensitive(played), style="bold")
    for variation in played.variations:
        table.add_row(VARIED[variation.name], f"×{variation.factor:g}", *_sensitive(variation.played))
    console.print(table)


def _whose(case: Case) -> str:
    """Whose line the goal is; a line that moves and is not published has a figure that stands in."""
    return WHOSE[case.target_of] + ("（暂代）" if case.goal.relative_to else "")


def _sensitive(played: Played) -> list[str]:
    off, on, gain = played.rates(assist=False), played.rates(assist=True), played.gain
    return [
        _shown(off, "%") if off else "–",
        _shown(on, "%") if on else "–",
        _shown(gain, "", signed=True) if gain else "–",
    ]


def _load_text(case: Case, share_alone: float | None, *, several: bool = False) -> str:
    its = case.trial.assumptions
    found = f"买家数按“只靠人工约 {share_alone:.0%}”找出；" if share_alone is not None else ""
    load = (
        f"{its.agents} 个席位" if several else f"每小时 {its.buyers_per_hour:g} 位买家，{its.agents} 个席位"
    )
    counts = "" if several else f"；机器回复{'计入' if case.machine_counts else '不计入'}"
    return f"{found}{load}{counts}。其余假设见 --help / all assumptions: --help"


def _rows(groups: list[list[Run]]) -> list[tuple[str, list[str]]]:
    def row(unit: str, read: Callable[[Run], float | None]) -> list[str]:
        found = ([float(value) for run in group if (value := read(run)) is not None] for group in groups)
        return [_shown(Spread.of(values), unit) if values else "–" for values in found]

    return [
        ("回复率 rate", row("%", lambda run: None if run.rate is None else 100 * float(run.rate))),
        (
            "按时 / 考核 on time",
            [
                f"{sum(run.numerator for run in group)} / {sum(run.denominator for run in group)}"
                for group in groups
            ],
        ),
        ("买家 buyers", row("", lambda run: run.day.buyers)),
        ("等不及走了 left", row("", lambda run: run.day.left_unanswered)),
        ("平均等人工 mean wait", row(" 秒", lambda run: run.day.mean_wait_s)),
        ("九成不超过 p90 wait", row(" 秒", lambda run: run.day.wait_quantile_s(0.9))),
        ("打字回复 typed", row("", lambda run: run.day.typed)),
        ("一键回复 one click", row("", lambda run: run.day.clicked)),
        ("安抚回复 holding", row("", lambda run: run.day.holding)),
        ("机器代答 answered", row("", lambda run: run.day.answered)),
        ("其中答错 wrongly", row("", lambda run: run.day.answered_wrongly)),
        ("同事接手 taken over", row("", lambda run: run.day.taken_over)),
        ("席位忙碌 busy", row("%", lambda run: 100 * run.day.busy_share)),
    ]


def _shown(spread: Spread, unit: str, *, signed: bool = False) -> str:
    """The mean, and the standard deviation where there are several."""
    places = 1 if unit or signed else 0
    shown = f"{spread.mean:{'+' if signed else ''}.{places}f}{unit}"
    return shown + (f" ± {spread.deviation:.1f}" if spread.count > 1 else "")


def _range(spread: Spread) -> str:
    return f"{spread.least:.1f} ~ {spread.greatest:.1f}"


def _interval(spread: Spread) -> str:
    interval = spread.interval
    return "" if interval is None else f"{interval[0]:+.1f} ~ {interval[1]:+.1f}"
