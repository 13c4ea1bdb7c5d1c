"""What is proposed when somebody points at two messages: consoles of many markups, one way to add them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser_site import MARKS
from console_rig import ConsolePages
from extension_rig import Browser

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = MARKS

BUYER, AGENT = "几天能到呀", "亲，三天左右"
MARKUPS = {
    "speaking classes": """
        <ul class="messages">
          <li class="message message--buyer"><img class="avatar"><div class="message__text">几天能到呀</div><time>10:01</time></li>
          <li class="message message--agent"><img class="avatar"><div class="message__text">亲，三天左右</div><time>10:02</time></li>
          <li class="message message--buyer"><img class="avatar"><div class="message__text">好的</div><time>10:03</time></li>
        </ul>""",
    "made-up classes and positions": """
        <div class="css-19kzrtu" style="width:600px">
          <div class="css-1x8kq2" style="text-align:left"><span>几天能到呀</span></div>
          <div class="css-77abc1" style="text-align:right"><span>亲，三天左右</span></div>
          <div class="css-1x8kq2" style="text-align:left"><span>好的</span></div>
        </div>""",
    "utility classes": """
        <div class="flex flex-col" id="thread">
          <div class="flex w-full justify-start"><div class="rounded p-2"><p class="text-sm">几天能到呀</p></div></div>
          <div class="flex w-full justify-end"><div class="rounded p-2"><p class="text-sm">亲，三天左右</p></div></div>
          <div class="flex w-full justify-start"><div class="rounded p-2"><p class="text-sm">好的</p></div></div>
        </div>""",
    "groups by day": """
        <div class="history">
          <div class="day"><h4>昨天</h4>
            <div class="line in"><span class="says">几天能到呀</span></div><div class="line in"><span class="says">在吗</span></div></div>
          <div class="day"><h4>今天</h4>
            <div class="line out"><span class="says">亲，三天左右</span></div><div class="line in"><span class="says">好的</span></div></div>
        </div>""",
    "groups by speaker": """
        <div class="stream">
          <div class="group group-guest"><b>王小姐</b><div class="bubble">在吗</div><div class="bubble">几天能到呀</div></div>
          <div class="group group-staff"><b>小林</b><div class="bubble">在的</div><div class="bubble">亲，三天左右</div></div>
          <div class="group group-guest"><b>王小姐</b><div class="bubble">好的</div></div>
        </div>""",
    "each side its own names": """
        <div id="chat-log">
          <div class="row"><div class="left-bubble">几天能到呀</div></div>
          <div class="row"><div class="right-bubble">亲，三天左右</div></div>
          <div class="row"><div class="left-bubble">好的</div></div>
        </div>""",
    "data attributes alone": """
        <section data-area="talk">
          <div data-mid="8f1c" data-from="u"><div>几天能到呀</div></div>
          <div data-mid="a07d" data-from="s"><div>亲，三天左右</div></div>
          <div data-mid="c44e" data-from="u"><div>好的</div></div>
        </section>""",
    "words inside words": """
        <div class="log">
          <div class="msg from-user"><div class="body"><p>几天能到呀</p></div></div>
          <div class="msg from-me"><div class="body"><p>亲，三天左右</p><p>请放心</p></div></div>
          <div class="msg from-user"><div class="body"><p>好的</p></div></div>
        </div>""",
}
LOOK = """
async ([markup, buyer, agent]) => {
  const { proposeMessages } = await import(chrome.runtime.getURL('consoles/propose.js'));
  const { findPart, findOne, senderOf, textOf, valueOf } = await import(chrome.runtime.getURL('consoles/query.js'));
  const place = document.createElement('div');
  place.innerHTML = markup;
  for (const styled of place.querySelectorAll('[style]')) styled.style.cssText = styled.getAttribute('style');
  document.body.replaceChildren(place);
  const leaf = (words) => [...place.querySelectorAll('*')].filter((element) => element.textContent === words).at(-1);
  const { selectors, who } = proposeMessages(leaf(buyer), leaf(agent));
  const definition = { selectors, who, kinds: {} };
  const messages = findPart(document, selectors.message).filter((message) => findOne(message, selectors.message_text));
  return {
    selectors,
    said: messages.map((message) => [senderOf(message, definition), textOf(findOne(message, selectors.message_text))]),
    ids: selectors.message_id ? messages.map((message) => valueOf(findOne(message, selectors.message_id), selectors.message_id)) : [],
  };
}
"""
NAMED = "async (word) => (await import(chrome.runtime.getURL('consoles/propose.js'))).isMadeUp(word)"


IN_PAGE = """
async (given) => {
  const [tab] = (await chrome.tabs.query({})).filter(({ url }) => url?.includes('/table.html'));
  const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: FUNCTION, args: [given] });
  return result;
}
"""


def in_page(page: Any, function: str, given: Any) -> Any:
    """What a function gives where content scripts run, in the page of a console."""
    return page.evaluate(IN_PAGE.replace("FUNCTION", function), given)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = Browser(playwright, tmp_path_factory.mktemp("browser"))
        browser.start()
        pages = ConsolePages()
        desk = browser.context.new_page()
        desk.goto(f"{pages.address}/table.html")
        yield browser.page("options/options.html")
        browser.close()
        pages.close()


@pytest.mark.parametrize("markup", MARKUPS)
def test_two_messages_tell_all_of_them_and_who_said_them(page: Any, markup: str) -> None:
    seen = in_page(page, LOOK, [MARKUPS[markup], BUYER, AGENT])
    said = [(sender, text.replace("\n", " ").strip()) for sender, text in seen["said"]]
    assert ("buyer", BUYER) in said, seen
    assert any(sender == "agent" and text.startswith(AGENT) for sender, text in said), seen
    assert ("buyer", "好的") in said, seen
    assert not any(sender is None for sender, _ in said), seen
    assert "css-" not in str(seen["selectors"])


def test_an_id_is_taken_and_a_mere_position_is_not(page: Any) -> None:
    assert in_page(page, LOOK, [MARKUPS["data attributes alone"], BUYER, AGENT])["ids"] == [
        "8f1c",
        "a07d",
        "c44e",
    ]
    counted = MARKUPS["speaking classes"]
    for number, name in enumerate(("buyer", "agent", "buyer")):
        counted = counted.replace(
            f'<li class="message message--{name}">',
            f'<li id="row_{number}" class="message message--{name} ">',
            1,
        )
    assert in_page(page, LOOK, [counted, BUYER, AGENT])["ids"] == []


@pytest.mark.parametrize(
    ("word", "made_up"),
    [
        ("css-1x8kq2", True),
        ("MP1bk3ccfHC9V2SnPCGD", True),
        ("item_3fa9c", True),
        ("chat-msg__content--me", False),
        ("messageIsMe", False),
        ("col-md-6", False),
        ("kwaishop-cs-LayoutDefaultWrapper__isMine", False),
        ("row2", False),
    ],
)
def test_a_name_that_a_build_made_up_is_told_from_one_that_a_person_chose(
    page: Any, word: str, made_up: bool
) -> None:
    assert in_page(page, NAMED, word) is made_up
