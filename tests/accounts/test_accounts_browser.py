"""The pages of sign-in, first run and settings in a real Chromium: axe, phone width, keyboard, nothing blocked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")

from browser_site import AXE, DESKTOP, MARKS, PHONE, BrowserSite, serving  # noqa: E402
from people import PASSWORD, put_member  # noqa: E402

from app.core.roles import Role  # noqa: E402
from app.usecases.administration import add_key, add_shop  # noqa: E402
from app.usecases.consoles import set_console  # noqa: E402
from app.usecases.knowledge import Knowledge  # noqa: E402
from app.usecases.members import invite  # noqa: E402

pytestmark = MARKS
expect = playwright_api.expect
STRANGE = "<b>小</b>\u202e林"
"""A name with markup and a mark that turns the writing around."""
ROOMS = (
    "/phrases/propose",
    "/settings",
    "/settings/start",
    "/settings/shop",
    "/settings/members",
    "/settings/keys",
    "/settings/consoles",
    "/settings/consoles/edit?console=chatwoot",
    "/settings/audit",
)


class House(BrowserSite):
    """The shop `demo` with an owner, and another one where the owner works, too."""

    def fill(self, knowledge: Knowledge) -> None:
        def make(db: Any) -> None:
            now = datetime.now(UTC)
            add_shop(db, knowledge, now, shop_id="second", name="暖木二店", platform="douyin")
            put_member(db, now, "laoban", "owner", name="王老板")
            put_member(db, now, "laoban", "supervisor", "second")
            put_member(db, now, "xiaolin", "agent", name=STRANGE)
            add_key(db, "demo", now, label="飞鸽扩展 小林", scopes=["events", "read", "lint"])
            set_console(db, "demo", "chatwoot", {"account": "3", "secret": "canary-secret-0815"}, now)
            invite(db, "demo", login="xinren", role=Role.AGENT.value, by="王老板", now=now)

        self.service.writer.submit(make).result(20)

    def owner(self, size: tuple[int, int] = DESKTOP) -> Any:
        """A page of the owner, who signs in as people do."""
        page = self.visitor(size)
        page.goto(f"{self.address}/sign-in")
        page.fill("#login", "laoban")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(f"{self.address}/")
        return page


@pytest.fixture
def house(sqlite_url: str, knowledge: Knowledge, browser: Any) -> Iterator[House]:
    with serving(sqlite_url, knowledge, browser, House) as site:
        site.fill(knowledge)
        yield site


def looked_at(page: Any, name: str) -> None:
    """Keep a picture where `MIAOHUI_PICTURES` says."""
    if folder := os.environ.get("MIAOHUI_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def axe(page: Any) -> list[Any]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate("async () => (await axe.run()).violations")
    return [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in found]


def fits(page: Any) -> bool:
    """Does nothing stick out sideways?"""
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_of_the_settings_is_readable_and_clean(house: House, size: tuple[int, int]) -> None:
    page = house.owner(size)
    for room in ROOMS:
        assert page.goto(house.address + room).status == 200, room
        looked_at(page, f"{room.strip('/').replace('/', '-').partition('?')[0]}-{size[0]}")
        assert fits(page), room
        assert axe(page) == [], room
        assert page.locator("b", has_text="小").count() == 0


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_sign_in_page_says_what_is_wrong_and_keeps_the_login(house: House, size: tuple[int, int]) -> None:
    page = house.visitor(size)
    page.goto(house.address)
    assert page.url.endswith("/sign-in")
    assert axe(page) == []
    looked_at(page, f"sign-in-{size[0]}")
    page.keyboard.type("laoban")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("登录名或密码不对")
    assert page.input_value("#login") == "laoban"
    assert axe(page) == []
    assert fits(page)
    looked_at(page, f"sign-in-wrong-{size[0]}")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_somebody_invited_sets_a_password_and_is_in(house: House, size: tuple[int, int]) -> None:
    page = house.owner(size)
    page.goto(f"{house.address}/settings/members")
    page.fill("#f-login", "小周")
    page.select_option("#f-role", "supervisor")
    page.get_by_role("button", name="生成邀请链接").click()
    link = page.locator(".secret-words").inner_text()
    looked_at(page, f"invited-{size[0]}")
    guest = house.visitor(size)
    guest.goto(link)
    looked_at(guest, f"join-{size[0]}")
    assert axe(guest) == []
    assert fits(guest)
    guest.fill("#f-name", "周主管")
    guest.fill("#f-password", "1234567890")
    guest.fill("#f-again", "1234567890")
    guest.get_by_role("button", name="加入").click()
    expect(guest.get_by_role("alert")).to_contain_text("太常见")
    assert guest.input_value("#f-name") == "周主管"
    assert axe(guest) == []
    looked_at(guest, f"join-wrong-{size[0]}")
    guest.fill("#f-password", PASSWORD)
    guest.fill("#f-again", PASSWORD)
    guest.get_by_role("button", name="加入").click()
    guest.wait_for_url(f"{house.address}/")
    expect(guest.locator(".person")).to_contain_text("周主管")
    looked_at(guest, f"live-{size[0]}")
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text("链接不能用了")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_run_leads_from_the_code_to_the_next_steps(
    sqlite_url: str, knowledge: Knowledge, browser: Any, size: tuple[int, int]
) -> None:
    with serving(sqlite_url, knowledge, browser, House, shop=False) as site:
        site.service.setup_code = "ABCD-EFGH-JKLM"
        page = site.visitor(size)
        page.goto(site.address)
        assert page.url.endswith("/first-run")
        assert axe(page) == []
        assert fits(page)
        looked_at(page, f"first-run-{size[0]}")
        page.fill("#f-code", "abcd efgh jklm")
        page.fill("#f-shop_name", "暖木生活馆")
        page.select_option("#f-platform", "douyin")
        page.fill("#f-shop_id", "nuanmu")
        page.fill("#f-name", "王老板")
        page.fill("#f-login", "laoban")
        page.fill("#f-password", PASSWORD)
        page.fill("#f-again", PASSWORD + "!")
        page.get_by_role("button", name="建店").click()
        expect(page.get_by_role("alert")).to_contain_text("两次输入的不一样")
        assert page.input_value("#f-shop_name") == "暖木生活馆"
        assert axe(page) == []
        looked_at(page, f"first-run-wrong-{size[0]}")
        page.fill("#f-password", PASSWORD)
        page.fill("#f-again", PASSWORD)
        page.get_by_role("button", name="建店").click()
        page.wait_for_url(f"{site.address}/settings/start")
        assert axe(page) == []


def test_a_new_key_is_shown_once_and_can_be_copied(house: House) -> None:
    page = house.owner()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{house.address}/settings/keys")
    page.fill("#f-label", "脚本")
    page.get_by_role("button", name="新建").click()
    key = page.locator(".secret-words").inner_text()
    assert key.startswith("mh_demo.")
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == key
    looked_at(page, "key-shown-once")
    page.goto(f"{house.address}/settings/keys")
    assert key not in page.content()


def test_a_secret_of_a_console_goes_in_and_never_comes_out(house: House) -> None:
    page = house.owner()
    page.goto(f"{house.address}/settings/consoles/edit?console=chatwoot")
    assert "canary-secret-0815" not in page.content()
    page.fill("#f-account", "not a number")
    page.fill("#f-token", "typed-by-me")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#fault-account")).to_be_visible()
    assert page.input_value("#f-token") == "typed-by-me"
    page.fill("#f-account", "4")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    assert "typed-by-me" not in page.content()
