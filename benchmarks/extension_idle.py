"""What the browser extension costs a console's page while nothing, or only a clock, moves on it: share of one core.

    PYTHONPATH=. .venv/bin/python benchmarks/extension_idle.py [SECONDS]

The page of `tests/extension/desk.html` with 200 messages in Chromium, with the extension and without, in the same run. The
budget is 5 % of a core.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
sys.path[0] = str(REPO)  # not this folder, whose lint.py is another
sys.path[1:1] = [str(REPO / "tests"), str(REPO / "tests" / "extension")]

from extension_rig import Browser, Desk, ShopService, until  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from app.usecases.knowledge import Knowledge  # noqa: E402

FILL = "() => { for (let n = 0; n < 200; n += 1) say('小王', n % 2 ? 'mine' : 'theirs', `第${n}句`); turnTo('小王'); }"
CLOCKS = "() => { const clock = document.createElement('b'); document.body.append(clock); setInterval(() => { clock.textContent = Date.now(); }, 100); }"


def share(page: Any, seconds: float) -> float:
    """The share of one core that the page's main thread was busy."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")

    before = busy()
    page.wait_for_timeout(seconds * 1000)
    return (busy() - before) / seconds


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    desk = Desk()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        service = ShopService(f"sqlite:///{folder}/miaohui.db", Knowledge.load())
        shop = service.shop()
        browser = Browser(playwright, Path(folder))
        browser.start()
        for state in ("without", "with"):
            if state == "with":
                browser.pair(shop, desk.definition())
            page = browser.context.new_page()
            page.goto(desk.address)
            page.evaluate(FILL)
            if state == "with":
                until(lambda: len(shop.said()) == 200, "the messages were not reported", 60)
            page.wait_for_timeout(3_000)
            idle = share(page, seconds)
            page.evaluate(CLOCKS)
            print(
                f"{state:8} extension: idle {idle:6.2%}, a clock that ticks ten times a second {share(page, seconds):6.2%}"
            )
            page.close()
        browser.close()
        service.down()
    desk.close()


if __name__ == "__main__":
    main()
