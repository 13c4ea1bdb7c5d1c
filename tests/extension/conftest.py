"""What tests of the browser extension share: the service of `tests/service`, a shop, a browser with the extension, a console's page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "service")]

from conftest_service import knowledge  # noqa: E402
from extension_rig import Browser, Desk, Shop, ShopService  # noqa: E402

from app.usecases.knowledge import Knowledge  # noqa: E402

__all__ = ["knowledge"]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright_api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def service(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopService]:
    running = ShopService(f"sqlite:///{tmp_path_factory.mktemp('service') / 'miaohui.db'}", knowledge)
    yield running
    running.down()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def shop(service: ShopService) -> Shop:
    return service.shop()


@pytest.fixture
def browser(playwright: Any, tmp_path: Path) -> Iterator[Browser]:
    """A browser of the test's own; no page in it may meet an error."""
    browser = Browser(playwright, tmp_path)
    browser.start()
    yield browser
    browser.close()
    assert browser.trouble == []
