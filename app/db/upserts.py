"""Insert-or-ignore and insert-or-replace in the words of either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

_CHUNK = 400
"""Rows in one statement; SQLite takes at most 32,766 bound values."""


def _insert(db: Session, table: type[SQLModel]) -> Any:
    dialect = sqlite if db.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def insert_new(
    db: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]], returning: str = "id"
) -> set[Any]:
    """Insert the rows whose key (or unique constraint) is not there yet; the values of `returning` of those inserted.

    Once-only is what the constraint says: there is no look before the insert.
    """
    inserted: set[Any] = set()
    for start in range(0, len(rows), _CHUNK):
        statement = (
            _insert(db, table)
            .values(list(rows[start : start + _CHUNK]))
            .on_conflict_do_nothing()
            .returning(getattr(table, returning))
        )
        inserted.update(db.exec(statement).scalars())
    return inserted


def upsert(db: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows, or overwrite the ones with the same primary key. Every row names the same columns."""
    if not rows:
        return
    keys = [column.name for column in table.__table__.primary_key]  # type: ignore[attr-defined]
    for start in range(0, len(rows), _CHUNK):
        statement = _insert(db, table).values(list(rows[start : start + _CHUNK]))
        statement = statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: statement.excluded[name] for name in rows[0] if name not in keys},
        )
        db.exec(statement)
