"""What the commands about measures are asked for: platform, measure, knobs, days, and the log itself.

Whatever cannot be taken ends the program with exit 2 and one line that says what to write instead.
"""

from __future__ import annotations

import gc
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, TypeVar

import click
import orjson

from app.cli.moments import read_moment
from app.cli.output import cannot, read_lines
from app.core.courtesy import infer_hints
from app.core.events import Event, read_log
from app.core.fields import FieldError
from app.core.measures import History
from app.core.profiles import Measure, Profile
from app.platforms.catalog import ProfileError, load_profiles

F = TypeVar("F", bound=Callable[..., Any])


def chosen_profile(name: str) -> Profile:
    """The platform of that id or alias."""
    try:
        profiles = load_profiles()
    except ProfileError as error:
        cannot(f"平台资料有误：{error}")
    if name not in profiles:
        cannot(f"没有平台 {name}，可用：{'、'.join(profiles)} / unknown platform")
    return profiles[name]


def chosen_measure(profile: Profile, metric: str) -> Measure:
    """The platform's measure of that id."""
    try:
        return profile.measure(metric)
    except KeyError:
        known = "、".join(measure.id for measure in profile.measures)
        cannot(f"{profile.name} 没有指标 {metric}，可用：{known} / unknown measure")


def turned_knobs(pairs: tuple[str, ...]) -> dict[str, Any]:
    """The knobs of `--set KNOB=VALUE`; a value is JSON, else a string."""
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


def days_options(command: F) -> F:
    """Adds `--from` and `--to` as `first_day` and `last_day`; `chosen_day` reads each."""
    command = click.option(
        "--to", "last_day", metavar="DAY", help="截止日（含）YYYY-MM-DD / last day, included"
    )(command)
    return click.option(
        "--from", "first_day", metavar="DAY", help="起始日（含）YYYY-MM-DD / first day, included"
    )(command)


def infer_option(command: F) -> F:
    """Adds `--infer`, which `history_of` takes."""
    return click.option(
        "--infer", is_flag=True, help="补推 courtesy 与 offline / infer closing thanks and offline leaves"
    )(command)


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def chosen_day(option: str, text: str | None) -> date | None:
    """The day that `--from` or `--to` names."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        cannot(f"{option} 要写日期，例如 2026-11-22，不是 {text} / {option} takes a day")
    return day


def logged_events(log: str) -> Iterator[Event]:
    """The events of a log file, or of standard input for `-`."""
    try:
        for _, event in read_log(read_lines(log)):
            yield event
    except FieldError as error:
        cannot(f"{log} {error.message}")


def logged_sessions(log: str, until: datetime | None = None) -> dict[str, list[Event]]:
    """The events of each session of a log, in file order, as far as they were known `until`; of two with one id the first stays."""
    sessions: dict[str, dict[str, Event]] = defaultdict(dict)
    for event in logged_events(log):
        if event.session is not None and (until is None or event.at <= until):
            sessions[event.session].setdefault(event.id, event)
    return {name: list(own.values()) for name, own in sessions.items()}


def history_of(events: Iterable[Event], as_of: str | None, tz: str, *, infer: bool) -> History:
    """The log as far as it was known at `--as-of`; `infer` fills in closing thanks and offline leaves."""
    moment = read_moment(as_of, tz)
    # A log is millions of small objects that all stay: looking for rubbish among them doubles the time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return History.of(infer_hints(events) if infer else events, as_of=moment)
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()
