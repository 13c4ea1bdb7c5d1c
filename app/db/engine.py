"""One database by one setting: SQLite (WAL, every commit synced) or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_BUSY_MS = 15_000


def open_engine(database_url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…`.

    On SQLite every connection has `journal_mode=WAL` and `synchronous=FULL`: an acknowledged event survives a power
    cut, not only the death of the process. A transaction that writes takes the write lock when it begins.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url, connect_args={"check_same_thread": False, "timeout": SQLITE_BUSY_MS / 1000}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.drivername != "postgresql+psycopg":
        raise ValueError(
            f"不支持的数据库 {url.drivername}：请用 sqlite:/// 或 postgresql+psycopg:// / unsupported database"
        )
    return create_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own habit of opening transactions is switched off: `_begin_sqlite` opens them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
