"""What is shipped: the permissions, the code's manners, the languages, the package; and what the browser keeps apart."""

from __future__ import annotations

import importlib.util
import json
import re
import struct
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_site import MARKS
from console_rig import ConsolePages
from extension_rig import EXTENSION, Browser, until

REPO = EXTENSION.parent
PERMISSIONS = ["alarms", "notifications", "scripting", "sidePanel", "storage"]
ON_REQUEST = ["http://*/*", "https://*/*"]
BANNED = {
    "eval": r"\beval\s*\(",
    "new Function": r"\bFunction\s*\(",
    "a string as a timer": r"set(?:Timeout|Interval)\s*\(\s*[\"'`]",
    "HTML from text": r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|srcdoc|createContextualFragment|setHTMLUnsafe|parseHTMLUnsafe)\b",
    "document.write": r"\bdocument\.write",
    "code from elsewhere": r"(?:import\s*\(|from|importScripts\s*\()\s*[\"'`](?:https?:)?//",
    "javascript: addresses": r"javascript:",
}
NETWORK = re.compile(r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b")
OWN_FILES = re.compile(r"fetch\(chrome\.runtime\.getURL\(")


def sources(*suffixes: str) -> list[Path]:
    return sorted(path for path in EXTENSION.rglob("*") if path.suffix in suffixes)


def code_of(path: Path) -> str:
    """A script without its comments."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|^\s*//[^\n]*|(?<=\s)//\s[^\n]*", "", text, flags=re.DOTALL | re.MULTILINE)


def manifest() -> dict[str, Any]:
    record = json.loads((EXTENSION / "manifest.json").read_text())
    assert isinstance(record, dict)
    return record


def messages(language: str) -> dict[str, Any]:
    record = json.loads((EXTENSION / "_locales" / language / "messages.json").read_text())
    assert isinstance(record, dict)
    return record


def builder() -> Any:
    spec = importlib.util.spec_from_file_location("build_extension", REPO / "tools" / "build_extension.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_permissions_are_these_and_no_others() -> None:
    record = manifest()
    assert record["manifest_version"] == 3
    assert sorted(record["permissions"]) == PERMISSIONS
    assert record["optional_host_permissions"] == ON_REQUEST
    asked = {name for name in record if "permission" in name}
    assert asked == {"permissions", "optional_host_permissions"}
    assert "content_scripts" not in record
    assert "externally_connectable" not in record


def test_what_pages_may_load_is_hidden_behind_addresses_of_the_moment() -> None:
    (accessible,) = manifest()["web_accessible_resources"]
    assert accessible["use_dynamic_url"] is True
    assert all(not name.startswith(("worker/", "options/", "panel/")) for name in accessible["resources"])


def test_the_version_is_the_projects() -> None:
    with (REPO / "pyproject.toml").open("rb") as file:
        assert manifest()["version"] == tomllib.load(file)["project"]["version"]


def test_every_file_that_the_manifest_names_is_there() -> None:
    record = manifest()
    named = [
        *record["icons"].values(),
        record["background"]["service_worker"],
        record["side_panel"]["default_path"],
        record["options_page"],
    ]
    assert [name for name in named if not (EXTENSION / name).is_file()] == []


@pytest.mark.parametrize("size", [16, 32, 48, 128])
def test_an_icon_has_the_size_that_it_claims(size: int) -> None:
    body = (EXTENSION / manifest()["icons"][str(size)]).read_bytes()
    assert body[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", body[16:24]) == (size, size)


@pytest.mark.parametrize("name", BANNED)
def test_no_script_does_what_stores_and_attackers_know(name: str) -> None:
    found = [path.name for path in sources(".js") if re.search(BANNED[name], code_of(path))]
    assert found == []


def test_only_the_worker_has_network() -> None:
    """Other parts may fetch files of the extension itself."""
    talkers = [
        path.relative_to(EXTENSION).as_posix()
        for path in sources(".js")
        if NETWORK.search(OWN_FILES.sub("", code_of(path))) and path.parent.name != "worker"
    ]
    assert talkers == []


def test_pages_hold_no_script_style_or_foreign_address() -> None:
    for path in sources(".html"):
        text = path.read_text()
        assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == [], path.name
        assert re.findall(r"\son\w+\s*=|\sstyle\s*=|<style", text) == [], path.name
        assert re.findall(r"\b(?:src|href)=\"(?:https?:)?//", text) == [], path.name
    for path in sources(".css"):
        assert re.findall(r"url\(\s*['\"]?(?:https?:)?//|@import", path.read_text()) == [], path.name


def test_the_policy_of_the_extensions_pages_lets_nothing_in() -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in manifest()["content_security_policy"]["extension_pages"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'none'"


def test_every_text_is_there_in_both_languages() -> None:
    chinese, english = messages("zh_CN"), messages("en")
    assert list(chinese) == list(english)
    for key in chinese:
        # Where values stand: $1 itself, or a name whose placeholder says so.
        places = [sorted(re.findall(r"\$\d", json.dumps(each[key]))) for each in (chinese, english)]
        assert places[0] == places[1], key
        assert chinese[key]["message"].strip(), key
        assert english[key]["message"].strip(), key


def test_every_text_is_used_and_every_text_that_is_asked_for_is_there() -> None:
    known = set(messages("zh_CN"))
    everything = "\n".join(path.read_text() for path in sources(".js", ".html")) + json.dumps(manifest())
    words = set(re.findall(r"\w+", everything))
    # The panel names its texts without `panel_`, and some in two parts.
    panel = "\n".join(path.read_text() for path in (EXTENSION / "panel").glob("*.js"))
    parts = [found for found in re.findall(r"`(\w*)\$\{[^`]*?\}(\w*)`", panel) if any(found)]

    def is_used(key: str) -> bool:
        name = key.partition("_")[2]
        if key in words or f"__MSG_{key}__" in everything:
            return True
        return key.startswith("panel_") and (
            name in words or any(name.startswith(start) and name.endswith(end) for start, end in parts)
        )

    assert [key for key in sorted(known) if not is_used(key)] == []
    asked = {word for word in words if re.match(r"(?:core|lint|options)_[a-z]", word)}
    assert sorted(asked - known) == []


def test_the_package_is_the_same_bytes_every_time_and_holds_only_what_is_listed(tmp_path: Path) -> None:
    build = builder()
    one, two = build.build(tmp_path / "one"), build.build(tmp_path / "two")
    assert one.name == f"miaohui-extension-{manifest()['version']}.zip"
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert names == sorted(names)
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        shipped = {name: package.read(name) for name in names}
    here = {path.relative_to(EXTENSION).as_posix(): path for path in EXTENSION.rglob("*") if path.is_file()}
    assert set(shipped) == set(here)
    changed = [name for name, path in here.items() if shipped[name] != path.read_bytes()]
    assert changed in ([], ["manifest.json"])
    assert json.loads(shipped["manifest.json"]) == manifest()


def test_a_stray_file_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = builder()
    folder = tmp_path / "extension"
    folder.mkdir()
    (folder / "notes.txt").write_text("x")
    monkeypatch.setattr(build, "EXTENSION", folder)
    with pytest.raises(ValueError, match=r"notes\.txt"):
        build.build(tmp_path / "dist")
    assert not any((tmp_path / "dist").glob("*.json"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright_api.sync_playwright() as playwright:
        browser = Browser(playwright, tmp_path_factory.mktemp("browser"))
        browser.start()
        yield browser
        browser.close()
        assert browser.trouble == []


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Any]:
    pages = ConsolePages()
    page = browser.context.new_page()
    page.goto(f"{pages.address}/table.html")
    yield page
    pages.close()


IN_PAGE = """
async ([code]) => {
  const [tab] = (await chrome.tabs.query({})).filter(({ url }) => url?.includes('/table.html'));
  const run = async (code) => {
    const tries = {
      token: () => chrome.storage.local.get('settings').then((found) => JSON.stringify(found), (error) => `refused: ${error.message}`),
      session: () => chrome.storage.session.get(null).then((found) => JSON.stringify(found), (error) => `refused: ${error.message}`),
      options: () => chrome.runtime.sendMessage({ type: 'options/try', settings: { server: 'http://127.0.0.1:9', shop: 'x', key: 'x', secret: 'x' } }).then((answer) => JSON.stringify(answer ?? null), (error) => `refused: ${error.message}`),
      unknown: () => chrome.runtime.sendMessage({ type: 'nobody/knows' }).then((answer) => JSON.stringify(answer ?? null), (error) => `refused: ${error.message}`),
    };
    return tries[code]();
  };
  const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: run, args: [code] });
  return result;
}
"""


@pytest.mark.browser
@MARKS[1]
@pytest.mark.parametrize("place", ["token", "session"])
def test_a_content_script_cannot_read_the_key(browser: Browser, desk: Any, place: str) -> None:
    options = browser.page("options/options.html")
    options.evaluate(
        "() => chrome.storage.local.set({ settings: { key: 'mh_canary', secret: 'whsec_canary' } })"
    )
    told = options.evaluate(IN_PAGE, [place])
    assert told.startswith("refused: ")
    assert "canary" not in told
    options.close()


@pytest.mark.browser
@MARKS[1]
@pytest.mark.parametrize("message", ["options", "unknown"])
def test_the_worker_hears_from_a_content_script_only_what_is_a_content_scripts(
    browser: Browser, desk: Any, message: str
) -> None:
    options = browser.page("options/options.html")
    told = options.evaluate(IN_PAGE, [message])
    assert told == "null" or told.startswith("refused: ")
    options.close()


@pytest.mark.browser
@MARKS[1]
def test_a_page_sees_nothing_of_the_extension_and_cannot_speak_to_it(browser: Browser, desk: Any) -> None:
    assert desk.evaluate("() => typeof globalThis.chrome?.storage") == "undefined"
    assert desk.evaluate("() => typeof globalThis.chrome?.runtime?.sendMessage") == "undefined"
    assert (
        desk.evaluate(
            "(id) => fetch(`chrome-extension://${id}/manifest.json`).then(() => 'read', () => 'refused')",
            browser.id,
        )
        == "refused"
    )


@pytest.mark.browser
@MARKS[1]
def test_the_first_page_after_the_store_is_the_way_to_the_first_clock(browser: Browser) -> None:
    welcome = f"chrome-extension://{browser.id}/options/welcome.html"
    until(lambda: any(page.url == welcome for page in browser.context.pages), "no welcome page was opened")
