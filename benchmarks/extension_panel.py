"""What an agent feels of the browser extension: how soon a risk is marked, and how soon a question has its answer.

    PYTHONPATH=. .venv/bin/python benchmarks/extension_panel.py [REPETITIONS]

Real Chromium, the extension's own worker, the real service and the page of `tests/extension/desk.html`, on one machine; median
and 95th percentile in milliseconds. The marking runs from the input event of the last keystroke to the frame that shows the
bar with its underlines (budget: 150 ms), the answer from the buyer's message in the page to the frame in which the panel, in a
window of its own, shows it (budget: 300 ms). What the extension costs while nothing moves is in `extension_idle.py`.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPO)  # not this folder, whose lint.py is another
sys.path[1:1] = [str(REPO / "tests"), str(REPO / "tests" / "extension")]

from extension_rig import Browser, Desk, Shop, ShopService, until  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from app.usecases.bank_care import save_phrase  # noqa: E402
from app.usecases.knowledge import Knowledge  # noqa: E402
from app.usecases.phrase_history import Author  # noqa: E402

ASKED = (
    {"id": "upright", "title": "竖放", "text": "亲，可以竖放的", "examples": ["支架可以竖着放吗"]},
    {"id": "washing", "title": "清洗", "text": "亲，冷水手洗就好", "examples": ["抱枕套怎么洗"]},
)
WAIT_FOR_BAR = """
() => {
  let typed = 0;
  document.querySelector(".box").addEventListener("input", () => { typed = performance.now(); });
  window.marked = new Promise((resolve) => {
    const seen = new MutationObserver(() => {
      if (document.querySelector("[data-miaohui][data-kind=found]") === null) return;
      seen.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - typed));
    });
    seen.observe(document.documentElement, { subtree: true, childList: true, attributes: true });
  });
}
"""
WAIT_FOR_ANSWER = """
(answer) => {
  window.answered = new Promise((resolve) => {
    const seen = new MutationObserver(() => {
      if (document.querySelector("#reply-0 .reply-words")?.textContent !== answer) return;
      seen.disconnect();
      requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()));
    });
    seen.observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}
"""
SAY = "([who, text]) => { say('晴天', who, text); return performance.timeOrigin + performance.now(); }"


def marking(page: Any, repetitions: int) -> list[float]:
    """From the last keystroke to the bar; each text is new to the service."""
    taken = []
    for number in range(repetitions):
        page.evaluate(WAIT_FOR_BAR)
        page.focus(".box")
        page.keyboard.type(f"第{number}款顶级面料")
        taken.append(float(page.evaluate("() => window.marked")))
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.wait_for_selector("[data-miaohui]", state="detached")
    return taken


def answering(page: Any, panel: Any, repetitions: int) -> list[float]:
    """From the buyer's message to its answer in the panel; the agent replies before the next."""
    taken = []
    for number in range(repetitions):
        phrase = ASKED[number % len(ASKED)]
        panel.evaluate(WAIT_FOR_ANSWER, phrase["text"])
        said_at = page.evaluate(SAY, ["theirs", phrase["examples"][0]])
        taken.append(float(panel.evaluate("() => window.answered")) - said_at)
        page.evaluate(SAY, ["mine", f"好的{number}"])
        panel.wait_for_selector("#talk .badge.good")
        page.wait_for_timeout(1_000)
    return taken


def panel_window(browser: Browser) -> Any:
    """The panel beside the console: a tab behind it would be slowed down by the browser."""
    opener = browser.page()
    with browser.context.expect_page() as opened:
        opener.evaluate(
            "() => chrome.windows.create({ url: '/panel/panel.html', type: 'popup', width: 380 })"
        )
    opener.close()
    return opened.value


def known_to(service: ShopService) -> Shop:
    """A new shop with the phrases that are asked for."""
    shop, running = service.shop(), service.service
    linter, author = running.knowledge.linter, Author("主管", running.clock())
    for phrase in ASKED:
        row = {"category": "商品", **phrase}
        running.writer.submit(lambda db, row=row: save_phrase(db, linter, shop.id, row, author)).result(20)
    return shop


def report(what: str, budget: int, taken: list[float]) -> None:
    slowest = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    print(
        f"{what:30} median {statistics.median(taken):4.0f} ms, p95 {slowest:4.0f} ms of {budget} ms (n={len(taken)})"
    )


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    desk = Desk()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service = ShopService(f"sqlite:///{folder}/miaohui.db", Knowledge.load())
        browser = Browser(playwright, Path(folder))
        browser.start()
        for box in ("textarea", "editable"):
            shop = known_to(service)
            browser.pair(shop, desk.definition(box))
            page = browser.context.new_page()
            page.goto(f"{desk.address}/?box={box}")
            page.evaluate("(buyer) => { say(buyer, 'theirs', '在吗'); turnTo(buyer); }", f"买家{box}")
            until(shop.said, "the console is not read")
            report(f"marked in a box ({box})", 150, marking(page, repetitions))
            page.close()
        shop = known_to(service)
        browser.pair(shop, desk.definition())
        panel = panel_window(browser)
        page = browser.context.new_page()
        page.goto(desk.address)
        page.evaluate("() => { say('晴天', 'theirs', '在吗'); turnTo('晴天'); }")
        panel.wait_for_selector(".buyer")
        page.evaluate(SAY, ["mine", "在的"])
        panel.wait_for_selector("#talk .badge.good")
        report("answered in the panel", 300, answering(page, panel, repetitions))
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        browser.close()
        service.down()
    desk.close()


if __name__ == "__main__":
    main()
