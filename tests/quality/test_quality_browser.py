"""The quality desk and the report in a real Chromium: desk and phone, axe, strict CSP, and the report on paper."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from browser_site import AXE, DESKTOP, MARKS, PHONE, BrowserSite, serving
from sample_week import CROSS, SUNDAY_NIGHT, Talk, events_of, week

from app.usecases.administration import add_key
from app.usecases.knowledge import Knowledge

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=30_000)

pytestmark = MARKS
EVIL = "<img src=x onerror=document.title='hit'><script>document.title='hit'</script>"
W47 = "from=2026-11-16&to=2026-11-22"


class Site(BrowserSite):
    """A shop with a week behind it."""

    def fill(self) -> None:
        self.service.clock = lambda: SUNDAY_NIGHT
        evil = (
            Talk(EVIL, "18T09:00", EVIL, EVIL)
            .buyer_says(f"{EVIL}{CROSS}")
            .agent_says(f"关我什么事{EVIL}", after=300)
        )
        events = events_of([*week(), evil.rated("失望", EVIL)])
        key = self.service.writer.submit(lambda db: add_key(db, "demo", SUNDAY_NIGHT)).result(20)
        answer = httpx.post(
            f"{self.address}/v1/events", json=events, headers={"authorization": f"Bearer {key}"}, timeout=120
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture
def site(sqlite_url: str, knowledge: Knowledge, browser: Any) -> Iterator[Site]:
    knowledge = Knowledge(knowledge.linter, knowledge.moods, knowledge.profiles)
    with serving(sqlite_url, knowledge, browser, Site) as site:
        site.fill()
        yield site


def violations(page: Any) -> list[tuple[str, str]]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [(one["id"], node["html"][:200]) for one in found["violations"] for node in one["nodes"]]


def show(page: Any, name: str) -> None:
    """Keep a picture where the environment names a folder for pictures."""
    folder = os.environ.get("MIAOHUI_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_every_page_is_accessible_and_fits_the_screen(site: Site, size: tuple[int, int]) -> None:
    page = site.desk(size=size)
    for name, address in (
        ("desk", f"/quality?{W47}"),
        ("narrowed", f"/quality?{W47}&agent=nobody"),
        ("session", "/quality/session?id=bad"),
        ("report", "/quality/report?week=2026-W47"),
        ("empty-report", "/quality/report?week=2026-W40"),
    ):
        page.goto(f"{site.address}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
        assert violations(page) == [], name
        show(page, f"quality-{name}-{size[0]}")


def test_a_supervisor_goes_from_the_list_into_a_session_and_back_with_the_filter(site: Site) -> None:
    page = site.desk()
    page.goto(site.address)
    page.get_by_role("link", name="服务质量").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("服务质量")
    page.locator("select[name=agent]").select_option("小周")
    page.get_by_role("button", name="查看").click()
    expect(page.locator(".case")).to_have_count(2)
    page.locator(".case h3 a").first.click()
    expect(page.locator(".said mark.flagged").first).to_be_visible()
    expect(page.locator(".said mark.moving").first).to_be_visible()
    expect(page.locator(".said-head .badge", has_text="等了 6 分 40 秒")).to_be_visible()
    expect(page.locator(".said-head .badge", has_text="第 2 次问")).to_be_visible()
    page.locator(".crumbs a").click()
    expect(page.locator("select[name=agent]")).to_have_value("小周")


def test_markup_of_strangers_stays_text(site: Site) -> None:
    page = site.desk()
    for address in (f"/quality?{W47}", "/quality/report?week=2026-W47"):
        page.goto(f"{site.address}{address}")
        expect(page.locator("body")).to_contain_text("onerror")
        assert page.title() != "hit"
        assert page.locator("img").count() == 0
    page.goto(f"{site.address}/quality?{W47}")
    page.locator(".case h3 a", has_text="onerror").click()
    expect(page.locator(".talk")).to_contain_text("onerror")
    assert page.title() != "hit"


def test_the_list_goes_on_while_sessions_are_unread(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.routes.quality_pages.MOST", 12)
    page = site.desk()
    page.goto(f"{site.address}/quality?{W47}")
    expect(page.locator("[data-unread]")).to_have_count(0)
    expect(page.locator(".cases-head .num")).to_have_text("7")


def test_the_report_prints_on_a4_with_numbered_pages_and_without_its_tools(
    site: Site, tmp_path: Path
) -> None:
    page = site.desk()
    page.goto(f"{site.address}/quality/report?week=2026-W47")
    printed = page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True)
    boxes = {
        tuple(map(float, found)) for found in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    }
    assert all(
        width == pytest.approx(595, abs=1) and height == pytest.approx(842, abs=1) for width, height in boxes
    )
    assert boxes
    page.emulate_media(media="print")
    expect(page.locator(".tools")).to_be_hidden()
    grounds = page.evaluate(
        "() => [...document.querySelectorAll('main *')].map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert set(grounds) == {"rgba(0, 0, 0, 0)"}
    show(page, "quality-paper")


def test_the_downloaded_file_looks_the_same_without_the_service(site: Site, tmp_path: Path) -> None:
    page = site.desk()
    page.goto(f"{site.address}/quality/report?week=2026-W47")
    with page.expect_download() as coming:
        page.get_by_role("link", name="下载网页文件").click()
    target = tmp_path / "report.html"
    coming.value.save_as(target)
    served = page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")
    alone = site.browser.new_page()
    alone.goto(target.as_uri())
    assert alone.evaluate("getComputedStyle(document.querySelector('h1')).fontSize") == served
    assert alone.locator("main h1").inner_text() == page.locator("main h1").inner_text()
    assert alone.locator("a").count() == 0
    alone.close()
