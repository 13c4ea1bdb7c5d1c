"""`miaohui forecast`: where a period will end, what is needed and what it would cost, from an exported event log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from app.cli.forecast_words import tell
from app.cli.measure_options import (
    chosen_measure,
    chosen_profile,
    history_of,
    infer_option,
    logged_events,
)
from app.cli.moments import read_moment
from app.cli.output import cannot, emit, format_option, say
from app.core.forecast import DayCounts
from app.core.measures import History, evaluate_measure
from app.core.measures.history import extra_text, instant
from app.core.profiles import Edition, Measure, Profile
from app.usecases.forecast_records import LOOK_BACK_DAYS, PERIODS, forecast_record, look_ahead

LOOK_BACK: Final = timedelta(days=LOOK_BACK_DAYS)
_NEAR: Final = timedelta(days=1)


@click.command(
    epilog="区间是 80% 区间：十次里约八次落在其中。历史越少区间越宽；有四周以上的日志最好。"
    " / The interval holds the end eight times in ten; four weeks of log serve it best."
)
@click.argument("log", metavar="LOG|-")
@click.option("--platform", required=True, help="平台 id / platform id, see `miaohui metrics --list`")
@click.option("--metric", help="指标 id；不写则为当日生效的全部指标 / measure id; all in force without it")
@click.option(
    "--as-of", "as_of", help="截至时刻 (RFC 3339)；默认为日志最后一条 / default: the log's last event"
)
@click.option(
    "--period",
    "period_name",
    type=click.Choice(PERIODS),
    help="考核周期；默认为平台的第一个 / default: the first that the platform judges by",
)
@click.option("--by", type=click.Choice(["shop", "agent"]), help="按店铺或客服拆分 / one forecast per key")
@infer_option
@format_option
def command(
    log: str,
    platform: str,
    metric: str | None,
    as_of: str | None,
    period_name: str | None,
    by: str | None,
    infer: bool,
    output_format: str,
) -> None:
    """预测周期末的指标，并说明还差多少、还能漏几个、会有什么处罚 / forecast a period's end from an event log."""
    profile = chosen_profile(platform)
    asked = None if metric is None else chosen_measure(profile, metric)
    events = list(logged_events(log))
    if not events:
        cannot(f"{log} 没有事件，无从预测 / the log is empty")
    moment = read_moment(as_of, profile.timezone) or max(event.at for event in events)
    now = moment.astimezone(ZoneInfo(profile.timezone))
    measures = _in_force(profile, asked, now.date())
    history = history_of(events, moment.isoformat(), profile.timezone, infer=infer)
    told = False
    for measure, edition in measures:
        for key, days in _days_by_key(history, measure, now.date(), by):
            whose = None if by is None else (by, key or "")
            found = look_ahead(profile, measure, edition, days, now, period_name, whose)
            if output_format == "jsonl":
                emit(forecast_record(found))
                continue
            if told:
                say()
            told = True
            tell(found)


def _in_force(profile: Profile, asked: Measure | None, day: date) -> list[tuple[Measure, Edition]]:
    found = [
        (measure, edition)
        for measure in ((asked,) if asked is not None else profile.measures)
        if (edition := measure.edition_on(day)) is not None
    ]
    if not found:
        name = profile.name if asked is None else f"{profile.name} {asked.name}"
        cannot(
            f"{name} 在 {day} 没有生效的口径版本；用 --as-of 指定它生效的日子，见 miaohui metrics --list"
            f" / no edition in force on {day}"
        )
    return found


def _days_by_key(
    history: History, measure: Measure, today: date, by: str | None
) -> Iterator[tuple[str | None, list[DayCounts]]]:
    first = today - LOOK_BACK
    hours = _hours(history, measure, first, today)
    by_key: dict[str | None, list[DayCounts]] = {None: []} if by is None else {}
    parts: Iterable[tuple[date | None, History]]
    parts = [(None, history)] if by is None else _near_each_day(history, first, today)
    for day, part in parts:
        report = evaluate_measure(
            part, measure, first_day=day or first, last_day=day or today, by="day" if by is None else by
        )
        for result in report.results:
            assert result.key is not None
            key = None if by is None else result.key[1]
            at = day or date.fromisoformat(result.key[1])
            # How the day ran is the whole log's: one agent has too few items to tell.
            by_key.setdefault(key, []).append(
                DayCounts(at, result.numerator, result.denominator, result.pending, hours.get(at))
            )
    yield from sorted(by_key.items(), key=lambda pair: pair[0] or "")


def _hours(
    history: History, measure: Measure, first: date, last: date
) -> dict[date, tuple[tuple[int, int], ...]]:
    found: dict[date, list[tuple[int, int]]] = defaultdict(lambda: [(0, 0)] * 24)
    for result in evaluate_measure(history, measure, first_day=first, last_day=last, by="hour").results:
        assert result.key is not None
        day, _, hour = result.key[1].partition("T")
        found[date.fromisoformat(day)][int(hour)] = (result.numerator, result.denominator)
    return {day: tuple(counts) for day, counts in found.items()}


def _near_each_day(history: History, first: date, last: date) -> Iterator[tuple[date, History]]:
    """Each day with the part of the log that its counts can depend on: buyers heard near it, whole."""
    buyers: dict[date, dict[tuple[str, str], Any]] = defaultdict(dict)
    ratings: dict[date, list[Any]] = defaultdict(list)
    for key, buyer in history.buyers.items():
        for session in buyer.sessions.values():
            stamps = [at for at, _ in session.buyer_messages]
            if session.handover is not None:
                stamps.append(session.handover[0])
            for day in _around(stamps):
                buyers[day][key] = buyer
    for at, event in history.ratings:
        assert event.buyer is not None
        key = (extra_text(event, "shop"), event.buyer)
        for day in _around([at]):
            ratings[day].append((at, event))
            # Who was rated is read off the buyer's session.
            buyers[day][key] = history.buyers[key]
    for day in sorted(buyers):
        if first <= day <= last:
            yield day, replace(history, buyers=buyers[day], ratings=tuple(ratings[day]))


def _around(stamps: Iterable[int]) -> set[date]:
    """The days on which these moments may lie, whatever the zone."""
    days = {instant(at).date() for at in stamps}
    return {day + near for day in days for near in (-_NEAR, timedelta(0), _NEAR)}
