"""What the linter finds in a draft, at its box: underlines, one key for the rewrite, a stop, and an override that is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_site import AXE, MARKS
from closed_bar import ClosedBar
from extension_rig import Browser, Desk, Shop, ShopService, until
from sqlmodel import Session as Database
from sqlmodel import select

from app.db.tables import SessionRow
from app.usecases.knowledge import Knowledge
from app.usecases.lint_overrides import list_overrides

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = MARKS

FORBIDDEN = "亲，在的。您加我微信 abc12345 吧"
REWRITTEN = "亲，在的。有问题在这里留言就好，看到马上回复"
RISKY = "亲😀，这款顶级面料很舒服"
KEYS = "() => window.keys.filter((each) => !each.startsWith('Alt'))"
MENDED = "亲😀，这款优质面料很舒服"


@pytest.fixture
def service(knowledge: Knowledge, database_url: str) -> Iterator[ShopService]:
    running = ShopService(database_url, knowledge)
    yield running
    running.down()


@pytest.fixture(scope="module")
def on_sqlite(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopService]:
    running = ShopService(f"sqlite:///{tmp_path_factory.mktemp('service') / 'miaohui.db'}", knowledge)
    yield running
    running.down()


@pytest.fixture(scope="module")
def browser(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(playwright, tmp_path_factory.mktemp("browser"))
    browser.start()
    yield browser
    browser.close()
    assert browser.trouble == []


def talk_on(browser: Browser, desk: Desk, shop: Shop, box: str) -> Any:
    """A page of the console with a buyer who waits, and the box that the agent types in."""
    for page in browser.context.pages[1:]:
        page.close()
    browser.pair(shop, desk.definition(box))
    page = browser.context.new_page()
    page.on("pageerror", lambda error: browser.trouble.append(f"error: {error}"))
    page.goto(f"{desk.address}/?box={box}")
    # Each shop has a buyer of its own: what was told to one shop is not told again to the next.
    page.evaluate("(buyer) => { say(buyer, 'theirs', '在吗'); turnTo(buyer); }", f"买家 {shop.key[-6:]}")
    until(lambda: is_read(shop), "the console is not read")
    desk.sent.clear()
    page.focus(".box")
    meet(page)
    return page


def meet(page: Any) -> None:
    """Have a draft checked. The first check by a service that the worker has just been paired with may outlast its patience."""
    bar = ClosedBar(page)

    def answered() -> bool:
        page.keyboard.press("Control+a")
        page.keyboard.type("顶级面料")
        page.wait_for_timeout(1_000)
        return "顶级" in bar.text()

    until(answered, "nothing is ever checked")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    bar.is_gone()


def is_read(shop: Shop) -> bool:
    def query(db: Database) -> bool:
        return db.exec(select(SessionRow).where(SessionRow.shop_id == shop.id)).first() is not None

    return bool(shop.service.service.writer.submit(query).result(20))


def draft(page: Any) -> str:
    return str(
        page.evaluate("() => { const b = document.querySelector('.box'); return b.value ?? b.innerText; }")
    )


@pytest.mark.parametrize("box", ["textarea", "editable"])
def test_a_risk_is_underlined_and_one_key_takes_the_rewrite(
    browser: Browser, desk: Desk, on_sqlite: ShopService, box: str
) -> None:
    page = talk_on(browser, desk, on_sqlite.shop(), box)
    bar = ClosedBar(page)
    page.keyboard.type(RISKY)
    bar.says("风险", "顶级面料", "为什么", "改成“优质”", "Alt+Enter")
    assert underlined(page, bar, box) == ["顶级面料"]
    assert page.evaluate("() => document.activeElement.className") == "box"
    page.keyboard.press("Alt+Enter")
    until(lambda: draft(page) == MENDED, "the rewrite is not in the box")
    bar.is_gone()
    assert underlined(page, bar, box) == []
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [MENDED], "it was not sent")


def underlined(page: Any, bar: ClosedBar, box: str) -> list[str]:
    if box == "textarea":
        return bar.lines()
    found = page.evaluate("() => [...CSS.highlights.values()].flatMap((each) => [...each].map(String))")
    assert isinstance(found, list)
    return found


def test_a_warning_never_blocks(browser: Browser, desk: Desk, on_sqlite: ShopService) -> None:
    page = talk_on(browser, desk, on_sqlite.shop(), "textarea")
    page.keyboard.type(RISKY)
    ClosedBar(page).says("风险")
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [RISKY], "it was not sent")
    ClosedBar(page).is_gone()


@pytest.mark.parametrize("box", ["textarea", "editable"])
def test_a_stopped_text_is_rewritten_and_goes_out(
    browser: Browser, desk: Desk, on_sqlite: ShopService, box: str
) -> None:
    page = talk_on(browser, desk, on_sqlite.shop(), box)
    bar = ClosedBar(page)
    page.keyboard.type(FORBIDDEN)
    page.keyboard.press("Enter")
    bar.says("没有发出", "站外", "改一下", "仍要发送")
    assert desk.sent == []
    page.keyboard.press("Alt+Enter")
    until(lambda: draft(page) == REWRITTEN, "the rewrite is not in the box")
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [REWRITTEN], "the rewrite was not sent")


def test_an_override_is_sent_with_its_reason_and_recorded_without_personal_data(
    browser: Browser, desk: Desk, service: ShopService
) -> None:
    shop = service.shop()
    page = talk_on(browser, desk, shop, "textarea")
    bar = ClosedBar(page)
    text = "您加我微信 abc12345 吧，电话 13800138000"
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    bar.click("仍要发送")
    bar.says("会记下来给主管看")
    assert desk.sent == []
    bar.click("主管已同意")
    bar.click("确认发送")
    until(lambda: desk.sent == [text], "it was not sent")
    (kept,) = until(lambda: overrides(shop), "it was not recorded")
    assert (kept["reason"], kept["agent"]) == ("主管已同意", "xiaozhou")
    assert "red-line/off-platform" in [finding["rule"] for finding in kept["findings"]]
    assert "13800138000" not in str(kept)


def overrides(shop: Shop) -> list[dict[str, Any]]:
    def query(db: Database) -> list[dict[str, Any]]:
        return list_overrides(db, shop.id)

    return list(shop.service.service.writer.submit(query).result(20))


def test_the_bar_is_reached_and_left_by_keys_and_the_page_hears_none_of_them(
    browser: Browser, desk: Desk, on_sqlite: ShopService
) -> None:
    page = talk_on(browser, desk, on_sqlite.shop(), "textarea")
    bar = ClosedBar(page)
    page.keyboard.type(FORBIDDEN)
    page.keyboard.press("Enter")
    bar.says("没有发出")
    heard = page.evaluate(KEYS)
    page.keyboard.press("Alt+ArrowUp")
    assert page.evaluate("() => document.activeElement.dataset.miaohui") == "bar"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    bar.says("会记下来给主管看")
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.className") == "box"
    assert page.evaluate(KEYS) == heard


@pytest.mark.parametrize("size", [(1280, 800), (420, 600)])
def test_the_bar_leaves_box_and_send_button_free_and_follows_them(
    browser: Browser, desk: Desk, on_sqlite: ShopService, size: tuple[int, int]
) -> None:
    page = talk_on(browser, desk, on_sqlite.shop(), "textarea")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    bar = ClosedBar(page)
    page.keyboard.type(RISKY)
    bar.says("风险")
    for place in ("", "position:fixed;top:10px;left:200px", "position:fixed;top:240px;left:180px"):
        page.evaluate("(style) => { document.querySelector('.foot').style.cssText = style; }", place)
        until(lambda: not covered(page, bar), f"it covers something at {place!r} in {size}")
        until(lambda: on_box(page, bar), f"the line is not on its words at {place!r}")


def covered(page: Any, bar: ClosedBar) -> bool:
    """Whether the bar lies on the box or on the send button."""
    one = bar.rect()
    others = page.evaluate(
        "() => ['.box', '.send'].map((css) => document.querySelector(css).getBoundingClientRect().toJSON())"
    )
    return any(
        one["left"] < other["right"]
        and other["left"] < one["right"]
        and one["top"] < other["bottom"]
        and other["top"] < one["bottom"]
        for other in others
    )


def on_box(page: Any, bar: ClosedBar) -> bool:
    box = page.evaluate("() => document.querySelector('.box').getBoundingClientRect().toJSON()")
    line = bar.line_rect()
    return bool(
        box["left"] <= line["left"] and line["bottom"] <= box["bottom"] + 2 and line["top"] >= box["top"]
    )


def test_what_the_service_says_stays_text(browser: Browser, desk: Desk, on_sqlite: ShopService) -> None:
    page = talk_on(browser, desk, on_sqlite.shop(), "textarea")
    page.keyboard.type("<img src=x onerror=window.hit=1> 顶级面料 <b>好</b>")
    ClosedBar(page).says("顶级面料")
    assert page.evaluate("() => window.hit === undefined")


def test_axe_finds_nothing_in_the_bar(
    playwright: Any, tmp_path: Path, desk: Desk, on_sqlite: ShopService
) -> None:
    """In a copy whose shadow tree is open, since axe cannot look into a closed one."""
    browser = Browser(playwright, tmp_path)
    browser.start()
    browser.close()
    bar_file = browser.extension / "content" / "lint-bar.js"
    bar_file.write_text(bar_file.read_text().replace('mode: "closed"', 'mode: "open"'))
    browser.start()
    page = talk_on(browser, desk, on_sqlite.shop(), "textarea")
    page.keyboard.type(FORBIDDEN)
    page.keyboard.press("Enter")
    bar = page.locator("[data-miaohui] .bar")
    source = AXE.read_text()
    for button in (None, "仍要发送"):
        if button is not None:
            bar.get_by_role("button", name=button).click()
        bar.wait_for()
        page.evaluate(source)
        violations = page.evaluate(
            "async () => (await axe.run('[data-miaohui]')).violations.map(({ id }) => id)"
        )
        assert violations == []
    browser.close()
