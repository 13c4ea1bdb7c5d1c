"""The extension on a small console: reading, reporting, writing and guarding in a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from browser_site import MARKS
from extension_rig import Browser, Desk, Shop, ShopService, until

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
expect = playwright_api.expect
expect.set_options(timeout=15_000)
pytestmark = MARKS

FORBIDDEN = "滚，别来烦我"
ALLOWED = "亲，今天就给您发"
DOUBTFUL = "亲，这款是最好的哦"
"""A warning: it never blocks."""
BAR = "[data-miaohui]"
WAITING = """
async () => {
  const { counts } = await import(chrome.runtime.getURL("worker/outbox.js"));
  return (await counts()).waiting;
}
"""
PANEL = """
() => {
  window.told = [];
  window.port = chrome.runtime.connect({ name: "panel" });
  window.port.onMessage.addListener((message) => window.told.push(message));
}
"""
CENTRES = """
() => {
  const centre = (element) => { const { x, y, width, height } = element.getBoundingClientRect(); return [x + width / 2, y + height / 2]; };
  return { box: centre(box), button: centre(button) };
}
"""


def open_desk(browser: Browser, desk: Desk, query: str = "") -> Any:
    page = browser.context.new_page()
    page.on("pageerror", lambda error: browser.trouble.append(f"error: {error}"))
    page.goto(f"{desk.address}/{query}")
    return page


def talk_to(page: Any, buyer: str = "小王", text: str = "在吗") -> None:
    page.evaluate("([buyer, text]) => { say(buyer, 'theirs', text); turnTo(buyer); }", [buyer, text])


def is_read(shop: Shop, said: int = 1) -> None:
    until(lambda: len(shop.said()) >= said, f"{said} messages were not reported")


def draft(page: Any, text: str) -> None:
    """Put words in place of what stands in the box, as a person does, whatever the box is."""
    page.mouse.click(*page.evaluate(CENTRES)["box"])
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_messages_of_both_sides_arrive_once_and_in_order(browser: Browser, desk: Desk, shop: Shop) -> None:
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    page.evaluate(
        "() => { say('小王', 'theirs', '在吗'); say('小王', 'theirs', '多久发货'); turnTo('小王'); }"
    )
    is_read(shop, 2)
    draft(page, ALLOWED)
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [ALLOWED], "the reply was not sent")
    page.evaluate("() => say('小王', 'theirs', '好的')")
    is_read(shop, 4)
    page.reload()
    page.evaluate("() => { say('小李', 'theirs', '有货吗'); turnTo('小李'); }")
    is_read(shop, 5)
    assert shop.said() == [
        ("buyer", "在吗"),
        ("buyer", "多久发货"),
        ("agent", ALLOWED),
        ("buyer", "好的"),
        ("buyer", "有货吗"),
    ]
    first, *_, last = shop.events()
    assert (first["buyer"], last["buyer"], last["buyer_name"]) == ("小王", "小李", "小李")
    assert first["session"].startswith("desk:小王:")
    assert [event["agent"] for event in shop.events("assigned")] == ["xiaozhou", "xiaozhou"]
    assert [event["agent"] for event in shop.events("agent_online")] == ["xiaozhou"]
    assert len(shop.events("session_opened")) == 2


@pytest.mark.parametrize("times", ["minute", "none"])
def test_a_list_that_shows_only_its_end_and_is_drawn_anew_repeats_nothing(
    browser: Browser, desk: Desk, shop: Shop, times: str
) -> None:
    browser.pair(shop, desk.definition(ids=False, times=times))
    page = open_desk(browser, desk, f"?ids=no&times={times}&show=4")
    talk_to(page, text="以前说的")
    page.wait_for_timeout(2_000)  # what a page fills in so soon after it was opened is history
    told = ["在", "在", "有人吗", "在", "好", "嗯", "在"]
    for text in told:
        page.evaluate("(text) => say('小王', 'theirs', text)", text)
        page.wait_for_timeout(450)
    # Without times nobody knows when the first was said: it is not reported at all.
    expected = told if times == "none" else ["以前说的", *told]
    is_read(shop, len(expected))
    page.evaluate("() => { for (let n = 0; n < 5; n += 1) draw(); }")
    page.evaluate("() => say('小王', 'theirs', '完')")
    is_read(shop, len(expected) + 1)
    assert [text for _, text in shop.said()] == [*expected, "完"]


def test_what_came_while_the_agent_was_with_another_buyer_is_new(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    """On a console that shows no times."""
    browser.pair(shop, desk.definition(times="none"))
    page = open_desk(browser, desk, "?times=none")
    talk_to(page, text="以前说的")
    page.wait_for_timeout(2_000)
    talk_to(page, "小李", "也是以前的")
    page.wait_for_timeout(500)
    page.evaluate("() => say('小王', 'theirs', '后来说的')")
    page.evaluate("() => turnTo('小王')")
    is_read(shop)
    assert shop.said() == [("buyer", "后来说的")]


def test_switching_between_buyers_mixes_nothing_up(browser: Browser, desk: Desk, shop: Shop) -> None:
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    for buyer in ("小王", "小李"):
        talk_to(page, buyer, f"{buyer}来了")
    is_read(shop)
    for buyer in ("小王", "小李", "小王"):
        page.evaluate("(buyer) => turnTo(buyer)", buyer)
        page.wait_for_timeout(300)
    is_read(shop, 2)
    assert sorted((event["buyer"], event["text"]) for event in shop.events()) == [
        ("小李", "小李来了"),
        ("小王", "小王来了"),
    ]


@pytest.mark.parametrize("box", ["textarea", "editable", "shadow", "closed"])
def test_a_forbidden_text_is_stopped_and_a_good_one_goes(
    browser: Browser, desk: Desk, shop: Shop, box: str
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition(box))
    page = open_desk(browser, desk, f"?box={box}")
    talk_to(page)
    is_read(shop)
    button = page.evaluate(CENTRES)["button"]
    for send in (lambda: page.keyboard.press("Enter"), lambda: page.mouse.click(*button)):
        desk.sent.clear()
        draft(page, FORBIDDEN)
        send()
        expect(page.locator(f"{BAR}[data-kind=stopped]")).to_be_attached()
        send()
        draft(page, ALLOWED)
        send()
        until(lambda: desk.sent, "nothing was sent")
        draft(page, DOUBTFUL)
        send()
        until(lambda: len(desk.sent) == 2, "a warning blocked")
        assert desk.sent == [ALLOWED, DOUBTFUL]
        expect(page.locator(f"{BAR}[data-kind]")).to_have_count(0)
    is_read(shop, 5)
    assert ("agent", FORBIDDEN) not in shop.said()


def test_enter_belongs_to_the_input_method_while_it_composes(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    talk_to(page)
    is_read(shop)
    draft(page, FORBIDDEN)
    page.keyboard.press("Enter")
    expect(page.locator(f"{BAR}[data-kind=stopped]")).to_be_attached()
    keyboard = browser.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "hao", "selectionStart": 3, "selectionEnd": 3})
    enter = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    # The page gets the key, as if nobody listened; it is the page's own rule not to send then.
    until(lambda: "Process true" in page.evaluate("() => window.keys"), "the key was kept from the page")
    keyboard.send("Input.insertText", {"text": "好"})
    page.keyboard.press("Enter")
    expect(page.locator(f"{BAR}[data-kind=stopped]")).to_be_attached()
    assert desk.sent == []


def test_a_worker_that_the_browser_ended_wakes_up_and_knows_everything(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    talk_to(page)
    is_read(shop)
    browser.kill_worker()
    draft(page, FORBIDDEN)
    page.keyboard.press("Enter")
    expect(page.locator(f"{BAR}[data-kind=stopped]")).to_be_attached()
    browser.kill_worker()
    draft(page, ALLOWED)
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [ALLOWED], "the reply was not sent")
    browser.kill_worker()
    page.evaluate("() => say('小王', 'theirs', '谢谢')")
    is_read(shop, 3)
    assert shop.said() == [("buyer", "在吗"), ("agent", ALLOWED), ("buyer", "谢谢")]


def test_nothing_is_lost_or_doubled_while_the_service_is_down(
    browser: Browser, desk: Desk, service: ShopService, shop: Shop
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    talk_to(page)
    is_read(shop)
    service.down()
    try:
        page.evaluate("() => say('小王', 'theirs', '还在吗')")
        draft(page, FORBIDDEN)
        page.keyboard.press("Enter")
        until(lambda: desk.sent == [FORBIDDEN], "the agent cannot send while the service is down")
        expect(page.locator(f"{BAR}[data-kind=off]")).to_be_attached()
        page.evaluate("() => say('小王', 'theirs', '快点')")
        page.wait_for_timeout(500)
        browser.kill_worker()
        page.evaluate("() => say('小王', 'theirs', '人呢')")
        page.wait_for_timeout(500)
    finally:
        service.up()
    page.evaluate("() => say('小王', 'theirs', '喂')")
    is_read(shop, 6)
    expected = [("buyer", "在吗"), ("buyer", "还在吗"), ("agent", FORBIDDEN)]
    assert shop.said() == [*expected, ("buyer", "快点"), ("buyer", "人呢"), ("buyer", "喂")]
    draft(page, "滚，别来烦我了")
    page.wait_for_timeout(5_500)  # after a silence drafts pass unchecked for a while
    draft(page, FORBIDDEN)
    page.keyboard.press("Enter")
    expect(page.locator(f"{BAR}[data-kind=stopped]")).to_be_attached()


def test_what_waits_outlives_the_browser(
    browser: Browser, desk: Desk, service: ShopService, shop: Shop
) -> None:
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    service.down()
    try:
        talk_to(page, text="浏览器关了我还在")
        console = browser.page()
        until(lambda: console.evaluate(WAITING) > 0, "nothing waits in the outbox")
        browser.close()
    finally:
        service.up()
    browser.start()
    browser.page()
    is_read(shop)
    assert shop.said() == [("buyer", "浏览器关了我还在")]


def test_after_a_reload_of_the_extension_the_agent_can_send_and_sees_that_checking_is_off(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    talk_to(page)
    is_read(shop)
    draft(page, FORBIDDEN)
    page.keyboard.press("Enter")
    expect(page.locator(f"{BAR}[data-kind=stopped]")).to_be_attached()
    extension = browser.page()
    with extension.expect_event("close"):
        extension.evaluate("() => { setTimeout(() => chrome.runtime.reload()); }")
    page.bring_to_front()
    draft(page, FORBIDDEN)
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [FORBIDDEN], "the agent cannot send after a reload")
    expect(page.locator(f"{BAR}[data-kind=off]")).to_be_attached()
    page.mouse.click(*page.evaluate(CENTRES)["box"])
    page.keyboard.insert_text(ALLOWED)
    page.mouse.click(*page.evaluate(CENTRES)["button"])
    until(lambda: desk.sent == [FORBIDDEN, ALLOWED], "the button is dead after a reload")


@pytest.mark.parametrize("box", ["textarea", "editable"])
def test_the_panel_puts_a_reply_into_the_box_and_never_sends_it(
    browser: Browser, desk: Desk, shop: Shop, box: str
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition(box))
    page = open_desk(browser, desk, f"?box={box}")
    talk_to(page)
    is_read(shop)
    panel = browser.page()
    panel.evaluate(PANEL)
    until(
        lambda: (
            panel.evaluate("() => window.told.findLast((m) => m.type === 'state')?.conversation?.buyer")
            == "小王"
        ),
        "no state",
    )
    until(
        lambda: panel.evaluate("() => window.told.findLast((m) => m.type === 'state').waiting.length") == 1,
        "nobody waits",
    )
    panel.evaluate(
        """(text) => {
          const { session } = window.told.findLast((m) => m.type === 'state').conversation;
          window.port.postMessage({ type: 'insert', session: 'of another buyer', text: 'not here' });
          window.port.postMessage({ type: 'insert', session, text });
        }""",
        ALLOWED,
    )
    until(
        lambda: page.evaluate("() => typed.trim()") == ALLOWED, "the page's own state does not know the text"
    )
    assert page.evaluate("() => window.inputs") >= 1
    assert desk.sent == []


def test_pages_and_content_scripts_cannot_read_what_the_extension_keeps(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    browser.pair(shop, desk.definition())
    page = open_desk(browser, desk)
    assert page.evaluate("() => typeof globalThis.chrome?.storage") == "undefined"
    extension = browser.page()
    refused = extension.evaluate(
        """async (address) => {
          const [tab] = await chrome.tabs.query({ url: `${address}/*` });
          const read = () => Promise.all(["local", "session"].map((area) => chrome.storage[area].get().then(Object.keys, () => "refused")));
          const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: read });
          return result;
        }""",
        desk.address,
    )
    assert refused == ["refused", "refused"]


def test_another_site_cannot_speak_for_a_console(browser: Browser, desk: Desk, shop: Shop) -> None:
    """A script of ours on a page that is no console of the shop is not heard."""
    elsewhere = Desk()
    try:
        browser.pair(shop, desk.definition())
        page = browser.context.new_page()
        page.goto(elsewhere.address)
        extension = browser.page()
        answer = extension.evaluate(
            """async (address) => {
              const [tab] = await chrome.tabs.query({ url: `${address}/*` });
              const message = { key: "k", at: new Date().toISOString(), sender: "buyer", kind: "text", text: "假的" };
              const speak = (message) => chrome.runtime.sendMessage({ type: "console/messages", console: "desk", session: "s", buyer: "b", messages: [message] });
              const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: speak, args: [message] });
              return result ?? null;
            }""",
            elsewhere.address,
        )
        assert answer is None
        assert extension.evaluate(WAITING) == 0
    finally:
        elsewhere.close()


def test_a_console_that_reports_by_itself_is_not_reported_again(
    browser: Browser, desk: Desk, shop: Shop
) -> None:
    desk.sent.clear()
    browser.pair(shop, desk.definition(), consoles={"desk": {"on": True, "report": False}})
    page = open_desk(browser, desk)
    talk_to(page)
    draft(page, ALLOWED)
    page.keyboard.press("Enter")
    until(lambda: desk.sent == [ALLOWED], "the reply was not sent")
    page.wait_for_timeout(1_000)
    assert browser.page().evaluate(WAITING) == 0
    assert shop.said() == []


def test_a_buyer_whose_time_runs_out_is_called_out_once(browser: Browser) -> None:
    extension = browser.page()
    tell = """async (left) => {
      const { tell } = await import(chrome.runtime.getURL("worker/notices.js"));
      const waiting = Object.entries(left).map(([session, seconds]) => ({
        session, agent: null, counted: true, text: "人呢", deadline_at: new Date(Date.now() + seconds * 1000).toISOString(),
      }));
      await chrome.storage.session.set({ waiting });
      await tell({ agent: { id: "xiaozhou" }, notices: true, sound: false });
      const shown = Object.keys(await chrome.notifications.getAll());
      for (const session of shown) await chrome.notifications.clear(session);
      return { shown, badge: await chrome.action.getBadgeText({}), waiting };
    }"""
    told = extension.evaluate(tell, {"小王": 60, "小李": 170})
    assert (told["shown"], told["badge"]) == (["小王"], "2")
    again = "async (waiting) => { await chrome.storage.session.set({ waiting }); }"
    extension.evaluate(again, told["waiting"])
    shown = extension.evaluate(
        """async () => {
          const { tell } = await import(chrome.runtime.getURL("worker/notices.js"));
          await tell({ agent: { id: "xiaozhou" }, notices: true, sound: false });
          return Object.keys(await chrome.notifications.getAll());
        }"""
    )
    assert shown == []
    assert extension.evaluate(tell, {})["badge"] == ""
