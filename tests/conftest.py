"""What all tests share: the folder of shared data, and a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from own_postgres import PostgresCluster, new_cluster, new_postgres_database

REPO = Path(__file__).resolve().parents[1]
SHARED = REPO.parent / "shared"

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("../shared is not here: tests on real data are left out")
    return SHARED


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the pages of the service."""
    from browser_site import CHROMIUM

    playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """A cluster for the time of the tests; a conninfo without a database name."""
    cluster = new_cluster()
    yield cluster.conninfo
    cluster.close()


@pytest.fixture
def own_cluster() -> Iterator[PostgresCluster]:
    """A cluster that a test may crash."""
    cluster = new_cluster()
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'miaohui.db'}"
    cluster = request.getfixturevalue("postgres_cluster")
    return new_postgres_database(cluster)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'miaohui.db'}"
