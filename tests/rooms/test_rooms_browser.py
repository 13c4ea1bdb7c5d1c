"""History, words, hours and roster in a real Chromium, against the real service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
import pytest
from browser_site import AXE, DESKTOP, MARKS, PHONE, BrowserSite, serving
from room_conversations import exchange

from app.usecases.administration import SCOPES, add_key
from app.usecases.knowledge import Knowledge

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=30_000)

pytestmark = MARKS

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVIL = "<script>alert(1)</script>"
HOURS: dict[str, Any] = {
    "week": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "days": {"2027-05-06": {"hours": [], "note": EVIL}},
    "shifts": {"小林": {"week": {"mon": ["09:00-18:00"]}}},
}
ROSTER = {"agents": [{"id": "小林", "groups": ["售前"], "note": EVIL}], "groups": [{"id": "售前"}]}


class Site(BrowserSite):
    """A shop that has spoken with buyers for some days."""

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        key = self.service.writer.submit(
            lambda db: add_key(db, "demo", datetime.now(UTC), scopes=SCOPES)
        ).result(20)
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.request(method, f"{self.address}{path}", json=json, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def converse(self) -> None:
        """Ten days of conversations, from when it last was ten in the morning, an hour that every platform assesses."""
        now = datetime.now(SHANGHAI)
        ten = now.replace(hour=10, minute=0, second=0, microsecond=0)
        if now - ten < timedelta(hours=1):
            ten -= timedelta(days=1)
        events = []
        for number in range(60):
            at = ten - timedelta(days=number % 10, seconds=number)
            agent, text = ("小周", f"这是全网最低价{EVIL}") if number % 4 == 0 else ("小林", "今天就发出")
            events += exchange(number, at, 30 if number % 5 else 400, agent=agent + EVIL, text=text)
        self.ask("POST", "/v1/events", events)
        self.ask("PUT", "/v1/service-hours", HOURS)
        self.ask("PUT", "/v1/roster", ROSTER)


@pytest.fixture
def site(sqlite_url: str, knowledge: Knowledge, browser: Any) -> Iterator[Site]:
    knowledge = Knowledge(knowledge.linter, knowledge.moods, knowledge.profiles)
    with serving(sqlite_url, knowledge, browser, Site) as site:
        yield site


def test_past_measures_are_drawn_with_a_table_below(site: Site) -> None:
    site.converse()
    page = site.desk()
    page.goto(f"{site.address}/history")
    card = page.locator("article").first
    expect(card.locator("canvas")).to_be_visible()
    expect(card.locator(".readout")).to_contain_text("%")
    card.get_by_text("每一段的数").click()
    expect(card.locator("tbody tr")).to_have_count(30)
    page.get_by_label("看谁的").select_option("agent")
    page.get_by_role("button", name="查看").click()
    page.get_by_role("link", name=f"小周{EVIL}").first.click()
    expect(page.locator("article h2").first).to_contain_text(f"小周{EVIL}")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载 xlsx").click()
    assert downloading.value.suggested_filename.endswith(".xlsx")


def test_a_text_is_checked_while_one_types_and_its_rewrite_copied(site: Site) -> None:
    page = site.desk()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site.address}/words")
    page.get_by_label("要说的话").press_sequentially("全网最低价")
    expect(page.locator("#tried mark")).to_have_text("全网最低价")
    expect(page.locator("#tried [data-sum]")).to_contain_text("提醒")
    page.get_by_label("在哪说").select_option("template")
    expect(page.locator("#tried [data-sum]")).to_contain_text("违规")
    page.locator("#tried button.copy").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == "优惠价"
    page.route("**/words/try", lambda route: route.abort())
    page.get_by_label("要说的话").fill("加我微信")
    expect(page.locator("#trouble")).to_contain_text("连不上服务")
    expect(page.get_by_label("要说的话")).to_have_value("加我微信")


def test_a_text_is_checked_without_a_script(site: Site) -> None:
    page = site.desk()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{site.address}/words")
    page.get_by_label("要说的话").fill("全网最低价")
    page.get_by_role("button", name="检查").click()
    expect(page.locator("#tried mark")).to_have_text("全网最低价")
    expect(page.get_by_label("要说的话")).to_have_value("全网最低价")


def test_a_sentence_is_followed_into_its_session(site: Site) -> None:
    site.converse()
    page = site.desk()
    page.goto(f"{site.address}/words/findings")
    page.get_by_role("link", name="在会话里看").first.click()
    expect(page.locator(".talk :target mark")).to_have_text("全网最低价")
    expect(page.locator(".talk :target .bubble")).to_contain_text(EVIL)


def test_hours_are_changed_seen_ahead_and_saved(site: Site) -> None:
    site.converse()
    page = site.desk()
    page.goto(f"{site.address}/hours")
    page.get_by_label("周日", exact=True).first.fill("10:00～16:00")
    page.get_by_role("button", name="再加一段").first.click()
    row = page.locator("[data-row=closing]").last
    expect(row.get_by_label("从")).to_be_focused()
    expect(page.locator("[data-save-state]")).to_have_text("有修改还没保存")
    page.get_by_role("button", name="先看看往后").click()
    expect(page.locator(".days-ahead li").filter(has_text="周日").first).to_contain_text("10:00-16:00")
    assert site.ask("GET", "/v1/service-hours")["hours"]["week"]["sun"] == []
    page.get_by_label("周六", exact=True).first.fill("上午")
    page.keyboard.press("Control+s")
    expect(page.locator(".problem").first).to_contain_text("1 处要改")
    expect(page.get_by_label("周六", exact=True).first).to_be_focused()
    expect(page.get_by_label("周日", exact=True).first).to_have_value("10:00～16:00")
    page.get_by_label("周六", exact=True).first.fill("")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash")).to_contain_text("已保存")
    stored = site.ask("GET", "/v1/service-hours")["hours"]
    assert stored["week"]["sun"] == ["10:00-16:00"]
    assert stored["closings"] == []


def test_an_agent_is_added_in_a_row_of_its_own(site: Site) -> None:
    site.converse()
    page = site.desk()
    page.goto(f"{site.address}/hours/roster")
    page.get_by_role("button", name="再加一位").click()
    row = page.locator("[data-row=agent]").last
    row.get_by_label("编号").fill("阿May")
    row.get_by_label("上限").fill("六")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[aria-invalid]:is(input)")).to_be_focused()
    page.locator("[aria-invalid]:is(input)").fill("6")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash")).to_contain_text("已保存")
    agents = site.ask("GET", "/v1/roster")["roster"]["agents"]
    assert [(agent["id"], agent["limit"]) for agent in agents] == [("小林", None), ("阿May", 6)]


def test_two_editors_of_hours_meet(site: Site) -> None:
    site.converse()
    page = site.desk()
    page.goto(f"{site.address}/hours")
    site.ask("PUT", "/v1/service-hours", HOURS | {"week": {"mon": ["11:00-12:00"], "fri": ["09:00-10:00"]}})
    page.get_by_label("周一", exact=True).first.fill("08:00-18:00")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".clash")).to_contain_text("11:00-12:00")
    expect(page.get_by_label("周五", exact=True).first).to_have_value("09:00-10:00")
    page.get_by_role("button", name="改用对方的").click()
    expect(page.get_by_label("周一", exact=True).first).to_have_value("11:00-12:00")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".flash")).to_be_visible()


def test_keys_lead_through_the_rooms_and_can_be_switched_off(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/history")
    page.keyboard.press("Shift+?")
    sheet = page.locator("dialog.keys")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("到「用语」")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    names = page.locator(".places a").all_inner_texts()
    page.keyboard.press(str(1 + names.index("用语")))
    expect(page.locator(".places [aria-current]")).to_have_text("用语")
    page.get_by_label("要说的话").press("1")
    expect(page.get_by_label("要说的话")).to_have_value("1")
    page.get_by_role("button", name="键盘快捷键").click()
    page.locator(".keys-switch input").uncheck()
    page.get_by_role("button", name="关闭").click()
    page.keyboard.press("1")
    page.reload()
    page.locator("h1").click()
    page.keyboard.press("1")
    page.keyboard.press("Shift+?")
    expect(page.locator("dialog.keys")).to_have_count(0)
    expect(page.locator(".places [aria-current]")).to_have_text("用语")


def test_a_lost_network_is_told_and_nothing_is_lost(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/hours")
    page.get_by_label("周一", exact=True).first.fill("09:00-18:00")
    page.context.set_offline(True)
    expect(page.locator(".banner")).to_contain_text("网络断了")
    page.context.set_offline(False)
    expect(page.locator(".banner")).to_be_hidden()
    expect(page.get_by_label("周一", exact=True).first).to_have_value("09:00-18:00")


def test_whoever_uses_the_keyboard_alone_can_skip_to_the_matter_and_see_where_they_are(site: Site) -> None:
    page = site.desk()
    for path in ("/history", "/words", "/hours"):
        page.goto(f"{site.address}{path}")
        page.keyboard.press("Tab")
        expect(page.locator("a.skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        page.keyboard.press("Tab")
        style = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", path


def test_on_paper_there_is_only_the_matter(site: Site) -> None:
    site.converse()
    page = site.desk()
    page.goto(f"{site.address}/history")
    page.emulate_media(media="print")
    for hidden in (".top", ".picker", ".downloads"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator("article").first).to_be_visible()


PAGES = (
    "/history",
    "/history?of=agent&per=week",
    "/history?from=nonsense",
    "/words",
    "/words/rules",
    "/words/rules/ad-law/superlative",
    "/words/findings",
    "/words/overrides",
    "/words/session?id=s0",
    "/hours",
    "/hours/roster",
)


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_its_screen_and_is_accessible(site: Site, size: tuple[int, int], scheme: str) -> None:
    site.converse()
    page = site.desk(size=size)
    page.emulate_media(color_scheme=scheme)

    def look(what: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], what
        page.evaluate(AXE.read_text())
        found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
        told = [(one["id"], node["html"][:200]) for one in found["violations"] for node in one["nodes"]]
        assert told == [], what

    for path in PAGES:
        page.goto(f"{site.address}{path}")
        look(path)
    page.goto(f"{site.address}/words")
    page.get_by_label("要说的话").fill(f"全网最低价，加我微信 abc12345 聊，第一时间处理{EVIL}")
    expect(page.locator("#tried mark").first).to_be_visible()
    look("a text tried")
    page.goto(f"{site.address}/hours")
    page.get_by_label("周一", exact=True).first.fill("早上")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".problem").first).to_be_visible()
    look("hours with a fault")
    if size == DESKTOP:
        page.locator("h1").click()
        page.keyboard.press("Shift+?")
        expect(page.locator("dialog.keys")).to_be_visible()
        look("the keys")
