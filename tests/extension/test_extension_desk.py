"""The extension on a small console: reading, reporting, writing and guarding in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_site import MARKS
from extension_rig import Browser, Desk, Shop, ShopService, until

from app.usecases.knowledge import Knowledge

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=15_000)
pytestmark = MARKS

FORBIDDEN = "你能不能自己看说明，烦死了"
BAR = "[data-miaohui]"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
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
    browser = Browser(playwright, tmp_path)
    browser.start()
    yield browser
    browser.close()
    assert browser.trouble == []


def open_desk(browser: Browser, desk: Desk, query: str = "") -> Any:
    page = browser.context.new_page()
    page.on("pageerror", lambda error: browser.trouble.append(f"error: {error}"))
    page.on("console", lambda m: print(m.type, m.text))
    page.goto(f"{desk.address}/{query}")
    return page


def test_messages_of_both_sides_arrive_once_and_in_order(browser: Browser, desk: Desk, shop: Shop) -> None:
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    page.evaluate("() => { say('小王', 'theirs', '在吗'); say('小王', 'theirs', '多久发货'); turnTo('小王'); }")
    until(lambda: len(shop.said()) == 2, "history is not there")
    page.fill(".box", "亲，今天发")
    page.press(".box", "Enter")
    page.evaluate("() => say('小王', 'theirs', '好的')")
    until(lambda: len(shop.said()) == 4, "what came live is not there")
    assert shop.said() == [("buyer", "在吗"), ("buyer", "多久发货"), ("agent", "亲，今天发"), ("buyer", "好的")]
