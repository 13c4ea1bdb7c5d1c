"""The database: migrations make the tables of the models, and a commit is durable."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from app.db.engine import open_engine
from app.db.migrate import is_current, upgrade
from app.db.writer import ClosedError, OverloadedError, Writer


def test_the_migrations_make_exactly_the_tables_of_the_models(database_url: str) -> None:
    engine = open_engine(database_url)
    assert not is_current(engine)
    upgrade(engine)
    upgrade(engine)
    assert is_current(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_every_sqlite_connection_syncs_each_commit(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    for _ in range(3):
        with engine.connect() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
            assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
            assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        engine.dispose()


def test_another_database_is_refused_with_a_clear_line() -> None:
    with pytest.raises(ValueError, match="不支持的数据库"):
        open_engine("mysql://localhost/x")


@pytest.fixture
def writer(database_url: str) -> Any:
    engine = open_engine(database_url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    writer = Writer(engine, queue_limit=50)
    yield writer
    writer.close()
    engine.dispose()


def insert(number: int) -> Any:
    return lambda db: db.execute(text("INSERT INTO t VALUES (:n)"), {"n": number}) and number


def count(writer: Writer) -> Any:
    return writer.submit(lambda db: db.execute(text("SELECT count(*) FROM t")).scalar_one()).result(10)


def test_units_that_wait_share_a_commit_and_each_gets_its_result(writer: Writer) -> None:
    gate = threading.Event()
    blocker = writer.submit(lambda db: gate.wait(10))
    futures = [writer.submit(insert(number)) for number in range(40)]
    gate.set()
    assert blocker.result(10)
    assert [future.result(10) for future in futures] == list(range(40))
    assert count(writer) == 40


def test_a_unit_that_fails_takes_no_other_with_it(writer: Writer) -> None:
    gate = threading.Event()
    writer.submit(lambda db: gate.wait(10))
    good = [writer.submit(insert(number)) for number in range(5)]
    bad: Future[Any] = writer.submit(lambda db: 1 / 0)
    twice = writer.submit(insert(3))
    more = writer.submit(insert(9))
    gate.set()
    assert [future.result(10) for future in good] == list(range(5))
    with pytest.raises(ZeroDivisionError):
        bad.result(10)
    with pytest.raises(Exception, match=r"(?i)unique"):
        twice.result(10)
    assert more.result(10) == 9
    assert count(writer) == 6


def test_too_many_waiting_are_sent_away_and_closing_commits_what_waits(writer: Writer) -> None:
    gate = threading.Event()
    entered = threading.Event()

    def block(db: Any) -> None:
        entered.set()
        gate.wait(10)

    writer.submit(block)
    assert entered.wait(10)
    futures = [writer.submit(insert(number)) for number in range(50)]
    with pytest.raises(OverloadedError):
        writer.submit(insert(99))
    gate.set()
    writer.close()
    assert [future.result(10) for future in futures] == list(range(50))
    with pytest.raises(ClosedError):
        writer.submit(insert(100))
