"""`miaohui db`: the database."""

from __future__ import annotations

from functools import partial

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy import Engine, func
from sqlalchemy.exc import OperationalError
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.cli.output import cannot, one_line, say
from app.db.engine import open_engine
from app.db.migrate import upgrade as upgrade_database
from app.db.tables import EventRow
from app.gateways import wall_clock
from app.platforms.catalog import load_profiles
from app.settings import Settings
from app.usecases.shops import UnknownShopError, read_shop, shop_ids
from app.usecases.standing import count_anew, is_counted


@click.group()
def command() -> None:
    """数据库 / the database."""


@command.command()
def upgrade() -> None:
    """升级到本版本的表结构，可重复执行 / bring the tables to this version."""
    url = Settings().resolved_database_url
    try:
        upgrade_database(open_engine(url))
    except (OperationalError, ValueError) as error:
        cannot(f"数据库升级失败：{one_line(error)} / the upgrade failed")
    say("数据库已是最新 / the database is current")


@command.command()
@click.option("--shop", "only", metavar="ID", help="只重建这家店 / this shop only")
@click.option("--stale", is_flag=True, help="只重建口径已变的店 / only shops whose definitions have changed")
def rebuild(only: str | None, stale: bool) -> None:
    """从事件日志重建指标计数，可重复执行，运行中的服务不必停 / count the measures anew from the journal."""
    try:
        settings = Settings()
        engine = open_engine(settings.resolved_database_url)
        upgrade_database(engine)
        shops = _rebuild(engine, wall_clock.shifted(settings.clock_offset_s), only, stale=stale)
    except UnknownShopError as error:
        cannot(f"{error}；用 miaohui shop list 查看店铺 / see miaohui shop list")
    except (OperationalError, ValueError) as error:
        cannot(f"重建失败，原有计数保持不变：{one_line(error)} / nothing was changed")
    say(f"已重建 {shops} 家店的指标计数 / the counts of {shops} shops are new")


def _show(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)


def _rebuild(engine: Engine, clock: wall_clock.Clock, only: str | None, *, stale: bool) -> int:
    """Each shop in a transaction of its own, so that none waits longer than it must."""
    profiles = load_profiles()
    writing = engine.execution_options(writes=True)
    with Database(engine) as db:
        wanted = [only] if only else shop_ids(db)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    rebuilt = 0
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for shop_id in wanted:
            with Database(writing, expire_on_commit=False) as db, db.begin():
                shop = read_shop(db, profiles, shop_id)
                if stale and is_counted(db, shop):
                    continue
                events = db.exec(
                    select(func.count()).where(EventRow.shop_id == shop_id, col(EventRow.buyer).is_not(None))
                ).one()
                task = progress.add_task(shop.name, total=events)
                count_anew(db, shop, clock(), partial(_show, progress, task))
                rebuilt += 1
    return rebuilt
