"""Insert-or-ignore and insert-or-replace in the words of either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_new(
    db: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], returning: str = "id"
) -> set[Any]:
    """Insert the rows whose key (or unique constraint) is not there yet; the values of `returning` of those inserted.

    Once-only is what the constraint says: there is no look before the insert. Every row names the same columns.
    """
    if not rows:
        return set()
    core = _table(table)
    statement = _insert(db, core).on_conflict_do_nothing().returning(core.c[returning])
    # Rows as parameters, not as part of the statement: it is then compiled once, not at every call.
    return set(db.connection().execute(statement, list(rows)).scalars())


def upsert(db: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, or overwrite the ones with the same primary key. Every row names the same columns."""
    if not rows:
        return
    core = _table(table)
    keys = [column.name for column in core.primary_key]
    statement = _insert(db, core)
    statement = statement.on_conflict_do_update(
        index_elements=keys,
        set_={name: statement.excluded[name] for name in rows[0] if name not in keys},
    )
    db.connection().execute(statement, list(rows))


def add_up(
    db: Session,
    table: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    sums: Sequence[str],
    *,
    latest: str,
) -> None:
    """Insert the rows; to one that is there with the same key, add the `sums` and keep the later time of `latest`."""
    if not rows:
        return
    core = _table(table)
    statement = _insert(db, core)
    greater = func.max if db.get_bind().dialect.name == "sqlite" else func.greatest
    before, new = core.c[latest], statement.excluded[latest]
    statement = statement.on_conflict_do_update(
        index_elements=[column.name for column in core.primary_key],
        set_={name: core.c[name] + statement.excluded[name] for name in sums}
        # The greater of a time and nothing is nothing on SQLite.
        | {latest: func.coalesce(greater(before, new), before, new)},
    )
    db.connection().execute(statement, list(rows))


def _table(table: type[SQLModel]) -> Table:
    core = table.__table__  # type: ignore[attr-defined]
    assert isinstance(core, Table)
    return core


def _insert(db: Session, core: Table) -> Any:
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(core)
