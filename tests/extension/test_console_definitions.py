"""Console definitions: the sets that are shipped, what the reader says of broken ones, and Chatwoot's markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser_site import MARKS
from console_rig import ConsolePages, Setup
from extension_rig import EXTENSION, Browser

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = MARKS
GUIDE = EXTENSION.parent / "docs" / "extension-consoles.md"
READ = "async (given) => (await import('../consoles/read.js')).readConsole(given)"
ADDRESSES = "async ([name, ...given]) => (await import('../consoles/addresses.js'))[name](...given)"
SOUND: dict[str, Any] = {
    "format": 1,
    "id": "desk",
    "name": "客服台",
    "matches": ["https://im.example.com/*"],
    "selectors": {
        "message_list": {"css": "#log"},
        "message": {"css": "#log > li"},
        "message_text": {"css": "p"},
        "message_id": {"css": ":scope", "attribute": "data-id"},
        "message_time": {"css": "time"},
        "buyer_id": {"css": "h1"},
        "composer": {"css": "chat-app >>> textarea"},
        "send_button": {"css": "button"},
    },
    "who": [{"sender": "buyer", "position": "left"}, {"sender": "agent", "css": ".me"}],
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with playwright_api.sync_playwright() as playwright:
        browser = Browser(playwright, tmp_path_factory.mktemp("browser"))
        browser.start()
        yield browser
        browser.close()
        assert browser.trouble == []


@pytest.fixture(scope="module")
def page(browser: Browser) -> Any:
    return browser.page("options/options.html")


def problems(page: Any, definition: Any) -> list[tuple[str, str]]:
    return [(each["level"], each["at"]) for each in page.evaluate(READ, definition)["problems"]]


def changed(path: str, value: Any) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads(json.dumps(SOUND))
    at: Any = definition
    *way, last = path.split(".")
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[int(last) if last.isdigit() else last] = value
    return definition


def test_every_shipped_set_is_read_without_error_and_says_how_sure_we_are(page: Any) -> None:
    shipped = {path.stem: json.loads(path.read_text()) for path in (EXTENSION / "consoles").glob("*.json")}
    catalog = page.evaluate("async () => (await import('../consoles/catalog.js')).BUILT_IN")
    assert sorted(catalog) == sorted(shipped)
    for name, definition in shipped.items():
        assert definition["id"] == name
        assert [at for level, at in problems(page, definition) if level == "error"] == [], name
        assert definition["taken_from"]["page"].split("//")[-1], name
        assert len(definition["taken_from"]["note"]) > 20, name
    assert {name for name, each in shipped.items() if each["status"] == "verified"} == {"conversejs"}
    assert {name for name, each in shipped.items() if each["status"] == "unverified"} == {
        "feige",
        "kuaishou",
        "pinduoduo",
        "qianniu",
    }
    assert shipped["qianniu"]["selectors"] == {}


def test_the_example_of_the_document_is_sound(page: Any) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    assert problems(page, example) == []
    assert problems(page, SOUND) == []


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ("id", "Desk 1", "id"),
        ("name", " ", "name"),
        ("format", 2, "format"),
        ("matches", [], "matches"),
        ("matches.0", "*://*/*", "matches[0]"),
        ("matches.0", "im.example.com", "matches[0]"),
        ("selectors.message.css", "li[", "selectors.message.css"),
        ("selectors.message.css", "", "selectors.message.css"),
        ("selectors.composer.css", "chat-app >>> ", "selectors.composer.css"),
        ("selectors.composer.attribute", "value", "selectors.composer.attribute"),
        ("selectors.message.at_least", -1, "selectors.message.at_least"),
        ("selectors.message.at_most", 0, "selectors.message.at_most"),
        ("selectors.mesage", {"css": "li"}, "selectors.mesage"),
        ("selectors.message.clas", "x", "selectors.message.clas"),
        ("who.0", {"sender": "seller", "css": "p"}, "who[0].sender"),
        ("who.0", {"sender": "buyer", "css": "p", "position": "left"}, "who[0]"),
        ("who.0", {"sender": "buyer", "position": "top"}, "who[0].position"),
        ("kinds", {"video": "video"}, "kinds.video"),
        ("send_key", "Shift+Enter", "send_key"),
        ("taken_from", {"date": "22.11.2026"}, "taken_from.date"),
    ],
)
def test_what_is_wrong_is_told_where_it_is_in_both_languages(
    page: Any, path: str, value: Any, at: str
) -> None:
    outcome = page.evaluate(READ, changed(path, value))
    assert outcome["console"] is None
    told = [each for each in outcome["problems"] if each["level"] == "error"]
    assert [each["at"] for each in told] == [at]
    assert re.search(r"[\u4e00-\u9fff]", told[0]["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", told[0]["en"])


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"', "{}"])
def test_a_file_that_is_no_definition_is_refused(page: Any, text: str) -> None:
    outcome = page.evaluate(READ, text)
    assert outcome["console"] is None
    assert outcome["problems"]


@pytest.mark.parametrize(
    ("pasted", "pattern"),
    [
        ("https://im.example.com/desk?x=1#talk", "https://im.example.com/*"),
        ("im.example.com/desk", "https://im.example.com/*"),
        ("http://localhost:5280/chat#converse/chat?jid=a@b", "http://localhost:5280/*"),
        ("https://*.example.com/chat/*", "https://*.example.com/chat/*"),
        ("https://*/*", None),
        ("chrome://extensions", None),
        ("", None),
    ],
)
def test_a_pasted_address_becomes_the_pattern_of_its_site(
    page: Any, pasted: str, pattern: str | None
) -> None:
    assert page.evaluate(ADDRESSES, ["patternOf", pasted]) == pattern


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        ("https://im.example.com/*", "https://im.example.com/desk?x#y", True),
        ("https://im.example.com/*", "http://im.example.com/desk", False),
        ("https://im.example.com/*", "https://im.example.com.evil.example/desk", False),
        ("https://*.example.com/*", "https://example.com/", True),
        ("https://*.example.com/*", "https://notexample.com/", False),
        ("http://localhost:5280/*", "http://localhost:5281/", False),
        ("https://mms.example.com/chat/*", "https://mms.example.com/other", False),
        ("https://a.example/*/b", "https://a.example/x/y/b", True),
    ],
)
def test_a_pattern_fits_the_addresses_that_the_browser_would_fit(
    page: Any, pattern: str, address: str, fits: bool
) -> None:
    assert page.evaluate(ADDRESSES, ["fits", pattern, address]) is fits


def test_chatwoots_markup_is_read(browser: Browser) -> None:
    pages = ConsolePages()
    try:
        desk = browser.context.new_page()
        desk.goto(f"{pages.address}/chatwoot.html")
        setup = Setup(browser, desk, browser.page("options/console.html?id=chatwoot"))
        setup.name("Chatwoot", pages.address)
        setup.form.click("#test")
        setup.form.wait_for_selector("#outcome-state")
        assert setup.outcome() == "fine"
        assert [(sender, text.strip()) for sender, text in setup.recognised()] == [
            ("system", "小林接入了会话"),
            ("buyer", "尺码怎么选"),
            ("robot", "稍等，正在为您转接"),
            ("system", "内部备注：老客户"),
            ("agent", "亲，平时穿多大呢"),
            ("buyer", "[image]"),
        ]
        assert set(setup.found().values()) == {"fine"}
        buyer = setup.form.locator("#outcome").inner_text()
        assert "陈小姐" in buyer
        assert "408" in buyer
    finally:
        pages.close()
