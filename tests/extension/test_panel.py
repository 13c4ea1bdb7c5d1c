"""The side panel with the extension's own worker, the real service and a console: from the buyer's message to the box."""

from __future__ import annotations

from typing import Any

import pytest
from browser_site import AXE, MARKS
from extension_rig import AGENT, Browser, Desk, Shop, ShopService, until
from sqlmodel import Session as Database

from app.usecases.bank_care import save_phrase
from app.usecases.feedback import list_feedback
from app.usecases.knowledge import Knowledge
from app.usecases.phrase_history import Author

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=15_000)
pytestmark = MARKS

ASKED = "支架可以竖着放吗"
PHRASE = {
    "id": "upright",
    "category": "支架",
    "title": "竖放",
    "code": "sf",
    "text": "亲，可以竖放的",
    "variants": ["亲，竖放横放都行，{eta} 到货"],
    "examples": [ASKED],
}


@pytest.fixture
def shop(service: ShopService, knowledge: Knowledge) -> Shop:
    shop = service.shop()
    author = Author("主管", service.service.clock())
    service.service.writer.submit(
        lambda db: save_phrase(db, knowledge.linter, shop.id, PHRASE, author)
    ).result(20)
    return shop


def panel_and_desk(browser: Browser, desk: Desk, shop: Shop, box: str = "textarea") -> tuple[Any, Any]:
    browser.pair(shop, desk.definition(box))
    panel = browser.page("panel/panel.html")
    page = browser.context.new_page()
    page.goto(f"{desk.address}/?box={box}")
    page.evaluate("(asked) => { say('晴天', 'theirs', asked); turnTo('晴天'); }", ASKED)
    return panel, page


@pytest.mark.parametrize("box", ["textarea", "editable"])
def test_a_question_is_answered_from_the_panel(browser: Browser, desk: Desk, shop: Shop, box: str) -> None:
    panel, page = panel_and_desk(browser, desk, shop, box)
    desk.sent.clear()
    expect(panel.locator(".buyer .said")).to_have_text(ASKED)
    expect(panel.locator("#reply-0 .reply-words")).to_have_text("亲，可以竖放的")
    expect(panel.locator("#reply-0")).to_contain_text("把握")
    expect(panel.locator(".talk-who")).to_have_text("晴天")
    assert (
        panel.evaluate(
            f"async () => {{ {AXE.read_text()}; return (await axe.run()).violations.map(v => v.id); }}"
        )
        == []
    )
    panel.locator("#reply-0-insert").click()
    until(lambda: draft(page) == "亲，可以竖放的", "it is not in the box")
    assert desk.sent == []
    page.bring_to_front()
    page.focus(".box")
    page.keyboard.press("Enter")
    until(lambda: desk.sent == ["亲，可以竖放的"], "it was not sent")
    expect(panel.locator("#head-waiting ~ #waiting-count")).to_have_text("0")
    expect(panel.get_by_text("现在没有人在等，歇口气")).to_be_visible()
    expect(panel.locator(".talk-head .badge")).to_have_text("已回复")


def draft(page: Any) -> str:
    return str(
        page.evaluate("() => { const b = document.querySelector('.box'); return b.value ?? b.innerText; }")
    )


def test_a_code_finds_its_phrase_and_a_variable_is_filled_first(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    panel, page = panel_and_desk(browser, desk, shop)
    expect(panel.locator("#reply-0")).to_be_visible()
    panel.fill("#query", "/sf")
    expect(panel.locator("#found-0")).to_contain_text("/sf · 竖放")
    panel.locator("#found-0-next").click()
    panel.locator("#found-0-insert").click()
    expect(panel.locator("#found-0 .field-help")).to_have_text("还没填")
    panel.locator("#found-0").get_by_label("预计时间").fill("明天 18:00 前")
    panel.locator("#found-0-insert").click()
    until(lambda: draft(page) == "亲，竖放横放都行，明天 18:00 前 到货", "it is not in the box")


def test_a_verdict_reaches_the_service(browser: Browser, desk: Desk, shop: Shop) -> None:
    panel, _ = panel_and_desk(browser, desk, shop)
    panel.locator("#reply-0-rejected").click()
    expect(panel.locator("#reply-0-rejected")).to_have_text("已记下")

    def verdicts(db: Database) -> list[dict[str, Any]]:
        return list_feedback(db, shop.id, phrase_id="upright")

    (kept,) = until(lambda: shop.service.service.writer.submit(verdicts).result(20), "it was not taken")
    assert (kept["verdict"], kept["by"], kept["source"]) == ("rejected", AGENT["id"], "person")


def test_a_service_that_goes_and_comes_back_is_told_without_a_reload(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    panel, page = panel_and_desk(browser, desk, shop)
    expect(panel.locator("#link")).to_have_text("已连接")
    expect(panel.locator("#reply-0")).to_be_visible()
    shop.service.down()
    page.evaluate("() => say('晴天', 'theirs', '在吗')")
    expect(panel.locator("#link")).to_have_text("重连中")
    expect(panel.get_by_text("检查已关闭")).to_be_visible()
    expect(panel.locator("#reply-0")).to_be_visible()
    shop.service.up()
    expect(panel.locator("#link")).to_have_text("已连接", timeout=60_000)
    expect(panel.locator(".bubble").last).to_have_text("在吗", timeout=60_000)


def test_the_panel_outlives_its_worker(browser: Browser, desk: Desk, shop: Shop) -> None:
    panel, page = panel_and_desk(browser, desk, shop)
    expect(panel.locator("#reply-0")).to_be_visible()
    browser.kill_worker()
    panel.locator("#reply-0-insert").click()
    until(lambda: draft(page) == "亲，可以竖放的", "it is not in the box")


def test_a_revoked_key_leads_to_the_options(browser: Browser, desk: Desk, shop: Shop) -> None:
    browser.pair(Shop(shop.service, shop.id, f"{shop.key}x", shop.secret), desk.definition())
    panel = browser.page("panel/panel.html")
    expect(panel.locator("#link")).to_have_text("密钥不对")
    with browser.context.expect_page() as opened:
        panel.get_by_role("button", name="去设置").click()
    assert opened.value.url.endswith("options/options.html")
