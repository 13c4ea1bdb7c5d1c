"""The extension on a chat console that nobody here wrote: ejabberd with converse.js, the built-in definition `conversejs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
from browser_site import MARKS
from closed_bar import ClosedBar
from extension_rig import EXTENSION, Browser, Shop, ShopService, until
from real_console import BOX, RealConsole, real_console

from app.core.spans import DAY_S, Span
from app.usecases.bank_care import save_phrase
from app.usecases.knowledge import Knowledge
from app.usecases.phrase_history import Author

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=15_000)
pytestmark = MARKS

DEFINITION = json.loads((EXTENSION / "consoles" / "conversejs.json").read_text())
FORBIDDEN = "亲，在的。您加我微信 abc12345 吧"
REWRITTEN = "亲，在的。有问题在这里留言就好，看到马上回复"
QUESTION = "支架可以竖着放吗"
THANKS = "好的，谢谢亲"
ANSWER = "亲，可以竖放的"
PHRASE = {"id": "upright", "category": "支架", "title": "竖放", "text": ANSWER, "examples": [QUESTION]}
STOPPED = "[data-miaohui][data-kind=stopped]"
OFF = "[data-miaohui][data-kind=off]"


@pytest.fixture(scope="module")
def service(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopService]:
    database = tmp_path_factory.mktemp("service") / "miaohui.db"
    running = ShopService(f"sqlite:///{database}", at_every_hour(knowledge))
    yield running
    running.down()


def at_every_hour(knowledge: Knowledge) -> Knowledge:
    """The same, but a rating counts whenever it is asked for: the console has no clock that a test could move."""
    kuaishou = knowledge.profiles["kuaishou"]
    assert kuaishou.invite is not None
    always = replace(kuaishou, invite=replace(kuaishou.invite, hours=Span(0, DAY_S)))
    return Knowledge(knowledge.linter, knowledge.moods, {**knowledge.profiles, "kuaishou": always})


@pytest.fixture(scope="module")
def ejabberd() -> Iterator[RealConsole]:
    with real_console() as console:
        yield console


@pytest.fixture
def console(ejabberd: RealConsole) -> RealConsole:
    """The console with a buyer who is new to it."""
    ejabberd.another_buyer()
    return ejabberd


@pytest.fixture
def shop(service: ShopService) -> Shop:
    shop, running = service.shop(), service.service
    author = Author("主管", running.clock())
    linter = running.knowledge.linter
    running.writer.submit(lambda db: save_phrase(db, linter, shop.id, PHRASE, author)).result(20)
    return shop


@pytest.fixture
def browser(playwright: Any, tmp_path: Path, shop: Shop) -> Iterator[Browser]:
    browser = Browser(playwright, tmp_path)
    browser.start()
    browser.pair(shop, DEFINITION)
    yield browser
    browser.close()


def test_from_the_buyers_question_to_the_advice_on_a_rating(
    browser: Browser, console: RealConsole, shop: Shop
) -> None:
    a_buyer_is_served(browser, console, shop)


@pytest.mark.long
@pytest.mark.parametrize("run", range(20))
def test_twenty_times_without_a_flake(browser: Browser, console: RealConsole, shop: Shop, run: int) -> None:
    a_buyer_is_served(browser, console, shop)


def a_buyer_is_served(browser: Browser, console: RealConsole, shop: Shop) -> None:
    """A question with its clock and answer in the panel; a text that is stopped and goes out rewritten; thanks, and advice."""
    panel = browser.page("panel/panel.html")
    page = console.sign_in(browser.context)

    console.buyer_says(QUESTION)
    until(lambda: ("buyer", QUESTION) in shop.said(), "the buyer's message did not arrive")
    expect(panel.locator(".buyer .said")).to_have_text(QUESTION)
    clock = panel.locator(".buyer [data-left]")
    shown = clock.inner_text()
    expect(clock).not_to_have_text(shown)

    expect(panel.locator("#reply-0 .reply-words")).to_have_text(ANSWER)
    panel.bring_to_front()
    panel.keyboard.press("1")
    until(lambda: page.input_value(BOX) == ANSWER, "the suggestion is not in the box")
    assert console.agent_said() == []
    page.bring_to_front()
    page.press(BOX, "Enter")
    until(lambda: console.agent_said() == [ANSWER], "Enter does not send")
    expect(panel.locator("#waiting-count")).to_have_text("0")

    bar = ClosedBar(page)
    page.fill(BOX, FORBIDDEN)
    page.press(BOX, "Enter")
    bar.says("没有发出", "站外", "Alt+Enter")
    page.click("converse-chat button.send-button")
    bar.says("没有发出")
    page.press(BOX, "Alt+Enter")
    until(lambda: page.input_value(BOX) == REWRITTEN, "the rewrite is not in the box")
    page.click("converse-chat button.send-button")
    until(lambda: console.agent_said() == [ANSWER, REWRITTEN], "the button does not send")

    console.buyer_says(THANKS)
    said = [("buyer", QUESTION), ("agent", ANSWER), ("agent", REWRITTEN), ("buyer", THANKS)]
    until(lambda: shop.said() == said, "the conversation did not arrive as it was")
    expect(panel.locator("#advice .badge").first).to_have_text("现在邀评")
    advice = rating_advice(shop)
    expect(panel.locator("#advice .reasons li")).to_have_text(advice["reasons"])
    expect(panel.locator("#advice .reply-words").first).to_have_text(advice["text"])


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


def rating_advice(shop: Shop) -> dict[str, Any]:
    """What the service says of the conversation in which something was said last."""
    session = quote(shop.events()[-1]["session"], safe="")
    answer = httpx.get(
        f"{shop.service.address}/v1/sessions/{session}", headers={"authorization": f"Bearer {shop.key}"}
    )
    return dict(answer.raise_for_status().json()["rating_advice"])
