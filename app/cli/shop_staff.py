"""`miaohui shop hours` and `miaohui shop roster`: look at and change when a shop is open and who works for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import orjson
from sqlmodel import Session as Database

from app.cli.database import database
from app.cli.output import cannot, emit, format_option, say
from app.core.service_hours import WEEKDAY_NAMES, WEEKDAYS, ServiceHours, hours_json
from app.core.service_hours_reading import read_hours
from app.gateways import wall_clock
from app.platforms.catalog import load_profiles
from app.usecases.service_hours import Change, change_hours, hours_record, put_roster, roster_record
from app.usecases.shop_documents import closed_until, opened_again
from app.usecases.shops import Shop, UnknownShopError, read_shop

_BY: Final = "miaohui shop"
_DAY_NAMES: Final = {name: number for names in (WEEKDAYS, WEEKDAY_NAMES) for number, name in enumerate(names)}
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)


@click.command()
@click.argument("shop_id")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="DAYS=HOURS",
    help="如 mon-fri=09:00-22:00、周六=10:00-12:00,13:00-18:00、sun= （休息）/ hours of weekdays",
)
@click.option(
    "--file", "file", type=click.File("rb"), help="整份 JSON 文件，- 为标准输入 / the whole document"
)
@click.option(
    "--holidays", help="放假日：HOURS、closed、as-usual 或 none（不看放假安排）/ hours of public holidays"
)
@click.option(
    "--close-until", metavar="TIME", help="从现在起临时关到：HH:MM 或 2026-11-22T18:00 / close from now on"
)
@click.option("--reason", default="", help="临时关店的原因 / why")
@click.option("--open", "open_", is_flag=True, help="结束现在的临时关店 / end the present closing")
@format_option
def hours(
    shop_id: str,
    settings: tuple[str, ...],
    file: BinaryIO | None,
    holidays: str | None,
    close_until: str | None,
    reason: str,
    open_: bool,
    output_format: str,
) -> None:
    """查看或修改服务时间、放假、临时关店 / show or change the service hours."""
    now = wall_clock.now()
    changes: list[Change] = []
    document = None if file is None else _json(file)

    def whole(before: ServiceHours) -> ServiceHours:
        return read_hours(document, before.timezone)

    if file is not None:
        changes.append(whole)
    if settings or holidays is not None:
        changes.append(lambda before: _turned(before, settings, holidays))
    if open_:
        changes.append(lambda before: opened_again(before, now))
    if close_until is not None:
        changes.append(lambda before: closed_until(before, now, _moment(close_until, before, now), reason))
    with database() as db:
        shop = _shop(db, shop_id)
        for change in changes:
            shop = change_hours(db, load_profiles(), shop_id, change, _BY, now)
        record = hours_record(shop, now)
    if output_format == "jsonl":
        emit(record)
        return
    _show(shop.hours, record)


@click.command()
@click.argument("shop_id")
@click.option(
    "--file", "file", type=click.File("rb"), help="整份 JSON 文件，- 为标准输入 / the whole document"
)
@format_option
def roster(shop_id: str, file: BinaryIO | None, output_format: str) -> None:
    """查看或修改客服、分组和接待上限 / show or change agents, groups and limits."""
    document = None if file is None else _json(file)
    with database() as db:
        _shop(db, shop_id)
        if file is not None:
            put_roster(db, shop_id, document, _BY, wall_clock.now())
        record = roster_record(db, shop_id)["roster"]
    if output_format == "jsonl":
        emit(record)
        return
    for group in record["groups"]:
        select = "；".join(
            f"{name} {'、'.join(values)}" for name, values in group["select"].items() if values
        )
        say(f"分组 {group['id']}\t{select or '—'}\t接替 {group['fallback'] or '—'}")
    for agent in record["agents"]:
        limit = agent["limit"] if agent["limit"] is not None else record["default_limit"]
        say(
            f"客服 {agent['id']}\t{'、'.join(agent['groups']) or '—'}\t上限 {'不限' if limit is None else limit}"
        )
    if not record["agents"] and not record["groups"]:
        say("还没有设置；用 --file 交一份 JSON，格式见 docs/operations.md / nothing is set yet")


def _turned(before: ServiceHours, settings: tuple[str, ...], holidays: str | None) -> ServiceHours:
    """The hours with some weekdays or the rule for holidays changed."""
    document = hours_json(before)
    week = document.setdefault("week", {})
    for setting in settings:
        days, found, spans = setting.partition("=")
        if not found:
            cannot(f"--set 要写成 星期=时段，收到 {setting} / write DAYS=HOURS")
        for name in _weekdays(days.strip()):
            week[name] = [span for span in re.split(r"[,，、\s]+", spans.strip()) if span]
    if holidays is not None:
        document["holidays"] = _holidays(holidays, document.get("holidays") or {})
    return read_hours(document, before.timezone)


def _holidays(text: str, before: Mapping[str, Any]) -> dict[str, Any]:
    if text == "none":
        return dict(before) | {"calendar": "none"}
    words: dict[str, list[str] | None] = {"closed": [], "as-usual": None}
    hours = words[text] if text in words else [span for span in text.split(",") if span]
    return dict(before) | {"calendar": "china", "hours": hours}


def _weekdays(text: str) -> list[str]:
    first, dash, last = text.partition("-")
    if first not in _DAY_NAMES or (dash and last not in _DAY_NAMES):
        cannot(f"“{text}” 不是星期；可用 mon … sun 或 周一 … 周日，连续几天写 mon-fri / not a weekday")
    begin, end = _DAY_NAMES[first], _DAY_NAMES[last] if dash else _DAY_NAMES[first]
    if end < begin:
        cannot(f"“{text}” 的先后反了 / the days are in the wrong order")
    return list(WEEKDAYS[begin : end + 1])


def _moment(text: str, hours: ServiceHours, now: datetime) -> datetime:
    """A time of day that comes next, or a date and time; without an offset in the shop's zone."""
    local = now.astimezone(hours.zone)
    try:
        if match := _CLOCK.fullmatch(text):
            at = local.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
            return (at if at > local else at + timedelta(days=1)).astimezone(UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        cannot(f"“{text}” 不是时间，请写 18:00 或 2026-11-22T18:00 / not a time")
    return (at if at.tzinfo else at.replace(tzinfo=hours.zone)).astimezone(UTC)


def _show(hours: ServiceHours, record: Mapping[str, Any]) -> None:
    say(record["state"]["reason"])
    if record["state"]["opens_at"]:
        say(f"下次营业 {record['state']['opens_at']}")
    if hours.week is not None:
        for name, spans in zip(WEEKDAY_NAMES, hours.week, strict=True):
            say(f"{name}\t{'、'.join(span.text for span in spans) or '休息'}")
    for day, own in sorted(hours.days.items()):
        say(f"{day}\t{'、'.join(span.text for span in own.hours) or '休息'}\t{own.note}")
    for agent in record["staffed"]:
        say(f"现在在班\t{agent}")
    for warning in record["warnings"]:
        say(f"注意：{warning}")


def _shop(db: Database, shop_id: str) -> Shop:
    try:
        return read_shop(db, load_profiles(), shop_id)
    except UnknownShopError as error:
        cannot(str(error))


def _json(file: BinaryIO) -> Any:
    try:
        return orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        cannot(f"{Path(file.name).name} 不是 JSON：{error} / not JSON")
