"""The extension on a chat console that nobody here wrote: ejabberd with converse.js, the built-in definition `conversejs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_site import MARKS
from extension_rig import EXTENSION, Browser, Shop, ShopService, until
from real_console import BOX, RealConsole, real_console

from app.usecases.knowledge import Knowledge

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=15_000)
pytestmark = MARKS

DEFINITION = json.loads((EXTENSION / "consoles" / "conversejs.json").read_text())
FORBIDDEN = "滚，别来烦我"
ALLOWED = "亲，今天就给您发"
STOPPED = "[data-miaohui][data-kind=stopped]"
OFF = "[data-miaohui][data-kind=off]"


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
def console() -> Iterator[RealConsole]:
    with real_console() as console:
        yield console


@pytest.fixture
def shop(service: ShopService) -> Shop:
    return service.shop()


@pytest.fixture
def browser(playwright: Any, tmp_path: Path, shop: Shop) -> Iterator[Browser]:
    browser = Browser(playwright, tmp_path)
    browser.start()
    browser.pair(shop, DEFINITION)
    yield browser
    browser.close()


def test_from_the_buyers_question_to_the_agents_answer(
    browser: Browser, console: RealConsole, shop: Shop
) -> None:
    a_buyer_is_served(browser, console, shop)


@pytest.mark.long
@pytest.mark.parametrize("run", range(20))
def test_twenty_times_without_a_flake(browser: Browser, console: RealConsole, shop: Shop, run: int) -> None:
    a_buyer_is_served(browser, console, shop, f"第{run}回")


def a_buyer_is_served(browser: Browser, console: RealConsole, shop: Shop, mark: str = "") -> None:
    """A question arrives with a clock, a forbidden reply is stopped at Enter and at the button, a good one goes."""
    console.logged.clear()
    page = console.sign_in(browser.context)
    question, reply, second = f"多久发货呢{mark}", f"{ALLOWED}{mark}", f"亲，顺丰发出哦{mark}"
    console.buyer_says(question)
    until(lambda: ("buyer", question) in shop.said(), "the buyer's message did not arrive")
    page.fill(BOX, f"{FORBIDDEN}{mark}")
    page.press(BOX, "Enter")
    expect(page.locator(STOPPED)).to_be_attached()
    page.click("converse-chat button.send-button")
    page.fill(BOX, reply)
    page.press(BOX, "Enter")
    until(lambda: reply in console.agent_said(), "Enter does not send")
    until(lambda: ("agent", reply) in shop.said(), "the reply was not reported")
    page.fill(BOX, second)
    page.click("converse-chat button.send-button")
    until(lambda: second in console.agent_said(), "the button does not send")
    until(lambda: ("agent", second) in shop.said(), "the second reply was not reported")
    assert console.agent_said() == [reply, second]
    assert [text for _, text in shop.said() if mark in text][-3:] == [question, reply, second]


@pytest.mark.long
def test_the_history_of_an_earlier_visit_is_not_new(
    browser: Browser, console: RealConsole, shop: Shop
) -> None:
    page = console.sign_in(browser.context)
    console.buyer_says("上午问过一次")
    until(lambda: ("buyer", "上午问过一次") in shop.said(), "the message did not arrive")
    before = len(shop.said())
    page.close()
    console.sign_in(browser.context)
    console.buyer_says("又来了")
    until(lambda: ("buyer", "又来了") in shop.said(), "the next message did not arrive")
    assert len(shop.said()) == before + 1


@pytest.mark.long
def test_worker_killed_service_down_extension_reloaded(
    browser: Browser, console: RealConsole, service: ShopService, shop: Shop
) -> None:
    console.logged.clear()
    page = console.sign_in(browser.context)
    console.buyer_says("第一句")
    until(lambda: ("buyer", "第一句") in shop.said(), "the message did not arrive")
    browser.kill_worker()
    page.fill(BOX, FORBIDDEN)
    page.press(BOX, "Enter")
    expect(page.locator(STOPPED)).to_be_attached()
    service.down()
    try:
        console.buyer_says("第二句")
        page.fill(BOX, f"{FORBIDDEN}一")
        page.press(BOX, "Enter")
        until(
            lambda: console.agent_said() == [f"{FORBIDDEN}一"],
            "the agent cannot send while the service is down",
        )
        expect(page.locator(OFF)).to_be_attached()
        console.buyer_says("第三句")
    finally:
        service.up()
    until(lambda: ("buyer", "第三句") in shop.said(), "the queue does not drain", 60)
    assert shop.said()[-3:] == [("buyer", "第二句"), ("agent", f"{FORBIDDEN}一"), ("buyer", "第三句")]
    extension = browser.page()
    with extension.expect_event("close"):
        extension.evaluate("() => { setTimeout(() => chrome.runtime.reload()); }")
    page.bring_to_front()
    page.fill(BOX, f"{FORBIDDEN}二")
    page.press(BOX, "Enter")
    until(lambda: console.agent_said()[-1] == f"{FORBIDDEN}二", "the agent cannot send after a reload")
    expect(page.locator(OFF)).to_be_attached()
