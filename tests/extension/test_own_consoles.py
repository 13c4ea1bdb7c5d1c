"""A shop adds its own console through the options page alone: by pointing, trying and saving."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_site import MARKS
from console_rig import ConsolePages, Setup, centre
from extension_rig import Browser, Shop, ShopService, until

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = MARKS


@pytest.fixture(scope="module")
def pages() -> Iterator[ConsolePages]:
    pages = ConsolePages()
    yield pages
    pages.close()


def open_console(browser: Browser, pages: ConsolePages, page: str) -> Any:
    desk = browser.context.new_page()
    desk.goto(f"{pages.address}/{page}", wait_until="load")
    return desk


def point_at_table(setup: Setup, desk: Any) -> None:
    rows = desk.locator("tr")
    setup.point(
        centre(rows.nth(0).locator(".words")),
        centre(rows.nth(1).locator(".words")),
        centre(desk.locator("textarea")),
        centre(desk.locator("form button")),
        centre(desk.locator(".guest.active b")),
        centre(desk.locator(".who-is-it")),
    )


def add_table(browser: Browser, pages: ConsolePages) -> tuple[Setup, Any]:
    desk = open_console(browser, pages, "table.html?tab=chat#now")
    setup = Setup(browser, desk)
    setup.name("表格客服台", f"{pages.address}/table.html?tab=chat#now")
    point_at_table(setup, desk)
    return setup, desk


def stored(page: Any) -> dict[str, Any]:
    settings = page.evaluate(
        "() => chrome.storage.local.get('settings').then(({ settings }) => settings ?? {})"
    )
    assert isinstance(settings, dict)
    return settings


def test_six_clicks_make_a_console_of_table_rows_and_its_messages_arrive(
    browser: Browser, pages: ConsolePages, service: ShopService
) -> None:
    shop: Shop = service.shop()
    browser.pair(shop)
    setup, desk = add_table(browser, pages)
    assert desk.evaluate("() => window.pressed") == 0
    assert setup.outcome() == "fine"
    assert setup.recognised() == [
        ("buyer", "在吗"),
        ("agent", "在的，请讲"),
        ("buyer", "这款还有[微笑]货吗"),
        ("buyer", "几天能到"),
    ]
    assert setup.form.input_value("#addresses") == f"{pages.address}/*"
    assert setup.value("message_id") == ":scope"
    assert setup.form.input_value("#part-message_id-attribute") == "data-line-id"
    assert setup.form.input_value("#part-item_buyer_id-attribute") == "data-guest-id"
    setup.save()
    desk.reload()
    until(lambda: len(shop.said()) == 4, "the messages were not reported")
    assert {event["buyer"] for event in shop.events()} == {"g-7001"}
    desk.fill("textarea", "亲，今天就给您发")
    desk.press("textarea", "Enter")
    until(lambda: ("agent", "亲，今天就给您发") in shop.said(), "the reply was not reported")


def test_frames_a_closed_shadow_and_sides_told_by_alignment(
    browser: Browser, pages: ConsolePages, service: ShopService
) -> None:
    shop = service.shop()
    browser.pair(shop)
    desk = open_console(browser, pages, "nested.html")
    workbench = desk.frame_locator("#workbench")
    words = workbench.frame_locator("[name=talk]").locator("p")
    words.nth(2).wait_for()
    reply = workbench.locator("reply-box").bounding_box()
    setup = Setup(browser, desk)
    setup.name("嵌套客服台", f"{pages.address}/nested.html")
    setup.point(
        centre(words.nth(1)),
        centre(words.nth(2)),
        (reply["x"] + 60, reply["y"] + 20),
        (reply["x"] + 12, reply["y"] + 54),
        None,
        centre(workbench.locator("header strong")),
    )
    assert setup.outcome() == "fine"
    assert [sender for sender, _ in setup.recognised()] == ["unknown", "buyer", "agent", "buyer"]
    assert setup.value("composer").count(" >>> ") == 2
    assert desk.evaluate("() => window.sent ?? 0") == 0
    setup.save()
    desk.reload()
    said = 0

    def heard() -> bool:
        # Nothing on this page tells when a message was said, so only those count that come while somebody looks on.
        nonlocal said
        said += 1
        history.evaluate("(text) => say('flex-start', text)", f"第 {said} 次问")
        desk.wait_for_timeout(500)
        return bool(shop.said())

    history = until(lambda: desk.frame("talk"), "the frame of the messages is not there")
    until(heard, "no message was reported")
    assert {event["buyer"] for event in shop.events()} == {"u-88123"}
    assert {sender for sender, _ in shop.said()} == {"buyer"}
    desk.bring_to_front()
    desk.mouse.click(reply["x"] + 60, reply["y"] + 20)
    desk.keyboard.insert_text("亲，建议选 L")
    desk.mouse.click(reply["x"] + 12, reply["y"] + 54)
    until(lambda: ("agent", "亲，建议选 L") in shop.said(), "the reply was not reported")


def test_what_no_longer_matches_is_told_in_the_list(browser: Browser, pages: ConsolePages) -> None:
    setup, desk = add_table(browser, pages)
    setup.save()
    options = browser.page("options/options.html")
    card = options.locator("[data-console='127-0-0-1']")
    desk.reload()
    playwright_api.expect(card.locator(".good")).to_be_visible(timeout=30_000)
    desk.evaluate("() => document.querySelector('form button').remove()")
    desk.reload()
    desk.evaluate("() => document.querySelector('form button').remove()")
    broken = card.locator(".bad")
    playwright_api.expect(broken).to_contain_text("button", timeout=30_000)
    playwright_api.expect(broken).to_contain_text("表格客服台")
    panel = browser.page("panel/panel.html")
    told = panel.locator("#console-check .notice")
    playwright_api.expect(told).to_contain_text("表格客服台")
    with browser.context.expect_page() as opened:
        told.locator("button").click()
    assert opened.value.url.endswith("options/console.html?id=127-0-0-1")


def test_the_switch_lets_go_of_the_site_and_removes_nothing_else(
    browser: Browser, pages: ConsolePages, service: ShopService
) -> None:
    shop = service.shop()
    browser.pair(shop)
    setup, desk = add_table(browser, pages)
    setup.save()
    desk.reload()
    until(shop.said, "the console is not read")
    options = browser.page("options/options.html")
    registered = "() => chrome.scripting.getRegisteredContentScripts().then((all) => all.map(({ id }) => id))"
    assert options.evaluate(registered) == ["console-127-0-0-1"]
    before = stored(options)
    options.uncheck("#switch-127-0-0-1")
    until(lambda: options.evaluate(registered) == [], "the site is still registered")
    after = stored(options)
    assert after["consoles"].pop("127-0-0-1") == {"on": False}
    before["consoles"].pop("127-0-0-1")
    assert after == before
    options.check("#switch-127-0-0-1")
    until(lambda: options.evaluate(registered) == ["console-127-0-0-1"], "the site is not registered again")


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    browser: Browser, pages: ConsolePages
) -> None:
    form = browser.page("options/console.html")
    form.fill("#name", "自建")
    form.fill("#addresses", "ftp://desk")
    form.fill("#part-message", "div[")
    form.fill("#part-composer", "textarea")
    form.click("#save")
    playwright_api.expect(form.locator("#problems li.bad")).not_to_have_count(0)
    assert form.get_attribute("#part-message", "aria-invalid") == "true"
    assert "div[" in form.inner_text("#part-message-remark")
    assert form.get_attribute("#part-composer", "aria-invalid") is None
    assert form.get_attribute("#addresses", "aria-invalid") == "true"
    assert form.input_value("#part-message") == "div["
    assert form.evaluate("() => chrome.storage.local.get('settings')") == {}


def test_a_definition_goes_from_one_browser_to_another_as_a_file(
    browser: Browser, pages: ConsolePages, tmp_path: Path
) -> None:
    setup, _ = add_table(browser, pages)
    setup.save()
    with setup.form.expect_download() as download:
        setup.form.click("#export")
    shared = tmp_path / "shared.json"
    download.value.save_as(shared)
    made = stored(setup.form)["own_consoles"]
    options = browser.page("options/options.html")
    options.evaluate("() => chrome.storage.local.clear()")
    options.reload()
    broken = tmp_path / "broken.json"
    broken.write_text(shared.read_text().replace('"message_list"', '"mesage_list"'))
    options.set_input_files("#import-file", broken)
    playwright_api.expect(options.locator("#console-note")).to_contain_text("selectors.mesage_list")
    assert options.evaluate("() => chrome.storage.local.get('settings')") == {}
    options.set_input_files("#import-file", shared)
    playwright_api.expect(options.locator("[data-console='127-0-0-1']")).to_be_visible()
    (taken,) = stored(options)["own_consoles"]
    assert taken["selectors"] == made[0]["selectors"]
    assert taken["who"] == made[0]["who"]
    assert json.loads(shared.read_text())["id"] == "127-0-0-1"


def test_a_built_in_set_is_changed_confirmed_and_put_back(browser: Browser, pages: ConsolePages) -> None:
    desk = open_console(browser, pages, "table.html")
    form = browser.page("options/console.html?id=qianniu")
    playwright_api.expect(form.locator("#origin")).not_to_be_empty()
    assert form.is_disabled("#confirm")
    setup = Setup(browser, desk, form)
    setup.name("千牛网页版", f"{pages.address}/table.html")
    point_at_table(setup, desk)
    assert setup.outcome() == "fine"
    form.click("#confirm")
    until(lambda: "confirmed" in str(stored(form)), "it was not noted")
    kept = stored(form)["consoles"]["qianniu"]
    assert set(kept["overrides"]) == {"matches", "selectors", "who"}
    assert len(kept["confirmed"]["at"]) == len("2026-11-22T10:00:00.000Z")
    form.fill("#part-composer", "textarea.other")
    setup.save()
    until(lambda: "confirmed" not in stored(form)["consoles"]["qianniu"], "a changed set is still confirmed")
    form.on("dialog", lambda dialog: dialog.accept())
    with form.expect_navigation():
        form.click("#restore")
    assert stored(form)["consoles"]["qianniu"] == {}
