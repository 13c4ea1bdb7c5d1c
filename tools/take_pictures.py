"""Take the pictures of `docs/pages.zh.md`: the demo's pages, as a browser shows them.

    python tools/take_pictures.py [--into docs/images/pages] [--port 8790]

Plays the demo in a temporary folder until its past fortnight is there and some buyers wait, then opens every page in Chromium.
Needs Debian's chromium and the package playwright (extra `dev`).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
READY_WITHIN_S = 240.0
PLAYED_S = 45.0
"""How long the day is played before the live page is looked at."""
PAGES = {
    "live": "/",
    "phrases": "/phrases",
    "care": "/phrases/care",
    "policies": "/policies",
    "alerts": "/alerts",
    "quality": "/quality",
    "scale": "/quality/scale",
    "report": "/quality/report",
    "history": "/history",
    "words": "/words",
    "findings": "/words/findings",
    "rules": "/words/rules",
    "hours": "/hours",
    "roster": "/hours/roster",
    "account": "/settings",
    "shop": "/settings/shop",
    "members": "/settings/members",
    "keys": "/settings/keys",
    "consoles": "/settings/consoles",
    "audit": "/settings/audit",
}
ON_THE_PHONE = ("live", "quality", "history", "words")
DRAFT = "亲，这款全网最便宜，质量最好，加我微信再便宜十块"
"""What is tried on the page of words."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "images" / "pages")
    parser.add_argument("--port", type=int, default=8790)
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "demo.log").open("w+") as log:
        demo = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from app.cli import main; main()",
                "demo",
                "--headless",
                "--data",
                f"{folder}/data",
                "--port",
                str(options.port),
            ],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            address, link = wait_for_the_past(demo, Path(log.name))
            time.sleep(PLAYED_S)
            take(address, link, options.into)
        finally:
            demo.terminate()
            demo.wait(30)


def wait_for_the_past(demo: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    """The demo's address and the path that signs in, once its past is told."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and demo.poll() is None:
        told = log.read_text()
        found = re.search(r"(http://127\.0\.0\.1:\d+)(/sign-in/\S+)", told)
        if found is not None and "the past fortnight is there" in told:
            return found[1], found[2]
        time.sleep(1)
    sys.exit(f"the demo did not come up:\n{log.read_text()}")


def take(address: str, link: str, into: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        for size, suffix, names in ((DESKTOP, "", tuple(PAGES)), (PHONE, "-phone", ON_THE_PHONE)):
            context = browser.new_context(viewport=size, locale="zh-CN", reduced_motion="reduce")
            page = context.new_page()
            page.goto(address + link)
            for name in names:
                page.goto(address + PAGES[name])
                settle(page, name)
                page.screenshot(path=into / f"{name}{suffix}.png")
            context.close()
        stranger = browser.new_page(viewport=DESKTOP, locale="zh-CN")
        stranger.goto(f"{address}/sign-in")
        stranger.screenshot(path=into / "sign-in.png")
        browser.close()


def settle(page: Any, name: str) -> None:
    if name == "words":
        page.locator("textarea").first.fill(DRAFT)
    page.wait_for_timeout(1200)


if __name__ == "__main__":
    main()
