"""The options and the welcome page: pairing, a test that names what fails, both languages, nothing in the way of anybody."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from browser_site import AXE, MARKS
from console_rig import ConsolePages
from extension_rig import EXTENSION, Browser, ShopService, until

from app.usecases.administration import revoke_key
from app.usecases.pairing import Pairing, pair_extension

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = MARKS
STEPS = ["permission", "address", "key", "shop", "scopes", "clock", "secret", "version"]
LOOKED_OVER = (
    "() => axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))"
)
PAGES = [
    "options/options.html",
    "options/welcome.html",
    "options/console.html",
    "options/console.html?id=feige",
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with playwright_api.sync_playwright() as playwright:
        browser = Browser(playwright, tmp_path_factory.mktemp("browser"))
        browser.start()
        # The rig speaks Chinese alone; here English may be chosen, too.
        shutil.copytree(EXTENSION / "_locales" / "en", browser.extension / "_locales" / "en")
        yield browser
        browser.close()
        assert browser.trouble == []


@pytest.fixture
def browser(opened: Browser) -> Iterator[Browser]:
    """With nothing set."""
    yield opened
    page = opened.page("options/options.html")
    page.evaluate("() => chrome.storage.local.clear()")
    for other in opened.context.pages:
        other.close()


def pair(service: ShopService, shop_id: str, server: str | None = None) -> Pairing:
    return service.service.writer.submit(
        lambda db: pair_extension(
            db,
            shop_id,
            datetime.now(UTC),
            server=server or service.address,
            agent_id="xiaolin",
            agent_name="小林",
        )
    ).result(20)


def changed_code(code: str, **changes: Any) -> str:
    packed = code.removeprefix("mhp1.")
    record = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    return "mhp1." + base64.urlsafe_b64encode(json.dumps(record | changes).encode()).decode().rstrip("=")


def outcome(page: Any) -> dict[str, str]:
    """What became of each step, once the test is over."""
    until(lambda: page.locator(".steps li").count() == len(STEPS), "the test did not end")
    lines = page.locator(".steps li").all()
    return {line.get_attribute("data-step") or "": line.get_attribute("data-state") or "" for line in lines}


def paste(browser: Browser, code: str, path: str = "options/options.html") -> Any:
    page = browser.page(path)
    page.fill("#code", code)
    page.click("#pair")
    return page


@pytest.mark.parametrize("path", ["options/options.html", "options/welcome.html"])
def test_a_pasted_code_connects_and_is_kept(browser: Browser, service: ShopService, path: str) -> None:
    pairing = pair(service, service.shop().id)
    page = paste(browser, f"  {pairing.code()[:40]}\n{pairing.code()[40:]} ", path)
    assert set(outcome(page).values()) == {"ok"}
    assert page.input_value("#code") == ""
    kept = page.evaluate("() => chrome.storage.local.get('settings').then(({ settings }) => settings)")
    assert (kept["server"], kept["shop"], kept["key"], kept["secret"]) == (
        pairing.server,
        pairing.shop,
        pairing.key,
        pairing.secret,
    )
    assert kept["agent"] == {"id": "xiaolin", "name": "小林"}
    assert pairing.key not in page.locator("body").inner_text()


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"key": "mh_shop.wrong"}, "key"),
        ({"secret": "whsec_" + base64.b64encode(b"x" * 32).decode()}, "secret"),
        ({"secret": "whsec_%%%"}, "secret"),
        ({"shop": "another"}, "shop"),
        ({"server": "http://127.0.0.1:1"}, "address"),
    ],
)
def test_the_step_that_fails_is_named(
    browser: Browser, service: ShopService, changes: dict[str, str], failing: str
) -> None:
    pairing = pair(service, service.shop().id)
    states = outcome(paste(browser, changed_code(pairing.code(), **changes)))
    assert states[failing] == "failed"
    assert all(states[step] == "ok" for step in STEPS[: STEPS.index(failing)])


def test_another_server_at_the_address_is_told_from_none(browser: Browser, service: ShopService) -> None:
    pages = ConsolePages()
    pairing = pair(service, service.shop().id, pages.address)
    page = paste(browser, pairing.code())
    assert outcome(page)["address"] == "failed"
    assert pages.address in page.locator("[data-step='address']").inner_text()
    pages.close()


def test_a_clock_that_is_wrong_is_told_as_that(browser: Browser, service: ShopService) -> None:
    pairing = pair(service, service.shop().id)
    page = browser.page("options/options.html")
    steps = page.evaluate(
        "async (given) => (await import('../worker/probe.js')).tryConnection(given, Date.now() + 3_600_000)",
        {"server": pairing.server, "shop": pairing.shop, "key": pairing.key, "secret": pairing.secret},
    )
    told = {each["step"]: (each["state"], each["why"]) for each in steps}
    assert told["clock"] == ("failed", "fast")
    assert told["secret"] == ("failed", "clock_first")


def test_a_revoked_pairing_is_told_at_the_next_test(browser: Browser, service: ShopService) -> None:
    pairing = pair(service, service.shop().id)
    page = paste(browser, pairing.code())
    assert outcome(page)["key"] == "ok"
    service.service.writer.submit(
        lambda db: revoke_key(db, pairing.shop, pairing.key_id, datetime.now(UTC))
    ).result(20)
    page.evaluate("() => document.querySelector('.steps').replaceChildren()")
    page.click("#test-connection")
    assert outcome(page)["key"] == "failed"


@pytest.mark.parametrize("code", ["", "mh_demo.abc", "mhp1.", "mhp1.e30", "mhp1.eyJzZXJ2ZXI"])
def test_a_code_that_cannot_be_read_changes_nothing_and_stays_to_be_mended(
    browser: Browser, code: str
) -> None:
    page = paste(browser, code)
    note = page.locator("#connection-body .note")
    playwright_api.expect(note).not_to_be_empty()
    assert page.input_value("#code") == code
    assert page.evaluate("() => chrome.storage.local.get('settings')") == {}


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_language_is_chosen_and_holds_on_every_page(browser: Browser, language: str) -> None:
    page = browser.page("options/options.html")
    with page.expect_navigation():
        page.select_option("#language", language)
    for path in PAGES:
        other = browser.page(path)
        other.wait_for_selector("h1:not(:empty)")
        lang = other.evaluate("() => document.documentElement.lang")
        assert lang == {"zh_CN": "zh-CN", "en": "en"}[language]
        heading = other.inner_text("h2")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in heading) is (language == "zh_CN")
        assert "options_" not in other.locator("body").inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_stands_in_anybodys_way(browser: Browser, service: ShopService, path: str) -> None:
    page = paste(browser, pair(service, service.shop().id).code())
    outcome(page)
    page.goto(f"chrome-extension://{browser.id}/{path}")
    page.wait_for_selector("h1:not(:empty)")
    page.evaluate(AXE.read_text())
    for width, scheme in itertools.product((1280, 390), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(LOOKED_OVER) == [], (width, scheme)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (width, scheme)


def test_a_strangers_names_stay_text(browser: Browser) -> None:
    page = browser.page("options/options.html")
    name = "<img src=x onerror=alert(1)>"
    definition = {
        "format": 1,
        "id": "stranger",
        "name": name,
        "matches": ["https://im.example.com/*"],
        "selectors": {
            part: {"css": "p"} for part in ("message_list", "message", "message_text", "composer", "buyer_id")
        },
        "who": [],
    }
    page.set_input_files(
        "#import-file",
        {"name": "x.json", "mimeType": "application/json", "buffer": json.dumps(definition).encode()},
    )
    card = page.locator("[data-console='stranger']")
    playwright_api.expect(card).to_contain_text(name)
    assert page.locator("img[src='x']").count() == 0
