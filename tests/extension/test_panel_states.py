"""The side panel in every state that its worker may tell it: axe, 280 px, strangers' markup, keys, variables, both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import panel_states as states
import pytest
from browser_site import AXE, CHROMIUM, MARKS
from panel_rig import Panel, launch

from phrasebank.variables import KNOWN, Type, variable_named

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=15_000)
pytestmark = MARKS

UNPAIRED = {"waiting": [], "conversation": None, "link": {"state": "unpaired", "why": ""}, "checking": False}
DOWN = {"link": {"state": "down", "why": ""}, "checking": False, "outbox": {"waiting": 3, "refused": 1}}
REFUSED = {"link": {"state": "refused", "why": "密钥已停用"}, "checking": False, "conversation": None}
QUIET: dict[str, Any] = {"waiting": [], "conversation": None}
STATES: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]] = {
    "loading": (None, None),
    "unpaired": (UNPAIRED, None),
    "nobody waits": (QUIET, None),
    "full": ({}, {}),
    "invite": ({}, {"rating_advice": states.INVITED}),
    "prepared": ({}, {"prepared": {"text": "亲，请稍等", "purpose": "holding", "expires_at": states.at(30)}}),
    "nothing fits": ({}, {"suggestions": [], "summary": None, "acts": [], "routing_advice": None}),
    "answered": ({"waiting": []}, {"waiting": [], "suggestions": []}),
    "down": (DOWN, {}),
    "refused": (REFUSED, None),
}


@pytest.fixture(scope="module")
def context(playwright: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    context = launch(playwright, tmp_path_factory.mktemp("browser"), CHROMIUM)
    yield context
    context.close()


def opened(context: Any, state: dict[str, Any] | None, detail: dict[str, Any] | None, **more: Any) -> Panel:
    """The panel after the worker told it a state and, if asked, a conversation."""
    panel = Panel.open(context, **more)
    if detail is not None:
        panel.answers("read", detail=states.detail(**detail))
    if state is not None:
        panel.push(states.state(**state))
    if detail is not None:
        expect(panel.page.locator(".talk-head")).to_be_visible()
    return panel


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", list(STATES))
def test_axe_finds_nothing_and_nothing_is_wider_than_the_panel(context: Any, name: str, scheme: str) -> None:
    panel = opened(context, *STATES[name], size=(280, 700), scheme=scheme)
    assert panel.axe(AXE.read_text()) == []
    for width in (280, 360, 600):
        panel.page.set_viewport_size({"width": width, "height": 700})
        assert panel.page.evaluate("() => document.documentElement.scrollWidth") == width
    panel.close()


def test_an_unpaired_panel_leads_to_the_options_and_shows_nothing_else(context: Any) -> None:
    panel = opened(context, UNPAIRED, None)
    expect(panel.page.locator("#link")).to_have_text("未配对")
    expect(panel.page.locator("#part-waiting")).to_be_hidden()
    panel.page.get_by_role("button", name="去配对").click()
    assert len(panel.asked("options")) == 1
    panel.close()


def test_a_service_that_is_away_says_so_and_what_was_known_stays(context: Any) -> None:
    panel = opened(context, {}, {})
    panel.answers("read", why="no answer")
    panel.push(states.state(**DOWN))
    for words in ("重连中", "检查已关闭", "还有 3 条消息没报上去", "有 1 条消息服务没收下"):
        expect(panel.page.get_by_text(words).first).to_be_visible()
    expect(panel.page.locator("#reply-0")).to_be_visible()
    panel.close()


def test_waiting_buyers_keep_the_order_of_the_service_and_say_how_they_stand(context: Any) -> None:
    panel = opened(context, {}, {})
    tones = panel.page.locator(".buyer").evaluate_all("(all) => all.map((each) => each.dataset.tone)")
    assert tones == ["calm", "amber", "red", "missed"]
    expect(panel.page.locator("#waiting-count")).to_have_text("5")
    panel.page.get_by_role("button", name="还有 1 位").click()
    expect(panel.page.locator(".buyer")).to_have_count(5)
    expect(panel.page.locator(".buyer").nth(4)).to_contain_text("不计时")
    expect(panel.page.locator("#missed-count")).to_have_text("已超时 1")
    panel.close()


def test_clocks_run_by_the_server_s_time(context: Any) -> None:
    """Ten minutes off, as laptops are."""
    panel = opened(context, {"offset_ms": 600_000}, {})
    expect(panel.page.locator(".buyer").first).to_have_attribute("data-tone", "missed")
    panel.push(states.state(offset_ms=0))
    expect(panel.page.locator(".buyer").first).to_have_attribute("data-tone", "calm")
    before = panel.page.locator(".buyer .left").first.inner_text()
    expect(panel.page.locator(".buyer .left").first).not_to_have_text(before)
    panel.close()


def test_what_strangers_write_stays_text(context: Any) -> None:
    hostile = states.HOSTILE
    hit = states.suggestion(1, hostile, title=hostile, why=[hostile])
    detail = {
        "buyer_name": hostile,
        "suggestions": [hit],
        "rating_advice": states.INVITED
        | {"reasons": [hostile], "text": hostile, "effect": {"text": hostile}},
        "acts": [
            {
                "at": states.at(0),
                "kind": "sent",
                "title": "x",
                "text": hostile,
                "reasons": [hostile],
                "late": True,
            }
        ],
    }
    waiting = [states.waiting("s1", hostile, 100, buyer=hostile, note=hostile)]
    conversation = {"console": "c", "session": "s1", "buyer": hostile, "buyer_name": hostile}
    panel = opened(context, {"waiting": waiting, "conversation": conversation}, detail)
    panel.answers("search", hits=[hit | {"code": hostile}])
    panel.page.fill("#query", hostile[:40])
    expect(panel.page.locator("#found-0")).to_be_visible()
    assert panel.page.locator("img:not(.brand-icon), #main b").count() == 0
    assert panel.page.evaluate("() => window.hit === undefined")
    panel.close()


def test_a_key_puts_the_reply_shown_into_the_box_of_its_buyer(context: Any) -> None:
    panel = opened(context, {}, {})
    panel.answers("insert", inserted=True)
    panel.page.get_by_role("button", name="换一种 1/3").click()
    panel.page.keyboard.press("1")
    expect(panel.page.locator("#said")).to_have_text("已放入回复框，请看一眼再发送")
    panel.push({"type": "pick", "number": 3})
    expect(panel.page.locator("#said")).to_be_visible()
    first, third = panel.asked("insert")
    assert first == {
        "type": "insert",
        "session": "s1",
        "text": "亲，马上为您查包裹走到哪了～",
        "phrase_id": "p1",
        "variant": 1,
    }
    assert third["phrase_id"] == "p3"
    panel.close()


def test_an_unfilled_variable_blocks_and_says_what_it_wants(context: Any) -> None:
    panel = opened(context, {}, {})
    panel.answers("insert", inserted=True)
    field = panel.page.get_by_label("预计时间")
    panel.page.keyboard.press("2")
    expect(field).to_be_focused()
    expect(panel.page.locator(".field-help")).to_have_text("还没填")
    field.fill("改天")
    expect(panel.page.locator(".field-help")).to_have_text("应写明日期或时间，如 18点")
    field.press("Tab")
    panel.page.locator("#reply-1-insert").click()
    assert panel.asked("insert") == []
    field.fill("18点")
    # What is drawn anew in between loses nothing of what was typed.
    panel.push(states.state())
    expect(panel.page.locator("#reply-1 .filled")).to_have_text("18点")
    panel.page.locator("#reply-1-insert").click()
    expect(panel.page.locator("#said")).to_contain_text("已放入回复框")
    (asked,) = panel.asked("insert")
    assert asked["text"] == "亲，您的包裹预计 18点 到，到了给您留言。"
    panel.close()


@pytest.mark.parametrize("kind", list(Type))
def test_the_panel_takes_the_values_that_the_service_takes(context: Any, kind: Type) -> None:
    named = next((name for name, each in KNOWN.items() if each.type is kind), "anything")
    variable = variable_named(named)
    values = [
        "明天 18:00 前", "3 天内", "改天", "12.50", "￥1,299元", "1.234", "3", "3-5", "三", "SF1234567890", "SF12", "20261122987654",
        "13800138000", "400-800-1234", "12", "https://a.example/x?y=1", "HTTP://a.example/路", "ftp://a", "折叠支架 <b>", "长" * 501,
    ]  # fmt: skip
    panel = Panel.open(context)
    judged = panel.page.evaluate(
        """async ([variable, values]) => {
          const { complaintOf } = await import("./variables.js");
          return values.map((value) => complaintOf(variable, value, "empty") === null);
        }""",
        [variable.to_json() | variable.form_json(), values],
    )
    assert judged == [variable.complaint(value) is None for value in values]
    panel.close()


def test_the_search_is_reached_and_left_by_keys(context: Any) -> None:
    panel = opened(context, {}, {})
    hit = states.suggestion(4, "亲，退款已受理")
    panel.answers("search", hits=[hit | {"code": "tk"}])
    panel.answers("insert", inserted=True)
    panel.page.keyboard.press("/")
    expect(panel.page.locator("#query")).to_be_focused()
    panel.page.keyboard.type("/tk1")
    expect(panel.page.locator("#found-0")).to_contain_text("/tk · 话术 4")
    assert panel.asked("search")[-1] == {"type": "search", "query": "/tk1", "session": "s1"}
    assert panel.asked("insert") == []
    panel.page.keyboard.press("Enter")
    expect(panel.page.locator("#said")).to_contain_text("已放入回复框")
    panel.page.keyboard.press("Escape")
    expect(panel.page.locator("#found-0")).to_have_count(0)
    panel.close()


def test_a_verdict_is_told_once_and_taken_back_if_it_was_not_taken(context: Any) -> None:
    panel = opened(context, {}, {})
    panel.answers("judge", why="没有这条消息")
    panel.page.locator("#reply-0-accepted").click()
    expect(panel.page.locator("#said")).to_have_text("没有这条消息")
    expect(panel.page.locator("#reply-0-accepted")).to_be_enabled()
    panel.answers("judge", note="")
    panel.page.locator("#reply-0-rejected").click()
    expect(panel.page.locator("#reply-0-rejected")).to_have_text("已记下")
    expect(panel.page.locator("#reply-0-accepted")).to_be_disabled()
    told = panel.asked("judge")
    assert [(each["phrase_id"], each["message"], each["verdict"]) for each in told] == [
        ("p1", "m1", "accepted"),
        ("p1", "m1", "rejected"),
    ]
    panel.close()


def test_looking_at_another_buyer_reads_him_and_puts_nothing_into_the_open_one_s_box(context: Any) -> None:
    panel = opened(context, {}, {})
    panel.answers("read", detail=states.detail(session="s3", buyer_name="小雨"))
    panel.page.locator(".buyer-in").nth(2).click()
    expect(panel.page.locator(".talk-who")).to_have_text("小雨")
    expect(panel.page.get_by_text("只是看看")).to_be_visible()
    panel.page.keyboard.press("1")
    expect(panel.page.locator("#said")).to_have_text("请先在客服台打开这位买家")
    assert panel.asked("insert") == []
    panel.answers("read", detail=states.detail())
    panel.page.get_by_role("button", name="回到正在聊的").click()
    expect(panel.page.locator(".talk-who")).to_have_text("晴天")
    panel.close()


def test_it_speaks_english_where_the_browser_does(playwright: Any, tmp_path: Any) -> None:
    context = launch(playwright, tmp_path, CHROMIUM, "en")
    panel = opened(context, {}, {})
    expect(panel.page.locator("#head-waiting")).to_have_text("Waiting")
    assert panel.axe(AXE.read_text()) == []
    panel.close()
    context.close()
