"""`miaohui db`: the database."""

from __future__ import annotations

import click
from sqlalchemy.exc import OperationalError

from app.cli.output import cannot, one_line, say
from app.db.engine import open_engine
from app.db.migrate import upgrade as upgrade_database
from app.settings import Settings


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
