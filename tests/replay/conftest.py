"""What the replays share: knowledge, loaded once, and a database on PostgreSQL."""

from __future__ import annotations

from itertools import count

import psycopg
import pytest

from app.usecases.knowledge import Knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.load()


_numbers = count(1)


@pytest.fixture
def postgres_url(postgres_cluster: str) -> str:
    """An empty database on PostgreSQL."""
    name = f"replay_{next(_numbers)}"
    with psycopg.connect(f"postgresql://{postgres_cluster}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql+psycopg://{postgres_cluster}/{name}"
