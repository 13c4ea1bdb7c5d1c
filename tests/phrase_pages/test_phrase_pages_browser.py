"""The phrase pages in a real Chromium, against the real service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from browser_site import AXE, DESKTOP, MARKS, PHONE, BrowserSite, serving
from page_views import STRANGE
from sqlmodel import Session as Database

from app.usecases.knowledge import Knowledge, read_phrases
from app.usecases.phrase_history import Author, change_phrases
from phrasebank import Phrase

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
Page = playwright_api.Page
expect = playwright_api.expect
expect.set_options(timeout=20_000)

pytestmark = MARKS

SHEET = (
    "分组,标题,内容,适用人群\r\n"
    "发货,何时发,付款后两天内发出,老客\r\n"
    "发货,空的,,\r\n"
    "发货,夸,全网第一好,\r\n"
    "问候,首句问候,您好，欢迎光临，请问有什么可以帮到您？,新客\r\n"
).encode("gb18030")


class Site(BrowserSite):
    """A shop with a bank."""

    def phrases(self) -> dict[str, Phrase]:
        with Database(self.service.engine) as db:
            return {phrase.id: phrase for phrase in read_phrases(db, "demo")}

    def put(self, *phrases: Phrase) -> None:
        author = Author("测试", datetime.now(UTC))
        self.service.writer.submit(lambda db: change_phrases(db, "demo", author, saved=phrases)).result(60)


@pytest.fixture
def site(sqlite_url: str, knowledge: Knowledge, browser: Any) -> Iterator[Site]:
    with serving(sqlite_url, knowledge, browser, Site) as site:
        yield site


def save(page: Any) -> None:
    page.locator("[data-save]").click()


# --- List ---


def test_the_list_finds_while_somebody_types_and_grows_when_scrolled(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases")
    expect(page.locator(".phrase")).to_have_count(50)
    page.keyboard.press("End")
    expect(page.locator(".phrase")).not_to_have_count(50)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("什么时候发货")
    expect(page.locator(".phrase h3").first).to_have_text("什么时候发货")
    expect(page.locator(".phrase").first).to_contain_text("与例句「什么时候发货」相同")
    assert "q=" in page.url
    page.reload()
    expect(page.locator(".phrase h3").first).to_have_text("什么时候发货")


def test_a_category_is_chosen_at_the_side(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases")
    page.locator(".categories a", has_text="发票").click()
    expect(page.locator(".opens")).to_have_text(["发票"])
    expect(page.locator(".categories [aria-current]")).to_contain_text("发票")


def test_a_phrase_is_retired_deleted_and_brought_back_without_leaving_the_list(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases")
    before = site.phrases()["greet-hello"]
    entry = page.locator(".phrase").first
    entry.get_by_role("button", name="停用").click()
    expect(entry.locator(".badge")).to_have_text("已停用")
    expect(entry.get_by_role("button", name="重新启用")).to_be_focused()
    page.keyboard.press("Enter")
    expect(entry.get_by_role("button", name="停用")).to_be_visible()
    entry.get_by_role("button", name="删除").click()
    expect(entry).to_contain_text("已删除「首句问候」")
    assert "greet-hello" not in site.phrases()
    entry.get_by_role("button", name="撤销删除").click()
    expect(entry.locator("h3")).to_have_text("首句问候")
    assert site.phrases()["greet-hello"] == before


def test_a_service_that_is_away_is_told_and_the_page_stays(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases")
    page.route("**/phrases?**", lambda route: route.abort())
    page.fill("#q", "发货")
    expect(page.locator("#trouble")).to_contain_text("连不上服务")
    expect(page.locator(".phrase").first).to_be_visible()
    page.unroute("**/phrases?**")
    page.fill("#q", "发票")
    expect(page.locator("#trouble")).to_be_hidden()


# --- Form ---


def test_the_linter_speaks_while_somebody_types_and_an_error_keeps_it_from_being_saved(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/edit?id=greet-hello")
    expect(page.locator(".check-sum.good")).to_be_visible()
    page.fill("#f-text", "您好，我们是全网第一")
    expect(page.locator("#check mark")).to_have_text("全网第一")
    expect(page.locator("[data-save-state]")).to_contain_text("1 处违规")
    page.keyboard.press("Control+s")
    assert site.phrases()["greet-hello"].text != "您好，我们是全网第一"
    page.fill("#f-text", "您好，{buyer}，请讲")
    expect(page.locator("#check .bubble").first).to_have_text("您好，小鱼儿，请讲")
    expect(page.locator("[data-save-state]")).to_have_text("有修改还没保存")
    save(page)
    expect(page.locator(".flash")).to_contain_text("已保存")
    assert site.phrases()["greet-hello"].text == "您好，{buyer}，请讲"


def test_an_error_that_the_page_did_not_see_is_told_by_the_server(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/edit?id=greet-hello")
    page.route("**/phrases/check", lambda route: route.abort())
    page.fill("#f-text", "我们是全网第一")
    page.fill("#f-title", "改过的")
    save(page)
    expect(page.locator(".problem").first).to_contain_text("全网第一")
    expect(page.locator("#f-title")).to_have_value("改过的")


def test_a_phrase_is_written_with_variants_and_variables(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases")
    page.get_by_role("link", name="新话术").click()
    page.fill("#f-title", "发货通知")
    page.fill("#f-text", "亲，单号是")
    page.locator("#f-text").press("End")
    page.get_by_role("button", name="订单号", exact=True).click()
    expect(page.locator("#f-text")).to_have_value("亲，单号是{order_no}")
    page.locator("[name=variants]").first.fill("您的单号：{order_no}")
    page.get_by_role("button", name="再加一种").click()
    page.keyboard.type("请查收单号\n{order_no}")
    page.fill("#f-examples", "单号多少\n单号发我")
    page.get_by_text("草稿", exact=True).click()
    expect(page.locator("#check .bubble")).to_have_count(3)
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    (phrase,) = [phrase for phrase in site.phrases().values() if phrase.title == "发货通知"]
    assert phrase.variants == ("您的单号：{order_no}", "请查收单号\n{order_no}")
    assert (phrase.examples, phrase.state) == (("单号多少", "单号发我"), "draft")


def test_what_was_typed_survives_a_service_that_is_away_and_a_session_that_ended(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/edit?id=greet-hello")
    page.fill("#f-title", "写了很久")
    page.route("**/phrases/save", lambda route: route.abort())
    save(page)
    expect(page.locator("#trouble")).to_contain_text("连不上服务")
    page.unroute("**/phrases/save")
    kept = page.context.cookies()
    page.context.clear_cookies()
    save(page)
    expect(page.locator("#trouble")).to_contain_text("登录已过期")
    expect(page.locator("#f-title")).to_have_value("写了很久")
    page.context.add_cookies(kept)
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    assert site.phrases()["greet-hello"].title == "写了很久"


def test_leaving_an_unsaved_form_asks_first(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/edit?id=greet-hello")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("#f-title", "没存")
    page.locator("#f-title").press("Tab")
    page.get_by_role("link", name="全部话术").first.click()
    expect(page.locator(".finder")).to_be_visible()
    assert asked == ["beforeunload"]


def test_two_editors_meet_and_neither_loses_a_word(site: Site) -> None:
    first, second = site.desk("小周"), site.desk("小林")
    for page in (first, second):
        page.goto(f"{site.address}/phrases/edit?id=greet-hello")
    first.fill("#f-text", "甲写的")
    first.fill("#f-title", "甲的标题")
    save(first)
    expect(first.locator(".flash")).to_be_visible()
    second.fill("#f-text", "乙写的")
    save(second)
    expect(second.locator(".clash h2")).to_contain_text("小周")
    expect(second.locator(".clash .versions")).to_contain_text("甲写的")
    expect(second.locator("#f-text")).to_have_value("乙写的")
    expect(second.locator("#f-title")).to_have_value("甲的标题")
    second.get_by_role("button", name="改用对方的").click()
    expect(second.locator("#f-text")).to_have_value("甲写的")
    second.fill("#f-text", "合起来的")
    save(second)
    expect(second.locator(".flash")).to_be_visible()
    phrase = site.phrases()["greet-hello"]
    assert (phrase.text, phrase.title) == ("合起来的", "甲的标题")


def test_an_earlier_wording_is_restored_from_the_history(site: Site) -> None:
    page = site.desk()
    before = site.phrases()["greet-hello"]
    page.goto(f"{site.address}/phrases/edit?id=greet-hello")
    page.fill("#f-text", "改坏了")
    page.fill("[name=why]", "试试")
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    page.get_by_role("link", name="修改历史").click()
    change = page.locator(".change").first
    expect(change).to_contain_text("小周")
    expect(change).to_contain_text("试试")
    expect(change.locator(".before")).to_contain_text("欢迎光临")
    change.get_by_role("button", name="撤销这一次").click()
    expect(page.locator(".flash")).to_contain_text("已恢复")
    assert site.phrases()["greet-hello"] == before


# --- Import ---


def give(page: Any, name: str, content: bytes) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": content})


def test_a_file_is_looked_at_its_bad_rows_taken_home_and_then_stored(site: Site, tmp_path: Path) -> None:
    page = site.desk()
    before = site.phrases()
    page.goto(f"{site.address}/phrases/import")
    give(page, "旧话术.csv", SHEET)
    expect(page.locator(".sums")).to_contain_text("2没有收")
    expect(page.locator(".bad-rows").first).to_contain_text("第 3 行")
    expect(page.locator(".review-list").first).to_contain_text("新客")
    assert site.phrases() == before
    with page.expect_download() as download:
        page.get_by_role("button", name="下载这些行").click()
    download.value.save_as(tmp_path / "bad.csv")
    assert download.value.suggested_filename == "没收的行-旧话术.csv"
    assert "第 4 行" in (tmp_path / "bad.csv").read_text("utf-8-sig")
    page.locator("[data-store]").click()
    expect(page.locator(".review h2")).to_contain_text("已导入")
    after = site.phrases()
    assert {phrase.text for phrase in after.values()} - {phrase.text for phrase in before.values()} == {
        "付款后两天内发出"
    }
    assert after["greet-hello"].extra["适用人群"] == "新客"


def test_columns_that_nobody_knows_are_told_what_they_mean(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/import")
    give(page, "x.csv", "应答语,说明\r\n今天就发,催发货\r\n".encode("gb18030"))
    expect(page.locator(".problem")).to_contain_text("哪一列是内容")
    page.get_by_label("应答语").select_option("text")
    page.get_by_label("说明").select_option("title")
    page.get_by_role("button", name="按这样再看一遍").click()
    expect(page.locator("[data-store]")).to_contain_text("1")
    expect(page.get_by_label("说明")).to_have_value("title")


def test_a_file_is_dropped_and_one_too_large_is_refused_at_once(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/import")
    drop = """(size) => {
      const data = new DataTransfer();
      data.items.add(new File(["text\\n", "好".repeat(size)], "a.csv"));
      document.querySelector("[data-import]").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(drop, 800_000)
    expect(page.locator("#review .problem")).to_contain_text("最大 2.0 MB")
    page.evaluate(drop, 10)
    expect(page.locator("[data-store]")).to_be_visible()


def test_another_file_takes_the_place_of_the_first(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases/import")
    give(page, "a.csv", SHEET)
    expect(page.locator(".review h2")).to_contain_text("a.csv")
    give(page, "b.csv", b"\x00\x01\x02")
    expect(page.locator("#review .problem")).to_be_visible()
    expect(page.locator("[data-store]")).to_have_count(0)


# --- Care ---


def test_duplicates_are_merged_with_one_click_and_taken_back_with_another(site: Site) -> None:
    twins = [
        Phrase.from_json({"id": name, "text": "螺蛳粉今天到货，欢迎选购", "title": name, "examples": [name]})
        for name in ("螺一", "螺二")
    ]
    site.put(*twins)
    page = site.desk()
    page.goto(f"{site.address}/phrases/care")
    item = page.locator("#kind-duplicate .care-item").first
    item.get_by_role("button").first.click()
    expect(item).to_contain_text("已处理")
    assert len({"螺一", "螺二"} & set(site.phrases())) == 1
    item.get_by_role("button", name="撤销").click()
    expect(item).to_contain_text("已撤销")
    stands = site.phrases()
    assert [stands[phrase.id] for phrase in twins] == twins


# --- Any text, any screen, anybody ---


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_texts_of_strangers_stay_texts_and_inside_the_screen(site: Site, size: tuple[int, int]) -> None:
    phrases = [
        Phrase.from_json(
            {
                "id": f"s{n}",
                "text": words,
                "title": words[:300],
                "category": words[:60],
                "examples": [words],
                "order": 1,
            }
        )
        for n, words in enumerate(STRANGE)
        if words.isprintable() or "\u202e" in words
    ]
    site.put(*phrases)
    page = site.desk(size=size)
    for path in ("/phrases", *(f"/phrases/edit?id={p.id}" for p in phrases), "/phrases/history?id=s0"):
        page.goto(site.address + path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
    assert page.locator("script:not([src])").count() == 0
    page.goto(f"{site.address}/phrases/edit?id=s0")
    expect(page.locator("#f-text")).to_have_value("<script>alert(1)</script>")
    page.fill("#f-code", "jb")
    save(page)
    expect(page.locator(".flash")).to_be_visible()
    assert site.phrases()["s0"].text == "<script>alert(1)</script>"


PATHS = (
    "/phrases",
    "/phrases?q=发货",
    "/phrases/new",
    "/phrases/edit?id=greet-return",
    "/phrases/import",
    "/phrases/care?now=1",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_its_screen_and_is_accessible(site: Site, size: tuple[int, int], scheme: str) -> None:
    page = site.desk(size=size)
    page.emulate_media(color_scheme=scheme)
    for path in PATHS:
        page.goto(site.address + path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        page.evaluate(AXE.read_text())
        found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
        told = [
            (violation["id"], node["html"][:200])
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert told == [], path


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(site: Site) -> None:
    page = site.desk()
    page.goto(f"{site.address}/phrases")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    seen = set()
    for _ in range(45):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "() => { const e = document.activeElement; const s = getComputedStyle(e);"
                " return `${e.tagName} ${s.outlineStyle !== 'none' || s.boxShadow !== 'none'}`; }"
            )
        )
    assert {"A true", "BUTTON true", "INPUT true", "SELECT true"} <= seen
    assert not [one for one in seen if one.endswith("false")]


def test_the_pages_lead_to_each_other(site: Site) -> None:
    page = site.desk()
    page.goto(site.address)
    page.get_by_role("link", name="话术").click()
    expect(page.locator(".places [aria-current]")).to_have_text("话术")
    for name, heading in (("导入导出", "导入导出"), ("体检", "话术体检"), ("全部话术", "话术")):
        page.locator(".tabs").get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(heading)
    page.get_by_role("link", name="实时").click()
    expect(page.locator("#part-waiting")).to_be_visible()
