"""The pages of the policy in a real Chromium, against the real service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
import pytest
from browser_site import AXE, DESKTOP, MARKS, PHONE, BrowserSite, serving
from sqlmodel import Session as Database

from app.core.policies import Policy
from app.usecases.administration import add_key
from app.usecases.knowledge import Knowledge
from app.usecases.policy_versions import read_policy

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=30_000)

SHANGHAI = ZoneInfo("Asia/Shanghai")

pytestmark = MARKS


class Site(BrowserSite):
    """A shop with a policy."""

    def policy(self) -> Policy:
        with Database(self.service.engine) as db:
            return read_policy(db, "demo").policy

    def ask(self, number: int, text: str) -> None:
        """A buyer asked when the clock last stood at ten in the morning, an hour that every platform assesses."""
        now = datetime.now(SHANGHAI)
        ten = now.replace(hour=10, minute=0, second=0, microsecond=0)
        at = ten if now - ten > timedelta(hours=1) else ten - timedelta(days=1)
        event = {
            "id": f"m{number}",
            "type": "message",
            "at": at.isoformat(),
            "session": f"s{number}",
            "buyer": f"b{number}",
            "sender": "buyer",
            "text": text,
        }
        key = self.service.writer.submit(lambda db: add_key(db, "demo", datetime.now(UTC))).result(20)
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.post(f"{self.address}/v1/events", json=event, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def site(sqlite_url: str, knowledge: Knowledge, browser: Any) -> Iterator[Site]:
    knowledge = Knowledge(knowledge.linter, knowledge.moods, knowledge.profiles)
    with serving(sqlite_url, knowledge, browser, Site) as site:
        yield site


def save(page: Any) -> None:
    page.locator("[data-save]").click()


def test_a_change_is_tried_out_and_saved(site: Site) -> None:
    site.ask(1, "什么时候发货")
    page = site.desk()
    page.goto(f"{site.address}/policies")
    page.get_by_role("button", name="试跑").click()
    expect(page.locator(".trial-sum.good")).to_contain_text("没有差别")
    page.get_by_label("不直接回答").check()
    expect(page.locator("[data-save-state]")).to_have_text("有修改还没保存")
    page.get_by_role("button", name="试跑").click()
    expect(page.locator(".trial-sum.calm")).to_be_visible()
    expect(page.locator(".trial-examples li").first).to_contain_text("什么时候发货")
    expect(page.locator("#trial")).to_be_focused()
    assert site.policy() == Policy()
    page.fill("[name=why]", "先观察")
    save(page)
    expect(page.locator(".flash")).to_contain_text("已保存")
    expect(page.locator(".version-line")).to_contain_text("先观察")
    assert site.policy() == Policy(answer="off")


def test_phrases_are_picked_and_dropped(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/policies")
    box = page.locator("[data-knob=holding_phrases]")
    box.locator("[data-pick]").fill("greet-hello")
    box.locator("[data-pick]").press("Enter")
    expect(box.locator(".picked")).to_have_count(2)
    expect(box.locator(".picked").last).to_contain_text("首句问候")
    box.locator(".picked input").first.uncheck()
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    assert site.policy().holding_phrases == ("greet-hello",)


def test_what_is_wrong_is_told_beside_its_knob_and_what_was_typed_stays(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/policies")
    page.fill("#f-hold_before_s", "三十")
    page.fill("#f-quiet_hours", "26:00-27:00")
    page.locator("[data-knob=holding_phrases] [data-pick]").fill("没有这条")
    page.fill("#f-handover_words", "叫老板")
    save(page)
    expect(page.locator(".problem").first).to_contain_text("3 处要改")
    expect(page.locator("#fault-hold_before_s")).to_contain_text("整数")
    expect(page.locator("#fault-holding_phrases")).to_contain_text("没有这条")
    expect(page.locator("#f-quiet_hours")).to_be_focused()
    expect(page.locator("#f-hold_before_s")).to_have_value("三十")
    expect(page.locator("#f-handover_words")).to_have_value("叫老板")
    page.fill("#f-hold_before_s", "30")
    page.fill("#f-quiet_hours", "23:00-07:00")
    page.get_by_text("话术库里没有这一条").click()
    page.keyboard.press("Control+s")
    expect(page.locator(".flash")).to_contain_text("已保存")
    saved = site.policy()
    assert (saved.hold_before_s, saved.quiet_hours, saved.handover_words) == (
        30,
        ("23:00-07:00",),
        ("叫老板",),
    )


def test_what_was_typed_survives_a_service_that_is_away(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/policies")
    page.fill("#f-hold_before_s", "33")
    for button, path in (("[data-try]", "try"), ("[data-save]", "save")):
        page.route(f"**/policies/{path}", lambda route: route.abort())
        page.locator(button).click()
        expect(page.locator("#trouble")).to_contain_text("连不上服务")
        page.unroute(f"**/policies/{path}")
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    assert site.policy().hold_before_s == 33


def test_two_editors_meet_and_neither_loses_a_change(site: Site) -> None:
    first, second = site.desk("小周"), site.desk("小林")
    for page in (first, second):
        page.goto(f"{site.address}/policies")
    first.fill("#f-hold_before_s", "31")
    first.fill("#f-typing_pause_s", "90")
    save(first)
    expect(first.locator(".flash")).to_be_visible()
    second.fill("#f-hold_before_s", "32")
    save(second)
    expect(second.locator(".clash h2")).to_contain_text("小周")
    expect(second.locator("#f-hold_before_s")).to_have_value("32")
    expect(second.locator("#f-typing_pause_s")).to_have_value("90")
    second.get_by_role("button", name="改用对方的").click()
    expect(second.locator("#f-hold_before_s")).to_have_value("31")
    second.fill("#f-hold_before_s", "34")
    save(second)
    expect(second.locator(".flash")).to_be_visible()
    assert (site.policy().hold_before_s, site.policy().typing_pause_s) == (34, 90)


def test_an_earlier_policy_is_restored_from_the_history(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/policies")
    page.fill("#f-max_robot_in_row", "9")
    page.fill("[name=why]", "试试多说几句")
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    page.locator(".tabs").get_by_role("link", name="修改历史").click()
    newest = page.locator(".change").first
    expect(newest).to_contain_text("小周")
    expect(newest).to_contain_text("试试多说几句")
    expect(newest.locator(".differences")).to_contain_text("最多连说几句")
    page.locator(".change").last.get_by_role("button", name="恢复到这一版").click()
    expect(page.locator(".flash")).to_contain_text("已恢复")
    assert site.policy() == Policy()


def test_the_machine_is_silenced_from_the_live_page_and_everybody_sees_it(site: Site) -> None:
    page, other = site.desk(), site.desk("小林", scopes=("dashboard", "read"))
    for one in (page, other):
        one.goto(site.address)
        expect(one.locator("#robot-state")).to_contain_text("已开")
    expect(other.locator("#robot-switch")).to_have_count(0)
    expect(other.locator("#link-words")).to_have_text("实时")
    page.locator("#robot-switch summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="立即停止自动回复")).to_be_visible()
    expect(page.get_by_role("button", name="恢复自动回复")).to_be_hidden()
    assert site.policy().robot_on
    page.get_by_role("button", name="立即停止自动回复").click()
    expect(page.locator("#robot-state")).to_contain_text("已停")
    expect(other.locator("#robot-state")).to_contain_text("已停")
    assert not site.policy().robot_on
    page.locator(".places").get_by_role("link", name="策略").click()
    expect(page.locator(".master h2")).to_have_text("机器已停止自动回复")
    page.get_by_role("button", name="恢复自动回复").click()
    expect(page.locator(".master h2")).to_have_text("机器正在自动回复")
    assert site.policy().robot_on


def test_leaving_an_unsaved_form_asks_first(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/policies")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("#f-hold_before_s", "31")
    page.locator("#f-hold_before_s").press("Tab")
    page.get_by_role("link", name="话术").first.click()
    expect(page.locator(".finder")).to_be_visible()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_its_screen_and_is_accessible(site: Site, size: tuple[int, int], scheme: str) -> None:
    site.ask(1, "什么时候发货" + "很长的话" * 60)
    site.ask(2, "<script>alert(1)</script> 什么时候发货")
    page = site.desk(size=size)
    page.emulate_media(color_scheme=scheme)

    def look(what: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], what
        page.evaluate(AXE.read_text())
        found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
        told = [(one["id"], node["html"][:200]) for one in found["violations"] for node in one["nodes"]]
        assert told == [], what

    page.goto(f"{site.address}/policies")
    look("form")
    page.get_by_label("马上").check()
    page.fill("#f-quiet_hours", "x")
    save(page)
    expect(page.locator(".problem").first).to_be_visible()
    look("faults")
    page.fill("#f-quiet_hours", "")
    page.get_by_role("button", name="试跑").click()
    expect(page.locator(".trial-sum")).to_be_visible()
    look("trial")
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    page.goto(f"{site.address}/policies/history")
    look("history")
    page.goto(site.address)
    page.locator("#robot-switch summary").click()
    expect(page.get_by_role("button", name="立即停止自动回复")).to_be_visible()
    look("switch")


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/policies")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    seen = set()
    for _ in range(70):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "() => { const e = document.activeElement; const s = getComputedStyle(e);"
                " return `${e.tagName} ${s.outlineStyle !== 'none' || s.boxShadow !== 'none'}`; }"
            )
        )
    assert {"A true", "BUTTON true", "INPUT true", "TEXTAREA true"} <= seen
    assert not [one for one in seen if one.endswith("false") and not one.startswith("BODY")]
